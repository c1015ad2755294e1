import { commonPrefixLength } from "../bytes/bytes.ts";
import { ReftableError } from "../errors.ts";
import { BLOCK_HEADER_SIZE, BlockType } from "../format/block.ts";
import { BlockWriter, type EncodedRecord } from "../format/block_writer.ts";
import { headerSize, putHeader, type TableHeader } from "../format/header_footer.ts";
import { RecordBuffer } from "../format/record_buffer.ts";
import { deflate } from "../io/deflate.ts";
import type { TableSink } from "./table_sink.ts";

/** What was written of one kind of block. */
export interface SectionStatistics {
  /** How many records. */
  readonly entries: number;
  /** How many keys are stored whole. */
  readonly restarts: number;
  /** How many blocks. */
  readonly blocks: number;
  /** How many index blocks lead to them. */
  readonly indexBlocks: number;
  /** How many levels the index has; 0 when there is none. */
  readonly indexDepth: number;
  /** Where the first block begins in the file. */
  readonly offset: number;
  /** Where the last level of the index begins; 0 when there is none. */
  readonly indexOffset: number;
}

/** {@linkcode SectionStatistics}, while they are counted. */
export type SectionCounts = { -readonly [Key in keyof SectionStatistics]: SectionStatistics[Key] };

/** How blocks are laid out. */
export interface SectionLayout {
  /** Every so many records a key is stored whole. */
  readonly restartInterval: number;
  /** Whether blocks follow each other without padding. */
  readonly unpadded: boolean;
}

/** Without padding, an index pays from the second block on; else it would take as much as it saves. */
const INDEX_THRESHOLD = { unpadded: 1, padded: 3 };

/** How much to gather before it goes to the sink. Most tables are of a block or two, and many of a record. */
const CHUNK = 0x10000;
const SMALL_CHUNK = 512;

function noCounts(): SectionCounts {
  return {
    entries: 0,
    restarts: 0,
    blocks: 0,
    indexBlocks: 0,
    indexDepth: 0,
    offset: 0,
    indexOffset: 0,
  };
}

/** A block that was written: what an index says about it. */
interface IndexEntry {
  readonly lastKey: Uint8Array;
  readonly position: number;
}

/** Writes the sections of a table, one after another, each with its index. */
export class SectionWriter {
  /** What was written so far, by kind of block. */
  readonly counts: Readonly<Record<BlockType, SectionCounts>> = {
    [BlockType.ref]: noCounts(),
    [BlockType.object]: noCounts(),
    [BlockType.index]: noCounts(),
    [BlockType.log]: noCounts(),
  };
  /** What the file's header will say; it is written with the first block. */
  header: TableHeader;
  /** Where the current block begins in the file. */
  position = 0;
  /** How many bytes were written. */
  size = 0;

  readonly #sink: TableSink;
  readonly #layout: SectionLayout;
  readonly #block: BlockWriter;
  readonly #headerSize: number;
  #type: BlockType = BlockType.ref;
  #index: IndexEntry[] = [];
  /** The padding of the last block: whether it is written shows only when another block follows. */
  #padding = 0;
  #chunk: Uint8Array;
  #chunkLength = 0;

  constructor(sink: TableSink, header: TableHeader, layout: SectionLayout) {
    this.#sink = sink;
    this.header = header;
    this.#layout = layout;
    this.#block = new BlockWriter(header.blockSize, layout.restartInterval);
    this.#headerSize = headerSize(header.version);
    this.#chunk = new Uint8Array(Math.min(SMALL_CHUNK, header.blockSize));
  }

  /** Begins a section. */
  begin(type: BlockType): void {
    // Log blocks have no padding before them either.
    if (type === BlockType.log) this.#dropPadding();
    this.#block.forgetKey();
    this.#beginBlock(type);
  }

  /**
   * Adds a record to the section, in a new block if it must be.
   *
   * @returns What is wrong, and then it is not added: `"order"` when its key is not above the last one,
   * `"size"` when even an empty block is too small for it.
   */
  add(record: EncodedRecord): "order" | "size" | undefined {
    const { key, keyLength } = record;
    const block = this.#block;
    const { lastKey, lastKeyLength } = block;
    const shared = commonPrefixLength(lastKey, lastKeyLength, key, keyLength);
    if (shared === keyLength || (shared < lastKeyLength && key[shared]! < lastKey[shared]!)) {
      return "order";
    }
    if (block.add(record, shared)) return undefined;
    this.#flushBlock();
    this.#beginBlock(this.#type);
    return block.add(record, 0) ? undefined : "size";
  }

