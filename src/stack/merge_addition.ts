import type { Table } from "../table/table.ts";
import { BytesSink } from "../table/table_sink.ts";
import { compactTables } from "./compaction.ts";
import type { Compactor } from "./compactor.ts";
import type { StackHost } from "./host.ts";
import type { SharedTable } from "./snapshot.ts";
import { formatTableName } from "./tables_list.ts";

/** So many bytes, those of the new table among them, are merged in about a millisecond. */
const MERGE_LIMIT = 0x10000;

/** A new table with those before it in one. */
export interface MergedAddition {
  /** The tables that stay as they are. */
  readonly older: readonly SharedTable[];
  /** The tables that the merged one takes the place of. */
  readonly replaced: readonly SharedTable[];
  /** What the merged table is to be called. */
  readonly name: string;
  /** Its bytes; none when nothing is left. */
  readonly bytes: Uint8Array;
}

/**
 * Merges a table that is about to be added with those before it, if the stack would compact them together as soon as
 * it is: then it need not be written twice, and no list in between. It takes the lock on the list, and
 * as that is held meanwhile, only small tables are merged.
 *
 * @param tables The tables of the stack.
 * @param table The new one.
 * @returns `undefined` when it is to be added by itself.
 */
export async function mergeAddition(
  host: StackHost,
  compactor: Compactor,
  tables: readonly SharedTable[],
  table: Table,
): Promise<MergedAddition | undefined> {
  const { autoCompact = true, mergeAdditions = autoCompact } = host.settings;
  if (!mergeAdditions) return undefined;
  const all = [...tables.map(({ table }) => table), table];
  const { start, end } = compactor.planRange(all);
  if (end < all.length || end - start < 2) return undefined;
  const merged = all.slice(start);
  if (merged.reduce((sum, { size }) => sum + size, 0) > MERGE_LIMIT) return undefined;
  const replaced = tables.slice(start);
  // Whoever compacts them has locked them while he had the lock on the list, which is ours now.
  for (const { name } of replaced) {
    if (await host.location.fileSystem.stat(host.path(`${name}.lock`))) return undefined;
  }
  const sink = new BytesSink();
  const job = { dropTombstones: start === 0, writerOptions: host.writerOptions };
  const written = await compactTables(merged, sink, job);
  compactor.countMerge(merged, written);
  return {
    older: tables.slice(0, start),
    replaced,
    name: formatTableName(merged[0]!.minUpdateIndex, table.maxUpdateIndex),
    bytes: written.blocks === 0 ? new Uint8Array() : sink.bytes,
  };
}
