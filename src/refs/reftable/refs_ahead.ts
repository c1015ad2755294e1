import { compareText, isAscending } from "../../bytes/text.ts";
import { hashSize } from "../../format/hash.ts";
import { decodeRef } from "../../format/ref_record.ts";
import { MergedTable } from "../../merged/merged_table.ts";
import type { Stack } from "../../stack/stack.ts";
import type { StoredRef } from "../stored_ref.ts";
import { KeyFinder } from "./key_finder.ts";

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
