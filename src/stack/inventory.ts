import type { BlockInfo } from "../table/blocks.ts";
import type { Table } from "../table/table.ts";
import type { StackHost } from "./host.ts";
import { statTarget } from "./listed_tables.ts";
import type { StackLocation } from "./snapshot.ts";
import { isTableName, TABLES_LIST } from "./tables_list.ts";

/** What a table consists of. */
export interface TableInventory {
  /** Its file name. */
  readonly name: string;
  /** Its length in bytes. */
  readonly size: number;
  /** Its lowest update index. */
  readonly minUpdateIndex: number;
  /** Its highest update index. */
  readonly maxUpdateIndex: number;
  /** How many blocks of each kind it has. */
  readonly blocks: Readonly<Record<BlockInfo["type"], number>>;
  /** How many records of each kind it has. */
  readonly entries: Readonly<Record<BlockInfo["type"], number>>;
  /** How many bytes of it are padding. */
  readonly padding: number;
  /** How much of it is padding, from 0 to 1. */
  readonly paddingShare: number;
}

/** A file of a stack's directory that is no table of the stack. */
export interface StrayFile {
  /** Its file name. */
  readonly name: string;
  /** When it was last written, in milliseconds since 1970-01-01 UTC; 0 when unknown. */
  readonly mtime: number;
}

/** What is in a stack's directory. */
export interface StackInventory {
  /** The tables, from the oldest to the newest. */
  readonly tables: readonly TableInventory[];
  /** The sizes that compaction is planned with, in the same order. */
  readonly sizes: readonly number[];
  /** Whether each table is large enough for the next: then nothing needs to be compacted. */
  readonly isGeometric: boolean;
  /** Tables that the list does not name. */
  readonly orphans: readonly StrayFile[];
  /** Files that are not complete, unless a writer is at work. */
  readonly temporaries: readonly StrayFile[];
  /** Locks, held by somebody or left behind. */
  readonly locks: readonly StrayFile[];
}

/** The files of a stack's directory that are no tables of the stack, by what they are. */
type StrayFiles = Pick<StackInventory, "orphans" | "temporaries" | "locks">;

/** Describes a table by looking at every block. */
export function inventoryTable(table: Table, name: string): TableInventory {
  const { size, minUpdateIndex, maxUpdateIndex } = table;
  const blocks = { ref: 0, object: 0, index: 0, log: 0 };
  const entries = { ref: 0, object: 0, index: 0, log: 0 };
  let padding = 0;
  for (const block of table.blocks()) {
    blocks[block.type]++;
    entries[block.type] += block.entries;
    // A log block's length is that of its contents, which are deflated; it has no padding.
    if (block.type !== "log") padding += block.size - block.length;
  }
  return {
    name,
    size,
    minUpdateIndex,
    maxUpdateIndex,
    blocks,
    entries,
    padding,
    paddingShare: padding / size,
  };
}

/** Finds what is in a stack's directory besides its tables. */
export async function findStrayFiles(host: StackHost): Promise<StrayFiles> {
  return await listStrayFiles(host.location, host.snapshot.names);
}

/**
 * Lists what is in a directory of tables besides these.
 *
 * @param names The file names of the tables.
 */
export async function listStrayFiles(
  { fileSystem, directory }: Pick<StackLocation, "fileSystem" | "directory">,
  names: readonly string[],
): Promise<StrayFiles> {
  const listed = new Set(names);
  const found = {
    orphans: [] as StrayFile[],
    temporaries: [] as StrayFile[],
    locks: [] as StrayFile[],
  };
  for (const { name } of await fileSystem.list(directory)) {
    if (listed.has(name) || name === TABLES_LIST) continue;
    const kind = name.endsWith(".lock")
      ? found.locks
      : isTableName(name)
      ? found.orphans
      : /\.temp\.[^.]*$/.test(name)
      ? found.temporaries
      : undefined;
    const info = kind && (await statTarget(fileSystem, `${directory}/${name}`));
    if (info) kind.push({ name, mtime: info.mtime });
  }
  for (const files of Object.values(found)) files.sort((a, b) => a.name < b.name ? -1 : 1);
  return found;
}
