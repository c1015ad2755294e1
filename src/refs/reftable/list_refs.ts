import type { RefRecord } from "../../format/ref_record.ts";
import type { ListRefsOptions } from "../backend.ts";
import { isCurrentWorktreeRef, REFS_PREFIX } from "../names.ts";
import { isListed, listedPrefix, MergedRefs } from "../ref_listing.ts";
import type { StoredRef } from "../stored_ref.ts";
import type { WorktreeStacks } from "./worktree_stacks.ts";

/** Lists refs as a working tree sees them, in the order of the bytes of their names. */
export function listStackRefs(
  { shared, own, isLinked }: WorktreeStacks,
  listed: ListRefsOptions,
): IteratorObject<StoredRef, void> {
  // Where only those below `refs/` are wanted, the others need not be looked at.
  const prefix = listedPrefix(listed);
  if (prefix === undefined) return Iterator.from<StoredRef>([]);
  const { after } = listed;
  // No name has a NUL in it, so nothing comes between.
  const options = { prefix, from: after === undefined ? undefined : `${after}\0` };
  let refs: IteratorObject<RefRecord, void> = shared.refs(options);
  if (isLinked) {
    refs = refs.filter(({ refname }) => !isCurrentWorktreeRef(refname));
    if (own) refs = new MergedRefs(own.refs(options), refs);
  }
  // Stacks leave tombstones out.
  const stored = refs as IteratorObject<StoredRef, void>;
  return prefix.startsWith(REFS_PREFIX) ? stored : stored.filter(isListed);
}
