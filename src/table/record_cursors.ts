import type { Block } from "../format/block.ts";
import { LogDecoder, type LogRecord } from "../format/log_record.ts";
import { RefBatch } from "../format/ref_batch.ts";
import { decodeRef, type RefRecord } from "../format/ref_record.ts";
import type { BlockLoader } from "./block_loader.ts";
import type { RecordCursor } from "./cursor.ts";
import type { TableLayout } from "./layout.ts";
import { SectionCursor } from "./section_cursor.ts";

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
