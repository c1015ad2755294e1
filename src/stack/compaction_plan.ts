/** A run of tables that should become one. */
export interface Segment {
  /** The first table's place in the stack, from the oldest. */
  readonly start: number;
  /** The place behind the last table; equal to `start` when nothing needs to be done. */
  readonly end: number;
  /** The sizes of the tables added up. */
  readonly bytes: number;
}

/** How much larger than the next a table should be. */
export const DEFAULT_GEOMETRIC_FACTOR = 2;

/**
 * Finds the tables to compact so that the sizes form a geometric sequence again: each table at least
 * `factor` times as large as the one behind it.
 *
 * The run ends with the last table that is too large for the one before it. From there it grows towards the
 * oldest table as long as some table is too small for all that would be merged behind it.
 *
 * @param sizes The tables' sizes in bytes, from the oldest to the newest, without what every table has.
 * @param factor How much larger than the next a table should be; 0 means 2.
 */
export function planCompaction(
  sizes: readonly number[],
  factor: number = DEFAULT_GEOMETRIC_FACTOR,
): Segment {
  const ratio = factor || DEFAULT_GEOMETRIC_FACTOR;
  let last = sizes.length - 1;
  while (last > 0 && sizes[last - 1]! >= sizes[last]! * ratio) last--;
  if (last <= 0) return { start: 0, end: 0, bytes: 0 };
  let segment: Segment = { start: last, end: last + 1, bytes: sizes[last]! };
  let bytes = segment.bytes;
  for (let index = last - 1; index >= 0; index--) {
    const isTooSmall = sizes[index]! < bytes * ratio;
    bytes += sizes[index]!;
    if (isTooSmall) segment = { start: index, end: last + 1, bytes };
  }
  return segment;
}
