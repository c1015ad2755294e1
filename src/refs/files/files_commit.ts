import { ReftableError } from "../../errors.ts";
import { dirname } from "../../io/path.ts";
import type { RefChange, SessionOptions } from "../backend.ts";
import { nameTaken } from "../ref_errors.ts";
import type { NewRefValue } from "../stored_ref.ts";
import type { FilesStorage } from "./files_storage.ts";
import type { Undo } from "./files_logs.ts";
import { LogChanges } from "./log_changes.ts";
import type { PackedChange, PackedLock } from "./packed/packed_store.ts";
import { isPackable, packedValue, sortPacked } from "./packed/packed_value.ts";
import type { RefLock } from "./ref_lock.ts";

/** How many files to write at the same time: there may be few left that can be open, and more take no less time. */
const AT_ONCE = 3;

/** A change of a ref that is locked. */
interface LockedChange {
  readonly change: RefChange;
  readonly lock: RefLock;
}

/** A change that writes a value. */
interface ValueChange extends LockedChange {
  readonly value: NewRefValue;
}

/**
 * Makes changes of refs that are locked. All that can fail is done before anybody can see any of it, as far as possible;
 * refs are written before others go, so that nothing that is reachable is out of reach in between.
 */
export class FilesCommit {
  readonly #storage: FilesStorage;
  readonly #locks: ReadonlyMap<string, RefLock>;
  readonly #options: SessionOptions;
  /** Refs that get files of their own. */
  readonly #written: ValueChange[] = [];
  /** Refs of a new repository that are packed at once. */
  readonly #packed: ValueChange[] = [];
  /** Refs of which only the log changes. */
  readonly #logged: LockedChange[] = [];
  readonly #deleted: LockedChange[] = [];
  readonly #logs: LogChanges;
  /** What ends with the commit, whether it succeeds or not. */
  readonly #cleanup = new AsyncDisposableStack();
  #packedLock: PackedLock | undefined;

  constructor(
    storage: FilesStorage,
    locks: ReadonlyMap<string, RefLock>,
    options: SessionOptions,
  ) {
    this.#storage = storage;
    this.#locks = locks;
    this.#options = options;
    this.#logs = this.#cleanup.use(new LogChanges(storage));
  }

