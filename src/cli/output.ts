import { encodeText } from "../bytes/text.ts";

/** How much text to gather before it is written. */
const CHUNK = 0x10000;

/** Nobody reads our output any more. That is no error: `| head` does it. */
export class ClosedPipe extends Error {
  override readonly name = "ClosedPipe";
}

/** Writes text to standard output in large pieces; names that are not UTF-8 come out as their bytes. */
export class Output {
  #pending = "";

  /** Writes some text, soon. */
  write(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= CHUNK) this.flush();
  }

  /**
   * Writes what was gathered.
   *
   * @throws {ClosedPipe} When nobody reads it.
   */
  flush(): void {
    let bytes = encodeText(this.#pending);
    this.#pending = "";
    try {
      while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new ClosedPipe();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Cannot write to standard output: ${reason}`, { cause: error });
    }
  }
}
