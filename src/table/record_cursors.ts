import { LogDecoder, type LogRecord } from "../format/log_record.ts";
import { RefBatch } from "../format/ref_batch.ts";
import type { RefRecord } from "../format/ref_record.ts";
import type { Io } from "../io/io.ts";
import type { BlockLoader } from "./block_loader.ts";
import type { RecordCursor } from "./cursor.ts";
import type { TableLayout } from "./layout.ts";
import { SectionCursor } from "./section_cursor.ts";

/** Walks the refs of a table. */
export class RefCursor extends SectionCursor implements RecordCursor<RefRecord> {
  readonly #layout: TableLayout;
  #decoder: RefBatch | undefined;
  #batch: readonly RefRecord[] = [];
  /** The ordinal of the record that the batch begins with. */
  #batchStart = 0;

  /** Makes a cursor that stands before the first ref. */
  constructor(loader: BlockLoader) {
    super(loader, loader.layout.refs);
    this.#layout = loader.layout;
  }

  override seek(key: Uint8Array): Io<boolean> {
    this.#batch = [];
    return super.seek(key);
  }

  record(): RefRecord {
    const { ordinal } = this.records;
    const record = this.#batch[ordinal - this.#batchStart];
    if (record !== undefined) return record;
    const { hashSize, minUpdateIndex } = this.#layout;
    this.#decoder ??= new RefBatch(hashSize, minUpdateIndex);
    this.#batch = this.#decoder.decode(this.records);
    this.#batchStart = ordinal;
    return this.#batch[0]!;
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
