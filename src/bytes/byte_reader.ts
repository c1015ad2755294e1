/**
 * Owns bytes and a position in them, for decoding. Reading beyond the end never throws: it sets
 * {@linkcode ByteReader.failed}, so that a decoder can read a whole record and check once.
 *
 * The fields are public and mutable because the hot loops of the block cursor work on them.
 */
export class ByteReader {
  /** The bytes to read from. */
  bytes: Uint8Array;
  /** The next byte to read. */
  position: number;
  /** Reading stops before this position. */
  end: number;
  /** True once something did not fit, or a number was above 2^53 − 1. */
  failed = false;

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  /** Reads a varint; see `varint.ts`. */
  varint(): number {
    const { bytes, end } = this;
    let position = this.position;
    if (position >= end) return this.#fail();
    let byte = bytes[position++]!;
    let value = byte & 0x7f;
    while (byte & 0x80) {
      if (position >= end) return this.#fail();
      byte = bytes[position++]!;
      // Multiplied, not shifted: shifting would cut the value to 32 bits.
      value = (value + 1) * 0x80 + (byte & 0x7f);
      if (value > Number.MAX_SAFE_INTEGER) return this.#fail();
    }
    this.position = position;
    return value;
  }

  /** Passes over `count` bytes and returns the position where they start. */
  skip(count: number): number {
    const start = this.position;
    if (count > this.end - start) return this.#fail();
    this.position = start + count;
    return start;
  }

  #fail(): number {
    this.failed = true;
    return 0;
  }
}
