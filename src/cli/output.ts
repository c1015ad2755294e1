import { decodeText, encodeText } from "../bytes/text.ts";
import type { Problem } from "../errors.ts";
import type { System } from "./system.ts";

/** How much text to gather before it is written. */
const CHUNK = 0x10000;

/** Nobody reads our output any more. That is no error: `| head` does it. */
export class ClosedPipe extends Error {
  override readonly name = "ClosedPipe";
}

/**
 * Writes text to standard output in large pieces; names that are not UTF-8 come out as their bytes. A terminal gets no
 * control characters, as there is no telling who wrote what is shown.
 */
export class Output {
  #pending = "";
  readonly #system: System;
  readonly #isTerminal: boolean;

  /** Writes to the standard output of a system. */
  constructor(system: System) {
    this.#system = system;
    this.#isTerminal = system.isTerminal("stdout");
  }

  /** Writes some text, soon. */
  write(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= CHUNK) this.flush();
  }

  /** Writes bytes at once, behind all text. */
  writeBytes(bytes: Uint8Array): void {
    this.flush();
    if (this.#isTerminal) this.#writeText(decodeText(bytes));
    else this.#writeAll(bytes);
  }

  /**
   * Writes what was gathered.
   *
   * @throws {ClosedPipe} When nobody reads it.
   */
  flush(): void {
    const text = this.#pending;
    this.#pending = "";
    if (text !== "") this.#writeText(text);
  }

  #writeText(text: string): void {
    this.#writeAll(encodeText(this.#isTerminal ? printableText(text) : text));
  }

  #writeAll(bytes: Uint8Array): void {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(this.#system.write("stdout", rest));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new ClosedPipe();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Cannot write to standard output: ${reason}`, { cause: error });
    }
  }
}

/** Writes a text to standard error; that it cannot be written can be told to nobody. */
export function writeError(system: System, text: string): void {
  try {
    let rest: Uint8Array = encodeText(text);
    while (rest.length > 0) rest = rest.subarray(system.write("stderr", rest));
  } catch {
    // What went wrong is known from the exit code.
  }
}

/** Control characters but for tabs and newlines: what Git does not let a terminal obey. */
// deno-lint-ignore no-control-regex
const CONTROL_IN_MESSAGE = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Formats a message as Git does; in C, a text ends at its first NUL. */
export function formatMessage(prefix: string, message: string): string {
  const [text = ""] = message.split("\0", 1);
  return `${prefix === "" ? "" : `${prefix}: `}${text.replace(CONTROL_IN_MESSAGE, "?")}\n`;
}

/** Control characters, which a terminal would obey, and marks that turn the direction of what follows. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Spells the control characters of a line, so that it can be shown whatever stands in it. */
export function printable(line: string): string {
  return line.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    // As it is spelled in JSON, where those below 0x20 are spelled already.
    const [letter, digits] = code < 0x20 ? ["x", 2] as const : ["u", 4] as const;
    return `\\${letter}${code.toString(16).padStart(digits, "0")}`;
  });
}

/** The same but for newlines, tabs and NULs, and for sequences that do no more than colour what follows. */
const CONTROL_IN_TEXT =
  // deno-lint-ignore no-control-regex
  /\x1b(?!\[[0-9;]*m)|[\x01-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Spells the control characters of a text that goes to a terminal. */
export function printableText(text: string): string {
  return text.replace(CONTROL_IN_TEXT, printable);
}

/** Formats a problem as a line for people. */
export function formatProblem({ severity, file, offset, message, code }: Problem): string {
  const place = offset === undefined ? "" : ` offset ${offset}:`;
  return printable(`${severity}: ${file}:${place} ${message} (${code})`) + "\n";
}
