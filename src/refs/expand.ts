import type { RefReader } from "./backend.ts";
import { type ResolvedRef, resolveRef } from "./resolve.ts";

/** What people may mean by a short name, the likeliest first. */
const RULES: readonly (readonly [before: string, after: string])[] = [
  ["", ""],
  ["refs/", ""],
  ["refs/tags/", ""],
  ["refs/heads/", ""],
  ["refs/remotes/", ""],
  ["refs/remotes/", "/HEAD"],
];

/** A ref that was found by a short name. */
export interface ExpandedRef {
  /** Its full name. */
  readonly refname: string;
  /** Where it leads. */
  readonly resolved: ResolvedRef & { readonly oid: string };
  /** The full names of other refs that the short name could mean; Git warns when there are any. */
  readonly others: readonly string[];
  /** The full names of symbolic refs that lead nowhere and refs that make no sense, which were passed over. */
  readonly ignored: readonly string[];
}

/** The full names that a short one may stand for, the likeliest first. */
export function fullNames(short: string): string[] {
  return RULES.map(([before, after]) => before + short + after);
}

/**
 * Finds the ref that a short name means, by Git's rules: as it is, then below `refs/`, `refs/tags/`, `refs/heads/`,
 * `refs/remotes/`, and as the HEAD of a remote.
 *
 * @returns `undefined` when there is none that leads to an object.
 */
export function expandName(
  reader: Pick<RefReader, "read">,
  short: string,
): ExpandedRef | undefined {
  const found: { refname: string; resolved: ExpandedRef["resolved"] }[] = [];
  const ignored: string[] = [];
  for (const refname of fullNames(short)) {
    const resolved = resolveRef(reader, refname);
    if (resolved === undefined) continue;
    if (leadsToObject(resolved)) found.push({ refname, resolved });
    // HEAD may lead nowhere for good reasons.
    else if (refname !== "HEAD") ignored.push(refname);
  }
  const [first, ...others] = found;
  return first && { ...first, others: others.map(({ refname }) => refname), ignored };
}

function leadsToObject(resolved: ResolvedRef): resolved is ResolvedRef & { readonly oid: string } {
  return resolved.oid !== undefined;
}

/** How to shorten names. */
export interface ShortenOptions {
  /** Whether a short name must not mean any other ref; else it must only mean this one first. */
  readonly strict?: boolean | undefined;
}

/**
 * Finds the shortest name that means a ref, by Git's rules.
 *
 * @param refname The full name of a ref, which need not exist.
 */
export function shortenName(
  reader: Pick<RefReader, "read">,
  refname: string,
  { strict = false }: ShortenOptions = {},
): string {
  for (let i = RULES.length - 1; i > 0; i--) {
    const short = matchRule(refname, RULES[i]!);
    if (short === undefined) continue;
    const isTaken = fullNames(short).some((other, rule) =>
      rule !== i && (strict || rule < i) && resolveRef(reader, other)?.oid !== undefined
    );
    if (!isTaken) return short;
  }
  return refname;
}

/** What a name has between the two parts of a rule. */
function matchRule(
  refname: string,
  [before, after]: readonly [string, string],
): string | undefined {
  if (refname.length < before.length + after.length) return undefined;
  if (!refname.startsWith(before) || !refname.endsWith(after)) return undefined;
  return refname.slice(before.length, refname.length - after.length);
}
