import type { ReflogFilter, ReflogRewriteOptions } from "./rewrite_log.ts";

/** Which entries go out of logs, and how. */
export interface ReflogExpiry extends ReflogRewriteOptions {
  /** Entries go that were made before this time, in seconds since 1970-01-01 UTC. */
  readonly before?: number | undefined;
  /** Entries go that this says so of. */
  readonly filter?: ReflogFilter | undefined;
}

/** Makes what decides about the entries of a log. */
export function expiryFilter({ before = -Infinity, filter }: ReflogExpiry): ReflogFilter {
  return (entry, position) => entry.time < before || (filter?.(entry, position) ?? false);
}
