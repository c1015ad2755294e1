import { decodeText, encodeText } from "../bytes/text.ts";
import { isGoodRefname } from "../refs/names.ts";
import { fatal } from "./failure.ts";
import { fullOid } from "./revision.ts";

/** A word that is not quoted, where the last one ended. */
const WORD = /[^ \t-\r\0]*/y;

/** What object ids are read with. */
export interface OidContext {
  /** An object id of zeros. */
  readonly zero: string;
  /** Tells that something is odd. */
  warn(message: string): void;
  /** Finds the object that a revision means, if any. */
  lookUp(revision: string): Promise<string | undefined>;
}

/** Reads the words of one instruction, and complains of them in Git's words. */
export class InstructionParser {
  readonly #text: string;
  readonly #terminator: "\n" | "\0";
  readonly #name: string;
  #position: number;
  #refname = "";

  /**
   * Begins behind the name of an instruction.
   *
   * @param text The instruction with what ends it.
   */
  constructor(text: string, position: number, terminator: "\n" | "\0", name: string) {
    this.#text = text;
    this.#position = position;
    this.#terminator = terminator;
    this.#name = name;
  }

  /** What was not read yet. */
  get rest(): string {
    return this.#text.slice(this.#position);
  }

  /** The ref that the instruction is about. */
  refname(): string {
    this.#refname = this.#checkedRefname(this.#word()) ?? "";
    if (this.#refname !== "") return this.#refname;
    throw fatal(`${this.#name}: missing <ref>`);
  }

  /** Another ref, if there is one. */
  nextRefname(): string | undefined {
    const word = this.nextWord();
    return word === undefined ? undefined : this.#checkedRefname(word);
  }

  /** The next word, if there is one. */
  nextWord(): string | undefined {
    const next = this.#peek();
    if (this.#terminator === "\n") {
      if (next === "" || next === "\n") return undefined;
      if (next !== " ") throw fatal(`expected SP but got: ${this.rest}`);
    } else if (next !== "\0") return undefined;
    this.#position++;
    return this.#word() || undefined;
  }

  /**
   * Reads an object id, if there is one, and goes on with it: at once, or when it was looked up by another name.
   *
   * @param kind Which one, for errors.
   * @param goOn Does what is done with it.
   * @param mayBeEmpty Whether an empty word means zeros between NULs, as it once did.
   */
  oid(
    kind: "old" | "new",
    context: OidContext,
    goOn: (oid: string | undefined) => void | Promise<void>,
    mayBeEmpty = false,
  ): void | Promise<void> {
    const { length } = this.#text;
    if (this.#position === length) throw this.#unexpectedEnd(kind);
    const next = this.#peek();
    if (this.#terminator === "\n") {
      if (next === "\n") return goOn(undefined);
      if (next !== " ") throw this.#complaint(`expected SP but got: ${this.rest}`);
    } else if (next !== "\0") {
      throw this.#complaint(`expected NUL but got: ${this.rest}`);
    }
    this.#position++;
    if (this.#terminator === "\0" && this.#position === length) throw this.#unexpectedEnd(kind);
    const word = this.#word();
    if (word === "") {
      if (this.#terminator === "\n") return goOn(context.zero);
      if (!mayBeEmpty) return goOn(undefined);
      context.warn(`${this.#name} ${this.#refname}: missing <new-oid>, treating as zero`);
      return goOn(context.zero);
    }
    const oid = fullOid(word, context.zero.length);
    return oid === undefined ? this.#lookUp(word, kind, context, goOn) : goOn(oid);
  }

  async #lookUp(
    word: string,
    kind: "old" | "new",
    context: OidContext,
    goOn: (oid: string | undefined) => void | Promise<void>,
  ): Promise<void> {
    const oid = await context.lookUp(word);
    if (oid === undefined) throw this.#complaint(`invalid <${kind}-oid>: ${word}`);
    await goOn(oid);
  }

  /** Sees to it that nothing follows. */
  end(): void {
    const next = this.#peek();
    if (next === this.#terminator || (this.#terminator === "\0" && next === "")) return;
    throw this.#complaint(`extra input: ${this.rest}`);
  }

  #peek(): string {
    return this.#text.charAt(this.#position);
  }

  #checkedRefname(word: string): string | undefined {
    if (word === "") return undefined;
    if (!isGoodRefname(word)) throw fatal(`invalid ref format: ${word}`);
    return word;
  }

  #word(): string {
    const start = this.#position;
    if (this.#terminator === "\0") {
      const end = this.#text.indexOf("\0", start);
      this.#position = end < 0 ? this.#text.length : end;
      return this.#text.slice(start, this.#position);
    }
    if (this.#peek() === '"') return this.#quotedWord();
    WORD.lastIndex = start;
    WORD.test(this.#text);
    this.#position = WORD.lastIndex;
    return this.#text.slice(start, this.#position);
  }

  #quotedWord(): string {
    const { rest } = this;
    const unquoted = unquote(rest);
    if (!unquoted) throw fatal(`badly quoted argument: ${rest}`);
    this.#position += unquoted.length;
    if (/^[^ \t-\r]/.test(this.rest)) {
      throw fatal(`unexpected character after quoted argument: ${rest}`);
    }
    return unquoted.text;
  }

  #unexpectedEnd(kind: "old" | "new") {
    return this.#complaint(`unexpected end of input when reading <${kind}-oid>`);
  }

  #complaint(message: string) {
    return fatal(`${this.#name} ${this.#refname}: ${message}`);
  }
}

/** What a letter behind a backslash stands for. */
const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  "\\": 92,
};

/**
 * Reads a string as C has it, from its first to its last quotation mark.
 *
 * @returns `undefined` when it is none.
 */
function unquote(text: string): { text: string; length: number } | undefined {
  if (!text.startsWith('"')) return undefined;
  const bytes: number[] = [];
  // Part by part: a pattern for the whole would run out of memory where there are millions.
  const part = /[^"\\]+|\\([abtnvfr"\\])|\\([0-3][0-7]{2})|(")/y;
  part.lastIndex = 1;
  for (let match; (match = part.exec(text));) {
    const [plain, letter, octal, end] = match;
    if (end) return { text: decodeText(Uint8Array.from(bytes)), length: part.lastIndex };
    if (letter) bytes.push(ESCAPES[letter]!);
    else if (octal) bytes.push(parseInt(octal, 8));
    else for (const byte of encodeText(plain)) bytes.push(byte);
  }
  return undefined;
}
