import type { RefStore } from "../../refs/ref_store.ts";
import { headerLines, peel } from "../history.ts";
import type { ObjectDatabase } from "../objects/object_database.ts";

/**
 * Finds out which commits are no part of the history of others.
 *
 * @param tips The objects whose history it is; those that lead to no commit have none.
 * @param wanted The objects in question; those that lead to no commit are part of any history.
 */
export function findUnreachable(
  objects: ObjectDatabase,
  tips: Iterable<string>,
  wanted: Iterable<string>,
): Set<string> {
  const open = Map.groupBy(wanted, (oid) => peel(objects, oid, "commit"));
  open.delete(undefined);
  for (const commit of walkHistory(objects, tips)) {
    if (open.size === 0) break;
    open.delete(commit);
  }
  return new Set([...open.values()].flat());
}

/** Goes through the history of some objects; what is missing is passed over. */
export function* walkHistory(
  objects: ObjectDatabase,
  tips: Iterable<string>,
): Generator<string, void> {
  const seen = new Set<string>();
  for (const pending = [...tips]; pending.length > 0;) {
    const commit = peel(objects, pending.pop(), "commit");
    if (commit === undefined || seen.has(commit)) continue;
    seen.add(commit);
    yield commit;
    pending.push(...headerLines(objects, commit, "parent"));
  }
}

/** What all refs hold that are not symbolic. */
export function tipsOf(refs: RefStore): string[] {
  return refs.list().filter((ref) => ref.kind === "direct" || ref.kind === "peeled")
    .map(({ oid }) => oid).toArray();
}
