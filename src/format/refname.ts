import { decodeText } from "../bytes/text.ts";

/** What no ref name may contain: control characters and those that mean something in a revision. */
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\x00-\x20\x7f~^:?*[\\]/;

/**
 * Checks a ref name by the rules of `git check-ref-format --allow-onelevel`.
 *
 * @returns What is wrong with it, or `undefined` when it is a good name.
 */
export function refnameProblem(refname: string): string | undefined {
  if (refname === "") return "it is empty";
  if (refname === "@") return 'it is "@"';
  if (refname.endsWith(".")) return "it ends with a dot";
  if (refname.includes("..")) return 'it has ".." in it';
  if (refname.includes("@{")) return 'it has "@{" in it';
  const forbidden = FORBIDDEN.exec(refname)?.[0];
  if (forbidden !== undefined) return `it has ${JSON.stringify(forbidden)} in it`;
  for (const component of refname.split("/")) {
    if (component === "") return "it has an empty component";
    if (component.startsWith(".")) return "a component begins with a dot";
    if (component.endsWith(".lock")) return 'a component ends with ".lock"';
  }
  return undefined;
}

const SLASH = 0x2f;
const DOT = 0x2e;
const LETTER_L = 0x6c;

/** What a byte means in a name. */
const Meaning = { plain: 0, separator: 1, other: 2 } as const;

/** What each byte means: slashes and dots are good in many places, "@" and others need a closer look. */
const MEANINGS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === SLASH || byte === DOT) return Meaning.separator;
  const character = String.fromCharCode(byte);
  return character === "@" || FORBIDDEN.test(character) ? Meaning.other : Meaning.plain;
});

/**
 * Tells whether a name is surely good by a look at its bytes, without making a string of it.
 *
 * @param from Bytes before this position are known to begin such a name.
 */
function isSurelyGood(name: Uint8Array, from: number, length: number): boolean {
  let previous = from === 0 ? SLASH : name[from - 1]!;
  for (let i = from; i < length; i++) {
    const byte = name[i]!;
    if (MEANINGS[byte] === Meaning.plain) {
      // It may be ".lock".
      if (byte === LETTER_L && previous === DOT) return false;
    } else if (
      MEANINGS[byte] === Meaning.other || MEANINGS[previous] === Meaning.separator
    ) {
      return false;
    }
    previous = byte;
  }
  return MEANINGS[previous] !== Meaning.separator;
}

/** Checks many names one after the other; what most have in common with the one before is checked once. */
export class RefnameChecker {
  /** How many bytes of the last name were found good by their look. */
  #known = 0;

  /** Forgets the last name. */
  reset(): void {
    this.#known = 0;
  }

  /**
   * Checks a name; see {@linkcode refnameProblem}.
   *
   * @param name The name, in its first `length` bytes.
   * @param shared How many bytes it shares with the name that was checked before.
   */
  problem(name: Uint8Array, length: number, shared: number): string | undefined {
    if (isSurelyGood(name, Math.min(shared, this.#known, length), length)) {
      this.#known = length;
      return undefined;
    }
    this.#known = 0;
    return refnameProblem(decodeText(name, 0, length));
  }
}
