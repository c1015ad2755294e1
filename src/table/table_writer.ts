import { putUint32 } from "../bytes/bytes.ts";
import { compareText, decodeText, isEncodable, trimEnd } from "../bytes/text.ts";
import { ReftableError, type ReftableErrorCode } from "../errors.ts";
import { BlockType, MAX_BLOCK_SIZE } from "../format/block.ts";
import type { BlockCursor } from "../format/block_cursor.ts";
import type { EncodedRecord } from "../format/block_writer.ts";
import { encodeLog, encodeObjectPositions, encodeRef } from "../format/encode_records.ts";
import { type HashName, hashSize } from "../format/hash.ts";
import { footerSize, putFooter, putHeader, type TableHeader } from "../format/header_footer.ts";
import { logNameLength, type LogRecord, logUpdateIndex } from "../format/log_record.ts";
import { RecordBuffer } from "../format/record_buffer.ts";
import { readUpdateIndex, type RefRecord, RefValueType } from "../format/ref_record.ts";
import { forEachObject, ObjectIndex, shortestIdLength, wordOf } from "./object_index.ts";
import { type SectionStatistics, SectionWriter } from "./section_writer.ts";
import type { TableSink } from "./table_sink.ts";

/** How to write a table. What is not given is as git does it. */
export interface TableWriterOptions {
  /** The hash that the object ids are of; `"sha1"` by default, which makes a table of version 1. */
  readonly hash?: HashName | undefined;
  /** The size of a block in bytes, up to 16 MiB − 1; 4096 by default, and when it is 0. */
  readonly blockSize?: number | undefined;
  /** Every so many records a key is stored whole, up to 65535; 16 by default, and when it is 0. */
  readonly restartInterval?: number | undefined;
  /** Whether blocks follow each other without padding. */
  readonly unpadded?: boolean | undefined;
  /** Whether to leave out the section that leads from objects to refs. */
  readonly skipIndexObjects?: boolean | undefined;
  /** Whether to store log messages as they are; else each is one line and ends in a newline. */
  readonly exactLogMessage?: boolean | undefined;
}

/** What was written, counted as git does. */
export interface WriteStatistics {
  /** How many blocks of any kind. */
  readonly blocks: number;
  /** How many bytes of each object id are kept; 0 when there is no object section. */
  readonly objectIdLength: number;
  /** The ref blocks. */
  readonly refs: SectionStatistics;
  /** The object blocks. */
  readonly objects: SectionStatistics;
  /** The log blocks. */
  readonly logs: SectionStatistics;
  /** The index blocks of all sections. */
  readonly indexes: SectionStatistics;
  /** The length of the table in bytes. */
  readonly size: number;
  /** The range of update indices that the table tells. */
  readonly limits: { readonly minUpdateIndex: number; readonly maxUpdateIndex: number };
}

const DEFAULT_BLOCK_SIZE = 4096;
const DEFAULT_RESTART_INTERVAL = 16;
const MAX_RESTART_INTERVAL = 0xffff;

/** The footer has five bits for the length of the abbreviations. */
const MAX_OBJECT_ID_LENGTH = 31;

/**
 * Writes one table, byte for byte as git does: first the refs, then the logs, each in the order of
 * their keys, then {@linkcode TableWriter.finish}.
 *
 * Whatever is refused is refused for good: a writer that has thrown writes nothing more, so that
 * no table comes out that lacks a record.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BytesSink, Table, TableWriter } from "@reftable/reftable";
 *
 * const sink = new BytesSink();
 * const writer = new TableWriter(sink, { hash: "sha1" });
 * writer.setLimits(1, 1);
 * writer.addRef({
 *   kind: "symref",
 *   refname: "HEAD",
 *   updateIndex: 1,
 *   target: "refs/heads/main",
 * });
 * writer.finish();
 * using table = Table.openSync(sink.bytes);
 * assertEquals(table.ref("HEAD")?.kind, "symref");
 * ```
 */
