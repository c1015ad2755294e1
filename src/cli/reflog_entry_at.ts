import type { RefStore } from "../refs/ref_store.ts";
import { parseApproximateTime } from "./approximate_time.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";
import { parseDateFormat } from "./ref_filter/date_format.ts";

/** A log, and what it is called. */
export interface NamedLog {
  /** The full name of its ref. */
  readonly refname: string;
  /** What its ref holds now. */
  readonly oid: string;
  /** The name that was given, empty for that of the current branch. */
  readonly name: string;
}

/** From here on a number is a date. */
const FIRST_DATE = 100_000_000;

/**
 * Finds what a ref held before: so many entries ago, or at some time.
 *
 * @param at What stood between the braces.
 * @returns `undefined` when that makes no sense.
 * @throws {Failure} When the log does not go back so far, in Git's words.
 */
export function entryAt(
  refs: RefStore,
  log: NamedLog,
  at: string,
  context: Context,
): string | undefined {
  if (/^[0-9]+$/.test(at) && Number(at) < FIRST_DATE) return numbered(refs, log, Number(at));
  const time = /^[0-9]+$/.test(at) ? Number(at) : parseApproximateTime(at, context.now());
  return time === undefined ? undefined : before(refs, log, time, context);
}

function numbered(refs: RefStore, log: NamedLog, number: number): string {
  let count = 0;
  let oldest = "0";
  for (const { newOid, oldOid } of refs.reflog(log.refname)) {
    if (count === number) return newOid;
    count++;
    oldest = oldOid;
  }
  // The first entry tells what there was before it.
  if (count === number && count > 0 && !/^0*$/.test(oldest)) return oldest;
  if (count === 0 && number === 0) return log.oid;
  if (count === 0) throw fatal(`log for ${log.refname} is empty`);
  throw fatal(`log for '${nameOf(log)}' only has ${count} entries`);
}

function before(refs: RefStore, log: NamedLog, time: number, context: Context): string {
  let oldest;
  for (const entry of refs.reflog(log.refname)) {
    if (entry.time <= time) return entry.newOid;
    oldest = entry;
  }
  if (!oldest) throw fatal(`log for ${log.refname} is empty`);
  const date = parseDateFormat("rfc", () => context.now())(oldest);
  context.warn(`log for '${nameOf(log)}' only goes back to ${date}`);
  return /^0*$/.test(oldest.oldOid) ? oldest.newOid : oldest.oldOid;
}

function nameOf({ name, refname }: NamedLog): string {
  if (name !== "") return name;
  return refname.startsWith("refs/heads/") ? refname.slice("refs/heads/".length) : "HEAD";
}
