import { compareText, isAscending } from "../../bytes/text.ts";
import { type HashName, hashSize } from "../../format/hash.ts";
import type { LogUpdate } from "../../format/log_record.ts";
import type { RefRecord } from "../../format/ref_record.ts";
import type { Stack } from "../../stack/stack.ts";
import type { TableWriter } from "../../table/table_writer.ts";
import type { LogChange, LogTransfer, RefChange } from "../backend.ts";
import type { Identity, ReflogEntry } from "../reflog_entry.ts";
import type { NewRefValue } from "../stored_ref.ts";
import { cutMessage } from "./cut_message.ts";
import { LogIndex } from "./stack_logs.ts";

/** An entry that is added to a log. */
type AppendedLog = LogChange & { readonly kind: "append" };

/** What the records of a table are made with. */
interface WriteContext {
  /** The stack as it is under its lock. */
  readonly stack: Stack;
  /** The update index of the table's records. */
  readonly updateIndex: number;
  /** The size of a block in bytes, if it is configured. */
  readonly blockSize: number | undefined;
}

/**
 * Writes changes of one stack as a table, in any order.
 *
 * All have one update index. Only where a ref is renamed there are two: the old name is deleted with the first, all
 * else happens with the second, because the log of the new name tells of both.
 *
 * @param changes The changes, by the names that the refs have in the stack.
 */
export function writeChanges(
  writer: TableWriter,
  changes: readonly RefChange[],
  { stack, updateIndex, blockSize }: WriteContext,
): void {
  const isRename = changes.some(({ log }) => transferOf(log)?.keep === false);
  const last = isRename ? updateIndex + 1 : updateIndex;
  writer.setLimits(updateIndex, last);
  const sorted = inOrder(changes);
  for (const { refname, value } of sorted) {
    if (value === "delete") writer.addRef({ kind: "deletion", refname, updateIndex });
    else if (value) writer.addRef(refRecord(refname, value, last));
  }
  using logs = new LogChanges(writer, stack, { first: updateIndex, last, blockSize });
  for (const change of sorted) logs.write(change);
}

/** How many bytes the records of changes take at least: one of an object id has it, its key and three lengths. */
export function leastSize(changes: readonly RefChange[], hash: HashName): number {
  const least = hashSize(hash) + 4;
  return changes.reduce((sum, { value }) => {
    return value === "delete" || !value || value.kind === "symref" ? sum : sum + least;
  }, 0);
}

function transferOf(log: LogChange | undefined) {
  return log?.kind === "append" ? log.transfer : undefined;
}

/** Puts changes in the order of names, which costs little when they are already. */
function inOrder(changes: readonly RefChange[]): readonly RefChange[] {
  if (isAscending(changes.map(({ refname }) => refname))) return changes;
  return changes.toSorted((a, b) => compareText(a.refname, b.refname));
}

function refRecord(refname: string, value: NewRefValue, updateIndex: number): RefRecord {
  switch (value.kind) {
    case "direct":
      return { kind: "direct", refname, updateIndex, oid: value.oid };
    case "peeled":
      return { kind: "peeled", refname, updateIndex, oid: value.oid, peeled: value.peeled };
    case "symref":
      return { kind: "symref", refname, updateIndex, target: value.target };
  }
}

/** What all log records of a table have in common. */
interface LogLimits {
  /** The update index of what is deleted. */
  readonly first: number;
  /** The update index of what is created. */
  readonly last: number;
  /** The size of a block in bytes, if it is configured. */
  readonly blockSize: number | undefined;
}

/** Writes what happens to logs, ref by ref in the order of names. */
class LogChanges implements Disposable {
  readonly #writer: TableWriter;
  readonly #stack: Stack;
  readonly #limits: LogLimits;
  readonly #noOid: string;
  readonly #index: LogIndex;

  /** @param stack The stack as it is now. */
  constructor(writer: TableWriter, stack: Stack, limits: LogLimits) {
    this.#writer = writer;
    this.#stack = stack;
    this.#limits = limits;
    this.#noOid = "0".repeat(2 * hashSize(stack.hash));
    this.#index = new LogIndex(stack);
  }

  /** Writes what happens to the log of a ref. */
  write({ refname, value, log }: RefChange): void {
    switch (log?.kind) {
      case undefined:
        if (value === "delete") this.#delete(refname);
        break;
      case "delete":
        this.#delete(refname);
        break;
      case "create":
        if (!this.#index.has(refname)) this.#mark(refname);
        break;
      case "append":
        if (log.transfer) this.#transfer(refname, log, log.transfer);
        else this.#append(refname, log);
        break;
      case "rewrite":
        this.#rewrite(refname, log);
        break;
    }
  }

  #delete(refname: string): void {
    for (const updateIndex of this.#index.updateIndices(refname)) {
      this.#writer.addLog({ kind: "deletion", refname, updateIndex });
    }
  }

  /** Marks that there is a log, as an entry without ids does. */
  #mark(refname: string): void {
    const { last: updateIndex } = this.#limits;
    const nobody: Identity = { name: "", email: "", time: 0, tzOffset: 0 };
    const oids = { oldOid: this.#noOid, newOid: this.#noOid };
    this.#update(refname, updateIndex, oids, nobody, "\n");
  }

  #append(refname: string, log: AppendedLog): void {
    const { first, last } = this.#limits;
    const updateIndex = log.newOid === this.#noOid ? first : last;
    this.#update(refname, updateIndex, log, log.committer, this.#message(log));
  }

  /** Adds an entry and the log of another ref; what is in this one already remains. */
  #transfer(refname: string, log: AppendedLog, { from, keep }: LogTransfer): void {
    const { first, last } = this.#limits;
    const { newOid: oid, committer } = log;
    const message = this.#message(log);
    // As git does it, the log tells that the ref was deleted under the old name and created under the new one.
    this.#update(refname, last, { oldOid: this.#noOid, newOid: oid }, committer, message);
    if (!keep) {
      this.#update(refname, first, { oldOid: oid, newOid: this.#noOid }, committer, message);
    }
    for (const entry of this.#stack.logs({ refname: from })) {
      this.#writer.addLog({ ...entry, refname });
    }
  }

  #message({ message }: AppendedLog): string {
    return `${cutMessage(message, this.#limits.blockSize)}\n`;
  }

  #rewrite(refname: string, { before, after }: LogChange & { kind: "rewrite" }): void {
    if (before.length > 0 && after.every((entry) => entry === undefined)) this.#mark(refname);
    for (let i = before.length - 1; i >= 0; i--) {
      const { updateIndex } = before[i] as LogUpdate;
      const entry = after[i];
      if (entry === before[i]) continue;
      if (entry) this.#update(refname, updateIndex, entry, entry, entry.message);
      else this.#writer.addLog({ kind: "deletion", refname, updateIndex });
    }
  }

  #update(
    refname: string,
    updateIndex: number,
    { oldOid, newOid }: Pick<ReflogEntry, "oldOid" | "newOid">,
    { name, email, time, tzOffset }: Identity,
    message: string,
  ): void {
    this.#writer.addLog({
      kind: "update",
      refname,
      updateIndex,
      oldOid,
      newOid,
      name,
      email,
      time,
      tzOffset,
      message,
    });
  }

  [Symbol.dispose](): void {
    this.#index[Symbol.dispose]();
  }
}
