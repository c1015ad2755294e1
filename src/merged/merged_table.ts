import { commonPrefixLength } from "../bytes/bytes.ts";
import { compareText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import type { BlockCursor } from "../format/block_cursor.ts";
import type { HashName } from "../format/hash.ts";
import type { LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import type { Io } from "../io/io.ts";
import { listLogs, listRefs, type LogsOptions, type RefsOptions } from "../table/queries.ts";
import { type RecordCursor, Step } from "../table/record_cursors.ts";
import type { Table } from "../table/table.ts";

/** One of the cursors that are merged. */
interface Source<T> {
  readonly cursor: RecordCursor<T>;
  /** The cursor's current record. */
  readonly records: BlockCursor;
  /** The higher, the newer: of equal keys the newest wins. */
  readonly age: number;
  /** How many bytes its key shares with the key of the first source. */
  lead: number;
}

/**
 * Walks several cursors as if they were one, in the order of the keys. Of records with the same key
 * only the one of the newest cursor is seen, tombstones like any other.
 *
 * Of each source it is known how many bytes its key shares with the lowest key of all, and no key is compared in
 * bytes that it is known to share. The more it shares, the lower it is; so where the first source's next key
 * shares more with the last one than the second source's does, as is so nearly always where one large table
 * is merged with small ones, nothing is compared at all.
 */
export class MergedCursor<T> implements RecordCursor<T> {
  /**
   * How many bytes the current key shares with that of the record before it, whichever cursor that was of; 0 for the
   * first one.
   */
  sharedLength = 0;
  readonly #sources: readonly Source<T>[];
  readonly #onDispose: () => void;
  /** The sources that have a record. */
  #active: Source<T>[] = [];
  /** Sources that have not been asked for their first record. */
  #unstarted: Source<T>[];
  /** The source with the lowest key, the newest of those that have it. */
  #first: Source<T> | undefined;
  /** The one that would be first without it. */
  #second: Source<T> | undefined;
  /** Whether the first source's record has been seen. */
  #seen = false;
  /** The source that needs a block. */
  #waiting: Source<T> | undefined;

  /**
   * Merges cursors, which it owns from then on.
   *
   * @param cursors From the oldest to the newest.
   * @param onDispose Called when the cursor is no longer used.
   */
  constructor(cursors: readonly RecordCursor<T>[], onDispose: () => void = () => {}) {
    this.#sources = cursors.map((cursor, age) => {
      return { cursor, records: cursor.records, age, lead: 0 };
    });
    this.#unstarted = [...this.#sources];
    this.#onDispose = onDispose;
  }

  get records(): BlockCursor {
    return this.#first!.records;
  }

  /** Which cursor the current record is of: 0 is the oldest. */
  get age(): number {
    return this.#first!.age;
  }

  record(): T {
    return this.#first!.cursor.record();
  }

  next(): Step {
    if (this.#unstarted.length > 0 && !this.#start()) return Step.load;
    const first = this.#first;
    if (first === undefined) return Step.end;
    if (this.#seen) {
      const step = first.cursor.next();
      if (step === Step.load) return this.#wait(first);
      this.#seen = false;
      this.sharedLength = first.records.sharedLength;
      if (step === Step.end) {
        this.#remove(first);
        this.#promote();
        this.#findSecond();
        if (this.#first === undefined) return Step.end;
      } else if (this.#second && first.records.sharedLength <= this.#second.lead) {
        this.#compare(first, this.#second);
      }
    }
    while (this.#isShadowed()) {
      const shadowed = this.#second!;
      const step = shadowed.cursor.next();
      if (step === Step.load) return this.#wait(shadowed);
      if (step === Step.end) this.#remove(shadowed);
      // Its last key was the first source's too.
      else shadowed.lead = shadowed.records.sharedLength;
      this.#findSecond();
    }
    this.#seen = true;
    return Step.record;
  }

  *load(): Io<void> {
    yield* this.#waiting!.cursor.load();
  }

  *seek(key: Uint8Array): Io<boolean> {
    this.#unstarted = [];
    this.#active = [];
    for (const source of this.#sources) {
      if (yield* source.cursor.seek(key)) this.#active.push(source);
    }
    this.#findFirst();
    this.#seen = false;
    this.sharedLength = 0;
    let step;
    while ((step = this.next()) === Step.load) yield* this.load();
    return step === Step.record;
  }

  [Symbol.dispose](): void {
    for (const { cursor } of this.#sources) cursor[Symbol.dispose]();
    this.#onDispose();
  }

  /** Gets the first record of each source; false when one of them needs a block for that. */
  #start(): boolean {
    for (let source; (source = this.#unstarted.at(-1));) {
      const step = source.cursor.next();
      if (step === Step.load) {
        this.#wait(source);
        return false;
      }
      this.#unstarted.pop();
      if (step === Step.record) this.#active.push(source);
    }
    this.#findFirst();
    return true;
  }

  #wait(source: Source<T>): Step {
    this.#waiting = source;
    return Step.load;
  }

  #remove(source: Source<T>): void {
    this.#active.splice(this.#active.indexOf(source), 1);
  }

  /** Compares all keys, of which nothing is known. */
  #findFirst(): void {
    this.#first = undefined;
    for (const source of this.#active) {
      if (!this.#first || isBefore(source, this.#first, 0)) this.#first = source;
    }
    for (const source of this.#active) source.lead = sharedLength(source, this.#first!, 0);
    this.#findSecond();
  }

  /** Compares the first source, whose key has grown in a byte that the second's has too, with the others. */
  #compare(first: Source<T>, second: Source<T>): void {
    const { sharedLength: shared } = first.records;
    // The second source's key goes on as the first's did, which is now higher.
    let lead = shared;
    let isFirst = false;
    if (second.lead === shared) {
      lead = sharedLength(first, second, shared);
      isFirst = isBefore(first, second, lead);
    }
    if (!isFirst) {
      this.#promote();
      first.lead = lead;
      this.#findSecond();
      return;
    }
    for (const source of this.#active) {
      if (source !== first && source.lead === shared) {
        source.lead = sharedLength(source, first, shared);
      }
    }
  }

  /** Makes the second source the first one. */
  #promote(): void {
    const first = this.#first = this.#second;
    if (!first) return;
    const { lead } = first;
    this.sharedLength = lead;
    for (const source of this.#active) {
      // Those that shared less with the old key share as much with this one.
      if (source.lead === lead) source.lead = sharedLength(source, first, lead);
    }
  }

  #findSecond(): void {
    let second: Source<T> | undefined;
    for (const source of this.#active) {
      if (source === this.#first) continue;
      const isLower = !second || source.lead > second.lead ||
        (source.lead === second.lead && isBefore(source, second, source.lead));
      if (isLower) second = source;
    }
    this.#second = second;
  }

  /** Tells whether the second source has the same key as the first, which then is newer. */
  #isShadowed(): boolean {
    const second = this.#second;
    if (second === undefined) return false;
    const { keyLength } = this.#first!.records;
    return second.lead === keyLength && second.records.keyLength === keyLength;
  }
}

