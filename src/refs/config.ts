import { decodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";

/** A variable of a configuration file. */
export interface ConfigVariable {
  /** Its full name: section and key in lower case, a subsection between them as it is written. */
  readonly name: string;
  /** Its value; `undefined` when only the key is there, which means true. */
  readonly value: string | undefined;
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

class ConfigParser {
  readonly #text: string;
  readonly #file: string;
  #position = 0;

  constructor(text: string, file: string) {
    this.#text = text.replaceAll("\r\n", "\n");
    this.#file = file;
  }

  parse(): ConfigVariable[] {
    const variables: ConfigVariable[] = [];
    let section: string | undefined;
    for (;;) {
      this.#match(/(?:\s|[#;][^\n]*)*/y);
      if (this.#position >= this.#text.length) return variables;
      if (this.#match(/\[/y)) {
        section = this.#sectionName();
        continue;
      }
      const key = this.#match(/[A-Za-z][A-Za-z0-9-]*/y)?.[0];
      if (key === undefined || section === undefined) throw this.#bad();
      this.#match(/[ \t]*/y);
      const value = this.#match(/=/y) ? this.#value() : undefined;
      // A key alone must have its line to itself.
      if (value === undefined && !this.#match(/[#;][^\n]*|(?=\n)|$/y)) throw this.#bad();
      variables.push({ name: `${section}.${key.toLowerCase()}`, value });
    }
  }

  /** What stands between the brackets; the old form `[section.sub]` is not case-sensitive. */
  #sectionName(): string {
    const name = this.#match(/[A-Za-z0-9.-]+/y)?.[0].toLowerCase();
    if (name === undefined) throw this.#bad();
    if (this.#match(/\]/y)) return name;
    const quoted = this.#match(/[ \t]+"((?:[^"\\\n]|\\[^\n])*)"\]/y);
    if (!quoted) throw this.#bad();
    return `${name}.${quoted[1]!.replace(/\\(.)/g, "$1")}`;
  }

  #value(): string {
    let value = "";
    let isQuoted = false;
    // White space counts only when something follows it, or when it is quoted.
    let space = "";
    this.#match(/[ \t]*/y);
    for (;;) {
      const character = this.#text[this.#position++];
      if (character === undefined || character === "\n") {
        if (isQuoted) throw this.#bad(-1);
        return value;
      }
      if (!isQuoted && (character === " " || character === "\t")) {
        space += character;
        continue;
      }
      if (!isQuoted && (character === "#" || character === ";")) {
        this.#match(/[^\n]*/y);
        continue;
      }
      value += space;
      space = "";
      if (character === '"') isQuoted = !isQuoted;
      else if (character === "\\") value += this.#escape();
      else value += character;
    }
  }

  #escape(): string {
    const character = this.#text[this.#position++];
    if (character === "\n") return "";
    const meaning = character === undefined ? undefined : ESCAPES[character];
    if (meaning === undefined) throw this.#bad(-1);
    return meaning;
  }

  /** Takes what a sticky expression matches here. */
  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#position;
    const match = expression.exec(this.#text);
    if (!match) return undefined;
    this.#position = expression.lastIndex;
    return match;
  }

  #bad(offset = 0): ReftableError {
    const line = this.#text.slice(0, this.#position + offset).split("\n").length;
    return new ReftableError("format", `bad config line ${line} in file ${this.#file}`, {
      file: this.#file,
    });
  }
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
export function configBoolean({ name, value }: ConfigVariable): boolean {
  if (value === undefined || /^(?:true|yes|on)$/i.test(value)) return true;
  if (/^(?:false|no|off|)$/i.test(value)) return false;
  if (/^[+-]?\d+[kmg]?$/i.test(value)) return configNumber({ name, value }) !== 0;
  throw new ReftableError("format", `bad boolean config value '${value}' for '${name}'`);
}

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/**
 * Reads a value as a whole number, which may end in `k`, `m` or `g`.
 *
 * @throws {ReftableError} With code `"format"` when it is none.
 */
export function configNumber({ name, value }: ConfigVariable): number {
  const [, digits, unit = ""] = /^\s*([+-]?\d+)([kmg]?)$/i.exec(value ?? "") ?? [];
  if (digits !== undefined) return Number(digits) * UNITS[unit.toLowerCase()]!;
  throw new ReftableError(
    "format",
    `bad numeric config value '${value ?? ""}' for '${name}': invalid unit`,
  );
}
