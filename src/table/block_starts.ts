import { problemOf } from "../errors.ts";
import { BlockType } from "../format/block.ts";
import { BlockCursor, decodeIndexPosition } from "../format/block_cursor.ts";
import type { Io } from "../io/io.ts";
import type { BlockLoader, BlockSequence } from "./block_loader.ts";
import type { Section, TableLayout } from "./layout.ts";

/** Where the first block of a table begins; its footer if it has none. */
export function firstBlock({ refs, logs, end }: TableLayout): number {
  return (refs ?? logs)?.start ?? end;
}

/**
 * Finds where blocks begin without reading them all: from the footer and the indexes. Index blocks that
 * are damaged are passed over.
 *
 * @returns The positions in ascending order, among them that of the footer.
 */
export function* blockStarts(loader: BlockLoader): Io<number[]> {
  const { layout } = loader;
  const starts = new Set([firstBlock(layout), layout.end]);
  for (const section of [layout.refs, layout.objects, layout.logs]) {
    if (!section) continue;
    starts.add(section.start);
    if (section.index > 0) yield* addIndexed(loader, section, starts);
  }
  return [...starts].sort((a, b) => a - b);
}

/** Adds the blocks that an index leads to, level by level. */
function* addIndexed(loader: BlockLoader, section: Section, starts: Set<number>): Io<void> {
  const blocks = loader.sequence();
  const cursor = new BlockCursor(loader.layout.hashSize);
  let level = yield* rootsOf(blocks, section);
  for (const root of level) starts.add(root);
  const seen = new Set<number>();
  while (level.length > 0) {
    const children: number[] = [];
    for (const offset of level) {
      if (seen.has(offset)) continue;
      seen.add(offset);
      const found = yield* childrenOf(blocks, offset, section, cursor);
      // The first one tells what a level consists of.
      if (found === "data") break;
      // Not spread: a large block has more than a call takes arguments.
      for (const child of found) children.push(child);
    }
    for (const child of children) starts.add(child);
    level = children;
  }
}

/** The blocks of the last level of an index, which follow each other up to the end of the section. */
function* rootsOf(blocks: BlockSequence, section: Section): Io<number[]> {
  const roots: number[] = [];
  let offset = section.index;
  try {
    while (offset < section.end) {
      roots.push(offset);
      offset = (yield* blocks.load(offset)).nextOffset;
    }
  } catch (error) {
    problemOf(error);
  }
  // If they do not end there, one of them is damaged, and those behind it may not be blocks at all.
  return offset === section.end ? roots : [section.index];
}

/** The blocks that an index block leads to, which all lie before it; those of a damaged one are not known. */
function* childrenOf(
  blocks: BlockSequence,
  offset: number,
  section: Section,
  cursor: BlockCursor,
): Io<number[] | "data"> {
  const children: number[] = [];
  try {
    const block = yield* blocks.load(offset);
    if (block.type !== BlockType.index) return "data";
    cursor.jump(block);
    while (cursor.next()) {
      const child = decodeIndexPosition(cursor);
      if (child < section.start || child >= offset) return [];
      children.push(child);
    }
    return children;
  } catch (error) {
    problemOf(error);
    return [];
  }
}

/** Finds the place of the first start that is not before an offset. */
export function placeOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Splits the blocks of a table into ranges that take about the same time.
 *
 * @param parts How many ranges at most.
 * @param work How much there is to do before an offset; each byte takes the same time by default.
 * @returns Where each range begins, and where the last one ends.
 */
export function planRanges(
  starts: readonly number[],
  parts: number,
  work: (offset: number) => number = (offset) => offset,
): number[] {
  const first = starts[0]!;
  const end = starts.at(-1)!;
  const efforts = starts.map(work);
  const bounds = [first];
  for (let part = 1; part < parts; part++) {
    const target = efforts[0]! + (part * (efforts.at(-1)! - efforts[0]!)) / parts;
    const place = placeOf(efforts, target);
    const below = Math.max(0, place - 1);
    const above = Math.min(place, starts.length - 1);
    const isBelow = target - efforts[below]! < efforts[above]! - target;
    const nearest = starts[isBelow ? below : above]!;
    if (nearest > bounds.at(-1)! && nearest < end) bounds.push(nearest);
  }
  return [...bounds, end];
}
