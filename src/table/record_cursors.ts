import { LogDecoder, type LogRecord } from "../format/log_record.ts";
import { RefBatch } from "../format/ref_batch.ts";
import type { RefRecord } from "../format/ref_record.ts";
import type { Io } from "../io/io.ts";
import type { BlockLoader } from "./block_loader.ts";
import type { RecordCursor, Step } from "./cursor.ts";
import { SectionCursor } from "./section_cursor.ts";

/** Walks the refs of a table. */
export class RefCursor extends SectionCursor implements RecordCursor<RefRecord> {
  readonly #decoder: RefBatch;
  #batch: readonly RefRecord[] = [];
  /** Where in the batch the current record is; behind its end when it must be decoded. */
  #index = 0;

  constructor(loader: BlockLoader) {
    const { layout } = loader;
    super(loader, layout.refs);
    this.#decoder = new RefBatch(layout.hashSize, layout.minUpdateIndex);
  }

  override next(): Step {
    this.#index++;
    return super.next();
  }

  override seek(key: Uint8Array): Io<boolean> {
    this.#batch = [];
    return super.seek(key);
  }

  record(): RefRecord {
    if (this.#index >= this.#batch.length) {
      this.#batch = this.#decoder.decode(this.records);
      this.#index = 0;
    }
    return this.#batch[this.#index]!;
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
