import { encodeHex } from "../../bytes/hex.ts";
import { decodeText } from "../../bytes/text.ts";
import type { ObjectReader } from "../../refs/object_reader.ts";
import type { History } from "./reachable.ts";

/** Tells of commits whether all their history is there, with all files. */
export class CompletenessChecker {
  readonly #objects: ObjectReader;
  readonly #history: History;
  readonly #has: (oid: string) => boolean;
  /** Commits and trees that are known to be whole, and those known not to be. */
  readonly #known: Map<string, boolean>;

  private constructor(
    objects: ObjectReader,
    history: History,
    has: (oid: string) => boolean,
    trusted: Iterable<string>,
  ) {
    this.#objects = objects;
    this.#history = history;
    this.#has = has;
    this.#known = new Map(Array.from(trusted, (oid) => [oid, true]));
  }

  /**
   * Makes one that takes for whole what refs lead to.
   *
   * @param has Tells whether there is an object, quickly.
   */
  static async create(
    objects: ObjectReader,
    history: History,
    has: (oid: string) => boolean,
    tips: Iterable<string>,
  ): Promise<CompletenessChecker> {
    const trusted = await Array.fromAsync(history.walk(tips));
    return new CompletenessChecker(objects, history, has, trusted);
  }

  /** Tells whether an object leads to a commit that is whole. */
  async isComplete(oid: string): Promise<boolean> {
    const tip = await this.#history.commitOf(oid);
    if (tip === undefined) return false;
    const seen = new Set<string>();
    for (const pending = [tip]; pending.length > 0;) {
      const commit = pending.pop()!;
      if (seen.has(commit) || this.#known.get(commit)) continue;
      seen.add(commit);
      const parents = await this.#objects.parents(commit);
      if (!parents || !await this.#hasFiles(commit)) return false;
      pending.push(...parents);
    }
    for (const commit of seen) this.#remember(commit, true);
    return true;
  }

  async #hasFiles(commit: string): Promise<boolean> {
    const { content } = (await this.#objects.read(commit))!;
    const [, tree] = /^tree ([0-9a-f]+)\n/.exec(decodeText(content, 0, 100)) ?? [];
    return tree !== undefined && await this.#isWholeTree(tree);
  }

  async #isWholeTree(oid: string): Promise<boolean> {
    const known = this.#known.get(oid);
    if (known !== undefined) return known;
    const tree = await this.#objects.read(oid);
    if (tree?.type !== "tree") return this.#remember(oid, false);
    for (const { mode, oid: entry } of treeEntries(tree.content, oid.length / 2)) {
      // What is in other repositories is not to be expected here.
      if (mode === "160000") continue;
      if (!this.#has(entry)) return this.#remember(oid, false);
      if (mode === "40000" && !await this.#isWholeTree(entry)) return this.#remember(oid, false);
    }
    return this.#remember(oid, true);
  }

  #remember(oid: string, isWhole: boolean): boolean {
    this.#known.set(oid, isWhole);
    return isWhole;
  }
}

/** The entries of a tree: a mode, a name, a NUL and an object id, one behind the other. */
function* treeEntries(
  content: Uint8Array,
  size: number,
): Generator<{ readonly mode: string; readonly oid: string }, void> {
  for (let position = 0; position < content.length;) {
    const mode = decodeText(content, position, content.indexOf(0x20, position));
    const start = content.indexOf(0, position) + 1;
    position = start + size;
    yield { mode, oid: encodeHex(content, start, position) };
  }
}
