import { decodeText, encodeText } from "../bytes/text.ts";
import { printableText } from "./printable.ts";
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

/** Control characters, which a terminal would obey. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Formats a message as Git does; in C, a text ends at its first NUL. */
export function formatMessage(prefix: string, message: string): string {
  const [text = ""] = message.split("\0", 1);
  return `${prefix === "" ? "" : `${prefix}: `}${text.replace(CONTROL, "?")}\n`;
}
