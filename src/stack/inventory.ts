import { decodeText, encodeText } from "../bytes/text.ts";
import { type Problem, type ProblemCode, ReftableError } from "../errors.ts";
import { type BlockSource, openFileSource } from "../io/block_source.ts";
import type { FileInfo, FileSystem } from "../io/file_system.ts";
import { readIfPresent, runAsync } from "../io/io.ts";
import type { BlockInfo, Table } from "../table/table.ts";
import type { StackHost } from "./host.ts";
import type { StackLocation } from "./snapshot.ts";
import { isPlainName, isTableName, quoteName, TABLES_LIST } from "./tables_list.ts";

/** How long to try again when tables vanish while they are opened, in milliseconds. */
const PATIENCE = 3000;

/** A file that the list of a stack names. */
export interface ListedTable {
  /** Its file name. */
  readonly name: string;
  /** Its bytes, under its path. */
  readonly source: BlockSource;
}

/** The tables of a stack that is perhaps damaged, at one moment. They are open until it is disposed. */
export interface ListedTables extends Disposable {
  /** What the list names and what is there, from the oldest to the newest. */
  readonly tables: readonly ListedTable[];
  /** The file names in the list, whether they are there or not. */
  readonly names: readonly string[];
  /** Whether there is a list that could be read. */
  readonly hasList: boolean;
  /** What is wrong with the list. */
  readonly problems: readonly Problem[];
}

type Location = Pick<StackLocation, "fileSystem" | "directory">;

/**
 * Opens the tables that a stack's list names, as far as they are there.
 *
 * A table may vanish between the reading of the list and its opening, when somebody compacts; then the
 * list has changed, and we start over.
 */
export async function openListedTables(location: Location): Promise<ListedTables> {
  const deadline = Date.now() + PATIENCE;
  for (let wait = 1;; wait = 2 * wait + Math.random()) {
    const text = await readList(location);
    const listed = await openTables(location, text);
    const isMissing = listed.problems.some(({ code }) => code === "missing-table");
    if (!isMissing || Date.now() > deadline || text === await readList(location)) return listed;
    listed[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** The text of the list; `undefined` when there is none, or something else in its place. */
async function readList({ fileSystem, directory }: Location): Promise<string | undefined> {
  const path = `${directory}/${TABLES_LIST}`;
  if (!(await isFile(fileSystem, path))) return undefined;
  const bytes = await runAsync(readIfPresent(fileSystem, path));
  return bytes && decodeText(bytes);
}

/** Describes what a name leads to; `undefined` when that is nothing, as of a symbolic link that leads to itself. */
export async function statTarget(
  fileSystem: FileSystem,
  path: string,
): Promise<FileInfo | undefined> {
  try {
    return await fileSystem.stat(path);
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    if (cause instanceof Error && cause.name === "FilesystemLoop") return undefined;
    throw error;
  }
}

async function isFile(fileSystem: FileSystem, path: string): Promise<boolean> {
  return (await statTarget(fileSystem, path))?.kind === "file";
}

/** Reads the names that a stack's list has now, whatever they look like. */
export async function listedNames(location: Location): Promise<string[]> {
  return lines(await readList(location)).map(({ name }) => name);
}

function lines(text = ""): { name: string; offset: number }[] {
  let offset = 0;
  return text.replace(/\n$/, "").split("\n").map((name) => {
    const line = { name, offset };
    offset += encodeText(name).length + 1;
    return line;
  }).filter(() => text !== "");
}

async function openTables(
  { fileSystem, directory }: Location,
  text: string | undefined,
): Promise<ListedTables> {
  using cleanup = new DisposableStack();
  const file = `${directory}/${TABLES_LIST}`;
  const problems: Problem[] = [];
  const tables: ListedTable[] = [];
  const names = new Set<string>();
  for (const { name, offset } of lines(text)) {
    const note = (code: ProblemCode, message: string) => {
      problems.push({ severity: "error", code, file, offset, message });
    };
    const shown = quoteName(name);
    if (!isPlainName(name)) {
      note("tables-list", `line ${shown} is no file name`);
    } else if (names.has(name)) {
      note("duplicate-table", `table ${shown} is named twice`);
    } else {
      names.add(name);
      const source = await openTable({ fileSystem, directory }, name);
      if (source) tables.push({ name, source: cleanup.use(source) });
      else note("missing-table", `table ${shown} does not exist`);
    }
  }
  const opened = cleanup.move();
  return {
    tables,
    names: [...names],
    hasList: text !== undefined,
    problems,
    [Symbol.dispose]: () => opened.dispose(),
  };
}

/** Opens a table; `undefined` when there is no such file. */
async function openTable(
  { fileSystem, directory }: Location,
  name: string,
): Promise<BlockSource | undefined> {
  const path = `${directory}/${name}`;
  try {
    return await runAsync(openFileSource(fileSystem, path));
  } catch (error) {
    if (error instanceof ReftableError && error.code === "not-exist") return undefined;
    // A directory, say, is no table either.
    if (await isFile(fileSystem, path)) throw error;
    return undefined;
  }
}

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