export class TableWriter {
  readonly #sections: SectionWriter;
  readonly #hashSize: number;
  readonly #skipIndexObjects: boolean;
  readonly #exactLogMessage: boolean;
  readonly #record = new RecordBuffer();
  #objects: ObjectIndex | undefined;
  #objectIdLength = 0;
  #section: "none" | "refs" | "logs" = "none";
  /** While a call is under way the writer counts as failed; only a call that succeeds takes that back. */
  #state: "open" | "failed" | "finished" = "open";

  /**
   * Begins a table. Nothing is written before the first block is full.
   *
   * @param sink Where the bytes go.
   * @throws {ReftableError} With code `"api"` when an option is out of its range.
   */
  constructor(sink: TableSink, options: TableWriterOptions = {}) {
    const { hash = "sha1", unpadded = false } = options;
    // Git too takes 0 for what it does by default.
    const { blockSize = 0, restartInterval = 0 } = options;
    checkRange("block size", blockSize, MAX_BLOCK_SIZE);
    checkRange("restart interval", restartInterval, MAX_RESTART_INTERVAL);
    if (hash !== "sha1" && hash !== "sha256") {
      throw refusal("api", "table", `hash is "${hash}", expected "sha1" or "sha256"`);
    }
    const version = hash === "sha1" ? 1 : 2;
    const header: TableHeader = {
      version,
      blockSize: blockSize || DEFAULT_BLOCK_SIZE,
      minUpdateIndex: 0,
      maxUpdateIndex: 0,
      hash,
    };
    this.#hashSize = hashSize(hash);
    this.#skipIndexObjects = options.skipIndexObjects ?? false;
    this.#exactLogMessage = options.exactLogMessage ?? false;
    this.#sections = new SectionWriter(sink, header, {
      restartInterval: restartInterval || DEFAULT_RESTART_INTERVAL,
      unpadded,
    });
  }

  /**
   * Sets the range of update indices, which is 0 to 0 until then.
   *
   * @param minUpdateIndex The lowest that a ref may have.
   * @param maxUpdateIndex The highest that a ref or a log entry may have.
   * @throws {ReftableError} With code `"api"` when a record was added already, or the range is none.
   */
  setLimits(minUpdateIndex: number, maxUpdateIndex: number): void {
    this.#enter();
    if (this.#section !== "none") {
      throw refusal("api", "limits", "they must be set before the first record");
    }
    if (
      !(Number.isSafeInteger(minUpdateIndex) && Number.isSafeInteger(maxUpdateIndex)) ||
      minUpdateIndex < 0 || minUpdateIndex > maxUpdateIndex
    ) {
      throw refusal("api", "limits", `${minUpdateIndex} to ${maxUpdateIndex} is no range`);
    }
    this.#sections.header = { ...this.#sections.header, minUpdateIndex, maxUpdateIndex };
    this.#state = "open";
  }

  /**
   * Adds a ref.
   *
   * @throws {ReftableError} With code `"api"` when its name is not above that of the last ref, its update index
   * is outside the limits, an object id has the wrong length or logs were added already;
   * `"entry-too-big"` when it does not fit into a block.
   */
  addRef(ref: RefRecord): void {
    const what = this.#beginRef(ref);
    const record = this.#record;
    const wrong = encodeRef(record, ref, this.#hashSize, this.#sections.header.minUpdateIndex);
    if (wrong !== undefined) throw refusal("api", what(), wrong);
    this.#addRecord(record, what);
    this.#noteObjects(record);
    this.#state = "open";
  }

  /**
   * Adds a log entry.
   *
   * @throws {ReftableError} With code `"api"` when its name and update index do not come behind those of the
   * last entry, its update index is above the limit, an object id has the wrong length or its message
   * has more than one line; `"entry-too-big"` when it does not fit into a block.
   */
  addLog(log: LogRecord): void {
    const what = this.#beginLog(log);
    const message = log.kind === "update" ? this.#message(log.message, what) : "";
    const wrong = encodeLog(this.#record, log, message, this.#hashSize);
    if (wrong !== undefined) throw refusal("api", what(), wrong);
    this.#addRecord(this.#record, what);
    this.#state = "open";
  }

  /**
   * Refuses a ref as {@linkcode TableWriter.addRef} does, but for its place and what it holds, and leaves it out.
   *
   * @internal
   */
  leaveOutRef(ref: RefRecord): void {
    this.#beginRef(ref);
    this.#state = "open";
  }

  /**
   * Refuses a log entry as {@linkcode TableWriter.addLog} does, but for its place and what it says, and leaves it out.
   *
   * @internal
   */
  leaveOutLog(log: LogRecord): void {
    this.#beginLog(log);
    this.#state = "open";
  }

  /** Adds refs in any order, which must all come behind the refs that were added before. */
  addRefs(refs: Iterable<RefRecord>): void {
    for (const ref of inOrder(refs, compareRefs)) this.addRef(ref);
  }

  /** Adds log entries in any order, which must all come behind the entries that were added before. */
  addLogs(logs: Iterable<LogRecord>): void {
    for (const log of inOrder(logs, compareLogs)) this.addLog(log);
  }

  /**
   * Adds the ref that a cursor stands on as it is encoded there, with the update index counted from
   * this table's lowest one.
   *
   * @param minUpdateIndex The lowest update index of the cursor's table, which is of the same hash.
   * @internal
   */
  copyRef(cursor: BlockCursor, minUpdateIndex: number): void {
    this.#enterRefs();
    const what = () => `ref "${decodeText(cursor.key, 0, cursor.keyLength)}"`;
    const { updateIndex, start } = readUpdateIndex(cursor, minUpdateIndex);
    this.#checkRefIndex(updateIndex, what);
    const record = this.#record;
    record.setKeyBytes(cursor.key, 0, cursor.keyLength);
    record.putVarint(updateIndex - this.#sections.header.minUpdateIndex);
    record.putBytes(cursor.block.bytes, start, cursor.valueEnd);
    record.valueType = cursor.valueType;
    this.#addRecord(record, what);
    this.#noteObjects(record);
    this.#state = "open";
  }

  /**
   * Adds a ref that is encoded, with an update index within the limits.
   *
   * @internal
   */
  addEncodedRef(record: RecordBuffer): void {
    this.#enterRefs();
    this.#addRecord(record, () => `ref "${decodeText(record.key, 0, record.keyLength)}"`);
    this.#noteObjects(record);
    this.#state = "open";
  }

  /**
   * Adds the log entry that a cursor stands on as it is encoded there.
   *
   * @internal
   */
  copyLog(cursor: BlockCursor): void {
    this.#enterLogs();
    const what = () => `log of "${decodeText(cursor.key, 0, logNameLength(cursor))}"`;
    this.#checkLogIndex(logUpdateIndex(cursor), what);
    const record = this.#record;
    record.setKeyBytes(cursor.key, 0, cursor.keyLength);
    record.putBytes(cursor.block.bytes, cursor.valueStart, cursor.valueEnd);
    record.valueType = cursor.valueType;
    this.#addRecord(record, what);
    this.#state = "open";
  }

  /**
   * Ends the table with its indexes and its footer.
   *
   * @returns What was written.
   */
  finish(): WriteStatistics {
    this.#enter();
    const sections = this.#sections;
    if (this.#section === "refs") this.#endRefs();
    if (this.#section === "logs") sections.end();
    const { header } = sections;
    const bytes = new Uint8Array(footerSize(header.version));
    // A table without blocks has a header all the same.
    if (sections.position === 0) sections.write(bytes.subarray(0, putHeader(bytes, 0, header)));
    const { counts } = sections;
    const refs = counts[BlockType.ref];
    const objects = counts[BlockType.object];
    const logs = counts[BlockType.log];
    putFooter(bytes, {
      header,
      positions: {
        refIndex: refs.indexOffset,
        object: objects.offset,
        objectIndex: objects.indexOffset,
        log: logs.offset,
        logIndex: logs.indexOffset,
      },
      objectIdLength: this.#objectIdLength,
    });
    sections.finish(bytes);
    this.#state = "finished";
    const indexes = counts[BlockType.index];
    return {
      blocks: refs.blocks + objects.blocks + logs.blocks + indexes.blocks,
      objectIdLength: this.#objectIdLength,
      refs,
      objects,
      logs,
      indexes,
      size: sections.size,
      limits: { minUpdateIndex: header.minUpdateIndex, maxUpdateIndex: header.maxUpdateIndex },
    };
  }

  #enter(): void {
    if (this.#state !== "open") {
      const reason = this.#state === "finished" ? "it is finished" : "an earlier call failed";
      throw new ReftableError("api", `Cannot write table: ${reason}`);
    }
    this.#state = "failed";
  }

  #enterRefs(): void {
    this.#enter();
    if (this.#section === "refs") return;
    if (this.#section === "logs") throw refusal("api", "ref", "the logs have begun already");
    this.#section = "refs";
    this.#sections.begin(BlockType.ref);
    if (!this.#skipIndexObjects) this.#objects = new ObjectIndex(this.#hashSize);
  }

  #enterLogs(): void {
    this.#enter();
    if (this.#section === "logs") return;
    if (this.#section === "refs") this.#endRefs();
    this.#section = "logs";
    this.#sections.begin(BlockType.log);
  }

  /** @returns What to call the ref in errors. */
  #beginRef(ref: RefRecord): () => string {
    this.#enterRefs();
    const what = () => titleOfRef(ref);
    this.#checkName(ref.refname, what);
    this.#checkRefIndex(ref.updateIndex, what);
    return what;
  }

  /** @returns What to call the entry in errors. */
  #beginLog(log: LogRecord): () => string {
    this.#enterLogs();
    const what = () => titleOfLog(log);
    this.#checkName(log.refname, what);
    this.#checkLogIndex(log.updateIndex, what);
    return what;
  }

  #endRefs(): void {
    this.#sections.end();
    // Without an index the ref section is so small that it can be looked through.
    if (this.#objects && this.#sections.counts[BlockType.ref].indexBlocks > 0) {
      this.#writeObjects(this.#objects);
    }
    this.#objects = undefined;
  }

  #writeObjects(objects: ObjectIndex): void {
    const sections = this.#sections;
    const record = this.#record;
    const sorted = objects.sort();
    const idLength = shortestIdLength(sorted);
    // With ids that are so much alike, all refs are looked through.
    if (idLength > MAX_OBJECT_ID_LENGTH) return;
    this.#objectIdLength = idLength;
    sections.begin(BlockType.object);
    const id = new Uint8Array(this.#hashSize);
    forEachObject(sorted, (index, positions) => {
      putUint32(id, 0, sorted.heads[index]!);
      putUint32(id, 4, sorted.seconds[index]!);
      for (let i = 2; 4 * i < idLength; i++) {
        putUint32(id, 4 * i, wordOf(sorted, sorted.numbers[index]!, i));
      }
      record.setKeyBytes(id, 0, idLength);
      encodeObjectPositions(record, positions);
      if (sections.add(record) === undefined) return;
      // So many positions that no block takes them: the reader is told to look through all refs.
      record.setKeyBytes(id, 0, idLength);
      encodeObjectPositions(record, []);
      this.#addRecord(record, () => "object");
    });
    sections.end();
  }

  #addRecord(record: EncodedRecord, what: () => string): void {
    const wrong = this.#sections.add(record);
    if (wrong === undefined) return;
    if (wrong === "order") throw outOfPlace(what());
    const { blockSize } = this.#sections.header;
    throw refusal(
      "entry-too-big",
      what(),
      `it does not fit into a block of ${blockSize} bytes`,
    );
  }

  #noteObjects(record: RecordBuffer): void {
    const { valueType } = record;
    if (
      !this.#objects || valueType === RefValueType.deletion || valueType === RefValueType.symref
    ) {
      return;
    }
    // The object ids end the value.
    const size = this.#hashSize;
    for (let start = record.valueEnd - valueType * size; start < record.valueEnd; start += size) {
      this.#objects.add(record.value, start, this.#sections.position);
    }
  }

  #checkName(refname: string, what: () => string): void {
    // Callers whose code is not type-checked come with anything.
    if (typeof refname !== "string") throw refusal("api", what(), "its name is no string");
    if (refname === "") throw refusal("api", what(), "its name is empty");
    if (refname.includes("\0")) throw refusal("api", what(), "its name has a NUL in it");
    if (!isEncodable(refname)) throw refusal("api", what(), "its name has a lone surrogate in it");
  }

  #checkRefIndex(updateIndex: number, what: () => string): void {
    const { minUpdateIndex, maxUpdateIndex } = this.#sections.header;
    if (
      Number.isSafeInteger(updateIndex) && updateIndex >= minUpdateIndex &&
      updateIndex <= maxUpdateIndex
    ) return;
    throw outOfLimits(what(), updateIndex, { minUpdateIndex, maxUpdateIndex });
  }

  #checkLogIndex(updateIndex: number, what: () => string): void {
    const { maxUpdateIndex } = this.#sections.header;
    if (Number.isSafeInteger(updateIndex) && updateIndex >= 0 && updateIndex <= maxUpdateIndex) {
      return;
    }
    const limit = `the limit is ${maxUpdateIndex}`;
    throw refusal("api", what(), `its update index is ${updateIndex}, ${limit}`);
  }

  /** A message as it is stored: one line that ends in a newline, unless it is to be kept as it is. */
  #message(message: string, what: () => string): string {
    if (typeof message !== "string") throw refusal("api", what(), "its message is no string");
    if (this.#exactLogMessage) return message;
    const line = trimEnd(message, "\n");
    if (line.includes("\n")) throw refusal("api", what(), "its message has more than one line");
    return line + "\n";
  }
}

