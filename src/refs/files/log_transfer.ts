import { encodeText } from "../../bytes/text.ts";
import { readIfPresent, runAsync } from "../../io/io.ts";
import { PendingFile } from "../../io/pending_file.ts";
import { within } from "../git_directory.ts";
import { withDirectories } from "./directories.ts";
import type { FilesStorage } from "./files_storage.ts";
import { logPath } from "./ref_paths.ts";

/** Where Git puts a log that it moves; no ref can have this name. */
const ASIDE = "logs/refs/.tmp-renamed-log";

/** Which log becomes whose. */
export interface LogMove {
  /** The ref whose log it is. */
  readonly from: string;
  /** The ref whose log it becomes. */
  readonly to: string;
  /** Whether the first one keeps it too; else it goes with its ref. */
  readonly keep: boolean;
}

/**
 * The log of one ref that becomes another one's, with one more entry, in place of what that has. It is written anew, so
 * that nothing is lost whatever fails.
 */
export class LogTransfer implements AsyncDisposable {
  readonly #storage: FilesStorage;
  readonly #from: string;
  readonly #paths: { readonly from: string; readonly to: string };
  readonly #file: PendingFile;
  /** How long the log is without the new entry. */
  readonly #length: number;
  /** Whether the one log is where a directory of the other has to be. */
  readonly #isInTheWay: boolean;

  private constructor(
    storage: FilesStorage,
    from: string,
    paths: { readonly from: string; readonly to: string },
    file: PendingFile,
    length: number,
  ) {
    this.#storage = storage;
    this.#from = from;
    this.#paths = paths;
    this.#file = file;
    this.#length = length;
    this.#isInTheWay = paths.from.startsWith(`${paths.to}/`) ||
      paths.to.startsWith(`${paths.from}/`);
  }

  /**
   * Writes the log, so that nobody sees it yet.
   *
   * @param line The entry that comes last, with its newline.
   * @returns `undefined` where a log would be copied that is not there.
   */
  static async prepare(
    storage: FilesStorage,
    { from, to, keep }: LogMove,
    line: string,
  ): Promise<LogTransfer | undefined> {
    const { fileSystem, paths, logs, mode } = storage;
    const [source, target] = [paths.locate(from), paths.locate(to)];
    if (!source || !target || keep && !logs.has(from)) return undefined;
    const bytes = logs.has(from)
      ? await runAsync(readIfPresent(fileSystem, logPath(source)))
      : undefined;
    const aside = within(target.root, ASIDE);
    await using cleanup = new AsyncDisposableStack();
    const file = cleanup.use(
      await withDirectories(fileSystem, aside, mode, () => {
        return PendingFile.createTemporary(fileSystem, aside, mode);
      }),
    );
    if (bytes) file.write(bytes);
    file.write(encodeText(line));
    if (storage.sync) await file.sync();
    file.close();
    const transfer = new LogTransfer(
      storage,
      from,
      { from: logPath(source), to: logPath(target) },
      file,
      bytes?.length ?? 0,
    );
    if (!transfer.#isInTheWay) await logs.makePlace(logPath(target));
    cleanup.move();
    return transfer;
  }

  /** Puts the log where it belongs. */
  async commit(): Promise<void> {
    const { from, to } = this.#paths;
    if (!this.#isInTheWay) return await this.#put(to);
    await this.#storage.logs.remove(this.#from);
    try {
      await this.#put(to);
    } catch (error) {
      await this.#storage.fileSystem.truncate(this.#file.path, this.#length);
      await this.#put(from);
      throw error;
    }
  }

  async #put(path: string): Promise<void> {
    const { fileSystem, logs } = this.#storage;
    await logs.makePlace(path);
    await this.#file.commit(path, () => {
      return Promise.resolve(fileSystem.lstatSync(this.#file.path) === undefined);
    });
  }

  /** Removes what was written, unless it was committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}
