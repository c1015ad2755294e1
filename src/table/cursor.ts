import type { BlockCursor } from "../format/block_cursor.ts";
import { type Io, runSync } from "../io/io.ts";

/** What a cursor's `next()` found. */
export const Step = {
  /** There are no more records. */
  end: 0,
  /** The cursor stands on a record. */
  record: 1,
  /** The next record is in a block that `load()` must get first. */
  load: 2,
} as const;

/** What a cursor's `next()` found. */
export type Step = (typeof Step)[keyof typeof Step];

/** What walks records and now and then needs a block. */
export interface Loading {
  /** Goes to the next record, if it is in memory. */
  next(): Step;
  /** Gets what {@linkcode Step.load} asked for. */
  load(): Io<void>;
}

/** Walks records in the order of their keys, in one table or in several. */
export interface RecordCursor<T> extends Loading, Disposable {
  /** The current record: its key and where its value lies. */
  readonly records: BlockCursor;
  /**
   * Goes to the first record whose key is not below `key`.
   *
   * @returns False when there is none.
   */
  seek(key: Uint8Array): Io<boolean>;
  /** Decodes the current record. */
  record(): T;
}

/** Goes to the next record, getting blocks at once. */
export function advance(cursor: Loading): boolean {
  for (;;) {
    const step = cursor.next();
    if (step !== Step.load) return step === Step.record;
    runSync(cursor.load());
  }
}
