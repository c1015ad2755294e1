import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { openFileSource } from "../io/block_source.ts";
import type { FileInfo, FileSystem } from "../io/file_system.ts";
import { type Io, perform, readIfPresent, type Request, statFile } from "../io/io.ts";
import { MergedTable } from "../merged/merged_table.ts";
import { Table } from "../table/table.ts";
import { parseTablesList, TABLES_LIST } from "./tables_list.ts";

/** How long to try again when tables vanish while they are opened, in milliseconds. */
const PATIENCE = 3000;

/** A file whose last change is younger than this when it is read may change again unnoticed. */
const SETTLED_AFTER = 2000;

/** An open table of a stack, shared by all snapshots that contain it. */
export interface SharedTable {
  readonly name: string;
  readonly table: Table;
  /** How many snapshots contain it. */
  users: number;
}

/** Where a stack's snapshots are taken from. */
export interface StackLocation {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** The directory of the tables. */
  readonly directory: string;
  /** The hash that all tables must have, if the caller knows. */
  readonly hash: HashName | undefined;
}

/** The tables that a stack consisted of at one moment. They stay open as long as somebody uses it. */
export class Snapshot {
  /** The tables' file names, from the oldest to the newest. */
  readonly names: readonly string[];
  /** The tables read as one. */
  readonly merged: MergedTable;
  /** The tables, from the oldest to the newest. */
  readonly tables: readonly SharedTable[];
  readonly #byName: ReadonlyMap<string, SharedTable>;
  /** How the list looked from outside when it was read; `undefined` when it was too young to tell. */
  #listInfo: FileInfo | undefined;
  #users = 1;

  /**
   * Makes a snapshot of open tables, which it keeps open.
   *
   * @param tables From the oldest to the newest.
   * @param listInfo How the list looked from outside, when it is old enough to tell by that whether it changed.
   */
  constructor(tables: readonly SharedTable[], listInfo?: FileInfo) {
    this.names = tables.map(({ name }) => name);
    this.merged = new MergedTable(tables.map(({ table }) => table));
    this.tables = tables;
    this.#byName = new Map(tables.map((table) => [table.name, table]));
    this.#listInfo = listInfo;
    for (const table of tables) table.users++;
  }

  /**
   * Takes a snapshot of a stack as it is now.
   *
   * A table may vanish between the reading of the list and its opening, when somebody compacts; then
   * the list has changed, and we start over. Tables that `previous` has open are not opened again.
   *
   * @returns `previous` itself when nothing changed, else a snapshot that the caller must release.
   * @throws {ReftableError} With code `"format"` when the list or a table is damaged, `"not-exist"` when a table is
   * missing.
   */
  static *take(location: StackLocation, previous?: Snapshot): Io<Snapshot> {
    const { fileSystem, directory } = location;
    const path = `${directory}/${TABLES_LIST}`;
    const deadline = Date.now() + PATIENCE;
    for (let wait = 1;; wait = 2 * wait + Math.random()) {
      const now = Date.now();
      const info = yield* statFile(fileSystem, path);
      if (previous !== undefined && previous.#isListed(info)) return previous;
      const settled = info !== undefined && info.mtime + SETTLED_AFTER < now ? info : undefined;
      if (info === undefined) yield* checkDirectory(location);
      const names = yield* readNames(fileSystem, directory);
      if (previous && sameNames(previous.names, names)) {
        previous.#listInfo = settled;
        return previous;
      }
      try {
        return new Snapshot(yield* openTables(location, names, previous), settled);
      } catch (error) {
        if (!(error instanceof ReftableError) || error.code !== "not-exist") throw error;
        const changed = !sameNames(names, yield* readNames(fileSystem, directory));
        if (!changed || Date.now() > deadline) {
          throw new ReftableError(
            "format",
            `Cannot read stack "${directory}": ${TABLES_LIST} names "${error.file}", which does not exist`,
            { file: error.file, problem: "missing-table", cause: error },
          );
        }
        yield* perform(pause(wait));
      }
    }
  }

  #isListed(info: FileInfo | undefined): boolean {
    const known = this.#listInfo;
    return known !== undefined && info !== undefined && known.mtime === info.mtime &&
      known.size === info.size && known.inode === info.inode;
  }

  /** The update index that comes next: one above the newest table's highest, 1 when there is none. */
  get nextUpdateIndex(): number {
    return (this.tables.at(-1)?.table.maxUpdateIndex ?? 0) + 1;
  }

  /** Finds an open table by its file name. */
  find(name: string): SharedTable | undefined {
    return this.#byName.get(name);
  }

  /** Keeps the tables open until {@linkcode Snapshot.release} is called once more. */
  retain(): void {
    this.#users++;
  }

  /** Says that one user is done; after the last one, tables that no other snapshot has are closed. */
  release(): void {
    if (--this.#users > 0) return;
    for (const table of this.tables) {
      if (--table.users === 0) table.table[Symbol.dispose]();
    }
  }
}

/** A stack without a list is empty, but its directory must be there. */
function* checkDirectory({ fileSystem, directory }: StackLocation): Io<void> {
  const info = yield* statFile(fileSystem, directory);
  if (info?.kind === "directory") return;
  const found = info === undefined ? "it does not exist" : "it is no directory";
  const code = info === undefined ? "not-exist" : "io";
  throw new ReftableError(code, `Cannot read stack "${directory}": ${found}`, { file: directory });
}

/** Reads the names that a stack's list has now; a stack without a list is empty. */
export function* readNames(fileSystem: FileSystem, directory: string): Io<string[]> {
  const path = `${directory}/${TABLES_LIST}`;
  const bytes = yield* readIfPresent(fileSystem, path);
  return bytes ? parseTablesList(bytes, path) : [];
}

function* openTables(
  { fileSystem, directory, hash }: StackLocation,
  names: readonly string[],
  previous: Snapshot | undefined,
): Io<SharedTable[]> {
  const tables: SharedTable[] = [];
  const opened = new Map<string, SharedTable>();
  try {
    for (const name of names) {
      const path = `${directory}/${name}`;
      const shared = opened.get(name) ?? previous?.find(name) ?? {
        name,
        table: yield* Table.read(openFileSource(fileSystem, path)),
        users: 0,
      };
      opened.set(name, shared);
      tables.push(shared);
      checkHash(shared.table, hash ?? tables[0]!.table.hash);
    }
  } catch (error) {
    for (const { table, users } of tables) if (users === 0) table[Symbol.dispose]();
    throw error;
  }
  return tables;
}

function checkHash(table: Table, expected: HashName): void {
  if (table.hash === expected) return;
  throw new ReftableError(
    "format",
    `Cannot read table "${table.name}": its hash is ${table.hash}, that of the stack is ${expected}`,
    { file: table.name },
  );
}

/** Tells whether two lists have the same names in the same order. */
export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** Asks for time to pass, for somebody else to finish. */
function pause(milliseconds: number): Request<void> {
  return {
    sync: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds),
    async: () => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  };
}
