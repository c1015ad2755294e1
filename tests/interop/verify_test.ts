/**
 * Whatever git does to a repository, verification finds nothing wrong with its stacks.
 *
 * @module
 */

import { assertEquals, assertGreater } from "@std/assert";
import { findRepositoryStacks, type StackReport, verifyStack } from "@reftable/reftable";
import { reftable } from "../cli/run_cli.ts";
import { type GitOptions, GitRepo, type GitRepoOptions, gitTest, peer } from "../peers/git.ts";

const [major = 0, minor = 0] = peer.available ? peer.version.split(".").map(Number) : [];

/** Registers a test for a git that moves refs with their logs from files to tables. */
const newGitTest = peer.available && major === 2 && minor < 50 ? Deno.test.ignore : gitTest;

/** Verifies all stacks of a repository, which must be sound, but perhaps should be compacted. */
async function assertSound(path: string, what: string): Promise<StackReport[]> {
  const { directories, hash, geometricFactor } = await findRepositoryStacks(path);
  return await Promise.all(directories.map(async (directory) => {
    const report = await verifyStack(directory, { hash, geometricFactor });
    const problems = report.problems.filter(({ code }) => code !== "geometric");
    assertEquals(problems, [], `${what}: ${directory}`);
    return report;
  }));
}

/** A repository in which each command is followed by a verification. */
class VerifiedRepo implements AsyncDisposable {
  readonly #repo: GitRepo;

  private constructor(repo: GitRepo) {
    this.#repo = repo;
  }

  static async create(options?: GitRepoOptions): Promise<VerifiedRepo> {
    return new VerifiedRepo(await GitRepo.create(options));
  }

  get dir(): string {
    return this.#repo.dir;
  }

  /** Runs git without a look at what it did. */
  run(args: readonly string[], options?: GitOptions): Promise<string> {
    return this.#repo.ok(args, options);
  }

  /** Runs git and verifies what it left. */
  async ok(args: readonly string[], options?: GitOptions): Promise<string> {
    const output = await this.run(args, options);
    await assertSound(this.dir, args.join(" "));
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repo[Symbol.asyncDispose]();
  }
}

/** Commands for `git update-ref --stdin` that create refs at a few objects. */
function creations(count: number, oids: readonly string[]): string {
  return Array.from({ length: count }, (_, i) => {
    const name = `refs/changes/${i % 100}/${i}`;
    return `create ${name} ${oids[i % oids.length]}\n`;
  }).join("");
}

gitTest("verifyStack() finds nothing wrong with what git does every day", async () => {
  for (const hash of ["sha1", "sha256"] as const) {
    await using repo = await VerifiedRepo.create({ hash });
    await repo.ok(["status"]);
    const commit = (message: string) => ["commit", "-q", "--allow-empty", "-m", message];
    await repo.ok(commit("one"));
    await repo.ok(["switch", "-q", "-c", "topic/é"]);
    await repo.ok(commit("two"));
    await repo.ok(["tag", "light"]);
    await repo.ok(["tag", "-a", "-m", "annotated", "v1.0"]);
    await repo.ok(["notes", "add", "-m", "a note"]);
    await repo.ok(["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
    await repo.ok(["branch", "-m", "topic/é", "topic"]);
    await repo.ok(["branch", "-c", "topic", "copy"]);
    await repo.ok(["branch", "-q", "-D", "copy"]);
    await repo.ok(["switch", "-q", "--detach"]);
    await repo.ok(["worktree", "add", "-q", "../linked", "-b", "linked"]);
    await repo.ok(commit("three"), { cwd: `${repo.dir}/../linked` });
    await repo.ok(["bisect", "start"], { cwd: `${repo.dir}/../linked` });
    await repo.ok(["update-ref", "refs/worktree/own", "HEAD"]);
    await repo.ok(["update-ref", "--create-reflog", "-m", "logged", "refs/x/logged", "HEAD"]);
    await repo.ok(["reflog", "delete", "HEAD@{1}"]);
    await repo.ok(["reflog", "expire", "--expire=all", "--all"]);
    await repo.ok(["pack-refs", "--all"]);
    await repo.ok(["gc", "-q"]);
    await repo.ok(["worktree", "remove", "--force", "../linked"]);
    await repo.ok(["clone", "-q", "--ref-format=reftable", ".", "../clone"]);
    await assertSound(`${repo.dir}/../clone`, "clone");
    await repo.run(["clone", "-q", "--mirror", "--ref-format=reftable", ".", "../mirror"]);
    await assertSound(`${repo.dir}/../mirror`, "mirror");
  }
});

gitTest(
  "verifyStack() finds nothing wrong with large tables that git writes in many ways",
  async () => {
    const configs: readonly Readonly<Record<string, string>>[] = [
      {},
      { "reftable.blockSize": "512", "reftable.restartInterval": "1" },
      { "reftable.blockSize": "1024", "reftable.restartInterval": "500" },
      { "reftable.indexObjects": "false" },
      { "reftable.blockSize": "65536" },
    ];
    for (const [i, config] of configs.entries()) {
      const hash = i % 2 === 0 ? "sha1" : "sha256";
      await using repo = await VerifiedRepo.create({ bare: true, config, hash });
      const oids: string[] = [];
      for (let i = 0; i < 40; i++) {
        const stdin = `blob ${i}`;
        oids.push((await repo.run(["hash-object", "-w", "--stdin"], { stdin })).trim());
      }
      await repo.run(["config", "core.logAllRefUpdates", "always"]);
      await repo.ok(["update-ref", "--stdin"], { stdin: creations(3000, oids) });
      const stdin = creations(900, oids.slice(7)).replaceAll("create", "update");
      await repo.ok(["update-ref", "-m", `a message ${"x".repeat(60)}`, "--stdin"], { stdin });
      await repo.ok(["pack-refs"]);
      const [report] = await assertSound(repo.dir, JSON.stringify(config));
      assertGreater(report!.tables[0]!.size, 60_000);
      // Removed refs leave tombstones behind.
      const deletions = creations(500, oids).replaceAll(/create (\S+) \S+/g, "delete $1");
      await repo.ok(["update-ref", "--stdin"], { stdin: deletions });
    }
  },
);

newGitTest("verifyStack() finds nothing wrong with migrated refs", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  await repo.ok(["tag", "-a", "-m", "annotated", "v1.0"]);
  await repo.ok(["branch", "topic"]);
  await repo.ok(["refs", "migrate", "--ref-format=reftable"]);
  await assertSound(repo.dir, "migrated");
});

gitTest("verify prints nothing of a repository that git has just made", async () => {
  await using repo = await GitRepo.create();
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const { code, stdout, stderr } = await reftable(["verify", "--strict", repo.dir], {
    read: [repo.dir],
  });
  assertEquals([code, stdout, stderr], [0, "", ""]);
});
