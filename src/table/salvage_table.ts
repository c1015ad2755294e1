import { getUint24 } from "../bytes/bytes.ts";
import { compareText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { type Block, BLOCK_HEADER_SIZE, BlockType, isBlockType } from "../format/block.ts";
import { BlockCursor } from "../format/block_cursor.ts";
import { encodeLog, encodeRef } from "../format/encode_records.ts";
import { hashSize } from "../format/hash.ts";
import {
  footerSize,
  headerSize,
  parseFooter,
  parseHeader,
  type TableHeader,
} from "../format/header_footer.ts";
import { LogDecoder, type LogRecord } from "../format/log_record.ts";
import { RecordBuffer } from "../format/record_buffer.ts";
import { decodeRef, type RefRecord } from "../format/ref_record.ts";
import { refnameProblem } from "../format/refname.ts";
import { BytesSource } from "../io/block_source.ts";
import { inflate } from "../io/inflate.ts";
import { runSync } from "../io/io.ts";
import { BlockLoader } from "./block_loader.ts";

/** A stretch of a file. */
export interface Stretch {
  /** Where it begins, in bytes from the start of the file. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
}

/** What could be read of a damaged table. */
export interface Salvage {
  /** What its header says, or must have said. */
  readonly header: TableHeader;
  /** The refs, each once, in the order of their names. */
  readonly refs: readonly RefRecord[];
  /** The log entries, each once, in the order of a table. */
  readonly logs: readonly LogRecord[];
  /** The blocks that could not be read, or not to their ends; what was in them is lost. */
  readonly lost: readonly Stretch[];
}

/**
 * Reads of a table whatever can be read, block by block. Indexes and the object section are not needed.
 *
 * Blocks of refs have no checksum: a record is taken for good when it can be decoded and fits the table.
 *
 * @param bytes The whole table.
 * @param file Its name, for errors.
 * @param likely What its header should say, where nothing of it can be read.
 */
export function salvageTable(
  bytes: Uint8Array,
  file: string,
  likely: TableHeader | undefined,
): Salvage | undefined {
  const found = findHeader(bytes, file) ?? likely;
  if (!found) return undefined;
  // What no block has cannot be their size.
  const header = { ...found, blockSize: found.blockSize <= bytes.length ? found.blockSize : 0 };
  return new Salvager(bytes, file, header).salvage();
}

/** Finds what the header says, at the start of the file or in its footer. */
function findHeader(bytes: Uint8Array, file: string): TableHeader | undefined {
  const ends = ([1, 2] as const).map((version) => Math.max(0, bytes.length - footerSize(version)));
  // A footer whose checksum is right is more to be trusted than a header.
  const footers = ends.map((end) => {
    const footer = bytes.subarray(end);
    return orNothing(() => parseFooter(footer, footer, file, end).header);
  });
  const headers = [0, ...ends].map((start) =>
    orNothing(() => parseHeader(bytes.subarray(start), file))
  );
  return [...footers, ...headers]
    .find((header) => header && header.minUpdateIndex <= header.maxUpdateIndex);
}

/** What something gives, or nothing when the table is too damaged for it. */
function orNothing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof ReftableError) return undefined;
    throw error;
  }
}

/** How often at most to look into what looks like a block behind damage: a file may be full of that. */
const MOST_LOOKS = 5_000;

class Salvager {
  readonly #bytes: Uint8Array;
  readonly #header: TableHeader;
  readonly #file: string;
  readonly #loader: BlockLoader;
  readonly #cursor: BlockCursor;
  readonly #logs: LogDecoder;
  readonly #hashSize: number;
  /** Where the footer begins, or the file ends. */
  readonly #end: number;
  readonly #foundRefs: RefRecord[] = [];
  readonly #foundLogs: LogRecord[] = [];
  readonly #lost: Stretch[] = [];
  readonly #encoded = new RecordBuffer();
  #looks = 0;

