import { firstError, ReftableError } from "../errors.ts";
import { SMALL } from "../io/block_source.ts";
import { runAsync } from "../io/io.ts";
import { PendingFile } from "../io/pending_file.ts";
import { MergedTable } from "../merged/merged_table.ts";
import { openInput, Table } from "../table/table.ts";
import { BytesSink, type TableSink } from "../table/table_sink.ts";
import { TableWriter, type TableWriterOptions } from "../table/table_writer.ts";
import { compactTables } from "./compaction.ts";
import { type Compactor, removeQuietly, sizeForPlan, totalSize } from "./compactor.ts";
import type { StackHost } from "./host.ts";
import type { OlderRecords } from "./merging_writer.ts";
import { checkNames } from "./name_check.ts";
import type { SharedTable, Snapshot } from "./snapshot.ts";
import { formatTableName } from "./tables_list.ts";

/** A table that waits for the commit. */
interface NewTable {
  readonly name: string;
  readonly table: Table;
  readonly file: PendingFile;
}

/** What is known of a table before it is written. */
export interface AddOptions {
  /**
   * How many bytes its records will take at least. So it may show that small tables would be compacted with it, which
   * then are written with it at once.
   */
  readonly atLeast?: number | undefined;
}

/**
 * A transaction on a stack: it holds the stack's lock until it is committed or disposed. Nothing is
 * visible to others before the commit, and everything is after it.
 */
export class Addition implements AsyncDisposable {
  readonly #host: StackHost;
  readonly #compactor: Compactor;
  readonly #before: Snapshot;
  /** The tables that stay, and those that a new one has in it. */
  #older: readonly SharedTable[];
  #replaced: readonly SharedTable[] = [];
  readonly #lock: PendingFile;
  readonly #afterCommit: () => Promise<void>;
  readonly #tables: NewTable[] = [];
  #nextUpdateIndex: number;
  #state: keyof typeof REFUSALS = "open";
  #commit: Promise<void> | undefined;

  /**
   * Begins a transaction; {@linkcode Stack.beginAddition} does it for users.
   *
   * @internal
   */
  constructor(
    host: StackHost,
    compactor: Compactor,
    lock: PendingFile,
    afterCommit: () => Promise<void>,
  ) {
    this.#host = host;
    this.#compactor = compactor;
    // Names are checked against it even when the stack is closed meanwhile.
    this.#before = host.snapshot;
    this.#before.retain();
    this.#older = this.#before.tables;
    this.#lock = lock;
    this.#afterCommit = afterCommit;
    this.#nextUpdateIndex = host.snapshot.nextUpdateIndex;
  }

  /** The update index that the next table's records should have. */
  get nextUpdateIndex(): number {
    return this.#nextUpdateIndex;
  }

