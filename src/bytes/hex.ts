/** Object ids are bytes in a table and lower-case hexadecimal digits for people. */

/** Both digits of each byte value as two ASCII codes, in the order a 16-bit store puts them. */
const DIGITS = new Uint16Array(256);
{
  const bytes = new Uint8Array(DIGITS.buffer);
  for (let value = 0; value < 256; value++) {
    const digits = value.toString(16).padStart(2, "0");
    bytes[2 * value] = digits.charCodeAt(0);
    bytes[2 * value + 1] = digits.charCodeAt(1);
  }
}

/**
 * Writes the digits of some bytes, two at a time.
 *
 * @param target Receives one element for each byte; its bytes are the ASCII digits.
 * @param position The first element to write.
 * @returns The position behind the last element written.
 */
export function putHex(
  target: Uint16Array,
  position: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  for (let i = start; i < end; i++) target[position++] = DIGITS[bytes[i]!]!;
  return position;
}

const decoder = new TextDecoder();
const scratch = new Uint16Array(32);
const scratchBytes = new Uint8Array(scratch.buffer);

/** Formats bytes as lower-case hexadecimal digits. */
export function encodeHex(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  const count = end - start;
  if (count <= scratch.length) {
    putHex(scratch, 0, bytes, start, end);
    return decoder.decode(scratchBytes.subarray(0, 2 * count));
  }
  const digits = new Uint16Array(count);
  putHex(digits, 0, bytes, start, end);
  return decoder.decode(digits);
}

/** The value of each digit by its ASCII code; 255 for what is no digit. */
const VALUES = new Uint8Array(128).fill(255);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  VALUES[digit.charCodeAt(0)] = value;
  VALUES[digit.toUpperCase().charCodeAt(0)] = value;
}

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
 * Parses hexadecimal digits of either case.
 *
 * @returns The bytes, or `undefined` when a character is no digit or their number is odd.
 */
export function decodeHex(digits: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(Math.floor(digits.length / 2));
  return decodeHexInto(digits, bytes, 0, bytes.length) ? bytes : undefined;
}