function refusal(code: ReftableErrorCode, what: string, reason: string): ReftableError {
  return new ReftableError(code, `Cannot write ${what}: ${reason}`);
}

/** What a ref is called in errors. */
export function titleOfRef({ refname }: RefRecord): string {
  return `ref "${refname}"`;
}

/** What a log entry is called in errors. */
export function titleOfLog({ refname, updateIndex }: LogRecord): string {
  return `log of "${refname}" at ${updateIndex}`;
}

/** Makes the error for a record that does not come behind the one before it. */
export function outOfPlace(what: string): ReftableError {
  return refusal("api", what, "its key is not above the one before it");
}

/** Makes the error for a ref whose update index is outside the limits. */
export function outOfLimits(
  what: string,
  updateIndex: number,
  { minUpdateIndex, maxUpdateIndex }: WriteStatistics["limits"],
): ReftableError {
  const limits = `${minUpdateIndex} to ${maxUpdateIndex}`;
  return refusal("api", what, `its update index is ${updateIndex}, the limits are ${limits}`);
}

/** Compares refs as a table has them in order. */
export function compareRefs(a: RefRecord, b: RefRecord): number {
  return compareText(a.refname, b.refname);
}

/** Compares log entries as a table has them in order. */
export function compareLogs(a: LogRecord, b: LogRecord): number {
  return compareText(a.refname, b.refname) || b.updateIndex - a.updateIndex;
}

/** Puts records in order, which costs little when they are already. */
function inOrder<T>(records: Iterable<T>, compare: (a: T, b: T) => number): T[] {
  const list = [...records];
  const isSorted = list.every((record, i) => i === 0 || compare(list[i - 1]!, record) < 0);
  return isSorted ? list : list.sort(compare);
}

function checkRange(what: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new ReftableError("api", `Cannot write table: ${what} is ${value}, expected 1 to ${max}`);
}
