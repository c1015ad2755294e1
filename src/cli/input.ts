import { decodeText } from "../bytes/text.ts";
import type { System } from "./system.ts";

/** How many bytes to read at once: each time something is read, others have their turn first. */
const CHUNK = 0x100000;

/**
 * The lines of standard input, where names that are not UTF-8 may stand as their bytes.
 */
export async function* readLines(system: System): AsyncGenerator<string, void> {
  const records = new Records(system, "\n");
  for (let line; (line = await records.next()) !== undefined;) {
    yield line.endsWith("\n") ? line.slice(0, -1) : line;
  }
}

/**
 * What stands on standard input, each part with the character that ends it, but perhaps the last. Parts
 * come as soon as they are there, so that another program can wait for the answer to each.
 */
export class Records {
  readonly #system: System;
  readonly #terminator: "\n" | "\0";
  readonly #buffer = new Uint8Array(CHUNK);
  /** Parts that are whole. */
  #text = "";
  #position = 0;
  /** What was read of the next one. */
  #begun: Uint8Array[] = [];
  #isAtEnd = false;

  constructor(system: System, terminator: "\n" | "\0") {
    this.#system = system;
    this.#terminator = terminator;
  }

  /** The next part, if it was read already: there may be very many, and to wait for each takes longer than it. */
  take(): string | undefined {
    const end = this.#text.indexOf(this.#terminator, this.#position) + 1;
    if (end === 0) return undefined;
    const record = this.#text.slice(this.#position, end);
    this.#position = end;
    return record;
  }

  /** The next part; `undefined` when there are no more. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const record = this.take();
      if (record !== undefined) return record;
      if (this.#isAtEnd) return this.#takeLast();
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    const count = await this.#system.read(this.#buffer);
    this.#isAtEnd = count === null;
    const bytes = this.#buffer.subarray(0, count ?? 0);
    const end = bytes.lastIndexOf(this.#terminator.charCodeAt(0)) + 1;
    if (end > 0) {
      this.#text = decodeText(concat([...this.#begun, bytes.subarray(0, end)]));
      this.#position = 0;
      this.#begun = [];
    }
    if (end < bytes.length) this.#begun.push(bytes.slice(end));
  }

  /** What stands behind the last character that ends a part. */
  #takeLast(): string | undefined {
    const last = decodeText(concat(this.#begun));
    this.#begun = [];
    return last === "" ? undefined : last;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
