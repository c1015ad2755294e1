import { compareText } from "../../bytes/text.ts";
import { firstError, ReftableError } from "../../errors.ts";
import type { LogOrder, RefChange, RefSession, SessionOptions } from "../backend.ts";
import { within } from "../git_directory.ts";
import { isPseudoRef } from "../names.ts";
import { badName, refError } from "../ref_errors.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import type { StoredRef } from "../stored_ref.ts";
import { FilesCommit } from "./files_commit.ts";
import { type FilesStorage, readRef } from "./files_storage.ts";
import { RefLock, removeLeftDirectories } from "./ref_lock.ts";
import { directoriesOf, type RefLocation } from "./ref_paths.ts";

/** A change of refs in files: it holds the lock of each ref. */
export class FilesSession implements RefSession {
  readonly #storage: FilesStorage;
  readonly #options: SessionOptions;
  /** The locks by the names of their refs; one may have several names. */
  readonly #locks = new Map<string, RefLock>();
  readonly #byPath = new Map<string, RefLock>();

  /** Begins a change. Nothing is locked yet. */
  constructor(storage: FilesStorage, options: SessionOptions) {
    this.#storage = storage;
    this.#options = options;
  }

  async lock(refnames: readonly string[]): Promise<ReadonlyMap<string, ReftableError>> {
    const failures = new Map<string, ReftableError>();
    for (const refname of refnames) {
      if (this.#locks.has(refname)) continue;
      try {
        this.#locks.set(refname, await this.#lock(refname));
      } catch (error) {
        if (!(error instanceof ReftableError)) throw error;
        failures.set(refname, error);
      }
    }
    return failures;
  }

  async #lock(refname: string): Promise<RefLock> {
    const location = this.#locate(refname);
    const lock = new RefLock(this.#storage, refname, location);
    const held = this.#byPath.get(lock.path);
    if (held) return held;
    // Nobody else knows of a new repository; and below a ref that is locked nobody can create one.
    if (!this.#options.initial && !this.#isBelowLocked(lock)) {
      const timeout = this.#options.lockTimeout ?? this.#storage.lockTimeout;
      await lock.take(timeout, (path) => this.#mayGo(path));
    }
    this.#byPath.set(lock.path, lock);
    return lock;
  }

  #locate(refname: string): RefLocation {
    if (isPseudoRef(refname)) {
      throw refError("refname", refname, `refusing to update pseudoref '${refname}'`);
    }
    const { fileSystem, paths } = this.#storage;
    const location = paths.locate(refname);
    if (!location) throw badName(refname);
    if (fileSystem.statSync(location.root)) return location;
    const message = `Cannot lock ref '${refname}': there is no "${location.root}"`;
    throw refError("not-exist", refname, message);
  }

  #mayGo(path: string): boolean {
    return this.#options.replaces === true && this.#byPath.get(path)?.stored !== undefined;
  }

  #isBelowLocked({ location: { root, name } }: RefLock): boolean {
    if (!this.#options.replaces) return false;
    for (const directory of directoriesOf(name)) {
      const above = this.#byPath.get(within(root, directory));
      if (above?.isLoose && above.stored?.kind !== "broken") return true;
    }
    return false;
  }

  read(refname: string): StoredRef | undefined {
    const lock = this.#locks.get(refname);
    if (!lock?.isTaken) return readRef(this.#storage, refname);
    const { stored } = lock;
    return stored && stored.refname !== refname ? { ...stored, refname } : stored;
  }

  hasLog(refname: string): boolean {
    return this.#storage.logs.has(refname);
  }

  log(refname: string, order: LogOrder): IteratorObject<ReflogEntry, void> {
    return this.#storage.logs.read(refname, order);
  }

  findConflicts(
    created: readonly string[],
    removed: ReadonlySet<string>,
  ): ReadonlyMap<string, string> {
    if (this.#options.initial) return new Map();
    return findFileConflicts(this.#storage, created, removed, this.#locks);
  }

  async commit(changes: readonly RefChange[]): Promise<void> {
    try {
      await using _session = this;
      await new FilesCommit(this.#storage, this.#locks, this.#options).run(changes);
    } catch (error) {
      throw firstError(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const locks = [...this.#byPath.values()];
    this.#locks.clear();
    this.#byPath.clear();
    await using cleanup = new AsyncDisposableStack();
    for (const lock of locks) cleanup.use(lock);
    await cleanup.disposeAsync();
    await removeLeftDirectories(this.#storage.fileSystem, locks);
  }
}

/**
 * Finds refs that new ones cannot exist beside, in files and packed.
 *
 * @param created The new names, in the order of bytes.
 * @param removed Names of refs that will be gone.
 * @param locks What is locked. Where a ref could be locked, its directories are none.
 */
function findFileConflicts(
  storage: FilesStorage,
  created: readonly string[],
  removed: ReadonlySet<string>,
  locks: ReadonlyMap<string, RefLock>,
): ReadonlyMap<string, string> {
  const conflicts = new Map<string, string>();
  for (const refname of created) {
    const other = looseConflict(storage, refname, removed, locks.get(refname));
    if (other !== undefined) conflicts.set(refname, other);
  }
  const packed = storage.packed.findConflicts(created, (refname) => removed.has(refname));
  for (const { index, other } of packed) {
    const refname = created[index]!;
    conflicts.set(refname, nearer(refname, other, conflicts.get(refname)));
  }
  return conflicts;
}

function looseConflict(
  storage: FilesStorage,
  refname: string,
  removed: ReadonlySet<string>,
  held: RefLock | undefined,
): string | undefined {
  const location = storage.paths.locate(refname);
  if (!location) return undefined;
  const lock = held ?? new RefLock(storage, refname, location);
  if (!lock.isTaken) {
    const blocker = lock.blocker();
    const above = blocker === undefined ? undefined : lock.seenAs(blocker);
    if (above !== undefined && !removed.has(above)) return above;
    const { fileSystem } = storage;
    if (fileSystem.statSync(within(location.root, location.name))?.kind !== "directory") {
      return undefined;
    }
  } else if (!lock.isDirectory) return undefined;
  return lock.namesBelow().find((name) => !removed.has(name));
}

/** Tells which of two refs in the way Git would name: the shortest above, else the first below. */
function nearer(refname: string, a: string, b: string | undefined): string {
  if (b === undefined || a === b) return a;
  const isAbove = (name: string) => refname.startsWith(`${name}/`);
  if (isAbove(a) !== isAbove(b)) return isAbove(a) ? a : b;
  return compareText(a, b) < 0 ? a : b;
}
