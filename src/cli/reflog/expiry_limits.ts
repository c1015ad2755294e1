import { compileWildmatch } from "../../bytes/wildmatch.ts";
import type { Config } from "../../refs/config/config.ts";
import type { ConfigVariable } from "../../refs/config/config_variable.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import { parseExpiryTime } from "../approximate_time.ts";

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
