import { encodeHex } from "../bytes/hex.ts";
import { BlockType } from "../format/block.ts";
import { headerSize } from "../format/header.ts";
import type { TableLayout } from "./layout.ts";
import { ObjectDifferences } from "./object_differences.ts";
import type { ProblemList } from "./problem_list.ts";
import { BlockState, type ObjectColumns, type RangeReport } from "./range_report.ts";
import { type FoundSection, isData, type Row } from "./verify_sections.ts";

/**
 * Checks that the object section says which ref blocks mention which objects: of every object that a ref
 * holds or peels to, of no other, and with ids that are shortened no more than tells them apart.
 *
 * @param rows All blocks.
 * @param found The blocks of the object section.
 */
export function checkObjects(
  rows: readonly Row[],
  found: FoundSection,
  reports: readonly RangeReport[],
  layout: TableLayout,
  list: ProblemList,
): void {
  if (!layout.objects || !checkIdLengths(found.rows, layout, list)) return;
  const differences = new ObjectDifferences(rows);
  const check = new ObjectCheck(reports, layout, differences, list);
  // Objects that could be in a damaged block are not known to be missing.
  check.isInterrupted = found.rows.find(isData)?.offset !== layout.objects.start;
  for (const row of found.rows) {
    if (row.state !== BlockState.sound) check.isInterrupted = true;
    else if (row.type === BlockType.object) check.enter(row);
  }
  check.finish();
  differences.report(layout.objects.start, list);
}

/** Checks that the keys of all object blocks are as long as the footer says. */
function checkIdLengths(
  rows: readonly Row[],
  { objectIdLength, version, end }: TableLayout,
  list: ProblemList,
): boolean {
  const readable = rows.filter(isData);
  const wrong = readable.filter(({ idLength }) => idLength !== objectIdLength);
  const show = ({ idLength }: Row) => `${idLength} bytes, the footer says ${objectIdLength}`;
  if (wrong.length > 0 && wrong.length === readable.length) {
    const offset = end + headerSize(version) + 8;
    list.add("object", offset, `the keys of the object section have ${show(wrong[0]!)}`);
    return false;
  }
  for (const row of wrong) {
    const finding = `the keys of the object block at offset ${row.offset} have ${show(row)}`;
    list.add("object", row.offset, finding);
    row.state = BlockState.flawed;
  }
  return true;
}

/** Goes through the objects that one range mentions, in the order of their ids. */
class Mentions {
  /** The first bytes of the current id as a number, shortened; infinite behind the last id. */
  head = 0;
  /** Where the current id begins. */
  start = 0;
  /** Where its positions begin. */
  first = 0;
  /** Where its positions end. */
  last = 0;
  /** All ids. */
  readonly ids: Uint8Array;
  /** All positions of ref blocks. */
  readonly positions: Float64Array;
  readonly #columns: ObjectColumns;
  readonly #idSize: number;
  readonly #mask: number;
  #index = -1;

  /**
   * @param idSize The length of an id in bytes.
   * @param idLength The length of an id when it is shortened.
   */
  constructor(columns: ObjectColumns, idSize: number, idLength: number) {
    this.#columns = columns;
    this.ids = columns.ids;
    this.positions = columns.positions;
    this.#idSize = idSize;
    this.#mask = idLength >= 4 ? -1 : -1 << (32 - 8 * idLength);
    this.next();
  }

