import type { ObjectReader } from "./object_reader.ts";

/** The history of commits, of which each is read once. */
export class History {
  readonly #objects: ObjectReader;
  readonly #commits = new Map<string, Promise<string | undefined>>();
  readonly #parents = new Map<string, Promise<readonly string[] | undefined>>();

  /** @param objects Reads the commits. */
  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  /** Finds the commit that an object is, or leads to when it is a tag; `undefined` when there is none. */
  commitOf(oid: string): Promise<string | undefined> {
    return remember(this.#commits, oid, async () => {
      const peeled = await this.#objects.peel(oid);
      if (peeled === undefined) return undefined;
      return await this.#objects.type(peeled) === "commit" ? peeled : undefined;
    });
  }

  /** Gives the parents of a commit; `undefined` when it is not there. */
  parents(commit: string): Promise<readonly string[] | undefined> {
    return remember(this.#parents, commit, () => this.#objects.parents(commit));
  }

  /**
   * Finds out which of some objects are commits, or lead to such, that are no part of the history of others. What is
   * missing is passed over.
   *
   * @param tips The objects whose history it is.
   * @param wanted The objects in question.
   */
  async findUnreachable(tips: Iterable<string>, wanted: Iterable<string>): Promise<Set<string>> {
    const open = new Map<string, string[]>();
    for (const oid of wanted) {
      const commit = await this.commitOf(oid);
      if (commit !== undefined) open.set(commit, [...open.get(commit) ?? [], oid]);
    }
    const pending: string[] = [];
    for (const oid of tips) {
      const commit = await this.commitOf(oid);
      if (commit !== undefined) pending.push(commit);
    }
    const seen = new Set<string>();
    while (open.size > 0) {
      const commit = pending.pop();
      if (commit === undefined) break;
      if (seen.has(commit)) continue;
      seen.add(commit);
      open.delete(commit);
      pending.push(...await this.parents(commit) ?? []);
    }
    return new Set([...open.values()].flat());
  }
}

function remember<T>(
  known: Map<string, Promise<T>>,
  key: string,
  find: () => Promise<T>,
): Promise<T> {
  let found = known.get(key);
  if (!found) known.set(key, found = find());
  return found;
}
