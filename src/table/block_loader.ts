import { getUint24 } from "../bytes/bytes.ts";
import { damaged, ReftableError, unreadable } from "../errors.ts";
import {
  type Block,
  BLOCK_HEADER_SIZE,
  BlockType,
  frameBlock,
  isBlockType,
} from "../format/block.ts";
import { headerSize } from "../format/header_footer.ts";
import { type BlockSource, readRequest } from "../io/block_source.ts";
import type { Inflate } from "../io/inflate.ts";
import { type Io, perform } from "../io/io.ts";
import type { TableLayout } from "./layout.ts";

/** What to read at first where the header does not tell how large blocks are. */
const UNKNOWN_BLOCK_SIZE = 4096;

/** The most that a scan reads ahead, in bytes. */
const MAX_READ_AHEAD = 0x40000;

/** Gives bytes of the file. */
interface Stretches {
  /** Gives the bytes from an offset on: at least `length` of them. */
  get(offset: number, length: number): Io<Uint8Array>;
}

/** Finds, checks and inflates the blocks of one table. */
export class BlockLoader {
  /** What the table's header and footer say. */
  readonly layout: TableLayout;
  readonly #source: BlockSource;
  readonly #cache: BlockCache;
  readonly #guess: number;
  readonly #single: SingleStretch;
  readonly #inflateWith: Inflate | undefined;

  /**
   * @param source Where the bytes come from.
   * @param layout What the table's header and footer say.
   * @param cacheSize How many bytes of blocks to keep for lookups.
   * @param inflate Inflates log blocks; without it, which saves who only wants refs from loading it, there are none.
   */
  constructor(source: BlockSource, layout: TableLayout, cacheSize: number, inflate?: Inflate) {
    this.layout = layout;
    this.#source = source;
    this.#cache = new BlockCache(cacheSize);
    this.#guess = layout.blockSize || UNKNOWN_BLOCK_SIZE;
    this.#single = new SingleStretch(source);
    this.#inflateWith = inflate;
  }

  /** The block at an offset if it was loaded for a lookup lately. */
  cached(offset: number): Block | undefined {
    return this.#cache.get(offset);
  }