  /** Ends the section: its last block, and an index when there are enough blocks. */
  end(): void {
    const type = this.#type;
    this.#flushBlock();
    const counts = this.counts[type];
    const { unpadded } = this.#layout;
    const threshold = unpadded ? INDEX_THRESHOLD.unpadded : INDEX_THRESHOLD.padded;
    while (this.#index.length > threshold) {
      const entries = this.#index;
      this.#index = [];
      counts.indexDepth++;
      counts.indexOffset = this.position;
      this.#writeIndexLevel(entries);
      counts.indexBlocks += this.#index.length;
    }
    this.#index = [];
  }

  #writeIndexLevel(entries: readonly IndexEntry[]): void {
    const record = new RecordBuffer();
    this.begin(BlockType.index);
    for (const { lastKey, position } of entries) {
      record.setKeyBytes(lastKey, 0, lastKey.length);
      record.putVarint(position);
      if (this.add(record)) this.#refuseIndex();
    }
    this.#flushBlock();
    // With one entry a block, level would follow level without end.
    if (this.#index.length === entries.length) this.#refuseIndex();
  }

  #refuseIndex(): never {
    throw new ReftableError(
      "entry-too-big",
      `Cannot write index: a block of ${this.#block.bytes.length} bytes is too small for its keys`,
    );
  }

  #beginBlock(type: BlockType): void {
    this.#type = type;
    this.#block.begin(type, this.position === 0 ? this.#headerSize : 0);
  }

  #flushBlock(): void {
    const block = this.#block;
    if (block.entries === 0) return;
    const type = this.#type;
    const counts = this.counts[type];
    if (counts.blocks === 0) counts.offset = this.position;
    counts.blocks++;
    counts.entries += block.entries;
    counts.restarts += block.restarts;
    this.#index.push({
      lastKey: block.lastKey.slice(0, block.lastKeyLength),
      position: this.position,
    });
    const length = block.finish();
    const first = this.position === 0;
    if (first) putHeader(block.bytes, 0, this.header);
    this.#writePadding();
    if (type === BlockType.log) {
      const start = (first ? this.#headerSize : 0) + BLOCK_HEADER_SIZE;
      const deflated = deflate(block.bytes.subarray(start, length));
      this.write(block.bytes.subarray(0, start));
      this.write(deflated);
      this.position += start + deflated.length;
    } else {
      this.write(block.bytes.subarray(0, length));
      this.#padding = this.#layout.unpadded ? 0 : block.bytes.length - length;
      this.position += length + this.#padding;
    }
    block.entries = 0;
  }

  #writePadding(): void {
    this.#reserve(this.#padding);
    this.#chunk.fill(0, this.#chunkLength, this.#chunkLength + this.#padding);
    this.#chunkLength += this.#padding;
    this.size += this.#padding;
    this.#padding = 0;
  }

  #dropPadding(): void {
    this.position -= this.#padding;
    this.#padding = 0;
  }

  /** Writes bytes as they are. */
  write(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.size += bytes.length;
    if (bytes.length > this.#chunk.length) {
      this.#sink.write(bytes);
    } else {
      this.#chunk.set(bytes, this.#chunkLength);
      this.#chunkLength += bytes.length;
    }
  }

  /** Writes the footer, without padding before it, and gives everything to the sink. */
  finish(footer: Uint8Array): void {
    this.#dropPadding();
    this.write(footer);
    this.#sink.write(this.#chunk.subarray(0, this.#chunkLength));
    this.#block.release();
  }

  #reserve(count: number): void {
    if (this.#chunkLength + count <= this.#chunk.length) return;
    const { blockSize } = this.header;
    if (this.#chunk.length < blockSize) {
      const chunk = new Uint8Array(blockSize);
      chunk.set(this.#chunk.subarray(0, this.#chunkLength));
      this.#chunk = chunk;
      this.#reserve(count);
      return;
    }
    this.#sink.write(this.#chunk.subarray(0, this.#chunkLength));
    this.#chunkLength = 0;
    // Those that have more are written in larger pieces.
    if (this.#chunk.length < CHUNK) this.#chunk = new Uint8Array(CHUNK);
  }
}
