/**
 * Long random sequences of changes, made by git's commands in one repository and through `RefStore` in its twin:
 * after each of them both hold the same refs and logs, and both did it or refused it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { openObjects, RefStore, ReftableError } from "@reftable/reftable";
import { seeded } from "../fixtures.ts";
import { GitRepo, type GitRepoOptions, gitTest } from "../peers/git.ts";
import { COMMITTER, NO_ENVIRONMENT } from "../refs/open_backend.ts";
import {
  FAR_REFNAMES,
  type Operation,
  type Place,
  randomOperation,
  REFNAMES,
  type World,
} from "./refs_operations.ts";

/** A repository with a linked working tree. */
class Twin implements AsyncDisposable {
  readonly repo: GitRepo;
  readonly stores: Readonly<Record<Place, RefStore>>;

  private constructor(repo: GitRepo, stores: Record<Place, RefStore>) {
    this.repo = repo;
    this.stores = stores;
  }

  static async create(options: GitRepoOptions): Promise<Twin> {
    const repo = await GitRepo.create(options);
    await repo.ok(["commit", "--allow-empty", "-m", "first"]);
    await repo.ok(["worktree", "add", "-q", "--detach", "../linked"]);
    const environment = NO_ENVIRONMENT;
    const storeOptions = { identity: COMMITTER, objects: openObjects, environment };
    const stores = {
      main: await RefStore.open(repo.dir, storeOptions),
      linked: await RefStore.open(`${repo.dir}/../linked`, storeOptions),
    };
    return new Twin(repo, stores);
  }

  directory(place: Place): string {
    return place === "main" ? this.repo.dir : `${this.repo.dir}/../linked`;
  }

  /** All refs and logs, as they are stored. */
  async contents(): Promise<string[]> {
    const lines: string[] = [];
    for (const [place, refs] of Object.entries(this.stores)) {
      await refs.reload();
      for (const refname of [...REFNAMES, ...FAR_REFNAMES]) {
        lines.push(`${place} ${refname} ${value(refs, refname)}`);
      }
      const listed = refs.list({ includeRoot: true }).map(({ refname }) => refname);
      lines.push(`${place} refs: ${listed.toArray()}`, `logs: ${refs.reflogNames().toArray()}`);
      for (const refname of refs.reflogNames()) {
        for (const { oldOid, newOid, ...entry } of refs.reflog(refname)) {
          const who = `${entry.name} <${entry.email}> ${entry.time} ${entry.tzOffset}`;
          lines.push(`${place} log ${refname} ${oldOid} ${newOid} ${who} ${entry.message}`);
        }
      }
    }
    return lines;
  }

  /** What git says that the refs and logs are. */
  async toldByGit(): Promise<string[]> {
    const format = "%(objectname) %(refname) %(symref) %(*objectname)";
    const told: string[] = [];
    for (const place of ["main", "linked"] as const) {
      const cwd = this.directory(place);
      const list = ["for-each-ref", "--include-root-refs", `--format=${format}`];
      told.push(await this.repo.ok(list, { cwd }), await this.repo.ok(["reflog", "list"], { cwd }));
    }
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const refs of Object.values(this.stores)) await refs[Symbol.asyncDispose]();
    await this.repo[Symbol.asyncDispose]();
  }
}

function value(refs: RefStore, refname: string): string {
  const ref = refs.read(refname);
  if (ref?.kind === "symref") return `-> ${ref.target}`;
  if (ref === undefined) return "none";
  if (ref.kind === "broken") return ref.finding;
  // Loose files do not tell what tags lead to, packed ones do.
  const isPeeled = ref.kind === "peeled" && refs.format === "reftable";
  return isPeeled ? `${ref.oid} ^${ref.peeled}` : ref.oid;
}

/** Makes a change with git; `undefined` when it is done, else why not. */
async function changeByGit(twin: Twin, { args, stdin, place }: Operation, time: number) {
  const cwd = twin.directory(place);
  const env = { GIT_COMMITTER_DATE: `${time} -0730` };
  const { code, stdout, stderr } = await twin.repo.run(args, { cwd, stdin, env });
  const rejected = stdout.match(/^rejected \S+/gm)?.sort() ?? [];
  return { refusal: code === 0 ? undefined : stderr.trim(), rejected };
}