  /** Makes the changes. */
  async run(changes: readonly RefChange[]): Promise<void> {
    await using _cleanup = this.#cleanup;
    for (const change of changes) this.#sort(change);
    await this.#makeRoom();
    await this.#takeLocks();
    await this.#logs.prepare(changes);
    await inBatches(this.#written, ({ lock, value }) => lock.write(value));
    const isPackedChanged = await this.#preparePacked();
    if (this.#packed.length > 0) await this.#packedLock!.commit();
    for (const { change } of this.#packed) await this.#logs.make(change);
    await this.#publish();
    // A ref without its log is better than a log without its ref.
    for (const { change } of this.#deleted) await this.#logs.make(change);
    if (isPackedChanged && this.#packed.length === 0) await this.#packedLock!.commit();
    for (const { lock } of this.#deleted) await lock.unlink();
    await this.#sync();
  }

  /** Waits until refs have reached the disk; logs need not, as with Git. */
  async #sync(): Promise<void> {
    if (!this.#storage.sync) return;
    const directories = new Set<string>();
    for (const { lock } of [...this.#written, ...this.#deleted]) {
      for (const directory of lock.changedDirectories()) directories.add(directory);
    }
    try {
      for (const directory of directories) {
        // Where it is gone, that has changed the one that it was in.
        if (!(await this.#syncDirectory(directory))) directories.add(dirname(directory));
      }
    } catch (cause) {
      if (!(cause instanceof ReftableError)) throw cause;
      const message = `Refs were changed, but a crash may undo it: ${cause.message}`;
      throw new ReftableError(cause.code, message, { file: cause.file, cause });
    }
  }

  /** Syncs a directory, unless it is none any more: others remove empty ones, and a ref may be in its place. */
  async #syncDirectory(path: string): Promise<boolean> {
    const { fileSystem } = this.#storage;
    if (fileSystem.lstatSync(path)?.kind !== "directory") return false;
    try {
      await fileSystem.syncDirectory(path);
      return true;
    } catch (error) {
      if (error instanceof ReftableError && error.code === "not-exist") return false;
      throw error;
    }
  }

  #sort(change: RefChange): void {
    const { refname, value } = change;
    const lock = this.#locks.get(refname);
    if (!lock) {
      const message = `Cannot change ref '${refname}': it is not locked`;
      throw new ReftableError("api", message, { ref: { refname } });
    }
    if (value === undefined) this.#logged.push({ change, lock });
    else if (value === "delete") this.#deleted.push({ change, lock });
    else if (this.#options.initial && isPackable(refname, value)) {
      this.#packed.push({ change, lock, value });
    } else this.#written.push({ change, lock, value });
  }

  /**
   * Makes room for refs whose files cannot be where those of refs that go still are: these are packed first, which
   * changes nothing about them. Locks can be in the way too.
   */
  async #makeRoom(): Promise<void> {
    const moved = this.#written.map(({ lock }) => lock)
      .filter((lock) => !lock.isTaken && !this.#options.initial || lock.isDirectory);
    const inTheWay = new Set(moved.flatMap((lock) => this.#inTheWayOf(lock)));
    if (inTheWay.size > 0) await this.#packLoose(inTheWay);
    for (const lock of moved) {
      for (const below of this.#locks.values()) {
        if (below.path.startsWith(`${lock.path}/`)) await below[Symbol.asyncDispose]();
      }
    }
  }

  async #packLoose(locks: ReadonlySet<RefLock>): Promise<void> {
    const packed = await this.#lockPacked();
    const changes = Array.from(locks, ({ refname, stored }) => {
      return { refname, value: packedValue(refname, stored!) };
    });
    await packed.prepare(sortPacked(changes));
    await packed.commit();
    for (const lock of locks) await lock.unlink();
  }

  #inTheWayOf(lock: RefLock): RefLock[] {
    const blocker = lock.blocker();
    const names = blocker === undefined ? lock.namesBelow().toArray() : [lock.seenAs(blocker)];
    return names.map((name) => {
      const found = this.#deleted.find(({ lock }) => lock.refname === name)?.lock;
      const isMovable = found?.isTaken && found.stored !== undefined &&
        isPackable(name, found.stored);
      if (!isMovable) throw nameTaken(lock.refname, name);
      return found;
    });
  }

  /** Takes the locks that could not be, or need not have been taken before. */
  async #takeLocks(): Promise<void> {
    const deleted = this.#options.initial ? this.#deleted : [];
    for (const { lock } of [...this.#written, ...deleted]) {
      if (!lock.isTaken) await lock.take(this.#options.lockTimeout ?? this.#storage.lockTimeout);
    }
  }

  /**
   * Writes what is to be packed from now on. Packed refs stay locked until the files of deleted refs are gone: nobody
   * else shall pack one of them before that.
   *
   * @returns Whether anything changes.
   */
  async #preparePacked(): Promise<boolean> {
    if (this.#deleted.length === 0 && this.#packed.length === 0) return false;
    const packed = await this.#lockPacked();
    const changes: PackedChange[] = this.#deleted
      .filter(({ change: { refname } }) => packed.find(refname) !== undefined)
      .map(({ change: { refname } }) => ({ refname, value: undefined }));
    for (const { change: { refname }, value } of this.#packed) {
      changes.push({ refname, value: packedValue(refname, value, this.#options.isPeeled) });
    }
    if (changes.length === 0) return false;
    await packed.prepare(sortPacked(changes));
    return true;
  }

  async #lockPacked(): Promise<PackedLock> {
    if (this.#packedLock) return this.#packedLock;
    const lock = await this.#storage.packed.lock(this.#options.lockTimeout);
    return this.#packedLock = this.#cleanup.use(lock);
  }

  /** Has everybody see what was written. Logs come first: what a ref held is never forgotten. */
  async #publish(): Promise<void> {
    const undos = new Map<LockedChange, Undo | undefined>();
    let published = 0;
    try {
      for (const write of [...this.#written, ...this.#logged]) {
        undos.set(write, await this.#logs.make(write.change));
      }
      for (const write of this.#written) {
        await write.lock.publish();
        undos.delete(write);
        published++;
        // The other ref has its log still.
        await this.#logs.makeTransfer(write.change);
      }
    } catch (error) {
      // Logs tell nothing that did not happen.
      for (const [{ change }, undo] of [...undos].reverse()) {
        if (change.value !== undefined || published === 0) await undo?.();
      }
      throw error;
    }
  }
}

/** Does something to many, some at the same time. All have come to an end when this does. */
async function inBatches<T>(
  items: readonly T[],
  action: (item: T) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE) {
    const results = await Promise.allSettled(items.slice(start, start + AT_ONCE).map(action));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}