/** How many bytes the keys of two sources share, which are known to share some. */
function sharedLength<T>(
  { records: a }: Source<T>,
  { records: b }: Source<T>,
  from: number,
): number {
  return commonPrefixLength(a.key, a.keyLength, b.key, b.keyLength, from);
}

/** Tells whether one source's record comes before another's: by key, then the newer first. */
function isBefore<T>(a: Source<T>, b: Source<T>, from: number): boolean {
  const shared = sharedLength(a, b, from);
  const [x, y] = [a.records, b.records];
  if (shared < x.keyLength) return shared < y.keyLength && x.key[shared]! < y.key[shared]!;
  return x.keyLength < y.keyLength || a.age > b.age;
}

/**
 * Several tables read as one: for each name, and for each log entry, the newest table that has a
 * record of it decides. Tombstones are hidden unless they are asked for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { MergedTable, Table } from "@reftable/reftable";
 *
 * using older = Table.openSync("tests/fixtures/git/one-ref.ref");
 * using newer = Table.openSync("tests/fixtures/git/mixed-4k.ref");
 * const merged = new MergedTable([older, newer]);
 * assertEquals(merged.ref("HEAD")?.updateIndex, 45);
 * assertEquals(merged.ref("refs/heads/fix-a4589f")?.updateIndex, 1);
 * ```
 */
