import type { Block } from "./block.ts";
import { RefValueType } from "./ref_record.ts";

/**
 * Finds a ref of a block that holds an object id or peels to it. Names are passed over, which takes a quarter of the
 * time of putting them together.
 *
 * @param start Where a record begins to search from.
 * @returns Where the record begins, `undefined` when there is none; −1 when a record does not fit into the block.
 */
export function findObject(
  { bytes, restartStart: end }: Block,
  start: number,
  oid: Uint8Array,
): number | undefined {
  const { length } = oid;
  const first = oid[0];
  for (let position = start; position < end;) {
    const record = position;
    // The length of what the name shares with the one before it is of no interest.
    while (bytes[position++]! >= 0x80);
    let byte = bytes[position++]!;
    let suffix = byte & 0x7f;
    while (byte >= 0x80) {
      byte = bytes[position++]!;
      // What has more than 31 bits does not fit, however it is cut.
      suffix = ((suffix + 1) << 7) | (byte & 0x7f);
      if (suffix < 0) return -1;
    }
    position += suffix >>> 3;
    while (bytes[position++]! >= 0x80);
    const valueType = suffix & 7;
    if (valueType === RefValueType.symref) {
      byte = bytes[position++]!;
      let target = byte & 0x7f;
      while (byte >= 0x80) {
        byte = bytes[position++]!;
        target = ((target + 1) << 7) | (byte & 0x7f);
        if (target < 0) return -1;
      }
      position += target;
      if (position > end) return -1;
      continue;
    }
    const value = position;
    position += valueType * length;
    if (valueType > RefValueType.symref || position > end) return -1;
    for (let id = value; id < position; id += length) {
      // One byte tells nearly always that it is not the one.
      if (bytes[id] !== first) continue;
      let i = 1;
      while (i < length && bytes[id + i] === oid[i]) i++;
      if (i === length) return record;
    }
  }
  return undefined;
}
