import { startsWithBytes } from "../bytes/compare.ts";
import { runSync } from "../io/io.ts";
import { advance, type RecordCursor } from "./cursor.ts";

/** Which records to list. */
export interface RecordRange {
  /** What their keys begin with. */
  readonly prefix: Uint8Array;
  /** What their keys are not below. */
  readonly start: Uint8Array;
  /** Whether tombstones are among them. */
  readonly deletions: boolean;
}

/** The value type of tombstones, of refs as of logs. */
const DELETION = 0;

/**
 * Lists the records of a range. It is a class because a generator takes a quarter of the time that a
 * ref takes from the table to the caller.
 */
export class RecordIterator<T> extends Iterator<T, undefined> {
  readonly #open: () => RecordCursor<T>;
  readonly #range: RecordRange;
  #cursor: RecordCursor<T> | undefined;
  #isOver = false;

  /** @param open Makes the cursor to list with, when the first record is asked for. */
  constructor(open: () => RecordCursor<T>, range: RecordRange) {
    super();
    this.#open = open;
    this.#range = range;
  }

  override next(): IteratorResult<T, undefined> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      while (this.#advance()) {
        const { records } = this.#cursor!;
        if (records.valueType === DELETION && !this.#range.deletions) continue;
        return { done: false, value: this.#cursor!.record() };
      }
    } catch (error) {
      this.return();
      throw error;
    }
    return this.return();
  }

  override return(): IteratorReturnResult<undefined> {
    this.#isOver = true;
    this.#cursor?.[Symbol.dispose]();
    this.#cursor = undefined;
    return { done: true, value: undefined };
  }

  /** Goes to the next record of the range. */
  #advance(): boolean {
    const { prefix, start } = this.#range;
    let found;
    if (this.#cursor) {
      found = advance(this.#cursor);
    } else {
      this.#cursor = this.#open();
      found = runSync(this.#cursor.seek(start));
    }
    if (!found || prefix.length === 0) return found;
    const { key, keyLength } = this.#cursor.records;
    return startsWithBytes(key, keyLength, prefix);
  }
}