export class MergedTable {
  /** The tables, from the oldest to the newest. */
  readonly tables: readonly Table[];
  /** The same, but of a table that is there more than once, as a damaged list may say, only its last place counts. */
  readonly #distinct: readonly Table[];

  /**
   * Reads tables as one. They stay the caller's to dispose.
   *
   * @param tables From the oldest to the newest.
   * @throws {ReftableError} With code `"format"` when their object ids are of different hashes.
   */
  constructor(tables: readonly Table[]) {
    this.tables = tables;
    this.#distinct = [...new Set(tables.toReversed())].reverse();
    const first = tables[0];
    for (const table of tables) {
      if (table.hash === first!.hash) continue;
      throw new ReftableError(
        "format",
        `Cannot merge table "${table.name}": its hash is ${table.hash}, that of "${
          first!.name
        }" is ${first!.hash}`,
        { file: table.name },
      );
    }
  }

  /** The hash that made the object ids; `undefined` when there are no tables. */
  get hash(): HashName | undefined {
    return this.tables[0]?.hash;
  }

  /** The highest update index of all tables; 0 when there are none. */
  get maxUpdateIndex(): number {
    return this.tables.reduce((max, table) => Math.max(max, table.maxUpdateIndex), 0);
  }

  /**
   * Looks a ref up by its full name.
   *
   * @returns The ref, or `undefined` when there is none or it was deleted.
   */
  ref(refname: string): Exclude<RefRecord, { kind: "deletion" }> | undefined {
    const ref = this.#newest(refname);
    return ref?.kind === "deletion" ? undefined : ref;
  }

  /** What the newest table that mentions a ref says. */
  #newest(refname: string): RefRecord | undefined {
    const tables = this.#distinct;
    for (let i = tables.length - 1; i >= 0; i--) {
      const ref = tables[i]!.ref(refname);
      if (ref) return ref;
    }
    return undefined;
  }

  /** Lists the refs in the order of their names. */
  refs(options: RefsOptions = {}): IteratorObject<RefRecord, void> {
    const [table, ...others] = this.#distinct;
    // There is nothing to merge in a single table.
    const open = () => table && others.length === 0 ? table.refCursor() : this.refCursor();
    return listRefs(open, options, false);
  }

  /** Gives the newest log entry of a ref that was not deleted. */
  log(refname: string): LogRecord | undefined {
    for (const log of this.logs({ refname })) return log;
    return undefined;
  }

  /** Lists log entries by ref name, those of a ref from the newest to the oldest. */
  logs(options: LogsOptions = {}): IteratorObject<LogRecord, void> {
    return listLogs(() => this.logCursor(), options, false);
  }

  /**
   * Lists the refs that now hold an object id or peel to it, in the order of their names.
   *
   * @param oid The whole object id in hexadecimal digits.
   * @throws {ReftableError} With code `"api"` when it is not as long as the hash makes them.
   */
  refsFor(oid: string): RefRecord[] {
    const found: RefRecord[] = [];
    this.#distinct.forEach((table, age) => {
      const newer = this.#distinct.slice(age + 1);
      for (const ref of table.refsFor(oid)) {
        if (!newer.some((other) => other.ref(ref.refname))) found.push(ref);
      }
    });
    return found.sort((a, b) => compareText(a.refname, b.refname));
  }

  /**
   * Makes a cursor over the refs, tombstones included.
   *
   * @internal
   */
  refCursor(onDispose?: () => void): MergedCursor<RefRecord> {
    return new MergedCursor(this.#distinct.map((table) => table.refCursor()), onDispose);
  }

  /**
   * Makes a cursor over the logs, tombstones included.
   *
   * @internal
   */
  logCursor(onDispose?: () => void): MergedCursor<LogRecord> {
    return new MergedCursor(this.#distinct.map((table) => table.logCursor()), onDispose);
  }
}
