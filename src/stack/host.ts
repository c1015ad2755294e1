import { encodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { type Io, runAsync } from "../io/io.ts";
import { acquireLock, DEFAULT_LOCK_TIMEOUT } from "../io/lock.ts";
import type { PendingFile } from "../io/pending_file.ts";
import type { TableWriterOptions } from "../table/table_writer.ts";
import type { StackSettings } from "./settings.ts";
import {
  readNames,
  sameNames,
  type SharedTable,
  Snapshot,
  type StackLocation,
} from "./snapshot.ts";
import { TABLES_LIST } from "./tables_list.ts";

/** What the parts of an open stack share: where it is, how to change it, and what it consists of now. */
export class StackHost {
  readonly location: StackLocation;
  readonly settings: StackSettings;
  #snapshot: Snapshot;
  #isClosed = false;

  constructor(location: StackLocation, settings: StackSettings, snapshot: Snapshot) {
    this.location = location;
    this.settings = settings;
    this.#snapshot = snapshot;
  }

  /** The tables as they were last seen. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** How tables are written. */
  get writerOptions(): TableWriterOptions {
    const hash = this.location.hash ?? this.#snapshot.merged.hash;
    return { ...this.settings, hash };
  }

  /** How long to wait for a lock, in milliseconds, −1 for ever. */
  get lockTimeout(): number {
    return this.settings.lockTimeout ?? DEFAULT_LOCK_TIMEOUT;
  }

  /** The path of a file of the stack's directory. */
  path(name: string): string {
    return `${this.location.directory}/${name}`;
  }

  /**
   * Makes the current snapshot what the stack consists of now.
   *
   * @returns Whether that is another one.
   */
  *reload(): Io<boolean> {
    for (;;) {
      const old = this.#snapshot;
      // While we wait for files, others may reload or close the stack.
      old.retain();
      try {
        const snapshot = yield* Snapshot.take(this.location, old);
        if (snapshot === old) return false;
        if (this.#snapshot === old && !this.#isClosed) {
          this.#replace(snapshot);
          return true;
        }
        snapshot.release();
        this.requireOpen();
      } finally {
        old.release();
      }
    }
  }

  #replace(snapshot: Snapshot): void {
    const old = this.#snapshot;
    this.#snapshot = snapshot;
    // What goes on after the stack was closed keeps nothing open.
    (this.#isClosed ? snapshot : old).release();
  }

  /**
   * Makes sure that the stack was not disposed.
   *
   * @throws {ReftableError} With code `"api"` when it was.
   */
  requireOpen(): void {
    if (!this.#isClosed) return;
    throw new ReftableError(
      "api",
      `Cannot use stack "${this.location.directory}": it was disposed`,
      { file: this.location.directory },
    );
  }

  /** Lets go of the tables. */
  close(): void {
    this.#isClosed = true;
    this.#snapshot.release();
  }

  /**
   * Locks the list of tables, and makes sure that the snapshot is what the list says: whoever has the
   * lock can rely on it.
   *
   * @param reload Whether to take a new snapshot when it is not.
   * @param lockTimeout How long to wait for the lock, in milliseconds, −1 for ever.
   * @throws {ReftableError} With code `"lock"` when another holds the lock, `"outdated"` when the snapshot is not
   * what the list says, `"api"` when the stack was disposed meanwhile.
   */
  async lockList(
    reload: boolean,
    lockTimeout: number = this.lockTimeout,
  ): Promise<PendingFile> {
    const { mode } = this.settings;
    const { fileSystem } = this.location;
    const path = this.path(TABLES_LIST);
    const lock = await acquireLock(fileSystem, path, { timeout: lockTimeout, mode });
    try {
      await this.#requireCurrent(reload);
      return lock;
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #requireCurrent(reload: boolean): Promise<void> {
    this.requireOpen();
    if (await this.#isCurrent()) return;
    if (reload) {
      await runAsync(this.reload());
      if (await this.#isCurrent()) return;
    }
    throw new ReftableError(
      "outdated",
      `Cannot change stack "${this.location.directory}": it has changed since it was read`,
      { file: this.path(TABLES_LIST) },
    );
  }

  async #isCurrent(): Promise<boolean> {
    const { fileSystem, directory } = this.location;
    const listed = await runAsync(readNames(fileSystem, directory));
    return sameNames(this.#snapshot.names, listed);
  }

  /**
   * Puts a new list in place of the old one and makes its tables the current snapshot. The tables' own
   * names must be on the disk before, or a crash could leave a list that names what is not there.
   *
   * @param lock The lock on the list.
   * @param tables The tables that the list names.
   * @param onVisible Called when others see the new list; nothing can be taken back from then on.
   * @throws {ReftableError} With code `"io"` when something cannot be written.
   */
  async commitList(
    lock: PendingFile,
    tables: readonly SharedTable[],
    onVisible: () => void,
  ): Promise<void> {
    const text = tables.map(({ name }) => `${name}\n`).join("");
    lock.write(encodeText(text));
    await this.sync(lock);
    await this.syncDirectory();
    let doubt: unknown;
    await lock.commit(this.path(TABLES_LIST), async () => {
      try {
        // Nobody else changes it while we have the lock.
        return !(await this.#isCurrent());
      } catch (error) {
        // It may name our tables, which must stay then.
        doubt = error;
        return true;
      }
    });
    onVisible();
    this.#replace(new Snapshot(tables));
    if (doubt !== undefined) throw doubt;
    try {
      await this.syncDirectory();
    } catch (cause) {
      throw new ReftableError(
        "io",
        `Stack "${this.location.directory}" was changed, but a crash may undo it: ` +
          `its directory cannot be synced: ${cause instanceof Error ? cause.message : cause}`,
        { file: this.location.directory, cause },
      );
    }
  }

  /** Waits until a file has reached the disk, unless the settings say not to. */
  async sync(file: PendingFile): Promise<void> {
    if (this.settings.sync ?? true) await file.sync();
  }

  async syncDirectory(): Promise<void> {
    if (this.settings.sync ?? true) {
      await this.location.fileSystem.syncDirectory(this.location.directory);
    }
  }
}
