/** Object ids are bytes in a table and lower-case hexadecimal digits for people. */

/** Buffers of the lengths that object ids have. */
const SHA1_SCRATCH = new Uint8Array(20);
const SHA256_SCRATCH = new Uint8Array(32);

/** Formats bytes as lower-case hexadecimal digits. */
export function encodeHex(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  const length = end - start;
  if (length !== 20 && length !== 32) return toHex(bytes.subarray(start, end));
  const scratch = length === 20 ? SHA1_SCRATCH : SHA256_SCRATCH;
  // To copy an object id costs less than to make a view of it.
  for (let i = start; i < end; i++) scratch[i - start] = bytes[i]!;
  return toHex(scratch);
}

/** All of `Uint8Array.prototype.toHex`, which not every browser has yet. */
function toHex(bytes: Uint8Array): string {
  if (bytes.toHex) return bytes.toHex();
  let digits = "";
  for (const byte of bytes) digits += byte.toString(16).padStart(2, "0");
  return digits;
}

/**
 * Gives the four digits of a pair of bytes, in ASCII, both as big-endian numbers: who writes very many digits takes
 * four at a time, and has no table in the way of what else is cached.
 */
export function digitsOfPair(pair: number): number {
  // Each digit gets a byte of its own; those from 10 on carry when 6 is added, and lie 39 behind the others.
  let digits = (pair | (pair << 8)) & 0x00ff00ff;
  digits = (digits | (digits << 4)) & 0x0f0f0f0f;
  const letters = ((digits + 0x06060606) >>> 4) & 0x01010101;
  return digits + 0x30303030 + Math.imul(letters, 39);
}

/** The value of each digit by its ASCII code; 255 for what is no digit. */
const VALUES = new Uint8Array(128).fill(255);
for (let value = 0; value < 10; value++) VALUES[0x30 + value] = value;
for (let value = 10; value < 16; value++) VALUES[0x37 + value] = VALUES[0x57 + value] = value;

/**
 * Parses hexadecimal digits of either case into an array.
 *
 * @param position Where the bytes go.
 * @param length How many bytes the digits must be.
 * @returns False when there are more or fewer, or a character is no digit.
 */
export function decodeHexInto(
  digits: string,
  target: Uint8Array,
  position: number,
  length: number,
): boolean {
  if (digits.length !== 2 * length) return false;
  let seen = 0;
  for (let i = 0; i < length; i++) {
    // A character beyond ASCII reads undefined, which is no digit either.
    const high = VALUES[digits.charCodeAt(2 * i)] ?? 255;
    const low = VALUES[digits.charCodeAt(2 * i + 1)] ?? 255;
    seen |= high | low;
    target[position + i] = (high << 4) | low;
  }
  return seen < 16;
}

/**
 * Parses hexadecimal digits of either case that stand in an array as ASCII.
 *
 * @param start Where the digits begin.
 * @param position Where the bytes go.
 * @param length How many bytes the digits make.
 * @returns False when a byte is no digit, or the array ends.
 */
export function decodeHexDigits(
  digits: Uint8Array,
  start: number,
  target: Uint8Array,
  position: number,
  length: number,
): boolean {
  let seen = 0;
  for (let i = 0; i < length; i++) {
    const high = VALUES[digits[start + 2 * i]!] ?? 255;
    const low = VALUES[digits[start + 2 * i + 1]!] ?? 255;
    seen |= high | low;
    target[position + i] = (high << 4) | low;
  }
  return seen < 16;
}

/**
 * Formats bytes as lower-case hexadecimal digits in ASCII.
 *
 * @param position Where the digits go.
 * @returns The position behind them.
 */
export function encodeHexInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): number {
  for (let i = start; i < end; i++) {
    const digits = digitsOfPair(bytes[i]!);
    target[position++] = (digits >>> 8) & 0xff;
    target[position++] = digits & 0xff;
  }
  return position;
}
