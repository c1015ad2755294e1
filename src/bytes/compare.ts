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