  /** Goes to the next object. */
  next(): void {
    const { heads, ends } = this.#columns;
    const index = ++this.#index;
    const isOver = index === heads.length;
    this.head = isOver ? Infinity : (heads[index]! & this.#mask) >>> 0;
    this.start = index * this.#idSize;
    this.first = this.last;
    if (!isOver) this.last = ends[index]!;
  }

  /**
   * Compares the current id with another.
   *
   * @param from Bytes before this one are known to be the same: the first four when the heads are.
   */
  compare(ids: Uint8Array, start: number, length: number, from: number): number {
    for (let i = from; i < length; i++) {
      const difference = this.ids[this.start + i]! - ids[start + i]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

/** Compares the objects of the object section with those that are mentioned; both come in order. */
class ObjectCheck {
  /** Whether objects may have been left out before the next one because a block could not be read. */
  isInterrupted = false;
  readonly #idLength: number;
  readonly #hashSize: number;
  readonly #differences: ObjectDifferences;
  readonly #list: ProblemList;
  readonly #ranges: readonly Mentions[];
  /** The positions at which the current object is mentioned. */
  #expected = new Float64Array(64);
  /** How many these are. */
  #count = 0;
  /** The object block before the next object, and the one that it is in. */
  #between: readonly (Row | undefined)[] = [];
  #row: Row | undefined;

  constructor(
    reports: readonly RangeReport[],
    { objectIdLength, hashSize }: TableLayout,
    differences: ObjectDifferences,
    list: ProblemList,
  ) {
    this.#idLength = objectIdLength;
    this.#hashSize = hashSize;
    this.#differences = differences;
    this.#list = list;
    this.#ranges = reports.filter(({ mentions }) => mentions.heads.length > 0)
      .map(({ mentions }) => new Mentions(mentions, hashSize, objectIdLength));
  }

  /** Checks the objects of a block. */
  enter(row: Row): void {
    const { heads, ids, ends, positions } = row.report.objects;
    this.#between = [this.#row, row];
    this.#row = row;
    for (let object = row.objects[0]; object < row.objects[1]; object++) {
      const start = object * this.#idLength;
      const isUnique = this.#gather(heads[object]!, ids, start);
      this.isInterrupted = false;
      if (object === row.objects[0]) this.#between = [row];
      const first = object === 0 ? 0 : ends[object - 1]!;
      const last = ends[object]!;
      let isSame = isUnique && first < last && last - first === this.#count;
      for (let i = 0; isSame && i < this.#count; i++) {
        isSame = positions[first + i] === this.#expected[i];
      }
      if (isSame) continue;
      const id = encodeHex(ids, start, start + this.#idLength);
      const expected = this.#expected.subarray(0, this.#count);
      if (!isUnique) {
        const where = `in the object block at offset ${row.offset}`;
        this.#list.add("object", row.offset, `object id ${id} ${where} stands for several objects`);
      } else if (first < last) {
        const listed = positions.subarray(first, last);
        this.#differences.compare(id, expected, listed, this.#between);
      } else if (this.#count === 0) {
        this.#differences.addUnused(id, row);
      }
      // Else its refs are so many that all are to be looked through.
    }
  }

  /** Checks that no objects are left. */
  finish(): void {
    this.#between = [this.#row];
    for (const range of this.#ranges) {
      while (range.head < Infinity) this.#miss(range);
    }
  }

  /**
   * Gathers where an object is mentioned, having passed all objects that are below it.
   *
   * @returns Whether it is but one object.
   */
  #gather(head: number, ids: Uint8Array, start: number): boolean {
    const length = this.#idLength;
    let isUnique = true;
    // Of ids that begin alike, one that is mentioned in a block that can be relied on, if any is.
    let id: Uint8Array | undefined;
    let idStart = 0;
    let isKnown = false;
    let checked = 0;
    this.#count = 0;
    for (const range of this.#ranges) {
      while (range.head < head) this.#miss(range);
      while (range.head === head) {
        const difference = range.compare(ids, start, length, 4);
        if (difference > 0) break;
        if (difference < 0) {
          this.#miss(range);
          continue;
        }
        if (id === undefined || range.compare(id, idStart, this.#hashSize, 0) !== 0) {
          // What looks like an object in a damaged block may be none.
          while (!isKnown && checked < this.#count) isKnown = this.#isKnown(checked++);
          const before = this.#count;
          this.#expect(range);
          if (isKnown) {
            let place = before;
            while (isUnique && place < this.#count) isUnique = !this.#isKnown(place++);
          } else {
            id = range.ids;
            idStart = range.start;
          }
        } else {
          this.#expect(range);
        }
        range.next();
      }
    }
    return isUnique;
  }

  /** Tells whether the block at one of the expected positions can be relied on. */
  #isKnown(place: number): boolean {
    return !this.#differences.isUnknown(this.#expected[place]!);
  }

  #expect({ positions, first, last }: Mentions): void {
    const count = this.#count + last - first;
    if (count > this.#expected.length) {
      const expected = new Float64Array(2 * count);
      expected.set(this.#expected);
      this.#expected = expected;
    }
    for (let i = first; i < last; i++) this.#expected[this.#count++] = positions[i]!;
  }

  /** Passes an object that the object section does not have. */
  #miss(range: Mentions): void {
    if (!this.isInterrupted) {
      const id = encodeHex(range.ids, range.start, range.start + this.#idLength);
      const expected = range.positions.subarray(range.first, range.last);
      this.#differences.compare(id, expected, [], this.#between);
    }
    range.next();
  }
}
