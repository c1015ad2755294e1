/**
 * What holds the refs that are in no files of their own: the file `packed-refs`, or a stack of tables in its place.
 *
 * @module
 */

import type { ListRefsOptions } from "../../backend.ts";
import type { StoredRef } from "../../stored_ref.ts";

/** What a packed ref is to hold. */
export interface PackedValue {
  /** The object id. */
  readonly oid: string;
  /** The object that it leads to, when it is that of an annotated tag. */
  readonly peeled: string | undefined;
  /** Whether it is no annotated tag's when nothing is said about what it leads to. */
  readonly isPeelKnown: boolean;
}

/** A change of a packed ref. */
export interface PackedChange {
  /** Its full name. */
  readonly refname: string;
  /** What it is to hold; it goes without a value. */
  readonly value: PackedValue | undefined;
}

/** A new name, and a packed ref that it cannot exist beside. */
export interface PackedConflict {
  /** The new name's place among the others. */
  readonly index: number;
  /** The name of the ref that is in the way. */
  readonly other: string;
}

/** Reading packed refs: always what is stored by then. */
export interface PackedReader {
  /** Finds a ref; `undefined` when it is not packed. */
  find(refname: string): StoredRef | undefined;
}

/** Where refs are packed. */
export interface PackedStore extends PackedReader, Disposable, AsyncDisposable {
  /** How much it takes in bytes. */
  readonly size: number;
  /** Lists refs in the order of the bytes of their names, as they are when the first is asked for. */
  list(options: Pick<ListRefsOptions, "prefix" | "after">): IteratorObject<StoredRef, void>;
  /**
   * Finds packed refs that new ones cannot exist beside.
   *
   * @param names The new names, in the order of bytes.
   * @param isRemoved Tells whether a ref will be gone.
   */
  findConflicts(
    names: readonly string[],
    isRemoved: (refname: string) => boolean,
  ): PackedConflict[];
  /**
   * Keeps everybody else from changing packed refs.
   *
   * @param timeout How long to wait for the lock, in milliseconds, −1 for ever; as configured by default.
   * @throws {ReftableError} With code `"lock"` when somebody else does.
   */
  lock(timeout?: number): Promise<PackedLock>;
}

/** Packed refs that nobody else can change. */
export interface PackedLock extends PackedReader, AsyncDisposable {
  /**
   * Writes changes so that nobody sees them yet.
   *
   * @param changes The changes, in the order of the bytes of their names.
   */
  prepare(changes: readonly PackedChange[]): Promise<void>;
  /** Has everybody see the changes. The lock remains, and there may be more. */
  commit(): Promise<void>;
}
