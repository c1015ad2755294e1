import { compareBytes, startsWithBytes } from "../bytes/compare.ts";
import { encodeText } from "../bytes/text.ts";
import { logKey, logKeyPrefix, type LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import type { RecordCursor } from "./cursor.ts";
import { RecordIterator } from "./record_iterator.ts";

/** Which refs to list. */
export interface RefsOptions {
  /** Only refs whose names start with this. */
  readonly prefix?: string | undefined;
  /** Only refs whose names are not below this, by byte value. */
  readonly from?: string | undefined;
  /** Whether to list tombstones: a table does unless told not to, a merged view only when told to. */
  readonly deletions?: boolean | undefined;
}

/** Which log entries to list. */
export interface LogsOptions {
  /** Only entries of this ref. */
  readonly refname?: string | undefined;
  /** Only entries of refs whose names start with this. */
  readonly prefix?: string | undefined;
  /** Only entries whose update index is not above this. */
  readonly before?: number | undefined;
  /** Whether to list tombstones: a table does unless told not to, a merged view only when told to. */
  readonly deletions?: boolean | undefined;
}

/**
 * Lists refs in the order of their names.
 *
 * @param open Makes the cursor to list with, when the first ref is asked for.
 * @param deletions Whether to list tombstones when the options do not say.
 */
export function listRefs(
  open: () => RecordCursor<RefRecord>,
  options: RefsOptions,
  deletions: boolean,
): RecordIterator<RefRecord> {
  const prefix = encodeText(options.prefix ?? "");
  const from = encodeText(options.from ?? "");
  return new RecordIterator(open, {
    prefix,
    start: compareBytes(from, prefix) > 0 ? from : prefix,
    deletions: options.deletions ?? deletions,
  });
}

/**
 * Lists log entries by ref name, those of a ref from the newest to the oldest.
 *
 * @param open Makes the cursor to list with, when the first entry is asked for.
 * @param deletions Whether to list tombstones when the options do not say.
 */
export function listLogs(
  open: () => RecordCursor<LogRecord>,
  options: LogsOptions,
  deletions: boolean,
): IteratorObject<LogRecord, undefined> {
  const { refname, before = Infinity } = options;
  const prefix = encodeText(options.prefix ?? "");
  const range = { prefix, start: prefix, deletions: options.deletions ?? deletions };
  if (refname === undefined) {
    const logs = new RecordIterator(open, range);
    return before === Infinity ? logs : logs.filter((log) => log.updateIndex <= before);
  }
  const name = encodeText(refname);
  const isOutside = !startsWithBytes(name, name.length, prefix);
  if (isOutside || !(before >= 0)) return Iterator.from<LogRecord>([]);
  const entries = logKeyPrefix(name);
  // No update index is above this one, so any number will do.
  const start = before >= Number.MAX_SAFE_INTEGER ? entries : logKey(name, Math.floor(before));
  return new RecordIterator(open, { ...range, prefix: entries, start });
}
