import type { RefStore } from "../../refs/ref_store.ts";
import type { ObjectReader } from "../../refs/object_reader.ts";

/** Walks the history of commits. Each commit is read once. */
export class History {
  readonly #objects: ObjectReader;
  readonly #commits = new Map<string, Promise<string | undefined>>();

  /** Reads commits from a repository. */
  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  /** The commit that an object is, or leads to when it is a tag; `undefined` when it is none. */
  commitOf(oid: string): Promise<string | undefined> {
    let commit = this.#commits.get(oid);
    if (!commit) {
      commit = this.#findCommit(oid);
      this.#commits.set(oid, commit);
    }
    return commit;
  }

  async #findCommit(oid: string): Promise<string | undefined> {
    const peeled = await this.#objects.peel(oid);
    return peeled !== undefined && await this.#objects.type(peeled) === "commit"
      ? peeled
      : undefined;
  }

  /**
   * Finds out which commits are no part of the history of others.
   *
   * @param tips The objects whose history it is; those that lead to no commit have none.
   * @param wanted The objects in question; those that lead to no commit are part of any history.
   */
  async unreachable(tips: Iterable<string>, wanted: Iterable<string>): Promise<Set<string>> {
    const open = new Map<string, string[]>();
    for (const oid of wanted) {
      const commit = await this.commitOf(oid);
      if (commit !== undefined) open.set(commit, [...open.get(commit) ?? [], oid]);
    }
    for await (const commit of this.walk(tips, () => open.size === 0)) open.delete(commit);
    return new Set([...open.values()].flat());
  }

  /** Goes through the history of some objects; what is missing is passed over. */
  async *walk(tips: Iterable<string>, isDone = () => false): AsyncGenerator<string, void> {
    const seen = new Set<string>();
    const pending: string[] = [];
    for (const oid of tips) {
      const commit = await this.commitOf(oid);
      if (commit !== undefined) pending.push(commit);
    }
    for (let commit; !isDone() && (commit = pending.pop()) !== undefined;) {
      if (seen.has(commit)) continue;
      seen.add(commit);
      const parents = await this.#objects.parents(commit);
      if (parents === undefined) continue;
      yield commit;
      pending.push(...parents);
    }
  }
}

/** What all refs hold that are not symbolic. */
export function tipsOf(refs: RefStore): string[] {
  return refs.list().filter((ref) => ref.kind === "direct" || ref.kind === "peeled")
    .map(({ oid }) => oid).toArray();
}
