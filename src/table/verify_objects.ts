import { putUint32 } from "../bytes/bytes.ts";
import { BlockType } from "../format/block.ts";
import { headerSize } from "../format/header_footer.ts";
import type { TableLayout } from "./layout.ts";
import { ObjectDifferences } from "./object_differences.ts";
import { isSameObject, ObjectIndex, type SortedMentions, wordOf } from "./object_index.ts";
import { objectsAgree, wordMasks } from "./objects_agree.ts";
import { BlockState, type ProblemList, type RangeReport } from "./range_report.ts";
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
  // Nearly always nothing is wrong, which is found out in a fraction of the time.
  const isSound = rows.every(({ state }) => state === BlockState.sound);
  if (isSound && objectsAgree(reports, layout)) return;
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

/** Sorts what all ranges mention by the objects' ids. */
function sortMentions(reports: readonly RangeReport[], hashSize: number): SortedMentions {
  const index = new ObjectIndex(hashSize);
  const id = new Uint8Array(hashSize);
  for (const { mentions: { positions, ends, words } } of reports) {
    let mention = 0;
    for (const [block, end] of ends.entries()) {
      for (; mention < end; mention++) {
        words.forEach((column, i) => putUint32(id, 4 * i, column[mention]!));
        index.add(id, 0, positions[block]!);
      }
    }
  }
  return index.sort();
}

/** Goes through the objects that refs mention, in the order of their ids. */
class Mentions {
  /** The first word of the current id, shortened; infinite behind the last id. */
  head = 0;
  /** The first mention of the current object. */
  first = 0;
  /** The one behind the last. */
  end = 0;
  /** What is gone through. */
  readonly sorted: SortedMentions;
  /** Which bits of each word a shortened id has. */
  readonly #masks: readonly number[];

  /** @param masks Which bits of each word an id has when it is shortened. */
  constructor(sorted: SortedMentions, masks: readonly number[]) {
    this.sorted = sorted;
    this.#masks = masks;
    this.next();
  }

  /** Goes to the next object. */
  next(): void {
    const { sorted } = this;
    const { heads } = sorted;
    const first = this.first = this.end;
    this.head = first < heads.length ? (heads[first]! & this.#masks[0]!) >>> 0 : Infinity;
    while (this.end < heads.length && isSameObject(sorted, first, this.end)) this.end++;
  }

  /** The current id, shortened. */
  *words(): Generator<number> {
    const number = this.sorted.numbers[this.first]!;
    for (const [i, mask] of this.#masks.entries()) {
      yield (wordOf(this.sorted, number, i) & mask) >>> 0;
    }
  }

  /** Compares the current id, shortened, with another one. */
  compare(words: Uint32Array, start: number): number {
    let i = start;
    for (const word of this.words()) {
      const difference = word - words[i++]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** The positions of the blocks that mention the current object, in ascending order. */
  positions(): number[] {
    const { blocks, positions } = this.sorted;
    const numbers = new Set(blocks.subarray(this.first, this.end));
    return Array.from(numbers, (number) => positions[number]!);
  }
}

/** Compares the objects of the object section with those that are mentioned; both come in order. */
class ObjectCheck {
  /** Whether objects may have been left out before the next one because a block could not be read. */
  isInterrupted = false;
  readonly #idLength: number;
  /** Which bits of each word an id has when it is shortened. */
  readonly #masks: readonly number[];
  readonly #differences: ObjectDifferences;
  readonly #list: ProblemList;
  readonly #mentions: Mentions;
  /** The positions at which the current object is mentioned. */
  #expected: number[] = [];
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
    this.#differences = differences;
    this.#list = list;
    this.#masks = wordMasks(objectIdLength);
    this.#mentions = new Mentions(sortMentions(reports, hashSize), this.#masks);
  }

  /** Checks the objects of a block. */
  enter(row: Row): void {
    const { words, ends, blocks, positions } = row.report.objects;
    const count = this.#masks.length;
    this.#between = [this.#row, row];
    this.#row = row;
    const [start, end] = row.objects;
    for (let object = start; object < end; object++) {
      const word = object * count;
      const first = object === 0 ? 0 : ends[object - 1]!;
      const last = ends[object]!;
      const isUnique = this.#gather(words, word);
      this.isInterrupted = false;
      if (object === start) this.#between = [row];
      const expected = this.#expected;
      const listed = Array.from(blocks.subarray(first, last), (block) => positions[block]!);
      const isSame = isUnique && first < last && listed.length === expected.length &&
        listed.every((position, i) => position === expected[i]);
      if (isSame) continue;
      const id = encodeWords(words.subarray(word, word + count), this.#idLength);
      if (!isUnique) {
        const where = `in the object block at offset ${row.offset}`;
        this.#list.add("object", row.offset, `object id ${id} ${where} stands for several objects`);
      } else if (first < last) {
        this.#differences.compare(id, expected, listed, this.#between);
      } else if (expected.length === 0) {
        this.#differences.addUnused(id, row);
      }
      // Else its refs are so many that all are to be looked through.
    }
  }

  /** Checks that no objects are left. */
  finish(): void {
    this.#between = [this.#row];
    while (this.#mentions.head < Infinity) this.#miss();
  }

  /**
   * Gathers where an object is mentioned, having passed all objects that are below it.
   *
   * @returns Whether it is but one object.
   */
  #gather(words: Uint32Array, start: number): boolean {
    const mentions = this.#mentions;
    const head = words[start]!;
    const expected: number[] = this.#expected = [];
    let isUnique = true;
    // Whether one that is mentioned in a block that can be relied on has come by.
    let isKnown = false;
    let checked = 0;
    while (mentions.head < head) this.#miss();
    while (mentions.head === head) {
      const difference = mentions.compare(words, start);
      if (difference > 0) break;
      if (difference < 0) {
        this.#miss();
        continue;
      }
      // What looks like an object in a damaged block may be none.
      while (!isKnown && checked < expected.length) isKnown = this.#isKnown(checked++);
      let place = expected.length;
      // Not spread: there may be more than a call takes arguments.
      for (const position of mentions.positions()) expected.push(position);
      while (isKnown && isUnique && place < expected.length) isUnique = !this.#isKnown(place++);
      mentions.next();
    }
    return isUnique;
  }

  /** Tells whether the block at one of the expected positions can be relied on. */
  #isKnown(place: number): boolean {
    return !this.#differences.isUnknown(this.#expected[place]!);
  }

  /** Passes an object that the object section does not have. */
  #miss(): void {
    const mentions = this.#mentions;
    if (!this.isInterrupted) {
      const id = encodeWords(mentions.words(), this.#idLength);
      this.#differences.compare(id, mentions.positions(), [], this.#between);
    }
    mentions.next();
  }
}

/** Formats the first bytes of an id as digits. */
function encodeWords(words: Iterable<number>, length: number): string {
  const digits = Array.from(words, (word) => word.toString(16).padStart(8, "0"));
  return digits.join("").slice(0, 2 * length);
}
