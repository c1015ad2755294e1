/**
 * What several tables hold together, worked out in the plainest way: a map, filled from the oldest to
 * the newest.
 *
 * @module
 */

import type { LogRecord, LogsOptions, RefRecord, RefsOptions } from "@reftable/reftable";
import { fixture, type FixtureName } from "../fixtures.ts";

/** The records of a table. */
export interface Records {
  readonly refs: readonly RefRecord[];
  readonly logs: readonly LogRecord[];
}

/** Spells a name so that strings sort as its bytes do; what the bytes of a name are is known before. */
export function sortKey(refname: string): string {
  return String.fromCharCode(...new TextEncoder().encode(refname));
}

/** Spells the key of a log entry so that it sorts as it does in a table: the newest of a ref first. */
export function logSortKey({ refname, updateIndex }: LogRecord): string {
  const inverted = 0xffffffffffffffffn - BigInt(updateIndex);
  return `${sortKey(refname)}\0${inverted.toString(16).padStart(16, "0")}`;
}

/** Several tables as one. */
export class Model {
  readonly #refs: readonly RefRecord[];
  readonly #logs: readonly LogRecord[];

  /** @param tables From the oldest to the newest. */
  constructor(tables: readonly Records[]) {
    this.#refs = newest(tables.map(({ refs }) => refs), ({ refname }) => sortKey(refname));
    this.#logs = newest(tables.map(({ logs }) => logs), logSortKey);
  }

  refs({ prefix = "", from = "", deletions = false }: RefsOptions = {}): RefRecord[] {
    const first = sortKey(from);
    return this.#refs.filter(({ refname, kind }) =>
      refname.startsWith(prefix) && sortKey(refname) >= first && (deletions || kind !== "deletion")
    );
  }

  logs(options: LogsOptions = {}): LogRecord[] {
    const { refname, prefix = "", before = Infinity, deletions = false } = options;
    return this.#logs.filter((log) =>
      log.refname === (refname ?? log.refname) && log.refname.startsWith(prefix) &&
      log.updateIndex <= before && (deletions || log.kind !== "deletion")
    );
  }

  ref(name: string): RefRecord | undefined {
    return this.refs().find(({ refname }) => refname === name);
  }

  log(refname: string): LogRecord | undefined {
    return this.logs({ refname })[0];
  }

  refsFor(oid: string): RefRecord[] {
    return this.refs().filter((ref) =>
      (ref.kind === "direct" || ref.kind === "peeled") && ref.oid === oid ||
      ref.kind === "peeled" && ref.peeled === oid
    );
  }
}

/** What fixtures hold together, from the oldest to the newest. */
export function modelOf(...names: readonly FixtureName[]): Model {
  return new Model(names.map(fixture));
}

function newest<T>(tables: readonly (readonly T[])[], key: (record: T) => string): T[] {
  const records = new Map<string, T>();
  for (const table of tables) for (const record of table) records.set(key(record), record);
  return [...records].sort(([a], [b]) => a < b ? -1 : 1).map(([, record]) => record);
}
