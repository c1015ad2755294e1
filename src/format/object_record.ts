import { ByteReader } from "../bytes/numbers.ts";
import { damagedRecord } from "./block.ts";
import type { BlockCursor } from "./block_cursor.ts";

/**
 * Decodes the positions of the ref blocks that mention the object which a cursor in an object block
 * stands on.
 *
 * @returns The positions in ascending order, in bytes from the start of the file, or `undefined`
 * when the record says that all refs must be scanned.
 * @throws {ReftableError} With code `"format"` when they do not ascend.
 */
export function decodeObjectPositions(cursor: BlockCursor): number[] | undefined {
  const reader = new ByteReader(cursor.block.bytes, cursor.valueStart, cursor.valueEnd);
  const count = cursor.valueType === 0 ? reader.varint() : cursor.valueType;
  if (count === 0) return undefined;
  const positions: number[] = [];
  let position = 0;
  for (let i = 0; i < count; i++) {
    const distance = reader.varint();
    if (i > 0 && distance === 0) {
      throw positionsDoNotAscend(cursor);
    }
    position += distance;
    positions.push(position);
  }
  return positions;
}

/** Makes the error for an object whose positions do not ascend. */
export function positionsDoNotAscend({ block, valueStart }: BlockCursor): Error {
  return damagedRecord(block, valueStart, "its positions do not ascend", "object");
}
