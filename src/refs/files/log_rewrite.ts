import { encodeText } from "../../bytes/text.ts";
import type { FileMode, FileSystem } from "../../io/file_system.ts";
import type { PendingFile } from "../../io/pending_file.ts";
import { acquireGitLock } from "./git_lock.ts";

/** How many lines to write at once. */
const BATCH = 1000;

/** Where a log is written anew. */
export interface LogRewriteLocation {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** The permissions of the new file. */
  readonly mode: FileMode | undefined;
  /** Whether to wait until what is written has reached the disk. */
  readonly sync: boolean;
}

/** A log that was written anew, and takes the place of the old one when it is committed. */
export class LogRewrite implements AsyncDisposable {
  readonly #file: PendingFile;
  readonly #path: string;
  readonly #fileSystem: FileSystem;

  private constructor(file: PendingFile, path: string, fileSystem: FileSystem) {
    this.#file = file;
    this.#path = path;
    this.#fileSystem = fileSystem;
  }

  /**
   * Writes a log anew, so that nobody sees it yet.
   *
   * @param path The log.
   * @param lines Its entries with their newlines.
   */
  static async prepare(
    { fileSystem, mode, sync }: LogRewriteLocation,
    path: string,
    lines: readonly string[],
  ): Promise<LogRewrite> {
    await using cleanup = new AsyncDisposableStack();
    const file = cleanup.use(await acquireGitLock(fileSystem, path, { timeout: 0, mode }));
    for (let start = 0; start < lines.length; start += BATCH) {
      file.write(encodeText(lines.slice(start, start + BATCH).join("")));
    }
    if (sync) await file.sync();
    file.close();
    cleanup.move();
    return new LogRewrite(file, path, fileSystem);
  }

  /** Puts the log in place of the old one. */
  async commit(): Promise<void> {
    const { path } = this.#file;
    await this.#file.commit(this.#path, () => {
      return Promise.resolve(this.#fileSystem.lstatSync(path) === undefined);
    });
  }

  /** Removes the new log, unless it was committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}
