import { isZero } from "../../format/hash.ts";
import type { RefStore } from "../../refs/ref_store.ts";
import type { ReflogEntry } from "../../refs/reflog_entry.ts";
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
): Pick<ShownLog, "name" | "entries"> {
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
 * @param isShown Tells whether what a ref held can be shown; entries of what cannot are passed over.
 */
export function* walkLogs(
  logs: readonly ShownLog[],
  isShown: (oid: string) => boolean,
): Generator<ShownEntry, void> {
  const cursors = logs.map((log) => entriesOf(log, isShown));
  const heads = cursors.map((cursor) => cursor.next());
  while (true) {
    let best = -1;
    let newest = -Infinity;
    for (const [i, { value }] of heads.entries()) {
      if (!value || value.entry.time <= newest) continue;
      best = i;
      newest = value.entry.time;
    }
    if (best < 0) return;
    yield heads[best]!.value!;
    heads[best] = cursors[best]!.next();
  }
}

function* entriesOf(log: ShownLog, isShown: (oid: string) => boolean): Generator<ShownEntry, void> {
  for (let position = log.start; position < log.entries.length; position++) {
    const entry = log.entries[position]!;
    if (!isZero(entry.newOid) && isShown(entry.newOid)) yield { log, entry, position };
  }
}
