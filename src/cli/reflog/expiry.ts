import { parseWorktreeName } from "../../refs/names.ts";
import { isZero } from "../../refs/object_id.ts";
import type { RefStore } from "../../refs/ref_store.ts";
import type { ReflogEntry } from "../../refs/reflog_entry.ts";
import type { ReflogFilter } from "../../refs/reflog/rewrite_log.ts";
import { peel } from "../history.ts";
import type { ObjectDatabase } from "../objects/object_database.ts";
import { CompletenessChecker } from "./complete.ts";
import type { ExpiryPolicy } from "./expiry_limits.ts";
import { findUnreachable, tipsOf } from "./reachable.ts";

/** Decides which entries of logs go. */
export class Expiry {
  readonly #refs: RefStore;
  readonly #policy: ExpiryPolicy;
  readonly #objects: ObjectDatabase;
  readonly #fixesStale: boolean;
  #checker: CompletenessChecker | undefined;

  /**
   * Decides by the limits of a policy.
   *
   * @param fixesStale Whether entries go of whose commits something is missing.
   */
  constructor(refs: RefStore, policy: ExpiryPolicy, objects: ObjectDatabase, fixesStale: boolean) {
    this.#refs = refs;
    this.#policy = policy;
    this.#objects = objects;
    this.#fixesStale = fixesStale;
  }

  /** Makes what decides about the entries of a log. */
  filter(refname: string): ReflogFilter {
    const { total, unreachable } = this.#policy.limitsOf(refname);
    const entries = this.#refs.reflog(refname).filter(({ time }) => time >= total).toArray();
    const stale = this.#fixesStale ? this.#stale(entries) : new Set();
    const lost = this.#unreachable(refname, entries.filter(({ time }) => time < unreachable));
    return ({ time, oldOid, newOid }) =>
      time < total || stale.has(oldOid) || stale.has(newOid) ||
      (time < unreachable && (lost === "all" || lost.has(oldOid) || lost.has(newOid)));
  }

  /** The objects of entries that lead to no commit, or to one of whose history something is missing. */
  #stale(entries: readonly ReflogEntry[]): Set<string> {
    if (entries.length === 0) return new Set();
    const checker = this.#checker ??= new CompletenessChecker(this.#objects, tipsOf(this.#refs));
    return new Set([...objectsOf(entries)].filter((oid) => !checker.isComplete(oid)));
  }

  /** The objects of entries that are no part of the ref's history; all when it has none. */
  #unreachable(refname: string, entries: readonly ReflogEntry[]): ReadonlySet<string> | "all" {
    if (entries.length === 0) return new Set();
    if (parseWorktreeName(refname).refname === "HEAD") {
      return findUnreachable(this.#objects, tipsOf(this.#refs), objectsOf(entries));
    }
    const tip = this.#tip(refname);
    if (peel(this.#objects, tip, "commit") === undefined) return "all";
    return findUnreachable(this.#objects, [tip!], objectsOf(entries));
  }

  /** What a ref holds. In reftables, symbolic refs hold nothing themselves, as Git has it. */
  #tip(refname: string): string | undefined {
    if (this.#refs.format !== "reftable") return this.#refs.resolve(refname)?.oid;
    const ref = this.#refs.read(refname);
    return ref?.kind === "direct" || ref?.kind === "peeled" ? ref.oid : undefined;
  }
}

function objectsOf(entries: readonly ReflogEntry[]): Set<string> {
  const all = entries.flatMap(({ oldOid, newOid }) => [oldOid, newOid]);
  return new Set(all.filter((oid) => !isZero(oid)));
}
