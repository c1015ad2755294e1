import type { RefRecord } from "../../format/ref_record.ts";
import type { ListRefsOptions } from "../backend.ts";
import { MergedRefs } from "../merged_refs.ts";
import { isCurrentWorktreeRef, isRootRef, REFS_PREFIX } from "../names.ts";
import type { StoredRef } from "../stored_ref.ts";
import type { WorktreeStacks } from "./worktree_stacks.ts";

/** Lists refs as a working tree sees them, in the order of the bytes of their names. */
export function listStackRefs(
  { shared, own, isLinked }: WorktreeStacks,
  { prefix = "", after, includeRoot = false }: ListRefsOptions,
): IteratorObject<StoredRef, void> {
  // Where only those below `refs/` are wanted, the others need not be looked at.
  const isBelowRefs = prefix.startsWith(REFS_PREFIX);
  if (!includeRoot && !isBelowRefs) {
    if (!REFS_PREFIX.startsWith(prefix)) return Iterator.from<StoredRef>([]);
    prefix = REFS_PREFIX;
  }
  // No name has a NUL in it, so nothing comes between.
  const options = { prefix, from: after === undefined ? undefined : `${after}\0` };
  let refs: IteratorObject<RefRecord, void> = shared.refs(options);
  if (isLinked) {
    refs = refs.filter(({ refname }) => !isCurrentWorktreeRef(refname));
    if (own) refs = new MergedRefs(own.refs(options), refs);
  }
  // Stacks leave tombstones out.
  const stored = refs as IteratorObject<StoredRef, void>;
  if (!includeRoot || isBelowRefs) return stored;
  return stored.filter(({ refname }) => refname.startsWith(REFS_PREFIX) || isRootRef(refname));
}