  /** Loads one block for a lookup, and keeps it. */
  *load(offset: number): Io<Block> {
    const cached = this.#cache.get(offset);
    if (cached) return cached;
    const block = owned(yield* this.read(offset, this.#single), this.#guess);
    this.#cache.set(block);
    return block;
  }

  /** Makes a reader for blocks that follow each other, which reads ahead further and further. */
  sequence(): BlockSequence {
    return new BlockSequence(this, this.#source, this.#guess);
  }

  /**
   * Reads a block whose size shows only when its beginning is there.
   *
   * @param stretches Where its bytes come from.
   */
  *read(offset: number, stretches: Stretches): Io<Block> {
    const { file, end } = this.layout;
    if (offset >= end) {
      throw damaged(
        "gap",
        file,
        offset,
        `expected a block at offset ${offset}, the footer begins at ${end}`,
      );
    }
    let bytes = yield* stretches.get(offset, Math.min(this.#guess, end - offset));
    const headerOffset = offset === 0 ? headerSize(this.layout.version) : 0;
    const type = bytes[headerOffset];
    if (!isBlockType(type)) {
      const shown = type === undefined ? "nothing" : `byte ${type}`;
      throw damaged(
        "block-type",
        file,
        offset,
        `expected a block at offset ${offset}, found ${shown}`,
      );
    }
    const length = getUint24(bytes, headerOffset + 1);
    if (bytes.length < headerOffset + BLOCK_HEADER_SIZE || length < headerOffset + 6) {
      throw damaged("block-length", file, offset, `block length at offset ${offset} is ${length}`);
    }
    if (type === BlockType.log) {
      const inflate = this.#inflateWith;
      if (!inflate) {
        const finding = `expected no log block at offset ${offset}`;
        throw damaged("block-type", file, offset, finding);
      }
      let block;
      while (!(block = this.#inflate(inflate, offset, headerOffset, length, bytes))) {
        if (bytes.length >= end - offset) {
          throw damaged(
            "deflate",
            file,
            offset,
            `log block at offset ${offset} goes on beyond the footer`,
          );
        }
        bytes = yield* stretches.get(offset, Math.min(4 * bytes.length, end - offset));
      }
      return block;
    }
    if (length > end - offset) {
      const finding = `block length at offset ${offset} is ${length}, the footer begins at ${end}`;
      throw damaged("block-length", file, offset, finding);
    }
    // One byte more shows whether there is padding.
    const wanted = Math.min(length + 1, end - offset);
    if (wanted > bytes.length) bytes = yield* stretches.get(offset, wanted);
    const nextOffset = this.#nextOffset(offset, length, bytes);
    return frameBlock(file, offset, headerOffset, bytes.subarray(0, length), nextOffset);
  }

  /** Where the block behind one that is not deflated begins: a NUL shows that there is padding. */
  #nextOffset(offset: number, length: number, bytes: Uint8Array): number {
    const { blockSize, end } = this.layout;
    if (blockSize === 0 || bytes[length] !== 0) return offset + length;
    return Math.min(offset + Math.ceil(length / blockSize) * blockSize, end);
  }

  /** Inflates a log block; `undefined` when it needs more bytes than it got. */
  #inflate(
    inflate: Inflate,
    offset: number,
    headerOffset: number,
    length: number,
    bytes: Uint8Array,
  ): Block | undefined {
    const { file } = this.layout;
    const start = headerOffset + BLOCK_HEADER_SIZE;
    let inflated;
    try {
      inflated = inflate(bytes.subarray(start), length - start);
    } catch (cause) {
      if (!(cause instanceof ReftableError)) throw cause;
      const finding = `log block at offset ${offset}: ${cause.message}`;
      throw new ReftableError("zlib", unreadable(file) + finding, {
        file,
        offset,
        problem: "deflate",
        cause,
      });
    }
    if (!inflated) return undefined;
    const whole = new Uint8Array(length);
    whole.set(bytes.subarray(0, start));
    whole.set(inflated.bytes, start);
    return frameBlock(file, offset, headerOffset, whole, offset + start + inflated.consumed);
  }
}

/** Lets go of what was read beyond a small block; a log block is inflated into memory of its own. */
function owned(block: Block, length: number): Block {
  if (block.type === BlockType.log || 2 * block.bytes.length >= length) return block;
  return { ...block, bytes: block.bytes.slice() };
}

/** Reads just what it is asked for. */
class SingleStretch implements Stretches {
  readonly #source: BlockSource;

  constructor(source: BlockSource) {
    this.#source = source;
  }

  *get(offset: number, length: number): Io<Uint8Array> {
    return yield* perform(readRequest(this.#source, offset, length));
  }
}

/** What was read at first. */
const NO_BYTES = new Uint8Array();

/**
 * Loads blocks that follow each other. A block's bytes are good until the next one is loaded: they lie in
 * one buffer, which is filled with further and further stretches of the file.
 */
export class BlockSequence implements Stretches {
  readonly #loader: BlockLoader;
  readonly #source: BlockSource;
  readonly #end: number;
  #ahead: number;
  #start = 0;
  #bytes: Uint8Array = NO_BYTES;
  #buffer: Uint8Array | undefined;

  /** @param blockSize What a block is likely to have. */
  constructor(loader: BlockLoader, source: BlockSource, blockSize: number) {
    this.#loader = loader;
    this.#source = source;
    this.#end = loader.layout.end;
    this.#ahead = 2 * blockSize;
  }

  /** Loads the block at an offset. */
  load(offset: number): Io<Block> {
    return this.#loader.read(offset, this);
  }

  *get(offset: number, length: number): Io<Uint8Array> {
    const from = offset - this.#start;
    if (from < 0 || from + length > this.#bytes.length) {
      const wanted = Math.min(Math.max(this.#ahead, length), this.#end - offset);
      this.#ahead = Math.min(4 * this.#ahead, MAX_READ_AHEAD);
      if (!this.#buffer || this.#buffer.length < wanted) this.#buffer = new Uint8Array(wanted);
      this.#start = offset;
      this.#bytes = yield* perform(readRequest(this.#source, offset, wanted, this.#buffer));
      return this.#bytes;
    }
    return this.#bytes.subarray(from);
  }
}

/**
 * Keeps the blocks that were used lately, up to a number of bytes.
 *
 * It has two generations: a block that is found in the old one moves to the young one, and when the young
 * one has half of the bytes it becomes the old one. So a hit costs one look into a map,
 * and blocks not used for long are dropped all at once.
 */
export class BlockCache {
  readonly #generationBytes: number;
  #young = new Map<number, Block>();
  #old = new Map<number, Block>();
  #youngBytes = 0;

  /** @param capacity The most bytes to keep; 0 keeps the last two blocks. */
  constructor(capacity: number) {
    this.#generationBytes = capacity / 2;
  }

  /** Gives the block that begins at an offset of the file, if it is here. */
  get(offset: number): Block | undefined {
    const block = this.#young.get(offset);
    if (block !== undefined) return block;
    const aged = this.#old.get(offset);
    if (aged !== undefined) this.set(aged);
    return aged;
  }

  /** Keeps a block; its bytes must not change any more. */
  set(block: Block): void {
    if (this.#youngBytes + block.bytes.length > this.#generationBytes) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(block.offset, block);
    this.#youngBytes += block.bytes.length;
  }
}
