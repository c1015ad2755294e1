import { compareText, isAscending } from "../../bytes/text.ts";
import { changedTwice } from "../ref_errors.ts";

/**
 * The names of the refs that a transaction changes, without those that were refused. Mostly they come in order and
 * little is asked of them, so that no set of them is made until something is.
 */
export class LiveNames {
  /** The names in the order of their bytes, as long as these are all. */
  #sorted: readonly string[] | undefined;
  #set: Set<string> | undefined;
  #isInOrder = false;

  /**
   * Takes names in any order.
   *
   * @throws {ReftableError} With code `"name-conflict"` when one is there twice.
   */
  constructor(names: readonly string[]) {
    if (isAscending(names)) {
      this.#sorted = names;
      this.#isInOrder = true;
      return;
    }
    this.#set = new Set();
    for (const name of names) {
      if (this.#set.has(name)) throw changedTwice(name);
      this.#set.add(name);
    }
  }

  /** Whether all names were given in the order of their bytes, and none was added. */
  get areInOrder(): boolean {
    return this.#isInOrder;
  }

  /** The names, in no order; what is added and deleted changes it. */
  get set(): ReadonlySet<string> {
    return this.#set ??= new Set(this.#sorted);
  }

  /** Tells whether a name is among them. */
  has(name: string): boolean {
    return this.set.has(name);
  }

  /** Adds a name. */
  add(name: string): void {
    this.#change().add(name);
    this.#isInOrder = false;
  }

  /** Takes a name out. */
  delete(name: string): void {
    this.#change().delete(name);
  }

  #change(): Set<string> {
    const set = this.#set ??= new Set(this.#sorted);
    this.#sorted = undefined;
    return set;
  }

  /** Tells whether one of the names is a directory of another one. */
  areInTheWay(): boolean {
    const sorted = this.#sorted ??= [...this.set].sort(compareText);
    // What begins with a name follows it at once, so that one way through all names is enough.
    const beginnings: string[] = [];
    for (const name of sorted) {
      for (let last; (last = beginnings.at(-1)) !== undefined; beginnings.pop()) {
        // Mostly the lengths are enough, which takes no look at the names.
        if (name.length > last.length && name.startsWith(last)) break;
      }
      if (beginnings.some(({ length }) => name[length] === "/")) return true;
      beginnings.push(name);
    }
    return false;
  }
}
