import { assertEquals } from "@std/assert";
import {
  listWorktrees,
  listWorktreesSync,
  openRepository,
  type Repository,
  type Worktree,
} from "@reftable/reftable";
import { type GitOptions, GitRepo, gitTest } from "../peers/git.ts";

/** What both ways list. */
async function list(repository: Repository): Promise<Worktree[]> {
  const worktrees = await listWorktrees(repository);
  assertEquals(listWorktreesSync(repository), worktrees);
  return worktrees;
}

/** Compares with what git lists, which leaves out what it has forgotten the place of. */
async function compare(repo: GitRepo, options?: GitOptions): Promise<Worktree[]> {
  const output = await repo.ok(["worktree", "list", "--porcelain", "-z"], options);
  const expected = output.split("\0\0").slice(0, -1).map((entry) => {
    const fields = new Map(
      entry.split("\0").map((line) => {
        const [, name = "", value = ""] = /^(\S+) ?(.*)$/s.exec(line)!;
        return [name, value];
      }),
    );
    const [path, lockReason, pruneReason] = ["worktree", "locked", "prunable"]
      .map((name) => fields.get(name));
    return { path, lockReason, pruneReason };
  });
  const worktrees = await list(await openRepository(options?.cwd ?? repo.dir));
  const found = worktrees.filter(({ path }) => path !== undefined)
    .map(({ path, lockReason, pruneReason }) => ({ path, lockReason, pruneReason }));
  const byPath = (a: { path?: string | undefined }, b: { path?: string | undefined }) =>
    a.path! < b.path! ? -1 : 1;
  assertEquals([found[0], ...found.slice(1).sort(byPath)], [
    expected[0],
    ...expected.slice(1).sort(byPath),
  ]);
  return worktrees;
}

gitTest("listWorktrees() lists what git lists", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat });
    const top = Deno.realPathSync(`${repo.dir}/..`);
    assertEquals((await compare(repo)).length, 1);
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    await repo.ok(["worktree", "add", "-q", "../zebra"]);
    await repo.ok(["worktree", "add", "-q", "--detach", "../größe"]);
    await repo.ok(["worktree", "add", "-q", "inside"]);
    await repo.ok(["worktree", "add", "-q", "../other/zebra", "-b", "again"]);
    const relative = ["-c", "worktree.useRelativePaths=true", "worktree", "add", "-q"];
    await repo.ok([...relative, "../relative"]);
    await repo.ok([...relative, "../gone"]);
    const ids = ["gone", "größe", "inside", "relative", "zebra", "zebra1"];
    const worktrees = await compare(repo);
    assertEquals(worktrees.map(({ id }) => id), [undefined, ...ids]);
    for (const { id, gitDir } of worktrees.slice(1)) {
      assertEquals(gitDir, `${repo.gitDir}/worktrees/${id}`);
    }
    await repo.ok(["worktree", "lock", "../zebra"]);
    await repo.ok(["worktree", "lock", "--reason", "on a stick\nthat is away ", "inside"]);
    Deno.removeSync(`${top}/zebra`, { recursive: true });
    Deno.removeSync(`${top}/gone`, { recursive: true });
    Deno.removeSync(`${top}/other`, { recursive: true });
    await compare(repo);
    await compare(repo, { cwd: `${top}/relative` });
    const put = (name: string, text: string) => {
      Deno.mkdirSync(`${repo.gitDir}/worktrees/${name}`);
      Deno.writeTextFileSync(`${repo.gitDir}/worktrees/${name}/gitdir`, text);
    };
    put("odd", "\n");
    put("spaced", `${top}/größe/.git  \n`);
    Deno.mkdirSync(`${repo.gitDir}/worktrees/empty`);
    Deno.writeTextFileSync(`${repo.gitDir}/worktrees/file`, "");
    const found = new Map(
      (await list(await openRepository(repo.dir))).map((tree) => [tree.id, tree]),
    );
    for (
      const [id, reason] of [
        ["odd", "invalid gitdir file"],
        ["empty", "gitdir file does not exist"],
        ["file", "not a valid directory"],
      ] as const
    ) {
      assertEquals([found.get(id)?.path, found.get(id)?.pruneReason], [undefined, reason]);
    }
    assertEquals(found.get("spaced")?.path, `${top}/größe`);
  }
});

gitTest("listWorktrees() lists those of a bare repository", async () => {
  await using repo = await GitRepo.create({ bare: true });
  const tree = (await repo.ok(["hash-object", "-t", "tree", "-w", "/dev/null"])).trim();
  const commit = (await repo.ok(["commit-tree", "-m", "one", tree])).trim();
  await repo.ok(["update-ref", "HEAD", commit]);
  await repo.ok(["worktree", "add", "-q", "../linked", "-b", "topic"]);
  assertEquals((await compare(repo)).map(({ id }) => id), [undefined, "linked"]);
});
