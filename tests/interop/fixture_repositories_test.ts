import { assert, assertEquals } from "@std/assert";
import { gitTest } from "../peers/git.ts";
import { FIXTURES, reftable } from "../cli/run_cli.ts";
import { GitView, type RepositoryRecords, seenFromWorktree } from "./git_view.ts";

/** What `dump --json` prints of a repository. */
async function dump(...args: readonly string[]): Promise<RepositoryRecords> {
  const { code, stdout, stderr } = await reftable(["dump", "--json", ...args]);
  assertEquals([code, stderr], [0, ""]);
  const records = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const of = (wanted: string) =>
    records.filter(({ type }) => type === wanted).map(({ type: _, ...record }) => record);
  return { refs: of("ref"), logs: of("log") };
}

for (const name of ["repository", "repository-sha256"]) {
  gitTest(`dump prints what git lists in ${name}/`, async () => {
    const records = await dump(`${name}/git`);
    assert(records.refs.length > 3 && records.logs.length > 3);
    await new GitView(`${FIXTURES}/${name}/git`).assertAgrees(records);
  });
}

gitTest("dump --worktree prints what git lists in a linked working tree", async () => {
  const linked = "repository/git/worktrees/linked";
  const own = await dump("--worktree", linked);
  assert(own.refs.length > 1 && own.logs.length > 1);
  const records = seenFromWorktree(await dump(linked), own);
  await new GitView(`${FIXTURES}/${linked}`).assertAgrees(records);
});

gitTest("dump --oid prints the refs that git finds at an object", async () => {
  const view = new GitView(`${FIXTURES}/repository/git`);
  const { refs } = await dump("--refs", "repository/git");
  const symrefs = new Set(refs.filter(({ kind }) => kind === "symref").map((ref) => ref.refname));
  for (const name of ["refs/tags/light", "refs/tags/v1.1^{commit}", "refs/tags/v1.0", "HEAD"]) {
    const [oid] = await view.lines(["rev-parse", name]);
    // Git counts symbolic refs by where they lead; of the others it lists those in refs/.
    const listed = await view.lines(["for-each-ref", `--points-at=${oid}`, "--format=%(refname)"]);
    const found = (await dump(`--oid=${oid}`, "--prefix=refs/", "repository/git")).refs;
    assertEquals(found.map(({ refname }) => refname), listed.filter((name) => !symrefs.has(name)));
    assert(found.length > 0, name);
  }
});
