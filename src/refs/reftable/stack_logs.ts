import { decodeText } from "../../bytes/text.ts";
import {
  logNameLength,
  type LogUpdate,
  logUpdateIndex,
  LogValueType,
} from "../../format/log_record.ts";
import { MergedTable } from "../../merged/merged_table.ts";
import type { Stack } from "../../stack/stack.ts";
import type { LogOrder } from "../backend.ts";
import { KeyFinder } from "./key_finder.ts";

/**
 * Gives the entries of a ref's log in a stack. What only marks that there is a log is left out.
 *
 * @param refname The name that the ref has in the stack.
 */
export function stackLog(
  stack: Stack,
  refname: string,
  order: LogOrder,
): IteratorObject<LogUpdate, void> {
  const entries = stack.logs({ refname }).filter((log): log is LogUpdate => {
    return log.kind === "update" && !isLogMarker(log);
  });
  return order === "newest-first" ? entries : entries.toArray().reverse().values();
}

/** Tells whether an entry only marks that there is a log: both its ids are zero. */
export function isLogMarker({ oldOid, newOid }: LogUpdate): boolean {
  return oldOid === newOid && /^0*$/.test(oldOid);
}

/** The logs of a stack, for questions about many refs, best in the order of their names. */
export class LogIndex implements Disposable {
  readonly #finder: KeyFinder;
  /** Whether there are no logs at all; `undefined` as long as nobody has asked. */
  #isEmpty: boolean | undefined;

  constructor(stack: Stack) {
    this.#finder = new KeyFinder(new MergedTable(stack.tables).logCursor());
  }

  /** Goes to the first record of a log, if there is one. */
  #find(refname: string): boolean {
    const finder = this.#finder;
    this.#isEmpty ??= !finder.seek("", 0);
    return !this.#isEmpty && finder.seek(refname, 0) && finder.isFound();
  }

  /** Goes to the next record of the same log, if there is one. */
  #next(): boolean {
    return this.#finder.next() && this.#finder.isFound();
  }

  /** Tells whether a ref has a log, be it empty. */
  has(refname: string): boolean {
    for (let found = this.#find(refname); found; found = this.#next()) {
      if (this.#finder.records.valueType !== LogValueType.deletion) return true;
    }
    return false;
  }

  /** Gives the update indices of all entries of a log, the marker's too, from the newest to the oldest. */
  updateIndices(refname: string): number[] {
    const indices: number[] = [];
    for (let found = this.#find(refname); found; found = this.#next()) {
      const { records } = this.#finder;
      if (records.valueType !== LogValueType.deletion) indices.push(logUpdateIndex(records));
    }
    return indices;
  }

  /** Lists the names that have a log, in the order of their bytes. */
  names(): string[] {
    const finder = this.#finder;
    const names: string[] = [];
    let found = finder.seek("", 0);
    while (found) {
      const { records } = finder;
      if (records.valueType === LogValueType.deletion) {
        found = finder.next();
        continue;
      }
      const name = decodeText(records.key, 0, logNameLength(records));
      names.push(name);
      // The NUL behind the name is the lowest byte, and no name has the next one in it.
      found = finder.seek(name, 1);
    }
    return names;
  }

  [Symbol.dispose](): void {
    this.#finder[Symbol.dispose]();
  }
}
