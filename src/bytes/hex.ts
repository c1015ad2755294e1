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

/** The value of a digit's ASCII code, or −1. */
function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  if (lower >= 0x61 && lower <= 0x66) return lower - 0x57;
  return -1;
}

/**
 * Parses hexadecimal digits of either case.
 *
 * @returns The bytes, or `undefined` when a character is no digit or their number is odd.
 */
export function decodeHex(digits: string): Uint8Array<ArrayBuffer> | undefined {
  if (digits.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = digitValue(digits.charCodeAt(2 * i));
    const low = digitValue(digits.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}
