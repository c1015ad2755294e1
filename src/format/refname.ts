import { encodeText } from "../bytes/text.ts";

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
const AT = 0x40;
const BRACE = 0x7b;

/** What {@linkcode FORBIDDEN} matches from 0x21 on. */
const FORBIDDEN_BYTES = encodeText("~^:?*[\\\x7f");

/** What ends no component, and the byte that this ends with. */
const LOCK = encodeText(".lock");
const LOCK_END = 0x6b;

/** Which bytes need a closer look; all others are good wherever they are. */
const IS_SPECIAL = new Uint8Array(256).fill(1, 0, 0x21);
for (const byte of [SLASH, DOT, BRACE, ...FORBIDDEN_BYTES]) IS_SPECIAL[byte] = 1;

/**
 * Checks the names of refs that follow each other, as bytes: what a name shares with the one before it is not
 * looked at again.
 */
export class RefnameChecker {
  /** So many bytes of the last name can begin a good one. */
  #known = 0;

  /** Forgets the last name. */
  reset(): void {
    this.#known = 0;
  }

  /**
   * Tells whether {@linkcode refnameProblem} has nothing to say about a name.
   *
   * @param name The name, in its first `length` bytes.
   * @param shared How many bytes it shares with the name that was checked before.
   */
  isGood(name: Uint8Array, length: number, shared: number): boolean {
    for (let i = Math.min(shared, this.#known, length); i < length; i++) {
      if (IS_SPECIAL[name[i]!] === 0 || mayFollow(name, i)) continue;
      this.#known = i;
      return false;
    }
    this.#known = length;
    return mayEnd(name, length);
  }
}

/** Tells whether the special byte at a position may stand behind those before it. */
function mayFollow(name: Uint8Array, position: number): boolean {
  const previous = position === 0 ? SLASH : name[position - 1];
  switch (name[position]) {
    case SLASH:
      return previous !== SLASH && !endsWithLock(name, position);
    case DOT:
      return previous !== SLASH && previous !== DOT;
    case BRACE:
      return previous !== AT;
    default:
      return false;
  }
}

/** Tells whether a name may have this length. */
function mayEnd(name: Uint8Array, length: number): boolean {
  if (length === 0 || (length === 1 && name[0] === AT)) return false;
  const last = name[length - 1];
  return last !== SLASH && last !== DOT && !endsWithLock(name, length);
}

function endsWithLock(name: Uint8Array, end: number): boolean {
  // Hardly any component ends like that, so it is seldom looked at further.
  return name[end - 1] === LOCK_END && isLock(name, end - LOCK.length);
}

/** Tells what {@linkcode endsWithLock} does; apart from it, since a closure takes memory before it is needed. */
function isLock(name: Uint8Array, start: number): boolean {
  return start >= 0 && LOCK.every((byte, i) => name[start + i] === byte);
}
