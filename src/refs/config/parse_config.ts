import { decodeText } from "../../bytes/text.ts";
import { ReftableError, type ReftableErrorCode } from "../../errors.ts";
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

/**
 * Reads a value as a boolean.
 *
 * @throws {ReftableError} With code `"format"` when it is none.
 */
export function configBoolean({ name, value, file }: ConfigVariable): boolean {
  const boolean = value === undefined ? true : parseBoolean(value);
  if (boolean !== undefined) return boolean;
  throw new ReftableError("format", `bad boolean config value '${value}' for '${name}'`, { file });
}

/** Reads a boolean, written as a word or as a number of 32 bits; `undefined` when it is none. */
export function parseBoolean(text: string): boolean | undefined {
  if (/^(?:true|yes|on)$/i.test(text)) return true;
  if (/^(?:false|no|off|)$/i.test(text)) return false;
  const number = parseNumber(text);
  return number !== undefined && fits(number, 32, true) ? number !== 0n : undefined;
}

/** Which numbers a variable takes: those of 32 bits with a sign, or of 64 bits with a sign or without. */
export type NumberKind = "int" | "signed" | "unsigned";

/**
 * Reads a value as a whole number as C writes it, which may end in `k`, `m` or `g`.
 *
 * @throws {ReftableError} With code `"format"` when it is none.
 */
export function configNumber({ name, value = "", file }: ConfigVariable, kind: NumberKind): number {
  const isRefused = kind === "unsigned" && value.includes("-");
  const number = isRefused ? undefined : parseNumber(value);
  const bits = kind === "int" ? 32 : 64;
  if (number !== undefined && fits(number, bits, kind !== "unsigned")) return Number(number);
  const reason = number === undefined ? "invalid unit" : "out of range";
  const place = file === undefined ? "" : ` in file ${file}`;
  const message = `bad numeric config value '${value}' for '${name}'${place}: ${reason}`;
  throw new ReftableError("format", message, { file });
}

/**
 * Reads a value as a string.
 *
 * @throws {ReftableError} With code `"format"` when only the key is there.
 */
export function configString(variable: ConfigVariable): string {
  if (variable.value !== undefined) return variable.value;
  throw badVariable(variable, `missing value for '${variable.name}'`);
}

/** Says why the value of a variable is refused, and where it stands. */
function badVariable({ name, file, line }: ConfigVariable, reason: string): ReftableError {
  const place = file === undefined
    ? `unable to parse '${name}' from command-line config`
    : `bad config variable '${name}' in file '${file}' at line ${line}`;
  return new ReftableError("format", `${reason}\n${place}`, { file });
}

/** Says why what stands in a place cannot be read. */
export function badLine(
  { file, line }: Pick<ConfigVariable, "file" | "line">,
  reason: string,
  code: ReftableErrorCode = "format",
): ReftableError {
  const place = file === undefined
    ? "unable to parse command-line config"
    : `bad config line ${line} in file ${file}`;
  return new ReftableError(code, `${reason}\n${place}`, { file });
}

/** How many bits a unit shifts a number by. */
const UNITS: Readonly<Record<string, number>> = { "": 0, k: 10, m: 20, g: 30 };

function parseNumber(value: string): bigint | undefined {
  const parts = /^[\t-\r ]*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)([kmg]?)$/i.exec(value);
  if (!parts) return undefined;
  const [, sign, digits = "", unit = ""] = parts;
  // A zero in front makes the digits octal.
  const number = BigInt(digits.replace(/^0(?=[0-7])/, "0o")) << BigInt(UNITS[unit.toLowerCase()]!);
  return sign === "-" ? -number : number;
}

function fits(number: bigint, bits: number, isSigned: boolean): boolean {
  return number === (isSigned ? BigInt.asIntN : BigInt.asUintN)(bits, number);
}

/**
 * Brings the name of a variable into the form in which names are compared: sections and keys are not
 * case-sensitive, what stands between them is.
 */
export function canonicalKey(name: string): string {
  const [section, subsection, key] = splitConfigKey(name);
  return section.toLowerCase() + subsection + key.toLowerCase();
}

/**
 * Takes the name of a variable apart.
 *
 * @returns The section, the subsection with the dot before it if there is one, and the dot and the key.
 */
export function splitConfigKey(name: string): [section: string, subsection: string, key: string] {
  const lastDot = name.lastIndexOf(".");
  const firstDot = name.indexOf(".");
  if (firstDot < 0) return [name, "", ""];
  return [name.slice(0, firstDot), name.slice(firstDot, lastDot), name.slice(lastDot)];
}

/**
 * Puts the user's directory in place of `~` at the beginning of a path.
 *
 * @returns The path; `undefined` when it begins with the directory of a user who is not known.
 */
export function expandHome(path: string, home: string | undefined): string | undefined {
  if (!path.startsWith("~")) return path;
  if (home === undefined || !/^~(?:\/|$)/.test(path)) return undefined;
  return home + path.slice(1);
}

/**
 * Reads a value as a path.
 *
 * @param home The user's directory, if it is known.
 * @throws {ReftableError} With code `"format"` when it is none.
 */
export function expandPath(variable: ConfigVariable, home: string | undefined): string {
  const value = configString(variable);
  const path = expandHome(value, home);
  if (path !== undefined) return path;
  const message = `failed to expand user dir in: '${value}'`;
  throw new ReftableError("format", message, { file: variable.file });
}
