import type { HashName } from "../format/hash.ts";
import type { LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import { denoFileSystem } from "../io/deno_file_system.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, runAsync, runSync } from "../io/io.ts";
import { listLogs, listRefs, type LogsOptions, type RefsOptions } from "../table/queries.ts";
import type { Table } from "../table/table.ts";
import { Snapshot, type StackLocation } from "./snapshot.ts";

/** How to open a stack. */
export interface StackOptions {
  /** The hash that its object ids are of; a stack with tables of another is refused. */
  readonly hash?: HashName | undefined;
  /** The storage; the real file system by default. */
  readonly fileSystem?: FileSystem | undefined;
}

/**
 * A directory of tables that together hold all refs and logs: the newest table that mentions one decides.
 *
 * What is read is a snapshot, taken when the stack is opened and whenever {@linkcode Stack.reload}
 * is called; it stays readable whatever others do to the directory. So does a listing that was begun.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Stack } from "@reftable/reftable";
 *
 * using stack = await Stack.open("tests/fixtures/repository/git/reftable", { hash: "sha1" });
 * const head = stack.ref("HEAD");
 * assertEquals(head?.kind === "symref" && head.target, "refs/heads/main");
 * ```
 */
export class Stack implements Disposable {
  readonly #location: StackLocation;
  #snapshot: Snapshot;
  #disposed = false;

  private constructor(location: StackLocation, snapshot: Snapshot) {
    this.#location = location;
    this.#snapshot = snapshot;
  }

  /**
   * Opens a stack without holding up the caller.
   *
   * @param directory The directory of the tables, such as `.git/reftable`.
   * @throws {ReftableError} With code `"format"` when a table or the list of tables is damaged, or a
   * table has another hash than the stack; `"not-exist"` when the directory or a table is missing.
   */
  static async open(directory: string, options: StackOptions = {}): Promise<Stack> {
    return await runAsync(Stack.#read(directory, options));
  }

  /** Opens a stack at once; see {@linkcode Stack.open}. */
  static openSync(directory: string, options: StackOptions = {}): Stack {
    return runSync(Stack.#read(directory, options));
  }

  static *#read(directory: string, options: StackOptions): Io<Stack> {
    const { hash, fileSystem = denoFileSystem } = options;
    const location = { fileSystem, directory, hash };
    return new Stack(location, yield* Snapshot.take(location));
  }

  /** The directory of the tables. */
  get directory(): string {
    return this.#location.directory;
  }

  /** The hash of the object ids: the one the stack was opened with, else that of its tables, else SHA-1. */
  get hash(): HashName {
    return this.#location.hash ?? this.#snapshot.merged.hash ?? "sha1";
  }

  /** The tables' file names, from the oldest to the newest. */
  get tableNames(): readonly string[] {
    return this.#snapshot.names;
  }

  /** The open tables, from the oldest to the newest; they are the stack's to dispose. */
  get tables(): readonly Table[] {
    return this.#snapshot.merged.tables;
  }

  /** The update index that comes next: one above the newest table's highest, 1 in an empty stack. */
  get nextUpdateIndex(): number {
    return this.#snapshot.merged.maxUpdateIndex + 1;
  }

  /**
   * Takes a new snapshot if the stack has changed; if not, that costs one look at a file.
   *
   * @returns Whether it has changed.
   * @throws {ReftableError} As {@linkcode Stack.open} does; the old snapshot then stays.
   */
  async reload(): Promise<boolean> {
    return this.#replace(await runAsync(Snapshot.take(this.#location, this.#snapshot)));
  }

  /** Takes a new snapshot at once; see {@linkcode Stack.reload}. */
  reloadSync(): boolean {
    return this.#replace(runSync(Snapshot.take(this.#location, this.#snapshot)));
  }

  #replace(snapshot: Snapshot): boolean {
    const old = this.#snapshot;
    if (snapshot === old) return false;
    this.#snapshot = snapshot;
    old.release();
    return true;
  }

  /**
   * Looks a ref up by its full name, as it is stored: a symbolic ref is not followed.
   *
   * @returns The ref, or `undefined` when there is none.
   */
  ref(refname: string): Exclude<RefRecord, { kind: "deletion" }> | undefined {
    return this.#snapshot.merged.ref(refname);
  }

  /** Lists the refs in the order of their names; see {@linkcode Table.refs}. */
  refs(options: RefsOptions = {}): IteratorObject<RefRecord, void> {
    return listRefs(
      () => {
        const snapshot = this.#retain();
        return snapshot.merged.refCursor(() => snapshot.release());
      },
      options,
      false,
    );
  }

  /** Gives the newest log entry of a ref, or `undefined` when it has none. */
  log(refname: string): LogRecord | undefined {
    return this.#snapshot.merged.log(refname);
  }

  /** Lists log entries by ref name, those of a ref from the newest to the oldest. */
  logs(options: LogsOptions = {}): IteratorObject<LogRecord, void> {
    return listLogs(
      () => {
        const snapshot = this.#retain();
        return snapshot.merged.logCursor(() => snapshot.release());
      },
      options,
      false,
    );
  }

  /**
   * Lists the refs that hold an object id or peel to it, in the order of their names.
   *
   * @param oid The whole object id in hexadecimal digits.
   */
  refsFor(oid: string): RefRecord[] {
    return this.#snapshot.merged.refsFor(oid);
  }

  /** Closes the stack's files, once the listings that were begun have ended. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#snapshot.release();
  }

  /** The current snapshot, which the caller must release. */
  #retain(): Snapshot {
    this.#snapshot.retain();
    return this.#snapshot;
  }
}
