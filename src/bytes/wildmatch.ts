import { decodeText, encodeText } from "./text.ts";

/** How to match. */
export interface WildmatchOptions {
  /** Whether `/` is only matched by itself and by `**` between slashes, as in paths. Off unless set. */
  readonly pathname?: boolean | undefined;
  /** Whether capital letters match small ones. Off unless set. */
  readonly ignoreCase?: boolean | undefined;
}

/** A step of a pattern. */
type Token =
  /** One of the bytes that are true in the table. */
  | { readonly kind: "byte"; readonly accepts: Uint8Array }
  /** Any number of the bytes that are true in the table. */
  | { readonly kind: "many"; readonly accepts: Uint8Array }
  /** Nothing; the next two steps may be left out. */
  | { readonly kind: "option" };

/**
 * Prepares a pattern with Git's wildcards: `*`, `**`, `?`, `[a-z]`, `[!a-z]`, `[[:alpha:]]` and `\` before a
 * character that stands for itself. Patterns are about bytes: a letter of two bytes takes two `?`.
 *
 * @returns A function that tells whether a whole text matches. It takes time in proportion to the length of the
 * text times that of the pattern, whatever these are.
 */
export function compileWildmatch(
  pattern: string,
  options: WildmatchOptions = {},
): (text: string) => boolean {
  const tokens = new PatternParser(encodeText(pattern), options).parse();
  // What makes no sense matches nothing.
  if (!tokens) return () => false;
  const { ignoreCase = false } = options;
  return (text) => run(tokens, ignoreCase ? fold(encodeText(text)) : encodeText(text));
}

/** Follows all ways through the pattern at once. */
function run(tokens: readonly Token[], text: Uint8Array): boolean {
  let current = new Uint8Array(tokens.length + 1);
  let next = new Uint8Array(tokens.length + 1);
  current[0] = 1;
  let isAlive = spread(tokens, current);
  for (let position = 0; position < text.length && isAlive; position++) {
    const byte = text[position]!;
    next.fill(0);
    for (let state = 0; state < tokens.length; state++) {
      if (current[state] === 0) continue;
      const token = tokens[state]!;
      if (token.kind === "option" || token.accepts[byte] === 0) continue;
      next[token.kind === "many" ? state : state + 1] = 1;
    }
    isAlive = spread(tokens, next);
    [current, next] = [next, current];
  }
  return isAlive && current[tokens.length] === 1;
}

/**
 * Adds the states that are reached without another byte.
 *
 * @returns Whether there is any state.
 */
function spread(tokens: readonly Token[], states: Uint8Array): boolean {
  let isAlive = states[tokens.length] === 1;
  for (let state = 0; state < tokens.length; state++) {
    if (states[state] === 0) continue;
    isAlive = true;
    const { kind } = tokens[state]!;
    if (kind !== "byte") states[state + 1] = 1;
    if (kind === "option") states[state + 3] = 1;
  }
  return isAlive;
}

function fold(text: Uint8Array): Uint8Array {
  return text.map((byte) => isUpper(byte) ? byte + 0x20 : byte);
}

const SLASH = 0x2f;
const STAR = 0x2a;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const COLON = 0x3a;
const DASH = 0x2d;

/** Takes a pattern apart, byte by byte. */
class PatternParser {
  readonly #pattern: Uint8Array;
  readonly #pathname: boolean;
  readonly #ignoreCase: boolean;
  readonly #tokens: Token[] = [];
  #position = 0;

  constructor(pattern: Uint8Array, { pathname = false, ignoreCase = false }: WildmatchOptions) {
    this.#pattern = pattern;
    this.#pathname = pathname;
    this.#ignoreCase = ignoreCase;
  }

  /** @returns `undefined` when the pattern makes no sense. */
  parse(): Token[] | undefined {
    while (this.#position < this.#pattern.length) {
      const token = this.#token();
      if (!token) return undefined;
      this.#tokens.push(token);
    }
    return this.#tokens;
  }

