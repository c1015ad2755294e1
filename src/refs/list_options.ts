import type { ListRefsOptions } from "./backend.ts";
import { isRootRef, REFS_PREFIX } from "./names.ts";
import type { StoredRefBase } from "./stored_ref.ts";

/** Gives what all refs begin with that are to be listed; `undefined` when there are none. */
export function listedPrefix(
  { prefix = "", includeRoot = false }: ListRefsOptions,
): string | undefined {
  if (includeRoot || prefix.startsWith(REFS_PREFIX)) return prefix;
  return REFS_PREFIX.startsWith(prefix) ? REFS_PREFIX : undefined;
}

/** Tells whether a ref that begins as it should is listed: outside of `refs/` there is more than refs. */
export function isListed({ refname }: StoredRefBase): boolean {
  return refname.startsWith(REFS_PREFIX) || isRootRef(refname);
}
