import { getUint16, getUint24 } from "../bytes/bytes.ts";
import { damaged, type ProblemCode, type ReftableError } from "../errors.ts";

/** The kinds of blocks, each by the byte it begins with. */
export const BlockType = {
  /** "r": refs by name. */
  ref: 0x72,
  /** "o": objects, each with the ref blocks that mention it. */
  object: 0x6f,
  /** "i": the last key and the position of other blocks. */
  index: 0x69,
  /** "g": log entries by ref name, newest first. */
  log: 0x67,
} as const;

/** One of the kinds of blocks. */
export type BlockType = (typeof BlockType)[keyof typeof BlockType];

/** The longest block: its length is stored in 24 bits. */
export const MAX_BLOCK_SIZE = 0xffffff;

/** The type byte and the 24-bit length before a block's records. */
export const BLOCK_HEADER_SIZE = 4;

/** Tells whether a byte begins a block. */
export function isBlockType(byte: number | undefined): byte is BlockType {
  return byte === BlockType.ref || byte === BlockType.log || byte === BlockType.index ||
    byte === BlockType.object;
}

/** A block, checked as far as its frame goes: what lies between is checked while it is read. */
export interface Block {
  /** The name of the table it came from, for errors. */
  readonly file: string;
  /** Where it begins in the file; the first block includes the file's header. */
  readonly offset: number;
  /** Its kind. */
  readonly type: BlockType;
  /** Its bytes from its beginning, without padding; those of a log block inflated. */
  readonly bytes: Uint8Array;
  /** Where in `bytes` the first record begins. */
  readonly start: number;
  /** Where in `bytes` the records end and the restart table begins. */
  readonly restartStart: number;
  /** How many restarts there are, at least one. */
  readonly restartCount: number;
  /** Where in the file the next block, or the footer, begins. */
  readonly nextOffset: number;
}

/**
 * Puts the frame around a block's bytes and checks its restart table's size.
 *
 * @param file The table's name.
 * @param offset Where the block begins in the file.
 * @param headerOffset The size of the file's header in the first block, else 0.
 * @param bytes The block without padding, a log block inflated.
 * @param nextOffset Where the next block begins in the file.
 * @throws {ReftableError} With code `"format"` when the restart table does not fit into the block.
 */
export function frameBlock(
  file: string,
  offset: number,
  headerOffset: number,
  bytes: Uint8Array,
  nextOffset: number,
): Block {
  const type = bytes[headerOffset] as BlockType;
  const start = headerOffset + BLOCK_HEADER_SIZE;
  const restartCount = getUint16(bytes, bytes.length - 2);
  const restartStart = bytes.length - 2 - 3 * restartCount;
  if (restartCount === 0 || restartStart <= start) {
    throw damaged(
      "restart",
      file,
      offset,
      `block at offset ${offset} has ${bytes.length} bytes and claims ${restartCount} restarts`,
    );
  }
  return { file, offset, type, bytes, start, restartStart, restartCount, nextOffset };
}

/**
 * Reads an entry of the restart table.
 *
 * @returns The position in the block's bytes of a record whose key is stored whole.
 * @throws {ReftableError} With code `"format"` when it lies outside the records.
 */
export function restartPosition(block: Block, index: number): number {
  const position = getUint24(block.bytes, block.restartStart + 3 * index);
  if (position < block.start || position >= block.restartStart) {
    throw damagedRecord(
      block,
      block.restartStart + 3 * index,
      `restart ${index} points to ${position}, expected ${block.start} to ${
        block.restartStart - 1
      }`,
      "restart",
    );
  }
  return position;
}

/**
 * Makes the error for damage at a position inside a block.
 *
 * @param problem What is wrong, as one word.
 */
export function damagedRecord(
  block: Block,
  position: number,
  finding: string,
  problem: ProblemCode = "record",
): ReftableError {
  // Positions in an inflated log block are not positions in the file.
  const where = block.type === BlockType.log
    ? `byte ${position} of the inflated log block at offset ${block.offset}`
    : `offset ${block.offset + position}`;
  const offset = block.type === BlockType.log ? block.offset : block.offset + position;
  return damaged(problem, block.file, offset, `record at ${where}: ${finding}`);
}
