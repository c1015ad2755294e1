import type { RefStore } from "../../refs/ref_store.ts";
import { headerLines, peel } from "../history.ts";
import { treeEntries, type TreeEntry } from "../objects/contents.ts";
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
function* walkHistory(
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

/** Tells of commits whether all their history is there, with all files. */
export class CompletenessChecker {
  readonly #objects: ObjectDatabase;
  /** Commits whose history is whole. */
  readonly #whole: Set<string>;
  /** Trees, and whether all that is in them is there. */
  readonly #trees = new Map<string, boolean>();

  /**
   * Makes one that takes for whole what refs lead to.
   *
   * @param tips What the refs hold.
   */
  constructor(objects: ObjectDatabase, tips: Iterable<string>) {
    this.#objects = objects;
    this.#whole = new Set(walkHistory(objects, tips));
  }

  /** Tells whether an object leads to a commit that is whole. */
  isComplete(oid: string): boolean {
    const tip = peel(this.#objects, oid, "commit");
    if (tip === undefined) return false;
    const seen = new Set<string>();
    for (const pending = [tip]; pending.length > 0;) {
      const commit = pending.pop()!;
      if (seen.has(commit) || this.#whole.has(commit)) continue;
      seen.add(commit);
      if (this.#objects.info(commit)?.type !== "commit") return false;
      const [tree = ""] = headerLines(this.#objects, commit, "tree");
      if (!this.#isWholeTree(tree)) return false;
      pending.push(...headerLines(this.#objects, commit, "parent"));
    }
    for (const commit of seen) this.#whole.add(commit);
    return true;
  }

  #isWholeTree(oid: string): boolean {
    let isWhole = this.#trees.get(oid);
    if (isWhole === undefined) {
      const tree = this.#objects.readSync(oid);
      isWhole = tree?.type === "tree" &&
        treeEntries(tree.content, oid.length / 2).every((entry) => this.#hasEntry(entry));
      this.#trees.set(oid, isWhole);
    }
    return isWhole;
  }

  #hasEntry({ mode, oid }: TreeEntry): boolean {
    // What is in other repositories is not to be expected here.
    if (mode === "160000") return true;
    return mode === "40000" ? this.#isWholeTree(oid) : this.#objects.has(oid);
  }
}
