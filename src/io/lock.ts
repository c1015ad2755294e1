import { ReftableError } from "../errors.ts";
import type { FileMode, FileSystem } from "./file_system.ts";
import { PendingFile } from "./pending_file.ts";

/** How to wait for a lock. */
export interface LockOptions {
  /** How long to try, in milliseconds; 0 tries once, −1 for ever. */
  readonly timeout: number;
  /** The permissions of the lock file, and so of the file that it becomes. */
  readonly mode?: FileMode | undefined;
}

/** How long git waits for the lock of a stack, in milliseconds. */
export const DEFAULT_LOCK_TIMEOUT = 100;

/** The longest pause between two tries, in milliseconds. */
const MAX_PAUSE = 1000;

/**
 * Locks a file against everybody who does the same, git among them: by creating `<path>.lock`, which nobody else
 * can create while it is there. What is written to the lock file takes the file's place when it is
 * committed. Somebody else's lock is never broken.
 *
 * @throws {ReftableError} With code `"lock"` when somebody else holds the lock all the time.
 */
export async function acquireLock(
  fileSystem: FileSystem,
  path: string,
  { timeout, mode }: LockOptions,
): Promise<PendingFile> {
  const lockPath = `${path}.lock`;
  const deadline = timeout < 0 ? Infinity : Date.now() + timeout;
  for (let tries = 1;; tries++) {
    const lock = await PendingFile.create(fileSystem, lockPath, mode);
    if (lock) return lock;
    const left = deadline - Date.now();
    if (left <= 0) throw await heldLock(fileSystem, path, lockPath);
    // The pauses grow with the square of the tries, and chance keeps two that wait from meeting again.
    const pause = Math.min(tries * tries, MAX_PAUSE) * (0.75 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
  }
}

async function heldLock(
  fileSystem: FileSystem,
  path: string,
  lockPath: string,
): Promise<ReftableError> {
  const info = await fileSystem.stat(lockPath);
  const age = info ? `, for ${formatAge(Date.now() - info.mtime)}` : "";
  return new ReftableError(
    "lock",
    `Cannot lock "${path}": somebody holds "${lockPath}"${age}. ` +
      `Try again when it is gone; if whoever made it was killed, remove it`,
    { file: lockPath },
  );
}

/** Formats how long something is ago, for people. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
