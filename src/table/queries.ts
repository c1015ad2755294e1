import { compareBytes, startsWithBytes } from "../bytes/compare.ts";
import { encodeText } from "../bytes/text.ts";
import { logKey, logKeyPrefix, type LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import { runSync } from "../io/io.ts";
import { advance, type RecordCursor } from "./cursor.ts";

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

/** The value type of tombstones, of refs as of logs. */
const DELETION = 0;

/**
 * Lists refs in the order of their names.
 *
 * @param open Makes the cursor to list with, when the first ref is asked for.
 * @param deletions Whether to list tombstones when the options do not say.
 */
export function* listRefs(
  open: () => RecordCursor<RefRecord>,
  options: RefsOptions,
  deletions: boolean,
): Generator<RefRecord, void, void> {
  using cursor = open();
  const prefix = encodeText(options.prefix ?? "");
  const from = encodeText(options.from ?? "");
  const showAll = options.deletions ?? deletions;
  let found = seekWithin(cursor, prefix, compareBytes(from, prefix) > 0 ? from : prefix);
  while (found) {
    if (showAll || cursor.records.valueType !== DELETION) yield cursor.record();
    found = advanceWithin(cursor, prefix);
  }
}

/**
 * Lists log entries by ref name, those of a ref from the newest to the oldest.
 *
 * @param open Makes the cursor to list with, when the first entry is asked for.
 * @param deletions Whether to list tombstones when the options do not say.
 */
export function* listLogs(
  open: () => RecordCursor<LogRecord>,
  options: LogsOptions,
  deletions: boolean,
): Generator<LogRecord, void, void> {
  using cursor = open();
  const { refname, before = Infinity } = options;
  const prefix = encodeText(options.prefix ?? "");
  let range: Uint8Array = prefix;
  let start: Uint8Array = prefix;
  if (refname !== undefined) {
    const name = encodeText(refname);
    if (!startsWithBytes(name, name.length, prefix)) return;
    range = logKeyPrefix(name);
    start = before < Infinity ? logKey(name, before) : range;
  }
  const showAll = options.deletions ?? deletions;
  let found = seekWithin(cursor, range, start);
  while (found) {
    if (showAll || cursor.records.valueType !== DELETION) {
      const log = cursor.record();
      if (log.updateIndex <= before) yield log;
    }
    found = advanceWithin(cursor, range);
  }
}

function seekWithin<T>(cursor: RecordCursor<T>, prefix: Uint8Array, start: Uint8Array): boolean {
  return runSync(cursor.seek(start)) && isWithin(cursor, prefix);
}

function advanceWithin<T>(cursor: RecordCursor<T>, prefix: Uint8Array): boolean {
  return advance(cursor) && isWithin(cursor, prefix);
}

function isWithin<T>({ records }: RecordCursor<T>, prefix: Uint8Array): boolean {
  return prefix.length === 0 || startsWithBytes(records.key, records.keyLength, prefix);
}
