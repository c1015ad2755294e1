import { openObjects } from "../../refs/isomorphic_objects.ts";
import { parseWorktreeName } from "../../refs/names.ts";
import { isZero } from "../../refs/object_id.ts";
import type { ObjectReader } from "../../refs/object_reader.ts";
import type { RefStore } from "../../refs/ref_store.ts";
import type { ReflogEntry } from "../../refs/reflog_entry.ts";
import type { ReflogFilter } from "../../refs/reflog/rewrite_log.ts";
import { fatal } from "../failure.ts";
import type { ObjectNames } from "../object_names.ts";
import { CompletenessChecker } from "./complete.ts";
import type { ExpiryPolicy } from "./expiry_limits.ts";
import { History, tipsOf } from "./reachable.ts";

/** Decides which entries of logs go. */
export class Expiry {
  readonly #refs: RefStore;
  readonly #policy: ExpiryPolicy;
  readonly #names: ObjectNames;
  readonly #fixesStale: boolean;
  readonly #objects: ObjectReader | undefined;
  readonly #history: History | undefined;
  #checker: Promise<CompletenessChecker> | undefined;

  /**
   * Decides by the limits of a policy.
   *
   * @param fixesStale Whether entries go of whose commits something is missing.
   */
  constructor(refs: RefStore, policy: ExpiryPolicy, names: ObjectNames, fixesStale: boolean) {
    this.#refs = refs;
    this.#policy = policy;
    this.#names = names;
    this.#fixesStale = fixesStale;
    this.#objects = openObjects(refs.repository);
    this.#history = this.#objects && new History(this.#objects);
  }

  /** Makes what decides about the entries of a log. */
  async filter(refname: string): Promise<ReflogFilter> {
    const { total, unreachable } = this.#policy.limitsOf(refname);
    const entries = this.#refs.reflog(refname).filter(({ time }) => time >= total).toArray();
    const stale = this.#fixesStale ? await this.#stale(entries) : new Set();
    const lost = await this.#unreachable(refname, entries.filter(({ time }) => time < unreachable));
    return ({ time, oldOid, newOid }) =>
      time < total || stale.has(oldOid) || stale.has(newOid) ||
      (time < unreachable && (lost === "all" || lost.has(oldOid) || lost.has(newOid)));
  }

  /** The objects of entries that lead to no commit, or to one of whose history something is missing. */
  async #stale(entries: readonly ReflogEntry[]): Promise<Set<string>> {
    const stale = new Set<string>();
    if (entries.length === 0) return stale;
    const checker = await (this.#checker ??= CompletenessChecker.create(
      this.#requireObjects(),
      this.#history!,
      (oid) => this.#names.has(oid),
      tipsOf(this.#refs),
    ));
    for (const oid of objectsOf(entries)) {
      if (!await checker.isComplete(oid)) stale.add(oid);
    }
    return stale;
  }

  /** The objects of entries that are no part of the ref's history; all when it has none. */
  async #unreachable(
    refname: string,
    entries: readonly ReflogEntry[],
  ): Promise<ReadonlySet<string> | "all"> {
    if (entries.length === 0) return new Set();
    if (parseWorktreeName(refname).refname === "HEAD") {
      this.#requireObjects();
      return await this.#history!.unreachable(tipsOf(this.#refs), objectsOf(entries));
    }
    const ref = this.#refs.read(refname);
    if (ref?.kind !== "direct" && ref?.kind !== "peeled") return "all";
    this.#requireObjects();
    if (await this.#history!.commitOf(ref.oid) === undefined) return "all";
    return await this.#history!.unreachable([ref.oid], objectsOf(entries));
  }

  #requireObjects(): ObjectReader {
    if (this.#objects) return this.#objects;
    throw fatal(
      "cannot tell which commits are reachable, for objects of SHA-256 cannot be read; " +
        "--expire-unreachable=never does without",
    );
  }
}

function objectsOf(entries: readonly ReflogEntry[]): Set<string> {
  const all = entries.flatMap(({ oldOid, newOid }) => [oldOid, newOid]);
  return new Set(all.filter((oid) => !isZero(oid)));
}
