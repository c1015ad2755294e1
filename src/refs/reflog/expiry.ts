import type { RefReader } from "../backend.ts";
import type { History } from "../history.ts";
import { parseWorktreeName } from "../names.ts";
import { isZero } from "../object_id.ts";
import type { ReflogFilter, ReflogRewriteOptions } from "./rewrite_log.ts";

/** Which entries go out of logs, and how. */
export interface ReflogExpiry extends ReflogRewriteOptions {
  /** Entries go that were made before this time, in seconds since 1970-01-01 UTC. */
  readonly before?: number | undefined;
  /**
   * Entries go that were made before this time and tell of commits which are no part of the ref's history, or of no
   * ref's when the log is that of a HEAD. Without an object that the ref leads to, all of that time go. Objects must be
   * readable.
   */
  readonly unreachableBefore?: number | undefined;
  /** Entries go that this says so of. */
  readonly filter?: ReflogFilter | undefined;
}

/**
 * Makes what decides about the entries of a log.
 *
 * @param history Where commits are looked up; needed for those that cannot be reached.
 * @param allTips Gives the objects of all refs.
 */
export async function expiryFilter(
  reader: RefReader,
  refname: string,
  { before = -Infinity, unreachableBefore = -Infinity, filter }: ReflogExpiry,
  history: History | undefined,
  allTips: () => Iterable<string>,
): Promise<ReflogFilter> {
  const lost = history && unreachableBefore > before
    ? await findLost(reader, refname, { before, unreachableBefore }, history, allTips)
    : new Set<string>();
  return (entry, position) => {
    if (entry.time < before) return true;
    if (entry.time < unreachableBefore) {
      if (lost === "all" || lost.has(entry.oldOid) || lost.has(entry.newOid)) return true;
    }
    return filter?.(entry, position) ?? false;
  };
}

/** Finds the commits of a log that are no part of the history. */
async function findLost(
  reader: RefReader,
  refname: string,
  { before, unreachableBefore }: { readonly before: number; readonly unreachableBefore: number },
  history: History,
  allTips: () => Iterable<string>,
): Promise<ReadonlySet<string> | "all"> {
  const isHead = parseWorktreeName(refname).refname === "HEAD";
  const tips = isHead ? allTips() : await ownTip(reader, refname, history);
  if (tips === undefined) return "all";
  const wanted = new Set<string>();
  for (const { time, oldOid, newOid } of reader.log(refname, "newest-first")) {
    if (time < before || time >= unreachableBefore) continue;
    for (const oid of [oldOid, newOid]) if (!isZero(oid)) wanted.add(oid);
  }
  return await history.findUnreachable(tips, wanted);
}

/** What a ref holds itself, when that is a commit. */
async function ownTip(
  reader: RefReader,
  refname: string,
  history: History,
): Promise<string[] | undefined> {
  const ref = reader.read(refname);
  if (ref?.kind !== "direct" && ref?.kind !== "peeled") return undefined;
  return await history.commitOf(ref.oid) === undefined ? undefined : [ref.oid];
}
