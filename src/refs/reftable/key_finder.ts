import { commonPrefixLength } from "../../bytes/bytes.ts";
import { compareText, decodeText, encodeTextInto, isAscending } from "../../bytes/text.ts";
import type { BlockCursor } from "../../format/block_cursor.ts";
import { hashSize } from "../../format/hash.ts";
import { decodeRef, RefValueType } from "../../format/ref_record.ts";
import { runSync } from "../../io/io.ts";
import { type MergedCursor, MergedTable } from "../../merged/merged_table.ts";
import type { Stack } from "../../stack/stack.ts";
import { advance } from "../../table/record_cursors.ts";
import { ExistingDirectories } from "../existing_directories.ts";
import type { StoredRef } from "../stored_ref.ts";

/** How many records to pass one by one before a key is looked up. */
const STEPS = 16;

/** A key in a buffer that is used again and again. */
class KeyBuffer {
  bytes = new Uint8Array(64);
  length = 0;

  /** Takes the bytes of a text, and one byte more if there is one. */
  setText(text: string, last: number | undefined): void {
    if (this.bytes.length <= 3 * text.length) this.bytes = new Uint8Array(6 * text.length);
    this.length = encodeTextInto(text, this.bytes, 0);
    if (last !== undefined) this.bytes[this.length++] = last;
  }

  /** Takes the key of a record. */
  setKey({ key, keyLength }: BlockCursor): void {
    if (this.bytes.length < keyLength) this.bytes = new Uint8Array(2 * keyLength);
    for (let i = 0; i < keyLength; i++) this.bytes[i] = key[i]!;
    this.length = keyLength;
  }

  /** Compares it with another key: below, equal to or above 0. */
  compare(bytes: Uint8Array, length: number): number {
    const shared = commonPrefixLength(this.bytes, this.length, bytes, length);
    if (shared < this.length && shared < length) return this.bytes[shared]! - bytes[shared]!;
    return this.length - length;
  }
}

/**
 * Finds many keys with one cursor. When they come in their order, those near to each other are reached step by
 * step: the cost is at most about that of a walk through all records, and at most about that of a lookup a key.
 */
export class KeyFinder implements Disposable {
  readonly #cursor: MergedCursor<unknown>;
  /** Whether the cursor stands on a record. */
  #isOn = false;
  /** Whether anything was sought yet. */
  #isStarted = false;
  /** What was sought last. */
  #sought = new KeyBuffer();
  #next = new KeyBuffer();
  /** The last key that was passed since then; empty when none was. */
  readonly #passed = new KeyBuffer();

  /** @param cursor The cursor, which it owns from then on. */
  constructor(cursor: MergedCursor<unknown>) {
    this.#cursor = cursor;
  }

  /** The current record. */
  get records(): BlockCursor {
    return this.#cursor.records;
  }

  /**
   * Goes to the first record whose key is not below a text.
   *
   * @param last A byte behind the text.
   * @returns False when there is none.
   */
  seek(text: string, last?: number): boolean {
    const target = this.#next;
    target.setText(text, last);
    const isAhead = this.#isAhead(target);
    this.#next = this.#sought;
    this.#sought = target;
    this.#passed.length = 0;
    this.#isStarted = true;
    const isReached = isAhead ? this.#step(target) : undefined;
    if (isReached !== undefined) return isReached;
    const key = target.bytes.slice(0, target.length);
    return this.#isOn = runSync(this.#cursor.seek(key));
  }

