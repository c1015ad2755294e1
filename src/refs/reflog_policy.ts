import { BRANCH_PREFIX } from "./names.ts";
import type { Repository } from "./repository.ts";

/** Which refs get a log by themselves: none, those that people work with, or all. */
export type ReflogPolicy = "never" | "usual" | "always";

/**
 * Finds out which refs of a repository get a log: `core.logAllRefUpdates`, or those that people work with unless the
 * repository is bare.
 *
 * @throws {ReftableError} With code `"format"` when the configuration makes no sense.
 */
export function reflogPolicy(
  { config, isBare }: Pick<Repository, "config" | "isBare">,
): ReflogPolicy {
  const value = config.string("core.logAllRefUpdates");
  if (value === undefined) return isBare ? "never" : "usual";
  if (value.toLowerCase() === "always") return "always";
  return config.boolean("core.logAllRefUpdates") ? "usual" : "never";
}

/** Tells whether a change of a ref begins a log where there is none. */
export function beginsLog(policy: ReflogPolicy, refname: string): boolean {
  return policy === "always" || policy === "usual" && isUsual(refname);
}

function isUsual(refname: string): boolean {
  return refname === "HEAD" || refname.startsWith(BRANCH_PREFIX) ||
    refname.startsWith("refs/remotes/") || refname.startsWith("refs/notes/");
}
