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

  constructor(stack: Stack) {
    this.#finder = new KeyFinder(new MergedTable(stack.tables).logCursor());
  }

  /** Gives the update indices of all entries of a log, the marker's too, from the newest to the oldest. */
  updateIndices(refname: string): number[] {
    const finder = this.#finder;
    const indices: number[] = [];
    for (let found = finder.seek(refname, 0); found && finder.isFound(); found = finder.next()) {
      const { records } = finder;
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
