import { compareText, decodeText, encodeText } from "../../bytes/text.ts";
import { hashSize } from "../../format/hash.ts";
import type { LogRecord, LogUpdate } from "../../format/log_record.ts";
import type { RefRecord } from "../../format/ref_record.ts";
import type { Stack } from "../../stack/stack.ts";
import type { TableWriter } from "../../table/table_writer.ts";
import type { LogChange, RefChange } from "../backend.ts";
import type { Identity } from "../reflog_entry.ts";
import type { NewRefValue } from "../stored_ref.ts";
import { LogIndex } from "./stack_logs.ts";

/** The size of a block when it is not configured. */
const DEFAULT_BLOCK_SIZE = 4096;

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
  const refs: RefRecord[] = [];
  for (const { refname, value } of changes) {
    if (value === "delete") refs.push({ kind: "deletion", refname, updateIndex });
    else if (value) refs.push(refRecord(refname, value, last));
  }
  writer.addRefs(refs);
  using logs = new LogChanges(stack, updateIndex, last, blockSize || DEFAULT_BLOCK_SIZE);
  for (const change of inOrder(changes)) logs.add(change);
  writer.addLogs(logs.records);
}

function transferOf(log: LogChange | undefined) {
  return log?.kind === "append" ? log.transfer : undefined;
}

function inOrder(changes: readonly RefChange[]): readonly RefChange[] {
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

/** Gathers the log records of one table. */
class LogChanges implements Disposable {
  readonly records: LogRecord[] = [];
  readonly #stack: Stack;
  readonly #first: number;
  readonly #last: number;
  readonly #messageSize: number;
  readonly #noOid: string;
  readonly #index: LogIndex;

  /**
   * @param stack The stack as it is now.
   * @param first The update index of what is deleted.
   * @param last The update index of what is created.
   */
  constructor(stack: Stack, first: number, last: number, blockSize: number) {
    this.#stack = stack;
    this.#first = first;
    this.#last = last;
    this.#messageSize = Math.floor(blockSize / 2);
    this.#noOid = "0".repeat(2 * hashSize(stack.hash));
    this.#index = new LogIndex(stack);
  }

  /** Adds what happens to the log of a ref. */
  add({ refname, value, log }: RefChange): void {
    switch (log?.kind) {
      case undefined:
        if (value === "delete") this.#delete(refname);
        break;
      case "delete":
        this.#delete(refname);
        break;
      case "create":
        if (this.#index.updateIndices(refname).length === 0) this.#mark(refname);
        break;
      case "append":
        this.#append(refname, log);
        break;
      case "rewrite":
        this.#rewrite(refname, log);
        break;
    }
  }

  #delete(refname: string): void {
    for (const updateIndex of this.#index.updateIndices(refname)) {
      this.records.push({ kind: "deletion", refname, updateIndex });
    }
  }

  #mark(refname: string): void {
    const oid = this.#noOid;
    const nobody: Identity = { name: "", email: "", time: 0, tzOffset: 0 };
    this.#update(refname, this.#last, oid, oid, nobody, "\n");
  }

  #append(refname: string, log: LogChange & { kind: "append" }): void {
    const { oldOid, newOid, committer, transfer } = log;
    const message = `${cut(log.message, this.#messageSize)}\n`;
    if (transfer) {
      this.#transfer(transfer.from, refname);
      const oid = this.#noOid;
      // As git does it, the log tells that the ref was deleted under the old name and created under the new one.
      if (!transfer.keep) this.#update(refname, this.#first, newOid, oid, committer, message);
      this.#update(refname, this.#last, oid, newOid, committer, message);
      return;
    }
    const updateIndex = newOid === this.#noOid ? this.#first : this.#last;
    this.#update(refname, updateIndex, oldOid, newOid, committer, message);
  }

  /** Copies a log; what is in the other one already remains. */
  #transfer(from: string, refname: string): void {
    for (const log of this.#stack.logs({ refname: from })) this.records.push({ ...log, refname });
  }

  #rewrite(refname: string, { before, after }: LogChange & { kind: "rewrite" }): void {
    let isEmpty = true;
    before.forEach((entry, i) => {
      const { updateIndex } = entry as LogUpdate;
      const changed = after[i];
      if (changed) isEmpty = false;
      if (changed === entry) return;
      if (!changed) {
        this.records.push({ kind: "deletion", refname, updateIndex });
        return;
      }
      const { oldOid, newOid, message } = changed;
      this.#update(refname, updateIndex, oldOid, newOid, changed, message);
    });
    if (isEmpty && before.length > 0) this.#mark(refname);
  }

  #update(
    refname: string,
    updateIndex: number,
    oldOid: string,
    newOid: string,
    { name, email, time, tzOffset }: Identity,
    message: string,
  ): void {
    this.records.push({
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

/** Cuts a text to a number of bytes, as git does: perhaps in the middle of a character. */
function cut(text: string, size: number): string {
  if (3 * text.length <= size) return text;
  const bytes = encodeText(text);
  return bytes.length <= size ? text : decodeText(bytes, 0, size);
}