  /**
   * Passes records that are below a key.
   *
   * @returns Whether there is one that is not; `undefined` when all that were looked at are below.
   */
  #step(target: KeyBuffer): boolean | undefined {
    const { bytes, length } = target;
    const cursor = this.#cursor;
    if (!this.#isOn) return false;
    // So many bytes the target shares with a record, and that one with the one before it. Mostly the one before was
    // lower in a byte that both have, and nothing is compared.
    let shared = 0;
    let common = 0;
    for (let step = 0; step < STEPS; step++) {
      const { key, keyLength } = cursor.records;
      if (common < shared) return true;
      if (common === shared) {
        shared = commonPrefixLength(bytes, length, key, keyLength, common);
        if (shared === length || shared < keyLength && key[shared]! > bytes[shared]!) return true;
      }
      if (!(this.#isOn = advance(cursor))) return false;
      common = cursor.sharedLength;
    }
    return undefined;
  }

  /** Tells whether a key is where the cursor has not been yet. */
  #isAhead(target: KeyBuffer): boolean {
    if (!this.#isStarted) return false;
    const { bytes, length } = this.#sought;
    if (target.compare(bytes, length) < 0) return false;
    return target.compare(this.#passed.bytes, this.#passed.length) > 0;
  }

  /** Tells whether the current record's key begins with what was sought. */
  isFound(): boolean {
    const { key, keyLength } = this.records;
    const { bytes, length } = this.#sought;
    return commonPrefixLength(key, keyLength, bytes, length) === length;
  }

  /** Tells whether the current record's key is what was sought. */
  isExact(): boolean {
    const { key, keyLength } = this.records;
    return this.#sought.compare(key, keyLength) === 0;
  }

  /** Goes to the next record. */
  next(): boolean {
    this.#passed.setKey(this.records);
    return this.#isOn = advance(this.#cursor);
  }

  [Symbol.dispose](): void {
    this.#cursor[Symbol.dispose]();
  }
}

const SLASH = 0x2f;

/** A new name, and a ref that it cannot exist beside. */
export interface StackConflict {
  /** The new name's place among the others. */
  readonly index: number;
  /** The name of the ref that is in the way. */
  readonly other: string;
}

/**
 * Finds refs of a stack that new ones cannot exist beside.
 *
 * @param names The new names, in the order of bytes.
 * @param isRemoved Tells whether a ref will be gone.
 */
export function findStackConflicts(
  stack: Stack,
  names: readonly string[],
  isRemoved: (refname: string) => boolean,
): StackConflict[] {
  const conflicts: StackConflict[] = [];
  if (stack.tables.length === 0) return conflicts;
  const directories = new ExistingDirectories((name) => {
    return stack.ref(name) !== undefined && !isRemoved(name);
  });
  using finder = new KeyFinder(new MergedTable(stack.tables).refCursor());
  names.forEach((name, index) => {
    const other = directories.first(name) ?? firstBelow(finder, name, isRemoved);
    if (other !== undefined) conflicts.push({ index, other });
  });
  return conflicts;
}

/** The first ref that has a name as its directory. */
function firstBelow(
  finder: KeyFinder,
  name: string,
  isRemoved: (refname: string) => boolean,
): string | undefined {
  for (let found = finder.seek(name, SLASH); found && finder.isFound(); found = finder.next()) {
    const { key, keyLength, valueType } = finder.records;
    if (valueType === RefValueType.deletion) continue;
    const refname = decodeText(key, 0, keyLength);
    if (!isRemoved(refname)) return refname;
  }
  return undefined;
}

/**
 * Refs of a stack that are read before they are asked for, in the order of their names: so each block is read but once,
 * in whichever order they are asked for.
 */
export class RefsAhead {
  /** Their names, in the order of bytes. */
  readonly #names: readonly string[];
  readonly #refs: readonly (StoredRef | undefined)[];
  /** Where the next one is looked for first. */
  #next = 0;

  /**
   * Reads refs.
   *
   * @param refnames The names that they have in the stack, in any order.
   */
  constructor(stack: Stack, refnames: readonly string[]) {
    const names = isAscending(refnames) ? refnames : refnames.toSorted(compareText);
    const { tables } = stack;
    const size = hashSize(stack.hash);
    const cursor = new MergedTable(tables).refCursor();
    using finder = new KeyFinder(cursor);
    this.#names = names;
    this.#refs = names.map((name) => {
      if (!finder.seek(name) || !finder.isExact()) return undefined;
      const ref = decodeRef(cursor.records, size, tables[cursor.age]!.minUpdateIndex, name);
      return ref.kind === "deletion" ? undefined : ref;
    });
  }

  /** The place of a ref among those that were read, or −1. */
  indexOf(refname: string): number {
    // Mostly they are asked for in their order.
    let index = this.#next;
    if (this.#names[index] !== refname) index = this.#search(refname);
    this.#next = index + 1;
    return index;
  }

  #search(refname: string): number {
    const names = this.#names;
    let low = 0;
    for (let high = names.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (compareText(names[middle]!, refname) < 0) low = middle + 1;
      else high = middle;
    }
    return names[low] === refname ? low : -1;
  }

  /** The ref at a place; `undefined` when there is none of its name. */
  at(index: number): StoredRef | undefined {
    return this.#refs[index];
  }
}
