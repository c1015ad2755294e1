import { isZero } from "../../refs/object_id.ts";
import type { ReflogEntry } from "../../refs/reflog_entry.ts";
import type { RefStore } from "../../refs/ref_store.ts";
import { parseApproximateTime } from "../approximate_time.ts";
import type { Context } from "../context.ts";
import { findReflog, resolveBranchName } from "../revision.ts";

/** How the places of entries are told: by number, or by time. */
export type SelectorKind = "unsaid" | "number" | "date";

/** A log that is shown, from some entry on. */
export interface ShownLog {
  /** What its ref is called. */
  readonly name: string;
  /** How its entries were asked for. */
  readonly selector: SelectorKind;
  /** Its entries, the newest first. */
  readonly entries: readonly ReflogEntry[];
  /** The place of the first entry to show, counted from the newest one. */
  readonly start: number;
}

/** An entry that is shown. */
export interface ShownEntry {
  readonly log: ShownLog;
  readonly entry: ReflogEntry;
  /** Its place, counted from the newest one. */
  readonly position: number;
}

/** Finds the log that a revision means; `undefined` when there is none, or it does not go back so far. */
export function findShownLog(
  refs: RefStore,
  revision: string,
  context: Context,
): ShownLog | undefined {
  const text = resolveBranchName(refs, revision) ?? revision;
  const [, prefix = text, at] = /^(.*?)@\{(.*)\}$/s.exec(text) ?? [];
  const given = prefix === "" ? refs.resolve("HEAD")?.refname ?? "HEAD" : prefix;
  const { name, entries } = readLog(refs, given);
  const selector = at === undefined ? "unsaid" : /^[0-9]*$/.test(at) ? "number" : "date";
  const start = selector === "date" ? positionAt(entries, at!, context) : Number(at ?? 0);
  return start < entries.length ? { name, selector, entries, start } : undefined;
}

function positionAt(entries: readonly ReflogEntry[], at: string, context: Context): number {
  const now = context.now();
  const time = parseApproximateTime(at, now) ?? now;
  const position = entries.findIndex((entry) => entry.time <= time);
  return position < 0 ? entries.length : position;
}

/** Reads the log of what a name means first and has one; that is called as it was named unless it is far from it. */
function readLog(
  refs: RefStore,
  given: string,
): { readonly name: string; readonly entries: readonly ReflogEntry[] } {
  const target = refs.resolve(given)?.refname ?? given;
  for (const refname of new Set([given, target, `refs/${given}`, `refs/heads/${given}`])) {
    const entries = refs.reflog(refname).toArray();
    if (entries.length > 0) return { name: given, entries };
  }
  const name = findReflog(refs, given) ?? given;
  return { name, entries: refs.reflog(name).toArray() };
}

/**
 * Gives the entries of logs, the newest of all first.
 *
 * @param isShown Tells whether what a ref held can be shown: the commits that are there.
 */
export function* walkLogs(
  logs: readonly ShownLog[],
  isShown: (oid: string) => boolean,
): Generator<ShownEntry, void> {
  const cursors = logs.map((log) => new LogCursor(log, isShown));
  while (true) {
    let best: LogCursor | undefined;
    for (const cursor of cursors) {
      const { entry } = cursor;
      if (entry && (!best || entry.time > best.entry!.time)) best = cursor;
    }
    if (!best) return;
    yield best.shown();
    best.advance();
  }
}

class LogCursor {
  readonly #log: ShownLog;
  readonly #isShown: (oid: string) => boolean;
  #position: number;

  constructor(log: ShownLog, isShown: (oid: string) => boolean) {
    this.#log = log;
    this.#isShown = isShown;
    this.#position = log.start;
    this.#skip();
  }

  get entry(): ReflogEntry | undefined {
    return this.#log.entries[this.#position];
  }

  shown(): ShownEntry {
    return { log: this.#log, entry: this.entry!, position: this.#position };
  }

  advance(): void {
    this.#position++;
    this.#skip();
  }

  #skip(): void {
    for (let entry; (entry = this.entry); this.#position++) {
      if (!isZero(entry.newOid) && this.#isShown(entry.newOid)) return;
    }
  }
}
