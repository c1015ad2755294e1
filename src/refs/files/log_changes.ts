import { ReftableError } from "../../errors.ts";
import type { LogChange, RefChange } from "../backend.ts";
import { formatKeptLine, formatLogLine } from "../log_line.ts";
import { refError } from "../ref_errors.ts";
import type { Undo } from "./files_logs.ts";
import type { FilesStorage } from "./files_storage.ts";
import { LogRewrite } from "./log_rewrite.ts";
import { LogTransfer } from "./log_transfer.ts";

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