  /**
   * Writes one table. A table without records is dropped.
   *
   * @param write Adds the records, refs before logs. The writer's limits are the next update
   * index; others can be set before the first record.
   * @param options What is known of the table beforehand.
   * @throws {ReftableError} With code `"api"` when the limits are below the next update index or another
   * table is being added, `"refname"` or `"name-conflict"` when a name cannot be; and what the
   * writer throws. The addition can go on without the table.
   */
  async add(
    write: (writer: TableWriter) => void | Promise<void>,
    { atLeast = 0 }: AddOptions = {},
  ): Promise<void> {
    this.#require("open");
    this.#state = "adding";
    try {
      await this.#add(write, atLeast);
    } catch (error) {
      throw firstError(error);
    } finally {
      if (this.#state === "adding") this.#state = "open";
    }
  }

  async #add(
    write: (writer: TableWriter) => void | Promise<void>,
    atLeast: number,
  ): Promise<void> {
    const host = this.#host;
    const { fileSystem } = host.location;
    const next = this.#nextUpdateIndex;
    await using cleanup = new AsyncDisposableStack();
    const temporaryName = host.path(formatTableName(next, next));
    const { mode } = host.settings;
    const file = cleanup.use(await PendingFile.createTemporary(fileSystem, temporaryName, mode));
    const sink = new HoldingSink(file);
    const taken = await this.#takeOlder(atLeast);
    const merging = taken && await beginMerging(sink, host.writerOptions, taken);
    const writer = merging ?? new TableWriter(sink, host.writerOptions);
    writer.setLimits(next, next);
    await write(writer);
    const written = writer.finish();
    this.#require("adding");
    if (written.blocks === 0 && !taken) return;
    const { minUpdateIndex, maxUpdateIndex } = merging?.addedLimits ?? written.limits;
    if (minUpdateIndex < next) {
      throw new ReftableError(
        "api",
        `Cannot add table: its update indices begin at ${minUpdateIndex}, expected ${next} or more`,
      );
    }
    if (taken) this.#compactor.countMerge(written.size, written);
    const name = formatTableName(written.limits.minUpdateIndex, maxUpdateIndex);
    const { held } = sink;
    const source = held ? openInput(held, host.path(name)) : file.source(host.path(name));
    const table = cleanup.use(await runAsync(Table.read(source)));
    if (!host.settings.skipNameCheck) {
      const tables = [...this.#older, ...this.#tables].map(({ table }) => table);
      checkNames(table, new MergedTable(tables));
    }
    const merged = held && !taken ? await this.#mergeSmall(table) : undefined;
    const bytes = merged?.bytes ?? held;
    if (bytes) file.write(bytes);
    await host.sync(file);
    file.close();
    const alone = written.blocks > 0 ? { name, table, file } : undefined;
    const added = merged ? await this.#openMerged(merged, file) : alone;
    if (added) cleanup.use(added.table);
    this.#require("adding");
    const split = merged ?? taken;
    if (split) ({ older: this.#older, replaced: this.#replaced } = split);
    this.#nextUpdateIndex = maxUpdateIndex + 1;
    if (!added) return;
    this.#tables.push(added);
    cleanup.move();
  }

  /** Merges older tables for a large one to be written together with, if that pays. */
  async #takeOlder(atLeast: number): Promise<TakenTables | undefined> {
    // Small ones are merged when they are there, and where names are checked, the new ones are by themselves first.
    if (atLeast <= SMALL || !this.#host.settings.skipNameCheck) return undefined;
    return await this.#merge(() => {
      return takeOlderTables(this.#host, this.#compactor, this.#older, atLeast);
    });
  }

  /** Merges a small table with those before it, if that pays. */
  async #mergeSmall(table: Table): Promise<MergedAddition | undefined> {
    return await this.#merge(() => mergeAddition(this.#host, this.#compactor, this.#older, table));
  }

  /** Merges the first table with those before it. */
  async #merge<T>(merge: () => Promise<T | undefined>): Promise<T | undefined> {
    if (this.#tables.length > 0 || this.#replaced.length > 0) return undefined;
    try {
      return await merge();
    } catch (error) {
      // What is wrong with older tables does not keep new ones from being added.
      if (error instanceof ReftableError) return undefined;
      throw error;
    }
  }

  /** Opens a merged table; `undefined` when nothing is left to be in it. */
  async #openMerged(
    { name, bytes }: MergedAddition,
    file: PendingFile,
  ): Promise<NewTable | undefined> {
    if (bytes.length === 0) return undefined;
    return { name, table: await runAsync(Table.read(file.source(this.#host.path(name)))), file };
  }

  /**
   * Makes the tables part of the stack, and ends the addition. Then the stack compacts itself, unless
   * it was opened with `autoCompact: false`; whether that succeeds does not matter here.
   *
   * @throws {ReftableError} With code `"io"` when something cannot be written; then nothing was added, unless
   * the message says so.
   */
  async commit(): Promise<void> {
    this.#require("open");
    this.#state = "committing";
    this.#commit = this.#commitTables();
    await this.#commit;
  }

  async #commitTables(): Promise<void> {
    try {
      await using _end = { [Symbol.asyncDispose]: () => this.#close() };
      if (this.#tables.length === 0 && this.#replaced.length === 0) return;
      await this.#publish();
    } catch (error) {
      throw firstError(error);
    }
    await this.#afterCommit();
  }

  /** Gives the tables their names, and puts these into the list. */
  async #publish(): Promise<void> {
    const host = this.#host;
    const { fileSystem } = host.location;
    await using orphans = new AsyncDisposableStack();
    for (const { file, name } of this.#tables) {
      await file.commit(host.path(name));
      orphans.defer(async () => void await fileSystem.remove(host.path(name)));
    }
    const added = this.#tables.map(({ name, table }) => ({ name, table, users: 0 }));
    await host.commitList(this.#lock, [...this.#older, ...added], () => {
      this.#tables.length = 0;
      orphans.move();
    });
    for (const { name } of this.#replaced) await removeQuietly(fileSystem, host.path(name));
  }

  /**
   * Ends the addition: what was not committed is removed, and the lock is given back. A commit under way is
   * waited for.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    // Whether it succeeds, its caller is told.
    await Promise.allSettled([this.#commit]);
    await this.#close();
  }

  async #close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(this.#lock);
    cleanup.defer(() => this.#before.release());
    for (const { table, file } of this.#tables) {
      cleanup.use(file);
      cleanup.use(table);
    }
  }

  #require(state: keyof typeof REFUSALS): void {
    if (this.#state === state) return;
    throw new ReftableError("api", `Cannot use addition: ${REFUSALS[this.#state]}`);
  }
}

/** Why an addition in some state cannot be used in another. */
const REFUSALS = {
  open: "no table is being added to it",
  adding: "a table is being added to it",
  committing: "it is being committed",
  closed: "it was committed or disposed",
};

/** Begins a table with older records in it. */
async function beginMerging(sink: TableSink, options: TableWriterOptions, older: OlderRecords) {
  // Loaded when it is needed: hardly any table is so large.
  const { MergingWriter } = await import("./merging_writer.ts");
  return new MergingWriter(sink, options, older);
}

/** Keeps a table in memory as long as it is small: what its file will have shows later. */
class HoldingSink implements TableSink {
  readonly #file: PendingFile;
  #memory: BytesSink | undefined = new BytesSink();

  constructor(file: PendingFile) {
    this.#file = file;
  }

  /** The table, unless it went to the file. */
  get held(): Uint8Array | undefined {
    return this.#memory?.bytes;
  }

  write(bytes: Uint8Array): void {
    const memory = this.#memory;
    if (memory && memory.bytes.length + bytes.length <= SMALL) {
      memory.write(bytes);
      return;
    }
    if (memory) this.#file.write(memory.bytes);
    this.#memory = undefined;
    this.#file.write(bytes);
  }
}

/** So many bytes are merged in about a millisecond. */
const MERGE_LIMIT = 0x10000;

/** The tables of a stack, when a new one takes the place of some. */
interface SplitTables {
  /** The tables that stay as they are. */
  readonly older: readonly SharedTable[];
  /** The tables that the new one takes the place of. */
  readonly replaced: readonly SharedTable[];
}

/** A new table with those before it in one. */
interface MergedAddition extends SplitTables {
  /** What the merged table is to be called. */
  readonly name: string;
  /** Its bytes; none when nothing is left. */
  readonly bytes: Uint8Array;
}

/** Tables that are to be in a new one. */
interface TakenTables extends SplitTables, OlderRecords {}

/**
 * Merges a table that is about to be added with those before it, if the stack would compact them together as soon as
 * it is: then it need not be written twice, and no list in between. It takes the lock on the list, and
 * as that is held meanwhile, only small tables are merged.
 *
 * @param tables The tables of the stack.
 * @param table The new one.
 * @returns `undefined` when it is to be added by itself.
 */
async function mergeAddition(
  host: StackHost,
  compactor: Compactor,
  tables: readonly SharedTable[],
  table: Table,
): Promise<MergedAddition | undefined> {
  const split = await splitTables(host, compactor, tables, {
    size: sizeForPlan(table),
    limit: MERGE_LIMIT - table.size,
  });
  if (!split) return undefined;
  const merged = [...split.replaced.map(({ table }) => table), table];
  const sink = new BytesSink();
  const job = { dropTombstones: split.older.length === 0, writerOptions: host.writerOptions };
  const written = await compactTables(merged, sink, job);
  compactor.countMerge(totalSize(merged), written);
  return {
    ...split,
    name: formatTableName(merged[0]!.minUpdateIndex, table.maxUpdateIndex),
    bytes: written.blocks === 0 ? new Uint8Array() : sink.bytes,
  };
}

/**
 * Merges small tables that the stack would compact together with a large one as soon as that is added, so that it can
 * be written with their records at once. It takes the lock on the list.
 *
 * @param tables The tables of the stack.
 * @param atLeast How many bytes the records of the large table will take at least.
 * @returns `undefined` when it is to be added by itself.
 */
async function takeOlderTables(
  host: StackHost,
  compactor: Compactor,
  tables: readonly SharedTable[],
  atLeast: number,
): Promise<TakenTables | undefined> {
  const split = await splitTables(host, compactor, tables, { size: atLeast, limit: MERGE_LIMIT });
  if (!split) return undefined;
  const merged = split.replaced.map(({ table }) => table);
  const sink = new BytesSink();
  const dropTombstones = split.older.length === 0;
  await compactTables(merged, sink, { dropTombstones, writerOptions: host.writerOptions });
  const table = await Table.open(sink.bytes, { name: merged[0]!.name });
  return { ...split, table, dropTombstones };
}

/**
 * Finds the tables that the stack would compact with a new one. Those that somebody compacts are left alone.
 *
 * @param size The size of the new table, as compactions are planned with it.
 * @param limit How many bytes the others may have together.
 */
async function splitTables(
  host: StackHost,
  compactor: Compactor,
  tables: readonly SharedTable[],
  { size, limit }: { readonly size: number; readonly limit: number },
): Promise<SplitTables | undefined> {
  const { autoCompact = true, mergeAdditions = autoCompact } = host.settings;
  if (!mergeAdditions) return undefined;
  const { start, end } = compactor.planRange(tables.map(({ table }) => table), size);
  if (end <= tables.length || start === tables.length) return undefined;
  const replaced = tables.slice(start);
  if (totalSize(replaced.map(({ table }) => table)) > limit) return undefined;
  // Whoever compacts them has locked them while he had the lock on the list, which is ours now.
  for (const { name } of replaced) {
    if (await host.location.fileSystem.stat(host.path(`${name}.lock`))) return undefined;
  }
  return { older: tables.slice(0, start), replaced };
}
