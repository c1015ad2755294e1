import { ByteReader } from "../bytes/byte_reader.ts";
import type { BlockCursor } from "./block_cursor.ts";

/**
 * Decodes the positions of the ref blocks that mention the object which a cursor in an object block
 * stands on.
 *
 * @returns The positions in ascending order, in bytes from the start of the file, or `undefined`
 * when the record says that all refs must be scanned.
 */
export function decodeObjectPositions(cursor: BlockCursor): number[] | undefined {
  const reader = new ByteReader(cursor.block.bytes, cursor.valueStart, cursor.valueEnd);
  const count = cursor.valueType === 0 ? reader.varint() : cursor.valueType;
  if (count === 0) return undefined;
  const positions: number[] = [];
  let position = 0;
  for (let i = 0; i < count; i++) {
    position += reader.varint();
    positions.push(position);
  }
  return positions;
}
