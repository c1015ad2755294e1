import { ByteReader } from "../bytes/byte_reader.ts";
import type { BlockCursor } from "./block_cursor.ts";

/**
 * Decodes the position of the block whose last key is the one a cursor in an index block
 * stands on.
 *
 * @returns Bytes from the start of the file.
 */
export function decodeIndexPosition(cursor: BlockCursor): number {
  return new ByteReader(cursor.block.bytes, cursor.valueStart, cursor.valueEnd).varint();
}