  constructor(bytes: Uint8Array, file: string, header: TableHeader) {
    this.#bytes = bytes;
    this.#file = file;
    this.#header = header;
    this.#hashSize = hashSize(header.hash);
    this.#cursor = new BlockCursor(this.#hashSize);
    this.#logs = new LogDecoder(this.#hashSize);
    this.#end = endOfBlocks(bytes, file, header);
    const section = { start: 0, end: this.#end, index: 0 };
    this.#loader = new BlockLoader(
      new BytesSource(bytes, file),
      {
        ...header,
        file,
        hashSize: this.#hashSize,
        end: this.#end,
        objectIdLength: 0,
        refs: { type: BlockType.ref, ...section },
        objects: undefined,
        logs: { type: BlockType.log, ...section },
      },
      0,
      inflate,
    );
  }

  salvage(): Salvage {
    const end = this.#end;
    // A table may have nothing but a header and a footer.
    const isEmpty = end === headerSize(this.#header.version);
    for (let offset = isEmpty ? end : this.#firstBlock(); offset < end;) {
      const block = this.#load(offset);
      const isWhole = block !== undefined && this.#take(block);
      let next = this.#passPadding(block?.nextOffset ?? offset);
      if (!isWhole) {
        const isPlace = block && (next === end || isBlockType(this.#bytes[next]));
        // What says that it is longer than up to a sound block is not.
        next = Math.min(this.#findBlock(offset + 1), isPlace ? next : end);
        if (!block) this.#takeBeginning(offset, next);
        this.#lost.push({ start: offset, end: next });
      }
      offset = next;
    }
    return {
      header: this.#header,
      refs: inOrder(this.#foundRefs, compareRefs),
      logs: inOrder(this.#foundLogs, compareLogs),
      lost: this.#lost,
    };
  }

  /** The first block includes the header, except in JGit's tables that have nothing but logs. */
  #firstBlock(): number {
    const behindHeader = headerSize(this.#header.version);
    return !this.#load(0) && this.#load(behindHeader) ? behindHeader : 0;
  }

  #load(offset: number): Block | undefined {
    return orNothing(() => runSync(this.#loader.load(offset)));
  }

  #passPadding(offset: number): number {
    let next = offset;
    while (next < this.#end && this.#bytes[next] === 0) next++;
    return next;
  }

  /**
   * Takes the records of a block. Behind one that is damaged it goes on where a key is stored whole.
   *
   * @returns Whether all of it could be read.
   */
  #take(block: Block): boolean {
    const cursor = this.#cursor;
    let isWhole = true;
    let restart = 0;
    cursor.jump(block);
    for (let start = block.start; start < block.restartStart;) {
      try {
        while (cursor.next()) {
          start = cursor.valueEnd;
          if (!this.#takeRecord(block.type)) isWhole = false;
        }
        return isWhole;
      } catch (error) {
        if (!(error instanceof ReftableError)) throw error;
      }
      isWhole = false;
      const damaged = start;
      start = block.restartStart;
      for (; restart < block.restartCount && start === block.restartStart; restart++) {
        const position = getUint24(block.bytes, block.restartStart + 3 * restart);
        if (position > damaged && position < block.restartStart) start = position;
      }
      cursor.jump(block, start);
    }
    return isWhole;
  }

  /**
   * Takes the record that the cursor stands on.
   *
   * @returns Whether it fits the table, and could be written into another one.
   */
  #takeRecord(type: BlockType): boolean {
    const { minUpdateIndex, maxUpdateIndex } = this.#header;
    if (type === BlockType.ref) {
      const ref = orNothing(() => decodeRef(this.#cursor, this.#hashSize, minUpdateIndex));
      if (!ref || ref.updateIndex > maxUpdateIndex || ref.refname.includes("\0")) return false;
      if (encodeRef(this.#encoded, ref, this.#hashSize, minUpdateIndex) !== undefined) return false;
      this.#foundRefs.push(ref);
    } else if (type === BlockType.log) {
      const log = orNothing(() => this.#logs.decode(this.#cursor));
      if (!log || log.updateIndex > maxUpdateIndex || log.refname.includes("\0")) return false;
      if (encodeLog(this.#encoded, log, "", this.#hashSize) !== undefined) return false;
      this.#foundLogs.push(log);
    }
    return true;
  }

  /** Takes refs from the beginning of what may be a ref block whose end is damaged. */
  #takeBeginning(offset: number, end: number): void {
    const headerOffset = offset === 0 ? headerSize(this.#header.version) : 0;
    const bytes = this.#bytes.subarray(offset, end);
    const type = bytes[headerOffset];
    if (type !== BlockType.ref && isBlockType(type)) return;
    this.#cursor.jump({
      file: this.#file,
      offset,
      type: BlockType.ref,
      bytes,
      start: headerOffset + BLOCK_HEADER_SIZE,
      restartStart: bytes.length,
      restartCount: 0,
      nextOffset: end,
    });
    orNothing(() => {
      // Where the records end is not known: what follows them is no good record.
      while (this.#cursor.next() && this.#takeNamed());
    });
  }

  #takeNamed(): boolean {
    if (!this.#takeRecord(BlockType.ref)) return false;
    if (refnameProblem(this.#foundRefs.at(-1)!.refname) === undefined) return true;
    this.#foundRefs.pop();
    return false;
  }

  /** Finds the next block that is sound from its beginning to its end. */
  #findBlock(from: number): number {
    for (let offset = from; offset < this.#end; offset++) {
      if (!this.#looksLikeBlock(offset)) continue;
      if (++this.#looks > MOST_LOOKS) break;
      const block = this.#load(offset);
      if (!block || getUint24(block.bytes, block.restartStart) !== block.start) continue;
      this.#cursor.jump(block);
      const isSound = orNothing(() => {
        while (this.#cursor.next());
        return true;
      });
      if (isSound) return offset;
    }
    return this.#end;
  }

  /** Takes a quick look. */
  #looksLikeBlock(offset: number): boolean {
    const bytes = this.#bytes;
    if (!isBlockType(bytes[offset]) || offset + BLOCK_HEADER_SIZE + 2 > this.#end) return false;
    const length = getUint24(bytes, offset + 1);
    if (bytes[offset] === BlockType.log) {
      // The first two bytes of a zlib stream, read as a number, can be divided by 31.
      const stream = bytes[offset + 4]! * 0x100 + bytes[offset + 5]!;
      return (stream & 0xf00) === 0x800 && stream % 31 === 0;
    }
    return length > BLOCK_HEADER_SIZE + 5 && offset + length <= this.#end;
  }
}

/** Where the footer begins; where there is none, everything may be blocks. */
function endOfBlocks(bytes: Uint8Array, file: string, { version }: TableHeader): number {
  const end = bytes.length - footerSize(version);
  const hasFooter = end >= headerSize(version) &&
    orNothing(() => parseHeader(bytes.subarray(end), file));
  return hasFooter ? end : bytes.length;
}

function compareRefs(a: RefRecord, b: RefRecord): number {
  return compareText(a.refname, b.refname);
}

function compareLogs(a: LogRecord, b: LogRecord): number {
  return compareText(a.refname, b.refname) || b.updateIndex - a.updateIndex;
}

/** Sorts records, where they are not in order, and keeps the newest of those with the same key. */
function inOrder<T extends { readonly updateIndex: number }>(
  records: T[],
  compare: (a: T, b: T) => number,
): T[] {
  const isInOrder = records.every((record, i) => i === 0 || compare(records[i - 1]!, record) < 0);
  if (isInOrder) return records;
  records.sort((a, b) => compare(a, b) || b.updateIndex - a.updateIndex);
  return records.filter((record, i) => i === 0 || compare(records[i - 1]!, record) !== 0);
}
