/**
 * The variable-length numbers of reftable are the "offset" varints of Git's pack files: seven bits a
 * byte, most significant first, and each continuation adds one, so that no value has two encodings.
 *
 * Values are JavaScript numbers up to 2^53 − 1; a larger one cannot be told apart from its
 * neighbours and is refused.
 */

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
