import { compareText, isAscending } from "../../bytes/text.ts";
import type { LogChange, RefChange, RefFormat, RefReader } from "../backend.ts";
import type { Identity } from "../reflog_entry.ts";
import { beginsLog, type ReflogPolicy } from "../reflog_policy.ts";
import { resolveRef } from "../resolve.ts";
import type { NewRefValue, StoredRef } from "../stored_ref.ts";
import type { NewValue, Update } from "./update.ts";

/** What decides how changes are logged. */
export interface ChangeOptions {
  /** How refs are stored. */
  readonly format: RefFormat;
  /** Which refs get a log by themselves. */
  readonly policy: ReflogPolicy;
  /** Tells who makes the changes; asked at most once, and only when something is logged. */
  readonly identity: () => Identity;
  /** The object id of zeros. */
  readonly zeroOid: string;
}

/**
 * Spells out what happens to refs and logs.
 *
 * @param reader Reads what is stored now, under the locks.
 * @param updates Updates that were prepared.
 * @returns The changes, for files in the order of the bytes of their names.
 */
export function buildChanges(
  reader: Pick<RefReader, "read" | "hasLog">,
  updates: readonly Update[],
  options: ChangeOptions,
): RefChange[] {
  return new ChangeBuilder(reader, options).build(updates);
}

class ChangeBuilder {
  readonly #reader: Pick<RefReader, "read" | "hasLog">;
  readonly #options: ChangeOptions;
  /** Whether loose files hold refs: there Git treats some logs in another way than in reftables. */
  readonly #isInFiles: boolean;
  /** What earlier updates of the transaction wrote. */
  readonly #written = new Map<string, NewRefValue>();
  #identity: Identity | undefined;

  constructor(reader: Pick<RefReader, "read" | "hasLog">, options: ChangeOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#isInFiles = options.format !== "reftable";
  }

  build(updates: readonly Update[]): RefChange[] {
    const changes: RefChange[] = [];
    for (const update of updates) {
      if (!update.isQueued || update.isDropped) continue;
      const change = this.#change(update);
      if (change) changes.push(change);
    }
    // Whoever writes a table puts them in order.
    return this.#isInFiles ? sortChanges(changes) : changes;
  }

  #change(update: Update): RefChange | undefined {
    const { refname, isLogOnly, value } = update;
    if (value === undefined) return undefined;
    if (isLogOnly) {
      const log = this.#append(update, value);
      return log && { refname, log };
    }
    if (value.kind === "delete") return this.#deletion(update);
    const log = this.#append(update, value);
    if (this.#isInFiles) this.#written.set(refname, value);
    return { refname, value, log };
  }

  #deletion(update: Update): RefChange | undefined {
    const { refname } = update;
    // Files may have a log left over from a ref that is gone.
    if (this.#isInFiles) return { refname, value: "delete" };
    if (!update.existed) return undefined;
    if (!update.wasSymref) return { refname, value: "delete" };
    // In reftables the log of a symbolic ref outlives it.
    const log = this.#append(update, { kind: "delete" });
    const hasLog = log !== undefined || this.#reader.hasLog(refname);
    return { refname, value: "delete", log: hasLog ? log ?? { kind: "create" } : undefined };
  }

  #append(update: Update, value: NewValue): LogChange | undefined {
    const { refname, oldOid, manner: { log, message } } = update;
    if (log === "never") return undefined;
    if (log === "configured" && !beginsLog(this.#options.policy, refname)) {
      if (!this.#reader.hasLog(refname)) return undefined;
    }
    const newOid = this.#newOid(value);
    if (newOid === undefined) return undefined;
    const committer = this.#identity ??= this.#options.identity();
    return { kind: "append", oldOid, newOid, committer, message };
  }

  /** The object id that a log tells; none for a symbolic ref that leads nowhere. */
  #newOid(value: NewValue): string | undefined {
    switch (value.kind) {
      case "direct":
      case "peeled":
        return value.oid;
      case "delete":
        return this.#options.zeroOid;
      case "symref":
        return resolveRef(this, value.target)?.oid;
    }
  }

  /** Finds a ref as it is when the next change is made: files are written one after another. */
  read(refname: string): StoredRef | undefined {
    const written = this.#written.get(refname);
    return written ? { ...written, refname } : this.#reader.read(refname);
  }
}

function sortChanges(changes: RefChange[]): RefChange[] {
  if (isAscending(changes.map(({ refname }) => refname))) return changes;
  return changes.sort((a, b) => compareText(a.refname, b.refname));
}
