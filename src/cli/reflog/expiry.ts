import { compileWildmatch } from "../../bytes/wildmatch.ts";
import { isZero } from "../../format/hash.ts";
import type { Config } from "../../refs/config/config.ts";
import type { ConfigVariable } from "../../refs/config/config_variable.ts";
import { parseWorktreeName } from "../../refs/names.ts";
import type { RefStore } from "../../refs/ref_store.ts";
import type { ReflogFilter } from "../../refs/reflog/rewrite_log.ts";
import type { ReflogEntry } from "../../refs/reflog_entry.ts";
import { parseExpiryTime } from "../approximate_time.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import { peel } from "../history.ts";
import type { ObjectDatabase } from "../objects/object_database.ts";
import { CompletenessChecker, findUnreachable, tipsOf } from "./complete.ts";

/** Before when entries go, in seconds since 1970-01-01 UTC; 0 for never. */
export interface ExpiryLimits {
  /** Those from before this go in any case. */
  readonly total: number;
  /** Those from before this go when their commits are not part of the history any more. */
  readonly unreachable: number;
}

const DAY = 86400;

/** Finds the limits for each log. */
export class ExpiryPolicy {
  readonly #given: Partial<ExpiryLimits>;
  readonly #default: ExpiryLimits;
  readonly #patterns: readonly PatternLimits[];

  /**
   * Reads what is configured: `gc.reflogExpire`, `gc.reflogExpireUnreachable`, and the same for patterns of refs.
   *
   * @param given What the command line says, which goes first.
   * @throws {Failure} When what is configured is no time.
   */
  constructor(config: Config, given: Partial<ExpiryLimits>, context: Context) {
    this.#given = given;
    // What Git takes as the present in its tests counts for times that are told only.
    const now = Math.floor(Date.now() / 1000);
    const defaults = { total: now - 90 * DAY, unreachable: now - 30 * DAY };
    const patterns = new Map<string, ExpiryLimits>();
    for (const variable of config.variables) {
      const [, pattern, key] =
        /^gc\.(?:(.*)\.)?(reflogexpire(?:unreachable)?)$/s.exec(variable.name) ?? [];
      if (key === undefined) continue;
      const time = parseVariable(variable, context);
      const limit = key === "reflogexpire" ? { total: time } : { unreachable: time };
      if (pattern === undefined) Object.assign(defaults, limit);
      else patterns.set(pattern, { ...patterns.get(pattern) ?? NEVER, ...limit });
    }
    this.#default = defaults;
    this.#patterns = [...patterns].map(([pattern, limits]) => ({
      matches: compileWildmatch(pattern),
      limits,
    }));
  }

  /** The limits for the log of a ref. */
  limitsOf(refname: string): ExpiryLimits {
    const found = this.#patterns.find(({ matches }) => matches(refname))?.limits;
    // What is stashed has no other place.
    const limits = found ?? (refname === "refs/stash" ? NEVER : this.#default);
    return { ...limits, ...this.#given };
  }
}

function parseVariable({ name, value, file, line }: ConfigVariable, context: Context): number {
  const time = value === undefined ? undefined : parseExpiryTime(value, context.now());
  if (time !== undefined) return time;
  const problem = value === undefined
    ? `missing value for '${name}'`
    : `'${value}' for '${name}' is not a valid timestamp`;
  context.warn(problem, "error");
  throw fatal(
    file === undefined
      ? `unable to parse '${name}' from command-line config`
      : `bad config variable '${name}' in file '${file}' at line ${line}`,
  );
}

interface PatternLimits {
  readonly matches: (refname: string) => boolean;
  readonly limits: ExpiryLimits;
}

const NEVER: ExpiryLimits = { total: 0, unreachable: 0 };

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
