/**
 * Refs that are changed together, so that whoever sees them differ has seen a change torn apart.
 *
 * @module
 */

import { seeded } from "../fixtures.ts";

/** The refs of a group get another value, or none, together. */
export interface Change {
  readonly group: number;
  readonly names: readonly string[];
  /** The object id that they have; `undefined` when they do not exist. */
  readonly before: string | undefined;
  /** The object id that they get; `undefined` when they are deleted. */
  readonly after: string | undefined;
}

/** What one of those who change refs has done. */
export interface Outcome {
  /** Its refs and how many entries their logs have, by what was acknowledged. */
  readonly refs: Readonly<Record<string, { readonly oid: string; readonly entries: number }>>;
  /** How many changes of each kind were acknowledged. */
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  /** How many compactions succeeded. */
  readonly compactions: number;
  /** How often something failed, by its reason. */
  readonly failures: Record<string, number>;
}

const GROUPS = 8;

/** How many refs a group has. */
export const GROUP_SIZE = 3;

/** The refs of one who changes them at random; nobody else does. */
export class Groups {
  readonly #prefix: string;
  readonly #oids: readonly string[];
  readonly #random: (limit: number) => number;
  readonly #state = new Map<number, { oid: string; entries: number }>();
  readonly #counts = { created: 0, updated: 0, deleted: 0 };

  /** @param prefix What the names begin with. */
  constructor(prefix: string, oids: readonly string[]) {
    this.#prefix = prefix;
    this.#oids = oids;
    this.#random = seeded([...prefix].reduce((sum, c) => 31 * sum + c.charCodeAt(0), 7));
  }

  /** Picks the next change. */
  next(): Change {
    const group = this.#random(GROUPS);
    const before = this.#state.get(group)?.oid;
    const isDeletion = before !== undefined && this.#random(3) === 0;
    let after = this.#oids[this.#random(this.#oids.length)]!;
    // To set a value that is there already would be no change for git.
    while (after === before) after = this.#oids[this.#random(this.#oids.length)]!;
    return { group, names: this.#names(group), before, after: isDeletion ? undefined : after };
  }

  #names(group: number): string[] {
    return Array.from({ length: GROUP_SIZE }, (_, i) => `${this.#prefix}/${group}/${i}`);
  }

  /** Notes that a change succeeded. */
  acknowledge({ group, before, after }: Change): void {
    const entries = (this.#state.get(group)?.entries ?? 0) + 1;
    if (after === undefined) this.#state.delete(group);
    else this.#state.set(group, { oid: after, entries });
    this.#counts[before === undefined ? "created" : after === undefined ? "deleted" : "updated"]++;
  }

  /** What was acknowledged so far. */
  get outcome(): Outcome {
    const refs = Object.fromEntries(
      [...this.#state].flatMap(([group, state]) =>
        this.#names(group).map((name) => [name, { ...state }])
      ),
    );
    return { refs, ...this.#counts, compactions: 0, failures: {} };
  }
}

/** Finds groups whose refs differ. */
export function tornGroups(refs: Iterable<readonly [refname: string, oid: string]>): string[] {
  const groups = new Map<string, string[]>();
  for (const [refname, oid] of refs) {
    const group = refname.slice(0, refname.lastIndexOf("/"));
    groups.set(group, [...groups.get(group) ?? [], oid]);
  }
  return [...groups].filter(([, oids]) => oids.length !== GROUP_SIZE || new Set(oids).size !== 1)
    .map(([group, oids]) => `${group}: ${oids}`);
}
