import { encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { FileMode, FileSystem } from "../../io/file_system.ts";
import { readIfPresent, runAsync } from "../../io/io.ts";
import { PendingFile } from "../../io/pending_file.ts";
import type { LogChange, RefChange } from "../backend.ts";
import { within } from "../git_directory.ts";
import { formatKeptLine, formatLogLine } from "../log_line.ts";
import { refError } from "../ref_errors.ts";
import { withDirectories } from "./directories.ts";
import type { Undo } from "./files_logs.ts";
import type { FilesStorage } from "./files_storage.ts";
import { acquireGitLock } from "./git_lock.ts";
import { logPath } from "./ref_paths.ts";

/** What happens to the logs of refs that are changed together. */
export class LogChanges implements AsyncDisposable {
  readonly #storage: FilesStorage;
  readonly #rewrites = new Map<string, LogRewrite>();
  readonly #transfers = new Map<string, LogTransfer>();

  constructor(storage: FilesStorage) {
    this.#storage = storage;
  }

  /** Writes the logs that are written as a whole, so that nobody sees them yet. */
  async prepare(changes: readonly RefChange[]): Promise<void> {
    for (const { refname, log } of changes) {
      if (log?.kind === "rewrite") {
        await explain(refname, () => this.#prepareRewrite(refname, log));
      } else if (log?.kind === "append" && log.transfer) {
        await explain(refname, () => this.#prepareTransfer(refname, log));
      }
    }
  }

  async #prepareRewrite(refname: string, log: LogChange & { kind: "rewrite" }): Promise<void> {
    const { logs } = this.#storage;
    const path = logs.path(refname);
    if (path === undefined || !logs.has(refname)) return;
    const lines = log.after.filter((entry) => entry !== undefined).map(formatKeptLine);
    this.#rewrites.set(refname, await LogRewrite.prepare(this.#storage, path, lines));
  }

  async #prepareTransfer(refname: string, log: LogChange & { kind: "append" }): Promise<void> {
    const move = { ...log.transfer!, to: refname };
    const line = formatLogLine({ ...log.committer, ...log });
    const transfer = await LogTransfer.prepare(this.#storage, move, line);
    if (transfer) this.#transfers.set(refname, transfer);
  }

  /**
   * Does what happens to a log, unless it becomes another ref's.
   *
   * @returns What takes that back, where it can be.
   */
  async make({ refname, value, log }: RefChange): Promise<Undo | undefined> {
    const path = this.#storage.logs.path(refname);
    if (path === undefined || this.#transfers.has(refname)) return undefined;
    return await explain(refname, () => this.#make(path, refname, log ?? deletedLog(value)));
  }

  async #make(
    path: string,
    refname: string,
    log: LogChange | undefined,
  ): Promise<Undo | undefined> {
    const { logs } = this.#storage;
    switch (log?.kind) {
      case undefined:
        return undefined;
      case "append":
        return await logs.append(path, formatLogLine({ ...log.committer, ...log }));
      case "create":
        return await logs.create(path);
      case "delete":
        return void await logs.remove(refname);
      case "rewrite":
        return void await this.#rewrites.get(refname)?.commit();
    }
  }

  /** Gives a ref the log that another one had, if that was asked for. */
  async makeTransfer({ refname }: RefChange): Promise<void> {
    const transfer = this.#transfers.get(refname);
    if (transfer) await explain(refname, () => transfer.commit());
  }

  /** Removes what was written and is of no use. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using cleanup = new AsyncDisposableStack();
    for (const rewrite of this.#rewrites.values()) cleanup.use(rewrite);
    for (const transfer of this.#transfers.values()) cleanup.use(transfer);
  }
}

/** Does something about a log, and says for which ref when it fails. */
async function explain<T>(refname: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (!(cause instanceof ReftableError)) throw cause;
    const message = `cannot update the ref '${refname}': ${cause.message}`;
    throw refError(cause.code, refname, message, {}, cause);
  }
}

/** A ref that goes takes its log along. */
function deletedLog(value: RefChange["value"]): LogChange | undefined {
  return value === "delete" ? { kind: "delete" } : undefined;
}

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
class LogRewrite implements AsyncDisposable {
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
class LogTransfer implements AsyncDisposable {
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
