import { commonPrefixLength } from "../../bytes/compare.ts";
import { decodeText } from "../../bytes/text.ts";

const SLASH = 0x2f;

/** Finds names that are directories of others, as `a` is of `a/b`, in names that come in the order of their bytes. */
export class NestedNames {
  #last = new Uint8Array(64);
  #lastLength = 0;
  /** The lengths of those names that the last one begins with. */
  readonly #open: number[] = [];

  /**
   * Takes the next name.
   *
   * @returns The name that is a directory of it, if one is.
   */
  add(name: Uint8Array, length: number): string | undefined {
    const shared = commonPrefixLength(this.#last, this.#lastLength, name, length);
    while ((this.#open.at(-1) ?? 0) > shared) this.#open.pop();
    if (shared === this.#lastLength && shared > 0) this.#open.push(shared);
    if (this.#last.length < length) this.#last = new Uint8Array(2 * length);
    for (let i = shared; i < length; i++) this.#last[i] = name[i]!;
    this.#lastLength = length;
    for (const end of this.#open) {
      if (name[end] === SLASH) return decodeText(name, 0, end);
    }
    return undefined;
  }
}
