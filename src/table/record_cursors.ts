import { type Block, BlockType } from "../format/block.ts";
import { BlockCursor } from "../format/block_cursor.ts";
import { LogDecoder, type LogRecord } from "../format/log_record.ts";
import { decodeRef, RefBatch, type RefRecord } from "../format/ref_record.ts";
import { type Io, runSync } from "../io/io.ts";
import type { BlockLoader, BlockSequence } from "./block_loader.ts";
import type { Section, TableLayout } from "./layout.ts";
import { Search, wrongType } from "./search.ts";

/** What a cursor's `next()` found. */
export const Step = {
  /** There are no more records. */
  end: 0,
  /** The cursor stands on a record. */
  record: 1,
  /** The next record is in a block that `load()` must get first. */
  load: 2,
} as const;

/** What a cursor's `next()` found. */
export type Step = (typeof Step)[keyof typeof Step];

/** What walks records and now and then needs a block. */
interface Loading {
  /** Goes to the next record, if it is in memory. */
  next(): Step;
  /** Gets what {@linkcode Step.load} asked for. */
  load(): Io<void>;
}

/** Walks records in the order of their keys, in one table or in several. */
export interface RecordCursor<T> extends Loading, Disposable {
  /** The current record: its key and where its value lies. */
  readonly records: BlockCursor;
  /**
   * Goes to the first record whose key is not below `key`.
   *
   * @returns False when there is none.
   */
  seek(key: Uint8Array): Io<boolean>;
  /** Decodes the current record. */
  record(): T;
  /**
   * Decodes the current record and some of those behind it in its block, and goes to the last of them. Only cursors have
   * it that decode many faster than one by one.
   *
   * @returns At least one record.
   */
  batch?(): readonly T[];
}

/** Goes to the next record, getting blocks at once. */
export function advance(cursor: Loading): boolean {
  for (;;) {
    const step = cursor.next();
    if (step !== Step.load) return step === Step.record;
    runSync(cursor.load());
  }
}

/** Goes to the next record as {@linkcode BlockCursor.pass} does, getting blocks at once. */
export function advancePast(cursor: SectionCursor): boolean {
  for (;;) {
    const step = cursor.pass();
    if (step !== Step.load) return step === Step.record;
    runSync(cursor.load());
  }
}

/** Walks the records of one section of a table. */
export class SectionCursor implements Loading {
  /** The current record: its key and where its value lies. */
  readonly records: BlockCursor;
  readonly #loader: BlockLoader;
  readonly #section: Section | undefined;
  readonly #blocks: BlockSequence;
  #nextOffset: number;

  /** @param section The section, or `undefined` for one without records. */
  constructor(loader: BlockLoader, section: Section | undefined) {
    this.records = new BlockCursor(loader.layout.hashSize);
    this.#loader = loader;
    this.#section = section;
    this.#blocks = loader.sequence();
    this.#nextOffset = section?.start ?? 0;
  }

  next(): Step {
    return this.records.next() ? Step.record : this.#behindBlock;
  }

  /** Goes to the next record, if it is in memory, as {@linkcode BlockCursor.pass} does. */
  pass(): Step {
    return this.records.pass() ? Step.record : this.#behindBlock;
  }

  get #behindBlock(): Step {
    return this.#nextOffset < (this.#section?.end ?? 0) ? Step.load : Step.end;
  }

  *load(): Io<void> {
    const section = this.#section!;
    const offset = this.#nextOffset;
    const block = yield* this.#blocks.load(offset);
    if (block.type === section.type) {
      this.records.enter(block);
      this.#nextOffset = block.nextOffset;
    } else if (block.type === BlockType.index && offset !== section.start) {
      this.#nextOffset = section.end;
    } else {
      throw wrongType(this.#loader, block, section.type);
    }
  }

  /**
   * Goes to the first record whose key is not below `key`.
   *
   * @returns False when there is none.
   */
  *seek(key: Uint8Array): Io<boolean> {
    const section = this.#section;
    if (!section) return false;
    const found = yield* new Search(this.#loader, this.records).run(section, key, key.length);
    this.#nextOffset = found ? this.records.block.nextOffset : section.end;
    if (found) this.records.putKey();
    return found;
  }

  /** Nothing is held that would need it. */
  [Symbol.dispose](): void {}
}

/** Walks the refs of a table. */
export class RefCursor extends SectionCursor implements RecordCursor<RefRecord> {
  readonly #layout: TableLayout;
  #decoder: RefBatch | undefined;
  /** The block of the records that were decoded together. */
  #batchBlock: Block | undefined;
  #batch: readonly RefRecord[] = [];
  /** Which of them was asked for last. */
  #batchIndex = 0;

  /** Makes a cursor that stands before the first ref. */
  constructor(loader: BlockLoader) {
    super(loader, loader.layout.refs);
    this.#layout = loader.layout;
  }

  record(): RefRecord {
    const { hashSize, minUpdateIndex } = this.#layout;
    const { block, valueEnd } = this.records;
    if (block !== this.#batchBlock) {
      // Who wants but one shall not pay for many.
      this.#batchBlock = block;
      this.#batch = [];
      this.#batchIndex = 0;
      return decodeRef(this.records, hashSize, minUpdateIndex);
    }
    const decoder = this.#decoder ??= new RefBatch(hashSize, minUpdateIndex);
    const { valueEnds } = decoder;
    // Mostly it is the next one.
    let index = this.#batchIndex;
    while (index < this.#batch.length && valueEnds[index]! < valueEnd) index++;
    if (index === this.#batch.length || valueEnds[index] !== valueEnd) {
      this.#batch = decoder.decode(this.records);
      index = 0;
    }
    this.#batchIndex = index;
    return this.#batch[index]!;
  }

  batch(): readonly RefRecord[] {
    const { hashSize, minUpdateIndex } = this.#layout;
    const decoder = this.#decoder ??= new RefBatch(hashSize, minUpdateIndex);
    this.#batchBlock = this.records.block;
    this.#batch = decoder.decode(this.records);
    this.#batchIndex = this.#batch.length - 1;
    decoder.goToLast(this.records);
    return this.#batch;
  }
}

/** Walks the logs of a table. */
export class LogCursor extends SectionCursor implements RecordCursor<LogRecord> {
  readonly #decoder: LogDecoder;

  constructor(loader: BlockLoader) {
    super(loader, loader.layout.logs);
    this.#decoder = new LogDecoder(loader.layout.hashSize);
  }

  record(): LogRecord {
    return this.#decoder.decode(this.records);
  }
}
