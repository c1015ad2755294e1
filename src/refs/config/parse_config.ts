import { decodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { ConfigVariable } from "./config_variable.ts";

/**
 * Parses a configuration file by Git's rules.
 *
 * @param bytes The file's contents.
 * @param file The file's path, for errors.
 * @returns The variables in the order of the file, one by one; of the same name, the last one counts.
 * @throws {ReftableError} With code `"format"` naming the line that is wrong.
 */
export function parseConfig(bytes: Uint8Array, file: string): Generator<ConfigVariable, void> {
  return new ConfigParser(decodeText(bytes).replace(/^\ufeff/, ""), file).parse();
}

/** What a backslash and a letter stand for. */
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  b: "\b",
  "\\": "\\",
  '"': '"',
};

const SPACE = /[ \t\r\n]/;

const KEY_CHARACTER = /[A-Za-z0-9-]/;

/** Reads a file character by character, as Git does, so that both find the same line wrong. */
class ConfigParser {
  readonly #text: string;
  readonly #file: string;
  #position = 0;
  #line = 1;

  constructor(text: string, file: string) {
    this.#text = text.replaceAll("\r\n", "\n");
    this.#file = file;
  }

  *parse(): Generator<ConfigVariable, void> {
    // A key that stands before all sections is a name by itself.
    let section = "";
    for (;;) {
      const character = this.#next();
      if (this.#isAtEnd) return;
      if (SPACE.test(character)) continue;
      if (isCommentStart(character)) this.#skipLine();
      else if (character === "[") section = `${this.#section()}.`;
      else if (/[A-Za-z]/.test(character)) yield this.#variable(section, character);
      else throw this.#bad();
    }
  }

  /** What stands between the brackets; the old form `[section.sub]` is not case-sensitive. */
  #section(): string {
    let name = "";
    for (;;) {
      const character = this.#next();
      if (character === "]" && name !== "") return name;
      if (SPACE.test(character) && !this.#isAtEnd) return `${name}.${this.#subsection(character)}`;
      if (character !== "." && !KEY_CHARACTER.test(character)) throw this.#bad();
      name += character.toLowerCase();
    }
  }

  #subsection(space: string): string {
    let character = space;
    for (; SPACE.test(character); character = this.#next()) {
      if (character === "\n") throw this.#bad(-1);
    }
    if (character !== '"') throw this.#bad();
    let name = "";
    while ((character = this.#next()) !== '"') {
      if (character === "\\") character = this.#next();
      if (character === "\n") throw this.#bad(-1);
      name += character;
    }
    if (this.#next() !== "]") throw this.#bad();
    return name;
  }

  #variable(section: string, first: string): ConfigVariable {
    let key = first;
    let character;
    while (KEY_CHARACTER.test(character = this.#next())) key += character;
    while (character === " " || character === "\t") character = this.#next();
    if (character !== "\n" && character !== "=") throw this.#bad();
    const value = character === "=" ? this.#value() : undefined;
    // The end of the line was read too.
    return { name: section + key.toLowerCase(), value, file: this.#file, line: this.#line - 1 };
  }

  #value(): string {
    let value = "";
    let isQuoted = false;
    // White space counts only between what else there is, or when it is quoted.
    let space = "";
    for (;;) {
      const character = this.#next();
      if (character === "\n") {
        if (isQuoted) throw this.#bad(-1);
        return value;
      }
      if (!isQuoted && SPACE.test(character)) {
        if (value !== "") space += character;
        continue;
      }
      if (!isQuoted && isCommentStart(character)) {
        this.#skipLine();
        return value;
      }
      value += space;
      space = "";
      if (character === '"') isQuoted = !isQuoted;
      else if (character === "\\") value += this.#escape();
      else value += character;
    }
  }

  #escape(): string {
    const character = this.#next();
    if (character === "\n") return "";
    const meaning = ESCAPES[character];
    if (meaning === undefined) throw this.#bad();
    return meaning;
  }

  #skipLine(): void {
    while (this.#next() !== "\n");
  }

  /** Takes a character; behind the last one there are only ends of lines. */
  #next(): string {
    const character = this.#text[this.#position++] ?? "\n";
    if (character === "\n") this.#line++;
    return character;
  }

  /** Whether the end of the file was taken for that of a line. */
  get #isAtEnd(): boolean {
    return this.#position > this.#text.length;
  }

  /** @param lines How far the wrong line is from the one that was reached. */
  #bad(lines = 0): ReftableError {
    const message = `bad config line ${this.#line + lines} in file ${this.#file}`;
    return new ReftableError("format", message, { file: this.#file });
  }
}

function isCommentStart(character: string): boolean {
  return character === "#" || character === ";";
}
