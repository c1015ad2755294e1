import { BlockType, isBlockType } from "../format/block.ts";
import type { Section, TableLayout } from "./layout.ts";
import { BlockState, type ProblemList, type RangeReport } from "./range_report.ts";

/** A block as the reports on ranges have it. */
export class Row {
  /** Its kind; 0 where no block could be recognized. */
  readonly type: BlockType | 0;
  /** How far it can be trusted: less, once it turns out not to fit the others. */
  state: BlockState;
  /** Where it begins. */
  readonly offset: number;
  /** Where the next one begins. */
  readonly next: number;
  /** The report that has the rest. */
  readonly report: RangeReport;
  readonly #index: number;

  /** @param index Its place among the blocks of the report. */
  constructor(report: RangeReport, index: number) {
    const { types, states, offsets } = report.blocks;
    const type = types[index];
    this.type = isBlockType(type) ? type : 0;
    this.state = states[index] as BlockState;
    this.offset = offsets[index]!;
    this.next = offsets[index + 1] ?? report.end;
    this.report = report;
    this.#index = index;
  }

  /** Where it ends without padding. */
  get end(): number {
    return this.report.blocks.ends[this.#index]!;
  }

  /** How many bytes of an object id its keys have, if it is an object block. */
  get idLength(): number {
    return this.report.blocks.idLengths[this.#index]!;
  }

  /** Its index entries among those of the report: the first, and the one behind the last. */
  get entries(): [number, number] {
    return this.#bounds(this.report.blocks.entryEnds);
  }

  /** Its objects among those of the report. */
  get objects(): [number, number] {
    return this.#bounds(this.report.blocks.objectEnds);
  }

  /** Tells whether a key, the first bytes of what is given, is its last one. */
  endsWith(key: Uint8Array, length: number): boolean {
    const { bytes, ends } = this.report.blocks.keys;
    const last = 2 * this.#index + 1;
    const start = ends[last - 1]!;
    if (ends[last]! - start !== length) return false;
    let i = 0;
    while (i < length && bytes[start + i] === key[i]) i++;
    return i === length;
  }

  /** Tells whether its last key is below the first one of another. */
  isBelow(other: Row): boolean {
    const a = this.report.blocks.keys;
    const b = other.report.blocks.keys;
    const [aKey, bKey] = [2 * this.#index + 1, 2 * other.#index];
    const [aEnd, bEnd] = [a.ends[aKey]!, b.ends[bKey]!];
    let aPlace = a.ends[aKey - 1]!;
    let bPlace = b.ends[bKey - 1] ?? 0;
    while (aPlace < aEnd && bPlace < bEnd && a.bytes[aPlace] === b.bytes[bPlace]) {
      aPlace++;
      bPlace++;
    }
    return bPlace < bEnd && (aPlace === aEnd || a.bytes[aPlace]! < b.bytes[bPlace]!);
  }

  #bounds(ends: Uint32Array): [number, number] {
    return [ends[this.#index - 1] ?? 0, ends[this.#index]!];
  }
}

/** Lists the blocks of all reports, which are in the order of the file and leave nothing out. */
export function listRows(reports: readonly RangeReport[]): Row[] {
  const rows: Row[] = [];
  for (const report of reports) {
    const { length } = report.blocks.types;
    for (let i = 0; i < length; i++) rows.push(new Row(report, i));
  }
  return rows;
}

/** Finds the block that a place of the file belongs to, padding and what could not be read included. */
export function rowAt(rows: readonly Row[], offset: number): Row | undefined {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.next <= offset) low = middle + 1;
    else high = middle;
  }
  const row = rows[low];
  return row && row.offset <= offset ? row : undefined;
}

/** The blocks of a section as they are, whatever the footer says. */
export interface FoundSection {
  /** The kind of its blocks. */
  readonly type: BlockType;
  /** Its blocks in the order of the file, index blocks and damaged ones among them. */
  readonly rows: Row[];
}

/** The order of the sections in a file. */
const ORDER: readonly BlockType[] = [BlockType.ref, BlockType.object, BlockType.log];

const NAMES = {
  [BlockType.ref]: "ref",
  [BlockType.object]: "object",
  [BlockType.log]: "log",
  [BlockType.index]: "index",
} as const;

/** Tells whether a block has records that are no index entries, and could be read. */
export function isData({ type, state }: Row): boolean {
  return state !== BlockState.damaged && type !== BlockType.index;
}

/**
 * Divides the blocks into sections by their kinds, and checks the order: refs, objects, logs, each followed by
 * its index.
 */
export function findSections(
  rows: readonly Row[],
  layout: TableLayout,
  list: ProblemList,
): FoundSection[] {
  const sections: FoundSection[] = [];
  // The footer knows what a table begins with whose first blocks are damaged.
  let current: FoundSection = { type: layout.refs ? BlockType.ref : BlockType.log, rows: [] };
  let hasIndex = false;
  for (const row of rows) {
    const { offset } = row;
    const isDamaged = row.state === BlockState.damaged;
    const type = isDamaged ? typeSaidAt(layout, offset) : row.type as BlockType;
    if (type === BlockType.index) hasIndex = true;
    const isAhead = ORDER.indexOf(type!) - ORDER.indexOf(current.type);
    if (type !== undefined && type !== BlockType.index) {
      if (isAhead > 0) {
        if (current.rows.length > 0) sections.push(current);
        current = { type, rows: [] };
        hasIndex = false;
      } else if (!isDamaged && (isAhead < 0 || hasIndex)) {
        const place = `the ${NAMES[current.type]} ${hasIndex ? "index" : "blocks"}`;
        const finding = `${NAMES[type]} block at offset ${offset} lies behind ${place}`;
        list.add("section", offset, finding);
        row.state = BlockState.damaged;
      }
    }
    current.rows.push(row);
  }
  return current.rows.length > 0 ? [...sections, current] : sections;
}

/** The kind of the section that the footer says begins at an offset. */
function typeSaidAt({ refs, objects, logs }: TableLayout, offset: number): BlockType | undefined {
  return [refs, objects, logs].find((section) => section?.start === offset)?.type;
}

/** Checks that the footer tells where each section and its index begin. */
export function checkPositions(
  rows: readonly Row[],
  sections: readonly FoundSection[],
  layout: TableLayout,
  list: ProblemList,
): void {
  for (const type of ORDER) {
    const said = sectionOf(layout, type);
    const found = sections.find((section) => section.type === type);
    const first = found?.rows.find(isData);
    check(`${NAMES[type]} section`, said?.start, first?.offset);
    if (!said || !first) continue;
    const indexes = found!.rows.filter((row) => row.type === BlockType.index);
    // Of an index that has several levels the last one is named, wherever that begins.
    const isFound = indexes.some(({ offset }) => offset === said.index);
    check(
      `${NAMES[type]} index`,
      said.index || undefined,
      isFound ? said.index : indexes[0]?.offset,
    );
  }

  function check(what: string, said: number | undefined, found: number | undefined): void {
    if (said === found) return;
    // A place that could not be read may be what the footer says it is.
    if (said !== undefined && rowAt(rows, said)?.state === BlockState.damaged) return;
    const shown = (offset: number | undefined) =>
      offset === undefined ? "nowhere" : `at offset ${offset}`;
    list.add("section", layout.end, `${what} is said to be ${shown(said)}, it is ${shown(found)}`);
  }
}

/** What the footer says of a section. */
export function sectionOf(layout: TableLayout, type: BlockType): Section | undefined {
  return [layout.refs, layout.objects, layout.logs].find((section) => section?.type === type);
}

/** Checks that there is nothing between blocks but padding, and that only where blocks are padded. */
export function checkGaps(rows: readonly Row[], layout: TableLayout, list: ProblemList): void {
  const { blockSize, logs, end } = layout;
  rows.forEach((row, i) => {
    const { state, type, offset, next } = row;
    if (state === BlockState.damaged || type === BlockType.log || row.end === next) return;
    // The last block before the logs and before the footer has no padding.
    const isLast = next === end || next === logs?.start || rows[i + 1]?.type === BlockType.log;
    if (!isLast && blockSize > 0 && (next - offset) % blockSize === 0) return;
    const finding = `${
      next - row.end
    } bytes lie behind the block at offset ${offset}, expected none`;
    list.add("gap", row.end, finding);
  });
}

/** Checks that the first key of each data block is above the last key of the one before it. */
export function checkOrder({ rows }: FoundSection, list: ProblemList): void {
  let last: Row | undefined;
  for (const row of rows) {
    if (row.state !== BlockState.sound || row.type === BlockType.index) continue;
    if (last && !last.isBelow(row)) {
      const finding = `first key of the block at offset ${row.offset} is not above the last key ` +
        `of the block at offset ${last.offset}`;
      list.add("key-order", row.offset, finding);
      // Which of the two is wrong cannot be told.
      last.state = row.state = BlockState.flawed;
    }
    last = row;
  }
}