/** Makes a change with the library, in the same way. */
async function changeByUs(
  twin: Twin,
  { run, place, runPlace = place }: Operation,
  time: number,
) {
  try {
    const result = await run(twin.stores[runPlace], { ...COMMITTER, time }) as
      | { rejections?: { refname: string }[] }
      | void;
    const rejected = result?.rejections?.map(({ refname }) => `rejected ${refname}`).sort() ?? [];
    return { refusal: undefined, rejected };
  } catch (error) {
    assert(error instanceof ReftableError, error instanceof Error ? error.stack : `${error}`);
    return { refusal: error.message, rejected: [] };
  }
}

/** What the commits tell. */
const COMMITS = ["1", "2", "3", "4"];

/** Makes commits and, where they can be read, a tag, a tag of a tag and a blob. */
async function makeObjects(repo: GitRepo, { hash }: GitRepoOptions): Promise<string[]> {
  const make = async (args: readonly string[], stdin?: string) => {
    return (await repo.ok(args, { stdin })).trim();
  };
  const tree = await make(["mktree"], "");
  const oids: string[] = [];
  for (const message of COMMITS) {
    oids.push(await make(["commit-tree", "-m", message, tree]));
  }
  if (hash === "sha256") return oids;
  const makeTag = (oid: string, type: string) => {
    const header = [`object ${oid}`, `type ${type}`, "tag x", "tagger A <a@b> 1 +0000"];
    return make(["mktag"], `${header.join("\n")}\n\nx\n`);
  };
  const tag = await makeTag(oids[0]!, "commit");
  return [
    ...oids,
    tag,
    await makeTag(tag, "tag"),
    await make(["hash-object", "-w", "--stdin"], ""),
  ];
}

async function compare(seed: number, steps: number, options: GitRepoOptions): Promise<void> {
  await using byGit = await Twin.create(options);
  await using byUs = await Twin.create(options);
  const random = seeded(seed);
  await makeObjects(byGit.repo, options);
  const oids = await makeObjects(byUs.repo, options);
  const world = {
    random,
    time: COMMITTER.time,
    canReadObjects: options.hash !== "sha256",
    oids,
    commits: [byUs.stores.main.resolve("HEAD")!.oid!, ...oids.slice(0, COMMITS.length)],
    refFormat: options.refFormat ?? "reftable",
    look: (place: Place) => byUs.stores[place],
  } satisfies World;
  for (let step = 0; step < steps; step++) {
    world.time += 60;
    const operation = randomOperation(world);
    const what = `seed ${seed}, step ${step}: ${operation.name}`;
    const git = await changeByGit(byGit, operation, world.time);
    const us = await changeByUs(byUs, operation, world.time);
    const outcome = `${what}\ngit: ${git.refusal}\nwe: ${us.refusal}`;
    assertEquals(us.refusal === undefined, git.refusal === undefined, outcome);
    if (git.refusal === undefined) assertEquals(us.rejected, git.rejected, outcome);
    assertEquals(await byUs.contents(), await byGit.contents(), outcome);
    if (step % 20 === 0) assertEquals(await byUs.toldByGit(), await byGit.toldByGit(), what);
  }
  assertEquals(await byUs.toldByGit(), await byGit.toldByGit());
  await byUs.repo.ok(["refs", "verify"]);
}

/** How many changes are made one after another. */
const STEPS = 200;

gitTest("RefStore does with reftables what git's commands do", async () => {
  await compare(1, STEPS, {});
});

gitTest("RefStore does with reftables of SHA-256 what git's commands do", async () => {
  await compare(2, STEPS, { hash: "sha256" });
});

gitTest("RefStore does with reftables that log everything what git's commands do", async () => {
  await compare(3, STEPS, { config: { "core.logAllRefUpdates": "always" } });
});

gitTest("RefStore does with files what git's commands do", async () => {
  await compare(4, STEPS, { refFormat: "files" });
});

gitTest("RefStore does with files that log everything what git's commands do", async () => {
  await compare(5, STEPS, { refFormat: "files", config: { "core.logAllRefUpdates": "always" } });
});
