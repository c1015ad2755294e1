import { decodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";

/** A variable of a configuration file. */
export interface ConfigVariable {
  /** Its full name: section and key in lower case, a subsection between them as it is written. */
  readonly name: string;
  /** Its value; `undefined` when only the key is there, which means true. */
  readonly value: string | undefined;
  /** The file's path, for errors. */
  readonly file: string;
}

/**
 * Parses a configuration file by Git's rules.
 *
 * @param bytes The file's contents.
 * @param file The file's path, for errors.
 * @returns The variables in the order of the file; of the same name, the last one counts.
 * @throws {ReftableError} With code `"format"` naming the line that is wrong.
 */
export function parseConfig(bytes: Uint8Array, file: string): ConfigVariable[] {
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

  parse(): ConfigVariable[] {
    const variables: ConfigVariable[] = [];
    // A key that stands before all sections is a name by itself.
    let section = "";
    for (;;) {
      const character = this.#next();
      if (this.#isAtEnd) return variables;
      if (SPACE.test(character)) continue;
      if (isCommentStart(character)) this.#skipLine();
      else if (character === "[") section = `${this.#section()}.`;
      else if (/[A-Za-z]/.test(character)) variables.push(this.#variable(section, character));
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
    return { name: section + key.toLowerCase(), value, file: this.#file };
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

/** Finds the value of a variable; the last one of its name counts. */
export function lastValue(
  variables: readonly ConfigVariable[],
  name: string,
): ConfigVariable | undefined {
  return variables.findLast((variable) => variable.name === name);
}

/**
 * Reads a value as a boolean.
 *
 * @throws {ReftableError} With code `"format"` when it is none.
 */
export function configBoolean({ name, value, file }: ConfigVariable): boolean {
  if (value === undefined || /^(?:true|yes|on)$/i.test(value)) return true;
  if (/^(?:false|no|off|)$/i.test(value)) return false;
  const number = parseNumber(value);
  if (number !== undefined && fits(number, 32)) return number !== 0n;
  throw new ReftableError("format", `bad boolean config value '${value}' for '${name}'`, { file });
}

/** Which numbers a variable takes: those of 64 bits, with a sign or without. */
export type NumberKind = "signed" | "unsigned";

/**
 * Reads a value as a whole number as C writes it, which may end in `k`, `m` or `g`.
 *
 * @throws {ReftableError} With code `"format"` when it is none.
 */
export function configNumber({ name, value = "", file }: ConfigVariable, kind: NumberKind): number {
  const isRefused = kind === "unsigned" && value.includes("-");
  const number = isRefused ? undefined : parseNumber(value);
  if (number !== undefined && fits(number, 64, kind)) return Number(number);
  const reason = number === undefined ? "invalid unit" : "out of range";
  const message = `bad numeric config value '${value}' for '${name}' in file ${file}: ${reason}`;
  throw new ReftableError("format", message, { file });
}

const UNITS: Readonly<Record<string, bigint>> = {
  "": 1n,
  k: 1n << 10n,
  m: 1n << 20n,
  g: 1n << 30n,
};

function parseNumber(value: string): bigint | undefined {
  const parts = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)([kmg]?)$/i.exec(value);
  if (!parts) return undefined;
  const [, sign, digits = "", unit = ""] = parts;
  // A zero in front makes the digits octal.
  const number = BigInt(digits.replace(/^0(?=[0-7])/, "0o")) * UNITS[unit.toLowerCase()]!;
  return sign === "-" ? -number : number;
}

function fits(number: bigint, bits: number, kind: NumberKind = "signed"): boolean {
  return number === (kind === "signed" ? BigInt.asIntN : BigInt.asUintN)(bits, number);
}
