import { ReftableError } from "../../errors.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { acquireLock, type LockOptions } from "../../io/lock.ts";
import type { PendingFile } from "../../io/pending_file.ts";
import { dirname, isAbsolute } from "../../io/path.ts";
import { Turns } from "../../stack/turns.ts";
import { within } from "../git_directory.ts";

/** How many symbolic links to follow at most. */
const MAX_LINKS = 5;

/**
 * Gives the file that is to be locked, and written, in place of a symbolic link: what that leads to.
 */
export function lockTarget(fileSystem: FileSystem, path: string): string {
  let target = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const link = fileSystem.readLinkSync(target);
    if (link === undefined) return target;
    target = isAbsolute(link) ? link : within(dirname(target), link);
  }
  return target;
}

/**
 * Locks a file as {@linkcode acquireLock} does, and says in Git's words why that cannot be.
 *
 * @throws {ReftableError} With code `"lock"` when somebody else holds the lock all the time.
 */
export async function acquireGitLock(
  fileSystem: FileSystem,
  path: string,
  options: LockOptions,
): Promise<PendingFile> {
  return await inGitsWords(fileSystem, path, () => acquireLock(fileSystem, path, options));
}

/** Locks one file again and again for many who want it: those of this process follow each other. */
export class GitLocks {
  readonly #fileSystem: FileSystem;
  readonly #turns = new Turns();

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** Locks the file; see {@linkcode acquireGitLock}. Nothing is written to the lock file. */
  async acquire(path: string, options: LockOptions): Promise<AsyncDisposable> {
    await using lock = new AsyncDisposableStack();
    lock.use(
      await inGitsWords(this.#fileSystem, path, () => this.#turns.take(options.timeout, path)),
    );
    lock.use(await acquireGitLock(this.#fileSystem, path, options)).close();
    return lock.move();
  }
}

async function inGitsWords<T>(
  fileSystem: FileSystem,
  path: string,
  lock: () => Promise<T>,
): Promise<T> {
  try {
    return await lock();
  } catch (cause) {
    if (!(cause instanceof ReftableError) || cause.code !== "lock") throw cause;
    const place = isAbsolute(path)
      ? path
      : within(await fileSystem.realPath(dirname(path)), path.slice(path.lastIndexOf("/") + 1));
    const message = `Unable to create '${place}.lock': File exists.\n\n` +
      "Another git process seems to be running in this repository, or the lock file may be stale";
    throw new ReftableError("lock", message, { file: `${path}.lock`, cause });
  }
}
