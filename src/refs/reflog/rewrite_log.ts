import { isZero, zerosLike } from "../../format/hash.ts";
import type { RefChange, RefFormat, RefReader } from "../backend.ts";
import type { ReflogEntry } from "../reflog_entry.ts";

/**
 * Decides whether an entry goes. It is shown all entries from the oldest to the newest.
 *
 * @param position The place of the entry, counted from the newest one, which is 0, as in `HEAD@{0}`.
 */
export type ReflogFilter = (entry: ReflogEntry, position: number) => boolean;

/** How to take entries out of a log. */
export interface ReflogRewriteOptions {
  /** Whether entries that remain are joined: the old id becomes the new id of the entry before it. */
  readonly rewrite?: boolean | undefined;
  /** Whether the ref takes the new id of the newest entry that remains, unless it is a symbolic one. */
  readonly updateRef?: boolean | undefined;
  /** Whether nothing is written. */
  readonly dryRun?: boolean | undefined;
}

/** What became of a log. */
export interface ReflogRewrite {
  /** The full name of the ref. */
  readonly refname: string;
  /** The entries that went, from the oldest to the newest. */
  readonly removed: readonly ReflogEntry[];
  /** How many entries remain. */
  readonly kept: number;
}

/** What is to become of a log. */
export interface RewritePlan extends ReflogRewrite {
  /** The change that makes it so; none when all remains as it is. */
  readonly change: RefChange | undefined;
}

/**
 * Plans to take entries out of the log of a ref.
 *
 * @param format How refs are stored. Where they are files, what becomes the first entry then begins with zeros, as in
 * Git.
 */
export function planRewrite(
  reader: RefReader,
  refname: string,
  goes: ReflogFilter,
  { rewrite = false, updateRef = false }: ReflogRewriteOptions,
  format: RefFormat,
): RewritePlan {
  const before = reader.log(refname, "oldest-first").toArray();
  const removed: ReflogEntry[] = [];
  let last: string | undefined;
  let isChanged = false;
  const after = before.map((entry, i) => {
    const joined = rewrite ? joinEntry(entry, last, format) : entry;
    const position = before.length - 1 - i;
    if (goes(format === "reftable" ? entry : joined, position)) {
      removed.push(entry);
      isChanged = true;
      return undefined;
    }
    last = entry.newOid;
    if (joined !== entry) isChanged = true;
    return joined;
  });
  const value = updateRef && last !== undefined ? newValue(reader, refname, last) : undefined;
  const change: RefChange = {
    refname,
    value,
    log: isChanged ? { kind: "rewrite", before, after } : undefined,
  };
  return {
    refname,
    removed,
    kept: before.length - removed.length,
    change: isChanged || value ? change : undefined,
  };
}

function joinEntry(
  entry: ReflogEntry,
  last: string | undefined,
  format: RefFormat,
): ReflogEntry {
  const oldOid = last ?? (format === "reftable" ? entry.oldOid : zerosLike(entry.oldOid));
  return oldOid === entry.oldOid ? entry : { ...entry, oldOid };
}

function newValue(reader: RefReader, refname: string, oid: string): RefChange["value"] {
  const stored = reader.read(refname);
  if (stored?.kind !== "direct" && stored?.kind !== "peeled") return undefined;
  return stored.oid === oid || isZero(oid) ? undefined : { kind: "direct", oid };
}
