/** Numbers as reftable stores them: most significant byte first. */

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