  #token(): Token | undefined {
    const byte = this.#pattern[this.#position++]!;
    if (byte === STAR) return this.#stars();
    if (byte === 0x3f) return { kind: "byte", accepts: this.#anything() };
    if (byte === BRACKET) {
      const accepts = this.#set();
      return accepts && { kind: "byte", accepts };
    }
    if (byte !== BACKSLASH) return { kind: "byte", accepts: only(this.#fold(byte)) };
    const literal = this.#pattern[this.#position++];
    return literal === undefined ? undefined : { kind: "byte", accepts: only(literal) };
  }

  #stars(): Token {
    const pattern = this.#pattern;
    const start = this.#position - 1;
    while (pattern[this.#position] === STAR) this.#position++;
    if (!this.#pathname) return { kind: "many", accepts: new Uint8Array(256).fill(1) };
    const [after, behind] = [pattern[this.#position], pattern[this.#position + 1]];
    const isBordered = (start === 0 || pattern[start - 1] === SLASH) &&
      (after === undefined || after === SLASH || (after === BACKSLASH && behind === SLASH));
    const isSingle = this.#position - start === 1;
    if (isSingle || !isBordered) return { kind: "many", accepts: this.#anything() };
    // Between two slashes it may stand for nothing, and then one of the slashes goes too.
    if (after === SLASH) this.#tokens.push({ kind: "option" });
    return { kind: "many", accepts: new Uint8Array(256).fill(1) };
  }

  /** What is in brackets; `undefined` when they are never closed. */
  #set(): Uint8Array | undefined {
    const pattern = this.#pattern;
    const accepts = new Uint8Array(256);
    const isNegated = pattern[this.#position] === 0x21 || pattern[this.#position] === 0x5e;
    if (isNegated) this.#position++;
    // A range begins with the byte before the dash, unless that ended something itself.
    let before: number | undefined;
    // A bracket that would leave the set empty is a member of it.
    do {
      let byte = pattern[this.#position++];
      if (byte === DASH && before !== undefined && this.#isRange()) {
        byte = pattern[this.#position++];
        if (byte === BACKSLASH) byte = pattern[this.#position++];
        if (byte === undefined) return undefined;
        this.#addRange(accepts, before, byte);
        before = undefined;
      } else if (byte === BRACKET && pattern[this.#position] === COLON) {
        const isMember = this.#class();
        if (isMember === undefined) return undefined;
        if (isMember) this.#addClass(accepts, isMember);
        else accepts[BRACKET] = 1;
        before = isMember ? undefined : BRACKET;
      } else {
        if (byte === BACKSLASH) byte = pattern[this.#position++];
        if (byte === undefined) return undefined;
        accepts[byte] = 1;
        before = byte;
      }
    } while (pattern[this.#position] !== CLOSING_BRACKET);
    this.#position++;
    const table = isNegated ? accepts.map((accepted) => 1 - accepted) : accepts;
    if (this.#pathname) table[SLASH] = 0;
    return table;
  }

  #isRange(): boolean {
    const end = this.#pattern[this.#position];
    return end !== undefined && end !== CLOSING_BRACKET;
  }

  /**
   * Reads the name of a class, behind the bracket.
   *
   * @returns `undefined` when there is no such class, or the end is missing; false when it is none after all.
   */
  #class(): ((byte: number) => boolean) | false | undefined {
    const start = this.#position + 1;
    const end = this.#pattern.indexOf(CLOSING_BRACKET, start);
    if (end < 0) return undefined;
    if (end === start || this.#pattern[end - 1] !== COLON) return false;
    this.#position = end + 1;
    const name = decodeText(this.#pattern, start, end - 1);
    return Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  }

  #addRange(accepts: Uint8Array, first: number, last: number): void {
    for (let byte = first; byte <= last; byte++) {
      accepts[byte] = 1;
      if (this.#ignoreCase && isUpper(byte)) accepts[byte + 0x20] = 1;
    }
  }

  #addClass(accepts: Uint8Array, isMember: (byte: number) => boolean): void {
    for (let byte = 0; byte < 0x80; byte++) {
      if (isMember(byte) || (this.#ignoreCase && isMember === isUpper && isLower(byte))) {
        accepts[byte] = 1;
      }
    }
  }

  /** All bytes, but for slashes in paths. */
  #anything(): Uint8Array {
    const accepts = new Uint8Array(256).fill(1);
    if (this.#pathname) accepts[SLASH] = 0;
    return accepts;
  }

  #fold(byte: number): number {
    return this.#ignoreCase && isUpper(byte) ? byte + 0x20 : byte;
  }
}

function only(byte: number): Uint8Array {
  const accepts = new Uint8Array(256);
  accepts[byte] = 1;
  return accepts;
}

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const isUpper = (byte: number) => byte >= 0x41 && byte <= 0x5a;
const isLower = (byte: number) => byte >= 0x61 && byte <= 0x7a;
const isAlpha = (byte: number) => isUpper(byte) || isLower(byte);
const isGraph = (byte: number) => byte > 0x20 && byte < 0x7f;

const CLASSES: Readonly<Record<string, (byte: number) => boolean>> = {
  alnum: (byte) => isAlpha(byte) || isDigit(byte),
  alpha: isAlpha,
  blank: (byte) => byte === 0x20 || byte === 0x09,
  cntrl: (byte) => byte < 0x20 || byte === 0x7f,
  digit: isDigit,
  graph: isGraph,
  lower: isLower,
  print: (byte) => byte === 0x20 || isGraph(byte),
  punct: (byte) => isGraph(byte) && !isAlpha(byte) && !isDigit(byte),
  // Git's own idea of white space.
  space: (byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d,
  upper: isUpper,
  xdigit: (byte) =>
    isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66),
};
