import { assertEquals, assertRejects } from "@std/assert";
import { openObjects, RefStore, ReftableError } from "@reftable/reftable";
import { GitRepo, gitTest } from "../peers/git.ts";
import { REF_FORMATS } from "./refs_repository.ts";

/** Makes a repository with a merge, tags of all kinds and a log that tells of checkouts. */
async function createHistory(refFormat: "files" | "reftable"): Promise<GitRepo> {
  const repo = await GitRepo.create({ refFormat });
  for (const [i, message] of ["one", "two", "three"].entries()) {
    const env = { GIT_COMMITTER_DATE: `${1700000000 + 3600 * i} +0000` };
    await repo.ok(["commit", "-q", "--allow-empty", "-m", message], { env });
  }
  const env = { GIT_COMMITTER_DATE: "1700020000 +0000" };
  await repo.ok(["checkout", "-q", "-b", "side", "HEAD~2"], { env });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "four"], { env });
  await repo.ok(["checkout", "-q", "main"], { env });
  await repo.ok(["merge", "-q", "-m", "merged", "side"], { env });
  await repo.ok(["tag", "-m", "tag", "v1"]);
  await repo.ok(["tag", "-m", "tag of a tag", "v2", "v1"]);
  await repo.ok(["tag", "light", "side"]);
  await repo.ok(["tag", "tree", "HEAD^{tree}"]);
  await repo.ok(["branch", "unlogged"]);
  await repo.ok(["reflog", "drop", "unlogged"]);
  return repo;
}

const REVISIONS = [
  ...["HEAD", "@", "main", "side", "heads/side", "refs/tags/v1", "v1", "v2", "light", "nothing"],
  ...["main~", "main~1", "main~2", "main~3", "main~4", "main^", "main^1", "main^2", "main^3"],
  ...[
    "main^0",
    "main~0",
    "main^^",
    "main~1^1~0",
    "main^2~1",
    "@~1",
    "@^2",
    "v1~1",
    "v2^2",
    "tree~",
  ],
  ...[
    "v1^{}",
    "v2^{}",
    "v1^0",
    "v2^{tag}",
    "v1^{commit}",
    "v2^{commit}",
    "v1^{tree}",
    "main^{tree}",
  ],
  ...["main^{}", "main^{object}", "tree^{}", "tree^{tree}", "tree^{commit}", "main^{blob}"],
  ...["main@{0}", "main@{1}", "main@{2}", "main@{3}", "main@{1}~1", "HEAD@{0}", "HEAD@{2}", "@{1}"],
  ...["@{0}", "@@{1}", "@{-1}", "@{-2}", "@{-3}", "@{-1}~1", "side@{0}", "side@{1}", "light@{0}"],
  ...["main@{1700000000}", "main@{1700003600}", "main@{1700009999}", "main@{1600000000}"],
  ...["main@{2023-11-14 23:30:00 +0000}", "unlogged@{0}", "main~x", "main^{nothing}", "~1", "^"],
  ...["main@{", "main@{}", "a b"],
];

for (const refFormat of REF_FORMATS) {
  gitTest(`RefStore.oidOf() finds what git finds, with ${refFormat}`, async () => {
    await using repo = await createHistory(refFormat);
    await using refs = await RefStore.open(repo.dir, { objects: openObjects });
    const head = refs.resolve("HEAD")!.oid!;
    for (
      const revision of [...REVISIONS, head, head.toUpperCase(), `${head}~1`, `${head}^{tree}`]
    ) {
      const { code, stdout } = await repo.run([
        "rev-parse",
        "--verify",
        "-q",
        "--end-of-options",
        revision,
      ]);
      const found = await refs.oidOf(revision).catch(() => undefined);
      assertEquals(found, code ? undefined : stdout.trim().split("\n").at(-1), revision);
    }
  });
}

gitTest("RefStore.oidOf() says how far a log goes back, in git's words", async () => {
  await using repo = await createHistory("reftable");
  await repo.ok(["reflog", "expire", "--expire=all", "side"]);
  await using refs = await RefStore.open(repo.dir);
  assertEquals(await refs.oidOf("side@{0}"), refs.resolve("refs/heads/side")?.oid);
  for (const revision of ["main@{9}", "@{9}", "HEAD@{99}", "side@{1}"]) {
    const { stderr } = await repo.run(["rev-parse", revision]);
    const error = await assertRejects(() => refs.oidOf(revision), ReftableError);
    assertEquals([error.code, `fatal: ${error.message}`], ["not-exist", stderr.split("\n")[0]]);
  }
});

gitTest("RefStore.oidOf() needs objects to go through the history only", async () => {
  await using repo = await createHistory("reftable");
  await using refs = await RefStore.open(repo.dir);
  assertEquals(await refs.oidOf("main@{1}"), (await repo.ok(["rev-parse", "main@{1}"])).trim());
  for (const revision of ["main~1", "main^", "v1^{}"]) {
    const error = await assertRejects(() => refs.oidOf(revision), ReftableError);
    assertEquals(error.code, "api");
  }
});
