import { compareBytes } from "../../bytes/compare.ts";
import type { BlockCursor } from "../../format/block_cursor.ts";
import { runSync } from "../../io/io.ts";
import { advance, type RecordCursor } from "../../table/cursor.ts";

/** How many records to pass one by one before a key is looked up. */
const STEPS = 16;

/**
 * Finds many keys with one cursor. When they come in their order, those near to each other are reached step by
 * step: the cost is at most about that of a walk through all records, and at most about that of a lookup a key.
 */
export class KeyFinder implements Disposable {
  readonly #cursor: RecordCursor<unknown>;
  /** Whether the cursor stands on a record. */
  #isOn = false;
  /** No record before the cursor's is above this key; `undefined` when that is not known. */
  #floor: Uint8Array | undefined;

  /** @param cursor The cursor, which it owns from then on. */
  constructor(cursor: RecordCursor<unknown>) {
    this.#cursor = cursor;
  }

  /** The current record. */
  get records(): BlockCursor {
    return this.#cursor.records;
  }

  /**
   * Goes to the first record whose key is not below one.
   *
   * @returns False when there is none.
   */
  seek(key: Uint8Array): boolean {
    const isAhead = this.#floor !== undefined && compareBytes(key, this.#floor) > 0;
    this.#floor = key;
    if (isAhead) {
      for (let step = 0; step < STEPS; step++) {
        if (!this.#isOn || this.#compare(key) >= 0) return this.#isOn;
        this.#isOn = advance(this.#cursor);
      }
    }
    return this.#isOn = runSync(this.#cursor.seek(key));
  }

  /** Goes to the next record. */
  next(): boolean {
    const { key, keyLength } = this.records;
    this.#floor = key.slice(0, keyLength);
    return this.#isOn = advance(this.#cursor);
  }

  #compare(key: Uint8Array): number {
    const { records } = this;
    return compareBytes(records.key.subarray(0, records.keyLength), key);
  }

  [Symbol.dispose](): void {
    this.#cursor[Symbol.dispose]();
  }
}
