import { decodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import { type HashName, hashSize } from "../../format/hash.ts";

const NEWLINE = 0x0a;
const SPACE = 0x20;
const CARET = 0x5e;

/**
 * Walks the lines of a `packed-refs` file, without its header, and without making anything of them: it knows where each name and each object
 * id is.
 */
export class PackedRefsCursor {
  /** The bytes of the lines. */
  readonly bytes: Uint8Array;
  /** Where the digits of the object id begin. */
  oidStart = 0;
  /** Where the name begins. */
  nameStart = 0;
  /** Where the name ends. */
  nameEnd = 0;
  /** Where the digits of what a tag leads to begin; −1 when they are not told. */
  peeledStart = -1;
  /** Where the ref's line, or the one of what it leads to, ends. */
  end = 0;
  readonly #digits: number;
  readonly #file: string;

  /** @param file The file's path, for errors. */
  constructor(bytes: Uint8Array, hash: HashName, file: string) {
    this.bytes = bytes;
    this.#digits = 2 * hashSize(hash);
    this.#file = file;
  }

  /**
   * Goes to the next ref.
   *
   * @throws {ReftableError} With code `"format"` when its line is damaged. That the digits of object ids are digits is
   * left to whoever reads them.
   */
  next(): boolean {
    const { bytes } = this;
    if (this.end >= bytes.length) return false;
    const digits = this.#digits;
    this.oidStart = this.end;
    this.nameStart = this.oidStart + digits + 1;
    this.nameEnd = this.#lineEnd(this.nameStart);
    if (this.nameEnd === this.nameStart || bytes[this.nameStart - 1] !== SPACE) {
      this.refuse();
    }
    this.end = this.nameEnd + 1;
    this.peeledStart = -1;
    if (bytes[this.end] === CARET) {
      this.peeledStart = this.end + 1;
      const end = this.peeledStart + digits;
      if (bytes[end] !== NEWLINE) this.#refuse(this.end);
      this.end = end + 1;
    }
    return true;
  }

  /** Says that the ref's line is damaged. */
  refuse(): never {
    this.#refuse(this.oidStart);
  }

  /** Finds a newline. Lines are so short that this is faster than to ask for it. */
  #lineEnd(start: number): number {
    const { bytes } = this;
    let end = start;
    while (end < bytes.length && bytes[end] !== NEWLINE) end++;
    if (end >= bytes.length) this.#refuse(start);
    return end;
  }

  #refuse(start: number): never {
    const { bytes } = this;
    const begin = Math.min(start, this.end);
    const end = bytes.indexOf(NEWLINE, begin);
    const line = decodeText(bytes, begin, end < 0 ? bytes.length : end);
    const what = end < 0 ? "unterminated" : "unexpected";
    const message = `${what} line in ${this.#file}: ${line}`;
    throw new ReftableError("format", message, { file: this.#file, offset: begin });
  }
}
