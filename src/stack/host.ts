import { encodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { type Io, runAsync } from "../io/io.ts";
import { acquireLock } from "../io/lock.ts";
import type { PendingFile } from "../io/pending_file.ts";
import type { TableWriterOptions } from "../table/table_writer.ts";
import { DEFAULT_LOCK_TIMEOUT, type StackSettings } from "./settings.ts";
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
        if (this.#isClosed) return false;
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

  /** Lets go of the tables. */
  close(): void {
    this.#isClosed = true;
    this.#snapshot.release();
  }

  /** Locks the list of tables. */
  async lockList(): Promise<PendingFile> {
    const { lockTimeout = DEFAULT_LOCK_TIMEOUT, mode } = this.settings;
    const { fileSystem } = this.location;
    return await acquireLock(fileSystem, this.path(TABLES_LIST), { timeout: lockTimeout, mode });
  }

  /** Reads the names that the list has now. */
  async listedNames(): Promise<string[]> {
    const { fileSystem, directory } = this.location;
    return await runAsync(readNames(fileSystem, directory));
  }

  /**
   * Makes sure, under the lock, that the snapshot is what the list says.
   *
   * @param reload Whether to take a new snapshot when it is not.
   * @throws {ReftableError} With code `"outdated"` when it is not.
   */
  async requireCurrent(reload: boolean): Promise<void> {
    if (sameNames(this.#snapshot.names, await this.listedNames())) return;
    if (reload) {
      await runAsync(this.reload());
      return;
    }
    throw new ReftableError(
      "outdated",
      `Cannot change stack "${this.location.directory}": it has changed since it was read`,
      { file: this.path(TABLES_LIST) },
    );
  }

  /**
   * Puts a new list in place of the old one and makes its tables the current snapshot. The tables' own
   * names must be on the disk before, or a crash could leave a list that names what is not there.
   *
   * @param lock The lock on the list.
   * @param tables The tables that the list names.
   */
  async commitList(lock: PendingFile, tables: readonly SharedTable[]): Promise<void> {
    const text = tables.map(({ name }) => `${name}\n`).join("");
    lock.write(encodeText(text));
    await this.sync(lock);
    await this.syncDirectory();
    await lock.commit(this.path(TABLES_LIST));
    this.#replace(new Snapshot(tables));
    await this.syncDirectory();
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
