import { compareText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import type { LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import { listLogs, listRefs, type LogsOptions, type RefsOptions } from "../table/queries.ts";
import type { Table } from "../table/table.ts";
import { MergedCursor } from "./merged_cursor.ts";

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
    return listRefs(() => this.refCursor(), options, false);
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
