import { firstError, ReftableError } from "../errors.ts";
import { SMALL } from "../io/block_source.ts";
import { runAsync } from "../io/io.ts";
import { PendingFile } from "../io/pending_file.ts";
import { MergedTable } from "../merged/merged_table.ts";
import { openInput, Table } from "../table/table.ts";
import { BytesSink, type TableSink } from "../table/table_sink.ts";
import { TableWriter } from "../table/table_writer.ts";
import { compactTables } from "./compaction.ts";
import { type Compactor, removeQuietly } from "./compactor.ts";
import type { StackHost } from "./host.ts";
import { checkNames } from "./name_check.ts";
import type { SharedTable, Snapshot } from "./snapshot.ts";
import { formatTableName } from "./tables_list.ts";

/** A table that waits for the commit. */
interface NewTable {
  readonly name: string;
  readonly table: Table;
  readonly file: PendingFile;
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
   * @throws {ReftableError} With code `"api"` when the limits are below the next update index or another
   * table is being added, `"refname"` or `"name-conflict"` when a name cannot be; and what the
   * writer throws. The addition can go on without the table.
   */
  async add(write: (writer: TableWriter) => void | Promise<void>): Promise<void> {
    this.#require("open");
    this.#state = "adding";
    try {
      await this.#add(write);
    } catch (error) {
      throw firstError(error);
    } finally {
      if (this.#state === "adding") this.#state = "open";
    }
  }

  async #add(write: (writer: TableWriter) => void | Promise<void>): Promise<void> {
    const host = this.#host;
    const { fileSystem } = host.location;
    const next = this.#nextUpdateIndex;
    await using cleanup = new AsyncDisposableStack();
    const temporaryName = host.path(formatTableName(next, next));
    const { mode } = host.settings;
    const file = cleanup.use(await PendingFile.createTemporary(fileSystem, temporaryName, mode));
    const sink = new HoldingSink(file);
    const writer = new TableWriter(sink, host.writerOptions);
    writer.setLimits(next, next);
    await write(writer);
    const { blocks, limits } = writer.finish();
    this.#require("adding");
    if (blocks === 0) return;
    const { minUpdateIndex, maxUpdateIndex } = limits;
    if (minUpdateIndex < next) {
      throw new ReftableError(
        "api",
        `Cannot add table: its update indices begin at ${minUpdateIndex}, expected ${next} or more`,
      );
    }
    const name = formatTableName(minUpdateIndex, maxUpdateIndex);
    const { held } = sink;
    const source = held ? openInput(held, host.path(name)) : file.source(host.path(name));
    const table = cleanup.use(await runAsync(Table.read(source)));
    if (!host.settings.skipNameCheck) {
      const tables = [...this.#older, ...this.#tables].map(({ table }) => table);
      checkNames(table, new MergedTable(tables));
    }
    const merged = held && await this.#merge(table);
    const bytes = merged?.bytes ?? held;
    if (bytes) file.write(bytes);
    await host.sync(file);
    file.close();
    const added = merged ? await this.#openMerged(merged, file) : { name, table, file };
    if (added) cleanup.use(added.table);
    this.#require("adding");
    if (merged) ({ older: this.#older, replaced: this.#replaced } = merged);
    this.#nextUpdateIndex = maxUpdateIndex + 1;
    if (!added) return;
    this.#tables.push(added);
    cleanup.move();
  }

  /** Merges the first table with those before it, if that pays. */
  async #merge(table: Table): Promise<MergedAddition | undefined> {
    if (this.#tables.length > 0 || this.#replaced.length > 0) return undefined;
    try {
      return await mergeAddition(this.#host, this.#compactor, this.#older, table);
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

/** So many bytes, those of the new table among them, are merged in about a millisecond. */
const MERGE_LIMIT = 0x10000;

/** A new table with those before it in one. */
interface MergedAddition {
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
async function mergeAddition(
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
