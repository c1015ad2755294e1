import type { LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import { MergedTable } from "../merged/merged_table.ts";
import type { Table } from "../table/table.ts";
import type { FoundTable } from "./repair_tables.ts";

/** A table that a repaired stack does not need. */
export interface DroppedTable {
  readonly found: FoundTable;
  /** Why not. */
  readonly reason: string;
}

/** Which tables a repaired stack consists of. */
export interface Choice {
  /** From the oldest to the newest. */
  readonly chosen: readonly FoundTable[];
  readonly dropped: readonly DroppedTable[];
}

/**
 * Chooses tables whose update indices do not overlap, so that nothing is lost that any of them has.
 *
 * Tables overlap when one is the compaction of others that were not removed yet; then it has all that they have,
 * and they are dropped. Or one was never committed, and others were written with the same update indices after
 * that; then those count that the list names, else those that were written last.
 */
export function chooseTables(tables: readonly FoundTable[]): Choice {
  const chosen: FoundTable[] = [];
  const dropped: DroppedTable[] = [];
  let rest = tables.toSorted(inOrderOfTrust);
  while (rest.length > 0) {
    const [first, ...others] = rest as [FoundTable, ...FoundTable[]];
    const rivals = others.filter((other) => overlap(first, other));
    const losers = isPreferred(first, rivals) ? rivals : [first];
    const winners = losers === rivals ? first.name : rivals.map(({ name }) => name).join(", ");
    if (losers === rivals) chosen.push(first);
    for (const found of losers) dropped.push({ found, reason: `its place is taken by ${winners}` });
    rest = others.filter((other) => !losers.includes(other));
  }
  return { chosen: chosen.sort((a, b) => min(a) - min(b)), dropped };
}

function min({ table }: FoundTable): number {
  return table.minUpdateIndex;
}

function span({ table }: FoundTable): number {
  return table.maxUpdateIndex - table.minUpdateIndex;
}

/** Puts compactions before what they were made of, and of the same range what is better. */
function inOrderOfTrust(a: FoundTable, b: FoundTable): number {
  return span(b) - span(a) || Number(a.salvaged !== undefined) - Number(b.salvaged !== undefined) ||
    Number(b.isListed) - Number(a.isListed) || b.mtime - a.mtime || (a.name < b.name ? 1 : -1);
}

function overlap({ table: a }: FoundTable, { table: b }: FoundTable): boolean {
  return a.minUpdateIndex <= b.maxUpdateIndex && b.minUpdateIndex <= a.maxUpdateIndex;
}

/** Tells whether a table is to be used instead of others. */
function isPreferred(found: FoundTable, rivals: readonly FoundTable[]): boolean {
  if (rivals.length === 0) return true;
  const tables = rivals.toSorted((a, b) => min(a) - min(b) || a.mtime - b.mtime)
    .map(({ table }) => table);
  const merged = new MergedTable(tables);
  const { minUpdateIndex, maxUpdateIndex } = found.table;
  const isAllThere = tables[0]!.minUpdateIndex <= minUpdateIndex &&
    merged.maxUpdateIndex >= maxUpdateIndex;
  // What could not be salvaged is perhaps in what a compaction was made of.
  if (found.salvaged && isAllThere && hasAllOf(merged, new MergedTable([found.table]))) {
    return false;
  }
  if (hasAllOf(found.table, merged)) return true;
  if (rivals.some(({ isListed }) => isListed) !== found.isListed) return found.isListed;
  return rivals.every(({ mtime }) => mtime <= found.mtime);
}

/**
 * Tells whether a table has everything that others have. Compaction may have dropped tombstones and log
 * entries that have expired; of a table that has no refs all entries must be there.
 */
function hasAllOf(table: Pick<Table, "ref" | "logs">, others: MergedTable): boolean {
  let refs = 0;
  for (const ref of others.refs({ deletions: true })) {
    refs++;
    const found = table.ref(ref.refname);
    if (!found && ref.kind === "deletion") continue;
    if (!found || !isSame(ref, found)) return false;
  }
  if (refs > 0) return true;
  for (const log of others.logs()) {
    const [found] = table.logs({ refname: log.refname, before: log.updateIndex }).take(1);
    if (!found || !isSame(log, found)) return false;
  }
  return true;
}

function isSame(a: RefRecord | LogRecord, b: RefRecord | LogRecord): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
