import type { LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import { advance, type RecordCursor } from "../table/record_cursors.ts";
import type { Table } from "../table/table.ts";
import type { TableSink } from "../table/table_sink.ts";
import {
  compareLogs,
  compareRefs,
  outOfLimits,
  outOfPlace,
  TableWriter,
  type TableWriterOptions,
  titleOfLog,
  titleOfRef,
  type WriteStatistics,
} from "../table/table_writer.ts";

/** A range of update indices. */
type Limits = WriteStatistics["limits"];

/** The records that others are written together with. */
export interface OlderRecords {
  /** The table that they are in, which stays the caller's to dispose. */
  readonly table: Table;
  /** Whether to drop tombstones: right only when nothing is older than that table. */
  readonly dropTombstones: boolean;
}

/**
 * Writes new records together with those of an older table: what comes out is what a compaction of the older table and
 * one of the new records would give.
 */
export class MergingWriter extends TableWriter {
  readonly #older: Table;
  readonly #dropTombstones: boolean;
  readonly #refs: Remaining<RefRecord>;
  readonly #logs: Remaining<LogRecord>;
  readonly #refOrder = new Order<RefRecord>(compareRefs, titleOfRef);
  readonly #logOrder = new Order<LogRecord>(compareLogs, titleOfLog);
  #addedLimits: Limits = { minUpdateIndex: 0, maxUpdateIndex: 0 };

  /** Begins a table. */
  constructor(
    sink: TableSink,
    options: TableWriterOptions,
    { table, dropTombstones }: OlderRecords,
  ) {
    super(sink, options);
    this.#older = table;
    this.#dropTombstones = dropTombstones;
    this.#refs = new Remaining(table.refCursor());
    this.#logs = new Remaining(table.logCursor());
  }

  /** The limits that were set, without those of the older table. */
  get addedLimits(): Limits {
    return this.#addedLimits;
  }

  override setLimits(minUpdateIndex: number, maxUpdateIndex: number): void {
    this.#addedLimits = { minUpdateIndex, maxUpdateIndex };
    const older = this.#older;
    super.setLimits(
      Math.min(minUpdateIndex, older.minUpdateIndex),
      Math.max(maxUpdateIndex, older.maxUpdateIndex),
    );
  }

  override addRef(ref: RefRecord): void {
    const isDropped = this.#dropTombstones && ref.kind === "deletion";
    const { minUpdateIndex, maxUpdateIndex } = this.#addedLimits;
    // Those of the older table are below, and so the table's own limits are wider.
    if (ref.updateIndex < minUpdateIndex || ref.updateIndex > maxUpdateIndex) {
      throw outOfLimits(titleOfRef(ref), ref.updateIndex, this.#addedLimits);
    }
    if (isDropped) this.leaveOutRef(ref);
    this.#refOrder.take(ref, isDropped);
    this.#copyRefs(ref);
    if (!isDropped) super.addRef(ref);
  }

  override addLog(log: LogRecord): void {
    const isDropped = this.#dropTombstones && log.kind === "deletion";
    this.#copyRefs();
    if (isDropped) this.leaveOutLog(log);
    this.#logOrder.take(log, isDropped);
    this.#copyLogs(log);
    if (!isDropped) super.addLog(log);
  }

  override finish(): WriteStatistics {
    this.#copyRefs();
    this.#copyLogs();
    return super.finish();
  }

  /** Copies refs that come before a new one, or all; one of the same name is left out. */
  #copyRefs(before?: RefRecord): void {
    const refs = this.#refs;
    for (; refs.current; refs.goOn()) {
      const order = before ? compareRefs(refs.current, before) : -1;
      if (order > 0) return;
      if (order < 0) this.copyRef(refs.cursor.records, this.#older.minUpdateIndex);
    }
  }

  /** Copies log entries that come before a new one, or all; one of the same name and update index is left out. */
  #copyLogs(before?: LogRecord): void {
    const logs = this.#logs;
    for (; logs.current; logs.goOn()) {
      const order = before ? compareLogs(logs.current, before) : -1;
      if (order > 0) return;
      if (order < 0) this.copyLog(logs.cursor.records);
    }
  }
}

/** Sees to it that records come in order where some are left out, which the table does not tell then. */
class Order<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #titleOf: (record: T) => string;
  #last: T | undefined;
  #wasDropped = false;

  constructor(compare: (a: T, b: T) => number, titleOf: (record: T) => string) {
    this.#compare = compare;
    this.#titleOf = titleOf;
  }

  /** Takes the next record, which is left out or not. */
  take(record: T, isDropped: boolean): void {
    const isUnseen = isDropped || this.#wasDropped;
    if (isUnseen && this.#last !== undefined && this.#compare(this.#last, record) >= 0) {
      throw outOfPlace(this.#titleOf(record));
    }
    this.#last = record;
    this.#wasDropped = isDropped;
  }
}

/** The records of a section that were not written yet. */
class Remaining<T> {
  readonly cursor: RecordCursor<T>;
  /** The first of them. */
  current: T | undefined;

  constructor(cursor: RecordCursor<T>) {
    this.cursor = cursor;
    this.goOn();
  }

  /** Goes to the next one. */
  goOn(): void {
    this.current = advance(this.cursor) ? this.cursor.record() : undefined;
  }
}
