import { type Block, BlockType } from "../format/block.ts";
import type { BlockCursor } from "../format/block_cursor.ts";
import { damaged } from "../format/damage.ts";
import { decodeIndexPosition } from "../format/index_record.ts";
import type { Io } from "../io/io.ts";
import type { BlockLoader } from "./block_loader.ts";
import type { Section } from "./layout.ts";

/**
 * Moves a cursor to the first record of a section whose key is not below `key`, through the section's
 * index when it has one.
 *
 * @returns False when there is no such record; the cursor then stands somewhere.
 * @throws {ReftableError} With code `"format"` when a block on the way is damaged, or an index
 * does not lead where it says.
 */
export function* search(
  loader: BlockLoader,
  section: Section,
  key: Uint8Array,
  cursor: BlockCursor,
): Io<boolean> {
  const { index, start, type } = section;
  if (index === 0) return yield* searchBlocks(loader, section, type, start, key, cursor);
  // The last level of an index may consist of several blocks.
  if (!(yield* searchBlocks(loader, section, BlockType.index, index, key, cursor))) return false;
  while (cursor.block.type === BlockType.index) {
    const parent = cursor.block;
    const offset = decodeIndexPosition(cursor);
    // Each level lies before the next, so a search ends however the index is damaged.
    if (offset < start || offset >= parent.offset) {
      throw misled(loader, parent, `offset ${offset}, expected one before ${parent.offset}`);
    }
    // A cached block is worth the question: to begin another generator costs more than to search it.
    const block = loader.cached(offset) ?? (yield* loader.load(offset));
    if (block.type !== type && block.type !== BlockType.index) {
      throw misled(loader, parent, `a block of type ${block.type} at offset ${offset}`);
    }
    cursor.jump(block);
    if (!cursor.seek(key)) {
      throw misled(loader, parent, `offset ${offset}, where all keys are below the one it names`);
    }
  }
  return true;
}

/** Looks through blocks that follow each other; git writes no index for three blocks or fewer. */
function* searchBlocks(
  loader: BlockLoader,
  section: Section,
  type: BlockType,
  start: number,
  key: Uint8Array,
  cursor: BlockCursor,
): Io<boolean> {
  for (let offset = start; offset < section.end;) {
    const block = loader.cached(offset) ?? (yield* loader.load(offset));
    if (block.type !== type) {
      if (offset !== start) return false;
      throw wrongType(loader, block, type);
    }
    cursor.jump(block);
    if (cursor.seek(key)) return true;
    offset = block.nextOffset;
  }
  return false;
}

function misled(loader: BlockLoader, index: Block, where: string): Error {
  const finding = `index block at offset ${index.offset} leads to ${where}`;
  return damaged(loader.layout.file, index.offset, finding);
}

/** Makes the error for a block that is not of the kind which belongs there. */
export function wrongType(loader: BlockLoader, block: Block, expected: BlockType): Error {
  const letter = (type: BlockType) => JSON.stringify(String.fromCharCode(type));
  return damaged(
    loader.layout.file,
    block.offset,
    `block at offset ${block.offset} has type ${letter(block.type)}, expected ${letter(expected)}`,
  );
}
