import { firstError, ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import type { LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import { denoFileSystem } from "../io/deno.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, runAsync, runSync } from "../io/io.ts";
import { listLogs, listRefs, type LogsOptions, type RefsOptions } from "../table/queries.ts";
import type { Table } from "../table/table.ts";
import type { TableWriter } from "../table/table_writer.ts";
import { Addition } from "./addition.ts";
import { cleanStack, removeUnlisted } from "./clean.ts";
import type { CompactionProgress, LogExpiry } from "./compaction.ts";
import {
  type CompactionRequest,
  type CompactionStatistics,
  Compactor,
  requireRun,
  sizeForPlan,
  type TableRange,
} from "./compactor.ts";
import { StackHost } from "./host.ts";
import { findStrayFiles, inventoryTable, type StackInventory } from "./inventory.ts";
import type { StackSettings } from "./settings.ts";
import { type SharedTable, Snapshot } from "./snapshot.ts";
import { Turns } from "./turns.ts";

/** How to open a stack, and how to change it. */
export interface StackOptions extends StackSettings {
  /** The hash that its object ids are of; a stack with tables of another is refused. */
  readonly hash?: HashName | undefined;
  /** The storage; the real file system by default. */
  readonly fileSystem?: FileSystem | undefined;
}

/** How to begin an addition. */
export interface AdditionOptions {
  /** Whether to read the stack again, under the lock, when it has changed; else that is an error. */
  readonly reload?: boolean | undefined;
  /** How long to wait for the lock, in milliseconds, −1 for ever; as the stack was opened with by default. */
  readonly lockTimeout?: number | undefined;
}

/** What to compact. */
export interface CompactOptions {
  /** The tables, by their places in {@linkcode Stack.tables}; all by default. */
  readonly range?: TableRange | undefined;
  /** Which log entries to drop: by age and update index, or those for which a function says true. */
  readonly expire?: LogExpiry | ((log: LogRecord) => boolean) | undefined;
  /** Stops the compaction when it is aborted; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how far it is. */
  readonly onProgress?: ((progress: CompactionProgress) => void) | undefined;
}

/** How to clean. */
export interface CleanOptions {
  /** Whether only to tell what would be removed. */
  readonly dryRun?: boolean | undefined;
}

/** What was done to a stack since it was opened. */
export interface StackStatistics extends CompactionStatistics {
  /** How many tables it has now. */
  readonly tables: number;
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
export class Stack implements Disposable, AsyncDisposable {
  readonly #host: StackHost;
  readonly #compactor: Compactor;
  readonly #turns = new Turns();
  readonly #underWay = new Set<Promise<unknown>>();
  #disposed = false;

  private constructor(host: StackHost) {
    this.#host = host;
    this.#compactor = new Compactor(host);
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
    const { hash, fileSystem = denoFileSystem, ...settings } = options;
    const location = { fileSystem, directory, hash };
    return new Stack(new StackHost(location, settings, yield* Snapshot.take(location)));
  }

  /** The directory of the tables. */
  get directory(): string {
    return this.#host.location.directory;
  }

  /** The hash of the object ids: the one the stack was opened with, else that of its tables, else SHA-1. */
  get hash(): HashName {
    return this.#host.location.hash ?? this.#host.snapshot.merged.hash ?? "sha1";
  }

  /** The tables' file names, from the oldest to the newest. */
  get tableNames(): readonly string[] {
    return this.#host.snapshot.names;
  }

  /** The open tables, from the oldest to the newest; they are the stack's to dispose. */
  get tables(): readonly Table[] {
    return this.#host.snapshot.merged.tables;
  }

  /** The update index that comes next: one above the newest table's highest, 1 in an empty stack. */
  get nextUpdateIndex(): number {
    return this.#host.snapshot.nextUpdateIndex;
  }

  /**
   * Takes a new snapshot if the stack has changed; if not, that costs one look at a file.
   *
   * @returns Whether it has changed.
   * @throws {ReftableError} As {@linkcode Stack.open} does; the old snapshot then stays.
   */
  async reload(): Promise<boolean> {
    this.#host.requireOpen();
    return await this.#during(() => runAsync(this.#host.reload()));
  }

  /** Takes a new snapshot at once; see {@linkcode Stack.reload}. */
  reloadSync(): boolean {
    this.#host.requireOpen();
    return runSync(this.#host.reload());
  }

  /**
   * Looks a ref up by its full name, as it is stored: a symbolic ref is not followed.
   *
   * @returns The ref, or `undefined` when there is none.
   */
  ref(refname: string): Exclude<RefRecord, { kind: "deletion" }> | undefined {
    return this.#open.snapshot.merged.ref(refname);
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
    return this.#open.snapshot.merged.log(refname);
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
    return this.#open.snapshot.merged.refsFor(oid);
  }

  /**
   * Adds one table. Additions that one `Stack` is asked for at the same time follow each other.
   *
   * @param write Adds the records, refs before logs, with the {@linkcode Stack.nextUpdateIndex}.
   * @throws {ReftableError} With code `"lock"` when another process holds the lock, `"outdated"` when the stack has
   * changed since it was read (it is then read again, so that a second try may succeed); and as
   * {@linkcode Addition.add} and {@linkcode Addition.commit} do. Nothing is changed then.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { Stack } from "@reftable/reftable";
   *
   * const directory = await Deno.makeTempDir();
   * await using stack = await Stack.open(directory);
   * await stack.add((writer) => {
   *   writer.addRef({
   *     kind: "symref",
   *     refname: "HEAD",
   *     updateIndex: stack.nextUpdateIndex,
   *     target: "refs/heads/main",
   *   });
   * });
   * assertEquals(stack.ref("HEAD")?.updateIndex, 1);
   * ```
   */
  async add(
    write: (writer: TableWriter) => void | Promise<void>,
    options: AdditionOptions = {},
  ): Promise<void> {
    await this.#during(() => this.#addInTurn(write, options));
  }

  async #addInTurn(
    write: (writer: TableWriter) => void | Promise<void>,
    options: AdditionOptions,
  ): Promise<void> {
    const { lockTimeout = this.#host.lockTimeout } = options;
    using turn = await this.#turns.take(lockTimeout, this.directory);
    try {
      await using addition = await this.#begin(options, async () => {
        // The next one need not wait while tables are compacted.
        turn[Symbol.dispose]();
        await this.#compactQuietly();
      });
      await addition.add(write);
      await addition.commit();
    } catch (error) {
      const first = firstError(error);
      if (first instanceof ReftableError && first.code === "outdated") await this.reload();
      throw first;
    }
  }

  /**
   * Locks the stack for a transaction of several tables.
   *
   * @returns The transaction, which must be committed or disposed.
   * @throws {ReftableError} With code `"lock"` when another process holds the lock, `"outdated"` when the stack has
   * changed since it was read and `reload` is not set.
   */
  async beginAddition(options: AdditionOptions = {}): Promise<Addition> {
    return await this.#during(() => this.#begin(options, () => this.#compactQuietly()));
  }

  async #begin(options: AdditionOptions, afterCommit: () => Promise<void>): Promise<Addition> {
    this.#host.requireOpen();
    const lock = await this.#host.lockList(options.reload ?? false, options.lockTimeout);
    return new Addition(this.#host, this.#compactor, lock, afterCommit);
  }

  /**
   * Merges tables into one, by default all, and drops log entries that have expired.
   *
   * @returns Whether there was anything to do.
   * @throws {ReftableError} With code `"lock"` when others hold a lock, `"outdated"` when they changed the
   * stack meanwhile. Nothing is changed then.
   */
  async compact(options: CompactOptions = {}): Promise<boolean> {
    return await this.#during(() => this.#compact(options));
  }

  async #compact(options: CompactOptions): Promise<boolean> {
    const host = this.#host;
    host.requireOpen();
    const { expire, range, signal, onProgress } = options;
    signal?.throwIfAborted();
    if (!range) await this.reload();
    const chosen = range && this.#tablesIn(range);
    if (expire && chosen && chosen[0] !== host.snapshot.tables[0]) {
      // An entry that is dropped here could hide one of the same key in an older table.
      throw new ReftableError("api", "Cannot expire logs unless the oldest table is compacted too");
    }
    const fewest = expire ? 1 : 2;
    if ((chosen ?? host.snapshot.tables).length < fewest) return false;
    const request: CompactionRequest = {
      select: (tables) => {
        if (chosen) return requireRun(tables, chosen, this.directory);
        return tables.length < fewest ? [] : tables;
      },
      bestEffort: false,
      signal,
      onProgress,
      expiry: typeof expire === "object" ? expire : undefined,
      isExpired: typeof expire === "function" ? expire : undefined,
    };
    return await this.#compactor.compact(request);
  }

  /** The tables of a range, which may have other places by the time the lock is held. */
  #tablesIn({ start, end }: TableRange): readonly SharedTable[] {
    const { tables } = this.#host.snapshot;
    if (start >= 0 && start <= end && end <= tables.length) return tables.slice(start, end);
    throw new ReftableError(
      "api",
      `Cannot compact tables ${start} to ${end} of ${tables.length}`,
    );
  }

  /**
   * Compacts what must be so that the tables' sizes form a geometric sequence. When others are
   * at it already, that is left to them.
   *
   * @returns Whether anything was done.
   */
  async autoCompact(): Promise<boolean> {
    const host = this.#host;
    host.requireOpen();
    const select = (tables: readonly SharedTable[]) => this.#compactor.plan(tables);
    // Mostly there is nothing to do, and no lock to take.
    if (select(host.snapshot.tables).length < 2) return false;
    try {
      return await this.#during(() => this.#compactor.compact({ select, bestEffort: true }));
    } catch (error) {
      const isBenign = error instanceof ReftableError &&
        (error.code === "lock" || error.code === "outdated");
      if (isBenign) return false;
      throw error;
    }
  }

  /** Compacts after a write, which has succeeded whatever happens here; failures are counted. */
  async #compactQuietly(): Promise<void> {
    if (!(this.#host.settings.autoCompact ?? true)) return;
    try {
      await this.autoCompact();
    } catch {
      // The compactor has counted it.
    }
  }

  /**
   * Removes tables that the list does not name, and what was to become one when its writer was killed.
   *
   * @returns The names of the files removed, or that would be.
   * @throws {ReftableError} With code `"lock"` when another process holds the lock.
   */
  async clean(options: CleanOptions = {}): Promise<string[]> {
    this.#host.requireOpen();
    return await this.#during(() => cleanStack(this.#host, options.dryRun ?? false));
  }

  /** Describes what is in the stack's directory; every block of every table is read. */
  async inventory(): Promise<StackInventory> {
    const { merged, names, tables } = this.#open.snapshot;
    return {
      tables: merged.tables.map((table, place) => inventoryTable(table, names[place]!)),
      sizes: merged.tables.map(sizeForPlan),
      isGeometric: this.#compactor.plan(tables).length === 0,
      ...await findStrayFiles(this.#host),
    };
  }

  /** What was done to the stack since it was opened, and how many tables it has. */
  get stats(): StackStatistics {
    return { ...this.#compactor.statistics, tables: this.tables.length };
  }

  /**
   * Closes the stack's files, once the listings that were begun have ended. Tables that the list no
   * longer names are removed where that is permitted: others could not while they were open here.
   */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { location, snapshot } = this.#host;
    this.#host.close();
    removeUnlisted(location, snapshot.names);
  }

  /** Closes the stack when what is under way has ended; see {@linkcode Stack.[Symbol.dispose]}. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    this[Symbol.dispose]();
  }

  /** Does something that the stack is not closed before. */
  async #during<T>(operation: () => Promise<T>): Promise<T> {
    const promise = operation();
    this.#underWay.add(promise);
    try {
      return await promise;
    } catch (error) {
      throw firstError(error);
    } finally {
      this.#underWay.delete(promise);
    }
  }

  /** What the stack consists of, unless it was disposed. */
  get #open(): StackHost {
    this.#host.requireOpen();
    return this.#host;
  }

  /** The current snapshot, which the caller must release. */
  #retain(): Snapshot {
    const { snapshot } = this.#open;
    snapshot.retain();
    return snapshot;
  }
}
