import { hashSize } from "../format/hash.ts";
import { type LogRecord, logTime, logUpdateIndex, LogValueType } from "../format/log_record.ts";
import { RefValueType } from "../format/ref_record.ts";
import { type MergedCursor, MergedTable } from "../merged/merged_table.ts";
import { advance } from "../table/record_cursors.ts";
import type { Table } from "../table/table.ts";
import type { TableSink } from "../table/table_sink.ts";
import {
  TableWriter,
  type TableWriterOptions,
  type WriteStatistics,
} from "../table/table_writer.ts";

/** Which log entries a compaction drops, besides those that were deleted. */
export interface LogExpiry {
  /** Entries older than this time, in seconds since 1970-01-01 UTC. */
  readonly before?: number | undefined;
  /** Entries with an update index below this. */
  readonly minUpdateIndex?: number | undefined;
}

/** How far a compaction is. */
export interface CompactionProgress {
  /** How many records were looked at. */
  readonly records: number;
  /** How many bytes were written. */
  readonly written: number;
  /** How many bytes the tables have that are compacted. */
  readonly total: number;
}

/** How tables become one. */
export interface CompactionJob {
  /** Whether to drop tombstones: right only when no older table remains that they hide something in. */
  readonly dropTombstones: boolean;
  /** Which log entries to drop. */
  readonly expiry?: LogExpiry | undefined;
  /** How the new table is written. */
  readonly writerOptions: TableWriterOptions;
}

/** What goes on while a compaction runs. */
export interface CompactionHooks {
  /** Stops the compaction when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how far it is. */
  readonly onProgress?: ((progress: CompactionProgress) => void) | undefined;
  /** Tells which log entries to drop, besides those of the job. */
  readonly isExpired?: ((log: LogRecord) => boolean) | undefined;
}

/** How many records to go through between looks at the clock. */
const RECORDS_A_LOOK = 1024;

/** After how many milliseconds others get their turn. */
const TURN = 20;

/**
 * Merges tables into one. Encoded values are copied as they are; locks and names are the
 * caller's business.
 *
 * @param tables From the oldest to the newest, at least one.
 * @param sink Where the new table goes.
 * @returns What was written; no blocks when nothing is left.
 * @throws The signal's reason when it is aborted.
 */
export async function compactTables(
  tables: readonly Table[],
  sink: TableSink,
  job: CompactionJob,
  hooks: CompactionHooks = {},
): Promise<WriteStatistics> {
  const merged = new MergedTable(tables);
  const turns = new Turns(sink, tables, hooks);
  const writer = new TableWriter(turns, { ...job.writerOptions, hash: merged.hash });
  writer.setLimits(tables[0]!.minUpdateIndex, merged.maxUpdateIndex);
  using refs = merged.refCursor();
  while (advance(refs)) {
    if (turns.isOver()) await turns.pass();
    const { records } = refs;
    if (job.dropTombstones && records.valueType === RefValueType.deletion) continue;
    writer.copyRef(records, tables[refs.age]!.minUpdateIndex);
  }
  using logs = merged.logCursor();
  const isExpired = expiryTest(logs, job.expiry, hooks, tables[0]!);
  while (advance(logs)) {
    if (turns.isOver()) await turns.pass();
    const { records } = logs;
    const isTombstone = records.valueType === LogValueType.deletion;
    if (isTombstone ? job.dropTombstones : isExpired()) continue;
    writer.copyLog(records);
  }
  return writer.finish();
}

/** Makes the question whether the entry that a cursor stands on is to be dropped. */
function expiryTest(
  cursor: MergedCursor<LogRecord>,
  { before = -Infinity, minUpdateIndex = 0 }: LogExpiry = {},
  { isExpired }: CompactionHooks,
  table: Table,
): () => boolean {
  return () => {
    if (minUpdateIndex > 0 && logUpdateIndex(cursor.records) < minUpdateIndex) return true;
    if (before > 0 && logTime(cursor.records, hashSize(table.hash)) < before) return true;
    return isExpired?.(cursor.record()) ?? false;
  };
}

/** Counts what passes, reports it, and lets others have their turn. */
class Turns implements TableSink {
  readonly #sink: TableSink;
  readonly #hooks: CompactionHooks;
  readonly #total: number;
  #records = 0;
  #written = 0;
  #began = performance.now();

  constructor(sink: TableSink, tables: readonly Table[], hooks: CompactionHooks) {
    this.#sink = sink;
    this.#hooks = hooks;
    this.#total = tables.reduce((sum, { size }) => sum + size, 0);
  }

  write(bytes: Uint8Array): void {
    this.#written += bytes.length;
    this.#sink.write(bytes);
  }

  /** Counts a record, and tells whether the turn is over. */
  isOver(): boolean {
    if (++this.#records % RECORDS_A_LOOK !== 0) return false;
    return performance.now() - this.#began > TURN;
  }

  /** Lets others have their turn. */
  async pass(): Promise<void> {
    const { signal, onProgress } = this.#hooks;
    onProgress?.({ records: this.#records, written: this.#written, total: this.#total });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    this.#began = performance.now();
  }
}

/** A compaction, described so that another thread can do it. */
export interface CompactionTask {
  /** The paths of the tables, from the oldest to the newest. */
  readonly tables: readonly string[];
  /** The path of the new table: an empty file. */
  readonly output: string;
  /** How the tables become one. */
  readonly job: CompactionJob;
  /** Whether to wait until the new table has reached the disk. */
  readonly sync: boolean;
}

/**
 * Does a compaction elsewhere; locks and names stay with the caller.
 *
 * @returns What was written; `undefined` when it cannot be done elsewhere, and nothing was.
 */
export type CompactionRunner = (
  task: CompactionTask,
  hooks: Omit<CompactionHooks, "isExpired">,
) => Promise<WriteStatistics | undefined>;

/** When work goes to another thread: when it pays, always or never. */
export type WorkerMode = "auto" | "always" | "never";

/**
 * From this size on, in bytes, a compaction goes to a worker: to start one takes as long as to
 * compact a tenth of it.
 */
const PAYS_FROM = 0x400000;

let runner: { run: CompactionRunner; mode: () => WorkerMode } | undefined;

/**
 * Says who does compactions elsewhere; without anybody they are done in place.
 *
 * @param mode Tells when, for stacks that do not say it themselves.
 */
export function setCompactionRunner(run: CompactionRunner, mode: () => WorkerMode): void {
  runner = { run, mode };
}

/**
 * Finds who does a compaction elsewhere.
 *
 * @param mode What the stack's settings say.
 * @param size How many bytes the tables have.
 * @returns `undefined` when it is to be done in place.
 */
export function compactionRunner(
  mode: WorkerMode | undefined,
  size: number,
): CompactionRunner | undefined {
  const when = mode ?? runner?.mode() ?? "never";
  const pays = when === "always" || (when === "auto" && size >= PAYS_FROM);
  return pays ? runner?.run : undefined;
}
