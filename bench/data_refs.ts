import { Random } from "./random.ts";

/** A ref as the benchmark's repositories hold it. */
export interface DataRef {
  /** Its full name. */
  readonly refname: string;
  /** What it holds. */
  readonly oid: string;
  /** What that peels to, when it is an annotated tag. */
  readonly peeled?: string;
}

/** An annotated tag that is there as an object. */
export interface DataTag {
  /** The tag's own object id. */
  readonly oid: string;
  /** The id of the commit that it tags. */
  readonly peeled: string;
}

/** How many refs of a kind there are. */
export interface DataCounts {
  /** Refs under `refs/heads/`. */
  readonly heads: number;
  /** Refs under `refs/tags/`. */
  readonly tags: number;
  /** Refs under `refs/changes/`. */
  readonly changes: number;
}

/** Raised when the refs change, so that data made before is made anew. */
export const DATA_VERSION = 1;

const SEED = 866_456;

const TEAMS = ["android", "build", "core", "docs", "network", "release", "storage", "tools"];
const TOPICS = ["cleanup", "experiment", "fix", "stable", "integration", "performance", "wip"];

/** Divides a number of refs into kinds as a Gerrit server has them: 0.5 % heads, 1 % tags, changes. */
export function countKinds(refs: number): DataCounts {
  const heads = Math.round(refs * 0.005);
  const tags = Math.round(refs * 0.01);
  return { heads, tags, changes: refs - heads - tags };
}

/**
 * Makes the refs of a Gerrit server, the same ones for the same arguments, ordered by name.
 *
 * @param refs How many.
 * @param tags As many objects as {@linkcode countKinds} wants tags.
 */
export function makeRefs(refs: number, tags: readonly DataTag[]): DataRef[] {
  const random = new Random(SEED);
  const counts = countKinds(refs);
  const all = makeChanges(random, counts.changes);
  const commits = all.map(({ oid }) => oid);
  for (let i = 0; i < counts.heads; i++) {
    const name = `${random.pick(TEAMS)}/${random.pick(TOPICS)}-${i}`;
    // Branches hold what was a change once, so some objects have more than one ref.
    all.push({ refname: `refs/heads/${i === 0 ? "main" : name}`, oid: random.pick(commits) });
  }
  for (const [i, tag] of tags.entries()) {
    const version = `${Math.floor(i / 400)}.${Math.floor(i / 20) % 20}.${i % 20}`;
    all.push({ refname: `refs/tags/v${version}`, ...tag });
  }
  // All names are ASCII, so this is the order of their bytes.
  return all.sort((a, b) => a.refname < b.refname ? -1 : 1);
}

/** Makes changes of some patch sets each, with their notes under `meta`. */
function makeChanges(random: Random, count: number): DataRef[] {
  const refs: DataRef[] = [];
  for (let change = 100_000; refs.length < count; change++) {
    const dir = `refs/changes/${`${change % 100}`.padStart(2, "0")}/${change}`;
    let patchSet = 1;
    do {
      refs.push({ refname: `${dir}/${patchSet++}`, oid: random.oid() });
    } while (random.chance(0.6) && patchSet <= 30);
    refs.push({ refname: `${dir}/meta`, oid: random.oid() });
  }
  refs.length = count;
  return refs;
}
