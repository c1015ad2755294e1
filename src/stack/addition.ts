import { firstError, ReftableError } from "../errors.ts";
import { runAsync } from "../io/io.ts";
import { PendingFile } from "../io/pending_file.ts";
import { MergedTable } from "../merged/merged_table.ts";
import { TableWriter } from "../table/table_writer.ts";
import { Table } from "../table/table.ts";
import type { StackHost } from "./host.ts";
import { checkNames } from "./name_check.ts";
import type { Snapshot } from "./snapshot.ts";
import { formatTableName } from "./table_name.ts";

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
  readonly #before: Snapshot;
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
  constructor(host: StackHost, lock: PendingFile, afterCommit: () => Promise<void>) {
    this.#host = host;
    // Names are checked against it even when the stack is closed meanwhile.
    this.#before = host.snapshot;
    this.#before.retain();
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
    const writer = new TableWriter(file, host.writerOptions);
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
    const table = cleanup.use(await runAsync(Table.read(file.source(host.path(name)))));
    if (!host.settings.skipNameCheck) {
      const tables = [...this.#before.tables, ...this.#tables].map(({ table }) => table);
      checkNames(table, new MergedTable(tables));
    }
    await host.sync(file);
    file.close();
    this.#require("adding");
    this.#tables.push({ name, table, file });
    this.#nextUpdateIndex = maxUpdateIndex + 1;
    cleanup.move();
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
      if (this.#tables.length === 0) return;
      await this.#publish();
    } catch (error) {
      throw firstError(error);
    }
    await this.#afterCommit();
  }

  /** Gives the tables their names, and puts these into the list. */
  async #publish(): Promise<void> {
    const host = this.#host;
    await using orphans = new AsyncDisposableStack();
    for (const { file, name } of this.#tables) {
      await file.commit(host.path(name));
      orphans.defer(async () => void await host.location.fileSystem.remove(host.path(name)));
    }
    const added = this.#tables.map(({ name, table }) => ({ name, table, users: 0 }));
    await host.commitList(this.#lock, [...this.#before.tables, ...added], () => {
      this.#tables.length = 0;
      orphans.move();
    });
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
