import { ReftableError } from "../../errors.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { acquireLock, type LockOptions } from "../../io/lock.ts";
import type { PendingFile } from "../../io/pending_file.ts";
import { dirname } from "../../io/path.ts";
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
    target = link.startsWith("/") ? link : within(dirname(target), link);
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
  try {
    return await acquireLock(fileSystem, path, options);
  } catch (cause) {
    if (!(cause instanceof ReftableError) || cause.code !== "lock") throw cause;
    const message = `Unable to create '${path}.lock': File exists.\n\n` +
      "Another git process seems to be running in this repository, or the lock file may be stale";
    throw new ReftableError("lock", message, { file: `${path}.lock`, cause });
  }
}
