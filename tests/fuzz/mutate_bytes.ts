/**
 * Changes of bytes about whose meaning nothing is known.
 *
 * @module
 */

import type { Random } from "./random.ts";

/** Numbers at which something happens. */
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffff, 0xffffff];

/** Writes a number with the highest byte first. */
export function putNumber(bytes: Uint8Array, place: number, size: number, value: number): void {
  let rest = value;
  for (let i = size - 1; i >= 0; i--) {
    if (place + i < bytes.length) bytes[place + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** A number of some bytes: one at which something happens, one near another, or any. */
export function anyNumber(random: Random, size: number, near: number): number {
  const limit = 256 ** size;
  switch (random.below(4)) {
    case 0:
      return random.pick(EDGES) % limit;
    case 1:
      return limit - 1 - random.size(Math.min(limit, 0x100));
    case 2:
      return Math.max(0, near + random.below(9) - 4) % limit;
    default:
      return random.size(Math.min(limit, 2 ** 52));
  }
}

/** Makes one change somewhere. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const { length } = bytes;
  const place = random.below(length + 1);
  const size = Math.min(length - place, 1 + random.size(64));
  switch (random.below(9)) {
    case 0:
    case 1: {
      const changed = bytes.slice();
      changed[place]! ^= 1 << random.below(8);
      return changed;
    }
    case 2:
    case 3: {
      const changed = bytes.slice();
      if (place < length) changed[place] = random.oneIn(2) ? random.pick(EDGES) : random.below(256);
      return changed;
    }
    case 4:
      return bytes.slice(0, place);
    case 5:
      return concat(bytes.subarray(0, place), bytes.subarray(place + size));
    case 6:
      return concat(bytes.subarray(0, place), random.bytes(size), bytes.subarray(place));
    case 7: {
      const from = random.below(length + 1);
      const piece = bytes.subarray(from, from + size);
      return concat(bytes.subarray(0, place), piece, bytes.subarray(place));
    }
    default: {
      const changed = bytes.slice();
      changed.fill(random.oneIn(2) ? 0 : random.below(256), place, place + size);
      return changed;
    }
  }
}

/** Puts bytes together. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}
