import { ReftableError } from "../../errors.ts";
import { isZero } from "../../format/hash.ts";
import type { RefBackend, RefFormat, RefReader } from "../backend.ts";
import { parseWorktreeName } from "../names.ts";
import type { ObjectReader } from "../object_reader.ts";
import { listedRef } from "../ref_listing.ts";
import { resolveStored } from "../resolve.ts";
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

/** What to find out with which commits can be reached. */
export interface ReachableSources {
  /** Where commits are looked up. */
  readonly history: History;
  /** How refs are stored. */
  readonly format: RefFormat;
  /** Gives the objects of all refs. */
  allTips(): Iterable<string>;
}

/**
 * Gives what to find out with which commits can be reached, as far as objects can be read.
 *
 * @throws {ReftableError} With code `"api"` when they cannot, and that matters.
 */
export function reachableSources(
  backend: RefBackend,
  objects: ObjectReader | undefined,
  { unreachableBefore }: ReflogExpiry,
): ReachableSources | undefined {
  if (objects) {
    const { format } = backend;
    return { history: new History(objects), format, allTips: () => allTips(backend) };
  }
  if (unreachableBefore === undefined) return undefined;
  const message = "Cannot tell which commits are unreachable: no reader of objects was given";
  throw new ReftableError("api", message);
}

/** The objects of all refs but symbolic ones. */
function* allTips(backend: RefBackend): Iterable<string> {
  for (const stored of backend.list()) {
    const ref = listedRef(backend, stored);
    if (ref.kind === "direct" || ref.kind === "peeled") yield ref.oid;
  }
}

/**
 * Makes what decides about the entries of a log.
 *
 * @param sources Needed for what cannot be reached.
 */
export async function expiryFilter(
  reader: RefReader,
  refname: string,
  { before = -Infinity, unreachableBefore = -Infinity, filter }: ReflogExpiry,
  sources: ReachableSources | undefined,
): Promise<ReflogFilter> {
  const lost = sources && unreachableBefore > before
    ? await findLost(reader, refname, { before, unreachableBefore }, sources)
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
  sources: ReachableSources,
): Promise<ReadonlySet<string> | "all"> {
  const isHead = parseWorktreeName(refname).refname === "HEAD";
  const tips = isHead ? sources.allTips() : await ownTip(reader, refname, sources);
  if (tips === undefined) return "all";
  const wanted = new Set<string>();
  for (const { time, oldOid, newOid } of reader.log(refname, "newest-first")) {
    if (time < before || time >= unreachableBefore) continue;
    for (const oid of [oldOid, newOid]) if (!isZero(oid)) wanted.add(oid);
  }
  return await sources.history.findUnreachable(tips, wanted);
}

/** What a ref holds, when that is a commit. */
async function ownTip(
  reader: RefReader,
  refname: string,
  { history, format }: ReachableSources,
): Promise<string[] | undefined> {
  const ref = reader.read(refname);
  // In reftables, symbolic refs hold nothing themselves, as Git has it.
  const followed = ref?.kind === "symref" && format !== "reftable" && resolveStored(reader, ref);
  const holder = followed || ref;
  const oid = holder && "oid" in holder ? holder.oid : undefined;
  if (oid === undefined || isZero(oid)) return undefined;
  return await history.commitOf(oid) === undefined ? undefined : [oid];
}

/** The history of commits, of which each is read once. */
class History {
  readonly #objects: ObjectReader;
  readonly #commits = new Map<string, Promise<string | undefined>>();
  readonly #parents = new Map<string, Promise<readonly string[] | undefined>>();

  /** @param objects Reads the commits. */
  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  /** Finds the commit that an object is, or leads to when it is a tag; `undefined` when there is none. */
  commitOf(oid: string): Promise<string | undefined> {
    return remember(this.#commits, oid, async () => {
      const peeled = await this.#objects.peel(oid);
      if (peeled === undefined) return undefined;
      return await this.#objects.type(peeled) === "commit" ? peeled : undefined;
    });
  }

  /** Gives the parents of a commit; `undefined` when it is not there. */
  parents(commit: string): Promise<readonly string[] | undefined> {
    return remember(this.#parents, commit, () => this.#objects.parents(commit));
  }

  /**
   * Finds out which of some objects are commits, or lead to such, that are no part of the history of others. What is
   * missing is passed over.
   *
   * @param tips The objects whose history it is.
   * @param wanted The objects in question.
   */
  async findUnreachable(tips: Iterable<string>, wanted: Iterable<string>): Promise<Set<string>> {
    const open = new Map<string, string[]>();
    for (const oid of wanted) {
      const commit = await this.commitOf(oid);
      if (commit !== undefined) open.set(commit, [...open.get(commit) ?? [], oid]);
    }
    const pending: string[] = [];
    for (const oid of tips) {
      const commit = await this.commitOf(oid);
      if (commit !== undefined) pending.push(commit);
    }
    const seen = new Set<string>();
    while (open.size > 0) {
      const commit = pending.pop();
      if (commit === undefined) break;
      if (seen.has(commit)) continue;
      seen.add(commit);
      open.delete(commit);
      pending.push(...await this.parents(commit) ?? []);
    }
    return new Set([...open.values()].flat());
  }
}

function remember<T>(
  known: Map<string, Promise<T>>,
  key: string,
  find: () => Promise<T>,
): Promise<T> {
  let found = known.get(key);
  if (!found) known.set(key, found = find());
  return found;
}
