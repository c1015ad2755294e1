import { ReftableError } from "../errors.ts";
import { openFileSource } from "../io/block_source.ts";
import { runAsync, runSync } from "../io/io.ts";
import { Table } from "../table/table.ts";
import type { StackHost } from "./host.ts";
import { readNames, type StackLocation } from "./snapshot.ts";
import { isTableLock, isTableName, isTemporaryTable, TABLES_LIST } from "./tables_list.ts";

/**
 * Removes tables that the list does not name: what compactions left for readers, and what writers left
 * that were killed. A table whose update indices go beyond the stack's stays. Files that were to become tables are
 * removed too, unless somebody compacts.
 *
 * @param dryRun Whether only to tell.
 * @returns The names of the files removed.
 */
export async function cleanStack(host: StackHost, dryRun: boolean): Promise<string[]> {
  const { fileSystem, directory } = host.location;
  // Writers give tables their names under this lock, so none is about to be listed.
  await using _lock = await host.lockList(true);
  const { names, merged } = host.snapshot;
  const listed = new Set(names);
  const files = (await fileSystem.list(directory)).filter(({ kind }) => kind === "file");
  // Whoever writes a table without that lock has locked those that it replaces.
  const isCompacting = files.some(({ name }) => isTableLock(name));
  const removed: string[] = [];
  for (const { name } of files) {
    const path = host.path(name);
    if (isTableName(name)) {
      if (listed.has(name) || !(await isBelow(host, path, merged.maxUpdateIndex))) continue;
    } else if (isCompacting || !isTemporaryTable(name)) {
      continue;
    }
    if (!dryRun) await fileSystem.remove(path);
    removed.push(name);
  }
  return removed.sort();
}

/** Tells whether a table has no update above an index; of a file that is no sound table nothing is known. */
async function isBelow(host: StackHost, path: string, maxUpdateIndex: number): Promise<boolean> {
  try {
    using table = await runAsync(Table.read(openFileSource(host.location.fileSystem, path)));
    return table.maxUpdateIndex <= maxUpdateIndex;
  } catch (error) {
    if (error instanceof ReftableError) return false;
    throw error;
  }
}

/**
 * Removes those of some tables that the list no longer names, where no permission must be asked for.
 *
 * @param names Tables that were open until now.
 */
export function removeUnlisted(location: StackLocation, names: readonly string[]): void {
  const { fileSystem, directory } = location;
  try {
    // Without a list nothing is known to be superfluous.
    if (!fileSystem.statSync(`${directory}/${TABLES_LIST}`)) return;
    const listed = new Set(runSync(readNames(fileSystem, directory)));
    for (const name of names) {
      if (listed.has(name) || !fileSystem.mayChangeSync(directory)) continue;
      fileSystem.removeSync(`${directory}/${name}`);
    }
  } catch (error) {
    // Whatever is wrong here, the stack is closed, and an orphan can be cleaned later.
    if (!(error instanceof ReftableError)) throw error;
  }
}
