/**
 * Byte strings and how they compare, and numbers as reftable stores them: of a fixed size, most significant byte first,
 * or of a variable one.
 *
 * Varints are the "offset" varints of Git's pack files: seven bits a byte, most significant first, and each
 * continuation adds one, so that no value has two encodings. Values are JavaScript numbers up to 2^53 − 1; a larger one
 * cannot be told apart from its neighbours and is refused.
 *
 * @module
 */

/**
 * Counts the bytes that two byte strings share at their start.
 *
 * @param from Bytes before this position are known to be equal and are not looked at.
 */
export function commonPrefixLength(
  a: Uint8Array,
  aLength: number,
  b: Uint8Array,
  bLength: number,
  from = 0,
): number {
  const end = aLength < bLength ? aLength : bLength;
  let position = from;
  while (position < end && a[position] === b[position]) position++;
  return position;
}

/**
 * Compares two byte strings by byte value, as Git's `memcmp` does; a prefix sorts before what it is a
 * prefix of.
 *
 * @returns A number below, equal to or above 0.
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const position = commonPrefixLength(a, a.length, b, b.length);
  if (position < a.length && position < b.length) return a[position]! - b[position]!;
  return a.length - b.length;
}

/** Tells whether the first `length` bytes of `key` start with `prefix`. */
export function startsWithBytes(key: Uint8Array, length: number, prefix: Uint8Array): boolean {
  return commonPrefixLength(key, length, prefix, prefix.length) === prefix.length;
}

/** Reads a 16-bit unsigned number. */
export function getUint16(bytes: Uint8Array, position: number): number {
  return (bytes[position]! << 8) | bytes[position + 1]!;
}

/** Reads a 24-bit unsigned number. */
export function getUint24(bytes: Uint8Array, position: number): number {
  return (bytes[position]! << 16) | (bytes[position + 1]! << 8) | bytes[position + 2]!;
}

/** Reads a 32-bit unsigned number. */
export function getUint32(bytes: Uint8Array, position: number): number {
  return getUint16(bytes, position) * 0x10000 + getUint16(bytes, position + 2);
}

/**
 * Reads a 64-bit unsigned number.
 *
 * @returns The number, or `undefined` when it is above 2^53 − 1.
 */
export function getUint64(bytes: Uint8Array, position: number): number | undefined {
  const high = getUint32(bytes, position);
  if (high > 0x1fffff) return undefined;
  return high * 0x100000000 + getUint32(bytes, position + 4);
}

/** Writes a 16-bit unsigned number. */
export function putUint16(target: Uint8Array, position: number, value: number): void {
  target[position] = value >>> 8;
  target[position + 1] = value;
}

/** Writes a 24-bit unsigned number. */
export function putUint24(target: Uint8Array, position: number, value: number): void {
  target[position] = value >>> 16;
  putUint16(target, position + 1, value);
}

/** Writes a 32-bit unsigned number. */
export function putUint32(target: Uint8Array, position: number, value: number): void {
  putUint16(target, position, value >>> 16);
  putUint16(target, position + 2, value);
}

/** Writes a number up to 2^53 − 1 as 64 bits. */
export function putUint64(target: Uint8Array, position: number, value: number): void {
  putUint32(target, position, Math.floor(value / 0x100000000));
  putUint32(target, position + 4, value % 0x100000000);
}

/** The most bytes that a varint of a number up to 2^53 − 1 takes. */
export const MAX_VARINT_LENGTH = 8;

/**
 * Tells how many bytes {@linkcode putVarint} writes.
 *
 * @param value A whole number from 0 to 2^53 − 1.
 * @returns The length in bytes, 1 to 8.
 */
export function varintLength(value: number): number {
  let length = 1;
  while (value >= 0x80) {
    value = Math.floor(value / 0x80) - 1;
    length++;
  }
  return length;
}

/**
 * Writes a number as a varint.
 *
 * @param target The bytes to write to; they must have room.
 * @param position Where to start.
 * @param value A whole number from 0 to 2^53 − 1.
 * @returns The position behind the number.
 */
export function putVarint(target: Uint8Array, position: number, value: number): number {
  if (value < 0x80) {
    target[position] = value;
    return position + 1;
  }
  const end = position + varintLength(value);
  let last = end - 1;
  target[last] = value & 0x7f;
  while (value >= 0x80) {
    value = Math.floor(value / 0x80) - 1;
    target[--last] = 0x80 | (value & 0x7f);
  }
  return end;
}

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

  /** Reads a varint; see {@linkcode putVarint}. */
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
