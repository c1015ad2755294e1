import { assert, assertEquals, assertThrows } from "@std/assert";
import { copy } from "@std/fs";
import { readHead, ReftableError } from "@reftable/reftable";
import { seeded } from "../fixtures.ts";
import { GitRepo, gitTest, runGit } from "../peers/git.ts";

/** What git says is checked out. */
async function headOfGit(cwd: string): Promise<{ refname?: string; oid?: string }> {
  const ask = async (...args: readonly string[]) => {
    const { code, stdout } = await runGit(args, { cwd });
    return code === 0 ? stdout.trim() : undefined;
  };
  const refname = await ask("symbolic-ref", "-q", "HEAD");
  const oid = await ask("rev-parse", "-q", "--verify", "HEAD");
  return { ...(refname && { refname }), ...(oid && { oid }) };
}

/** Compares, and gives what both find. */
async function check(path: string): Promise<{ refname?: string; oid?: string }> {
  const expected = await headOfGit(path);
  const { refname, oid } = readHead(path);
  assertEquals({ ...(refname && { refname }), ...(oid && { oid }) }, expected, path);
  return expected;
}

for (const refFormat of ["files", "reftable"] as const) {
  for (const hash of ["sha1", "sha256"] as const) {
    gitTest(
      `readHead() reads what is checked out, as git does: ${refFormat}, ${hash}`,
      async () => {
        await using repo = await GitRepo.create({ refFormat, hash });
        const { dir } = repo;
        assertEquals(await check(dir), { refname: "refs/heads/main" });
        await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
        const { oid } = await check(dir);
        assert(oid);
        await repo.ok(["worktree", "add", "-q", "../linked", "-b", "topic/größe"]);
        await repo.ok(["worktree", "add", "-q", "--detach", "../detached"]);
        await repo.ok(["clone", "-q", "--bare", `--ref-format=${refFormat}`, ".", "../bare"]);
        await repo.ok(["commit", "-q", "--allow-empty", "-m", "two"]);
        assertEquals(await check(`${dir}/../linked`), { refname: "refs/heads/topic/größe", oid });
        assertEquals(await check(`${dir}/../detached`), { oid });
        assertEquals(await check(`${dir}/../bare`), { refname: "refs/heads/main", oid });
        assertEquals(await check(`${repo.gitDir}/worktrees/linked`), {
          refname: "refs/heads/topic/größe",
          oid,
        });
        for (
          const args of [["pack-refs", "--all"], ["commit", "-q", "--allow-empty", "-m", "three"]]
        ) {
          await repo.ok(args);
          for (const name of ["repo", "repo/.git/objects", "linked", "detached"]) {
            await check(`${dir}/../${name}`);
          }
        }
        // Symbolic refs that lead further, to the last one that git follows.
        for (let i = 0; i < 6; i++) {
          await repo.ok(["symbolic-ref", `refs/heads/link-${i}`, `refs/heads/link-${i + 1}`]);
        }
        for (const [start, isFound] of [[6, true], [3, true], [2, false], [0, false]] as const) {
          await repo.ok(["symbolic-ref", "HEAD", `refs/heads/link-${start}`]);
          if (isFound) assertEquals(await check(dir), { refname: "refs/heads/link-6" });
          else assertThrows(() => readHead(dir), ReftableError, "symbolic refs follow each other");
        }
        await repo.ok(["update-ref", "refs/heads/link-6", "main"]);
        await repo.ok(["symbolic-ref", "HEAD", "refs/heads/link-3"]);
        assertEquals((await check(dir)).refname, "refs/heads/link-6");
      },
    );
  }
}

gitTest("readHead() finds refs that are kept elsewhere", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat });
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    await repo.ok(["worktree", "add", "-q", "../linked"]);
    const elsewhere = `${repo.dir}/../elsewhere`;
    await copy(repo.gitDir, elsewhere);
    for (const name of refFormat === "files" ? ["refs/heads/main"] : ["reftable/tables.list"]) {
      Deno.removeSync(`${repo.gitDir}/${name}`);
    }
    await Deno.writeTextFile(
      `${repo.gitDir}/config`,
      `[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = ${refFormat}://../../elsewhere\n`,
    );
    assertEquals((await check(repo.dir)).refname, "refs/heads/main");
    assertEquals((await check(`${repo.dir}/../linked`)).refname, "refs/heads/linked");
  }
});

gitTest("readHead() reads a stack that takes the place of packed refs", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  await using other = await GitRepo.create();
  for (const { ok } of [repo, other].map((repo) => ({ ok: repo.ok.bind(repo) }))) {
    await ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  }
  const { oid } = await check(repo.dir);
  Deno.renameSync(other.reftableDir, repo.reftableDir);
  assertEquals(readHead(repo.dir), { refname: "refs/heads/main", oid });
  Deno.removeSync(`${repo.gitDir}/refs/heads/main`);
  assertEquals(readHead(repo.dir), { refname: "refs/heads/main", oid });
  Deno.writeTextFileSync(`${repo.gitDir}/HEAD`, "ref: refs/heads/missing\n");
  assertEquals(readHead(repo.dir), { refname: "refs/heads/missing", oid: undefined });
});

gitTest("readHead() finds a branch among many packed ones", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const { oid } = await check(repo.dir);
  const random = seeded(3);
  const names = Array.from({ length: 3000 }, (_, i) => {
    return `refs/heads/${random(1000)}/${"x".repeat(random(100))}${i}`;
  }).sort();
  const lines = names.map((name) => `${oid} ${name}\n`);
  const sorted = `# pack-refs with: peeled fully-peeled sorted \n${lines.join("")}`;
  const unsorted = lines.reverse().join("");
  for (const text of [sorted, unsorted]) {
    Deno.writeTextFileSync(`${repo.gitDir}/packed-refs`, text);
    const asked = names.filter((_, i) => i % 137 === 0);
    for (const name of [...asked, names.at(-1)!, "refs/heads/0", "refs/zzz/z", `${names[5]}x`]) {
      Deno.writeTextFileSync(`${repo.gitDir}/HEAD`, `ref: ${name}\n`);
      const expected = { refname: name, oid: names.includes(name) ? oid : undefined };
      assertEquals(readHead(repo.dir), expected);
    }
    await check(repo.dir);
  }
});

gitTest("readHead() follows a ref to what another working tree has", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat });
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    await repo.ok(["worktree", "add", "-q", "../linked"]);
    await repo.ok(["worktree", "add", "-q", "../other", "-b", "there"]);
    const cwd = `${repo.dir}/../linked`;
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "two"], { cwd: `${repo.dir}/../other` });
    for (const target of ["main-worktree/HEAD", "worktrees/other/HEAD", "refs/worktree/mine"]) {
      await repo.ok(["symbolic-ref", "refs/heads/linked", target], { cwd });
      await repo.ok(["update-ref", "refs/worktree/mine", "there"], { cwd });
      const { refname } = await check(cwd);
      assertEquals(
        refname,
        target.startsWith("main")
          ? "refs/heads/main"
          : target.startsWith("refs")
          ? target
          : "refs/heads/there",
      );
    }
  }
});

gitTest("readHead() takes symbolic links for symbolic refs, as Git once wrote them", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  Deno.removeSync(`${repo.gitDir}/HEAD`);
  Deno.symlinkSync("refs/heads/main", `${repo.gitDir}/HEAD`);
  assertEquals(await check(repo.dir), { refname: "refs/heads/main" });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  Deno.symlinkSync("main", `${repo.gitDir}/refs/heads/other`);
  assertEquals((await check(repo.dir)).refname, "refs/heads/main");
  Deno.writeTextFileSync(`${repo.gitDir}/HEAD.new`, "ref: refs/heads/other\n");
  Deno.renameSync(`${repo.gitDir}/HEAD.new`, `${repo.gitDir}/HEAD`);
  assertEquals((await check(repo.dir)).refname, "refs/heads/other");
});

Deno.test("readHead() refuses a repository whose HEAD makes no sense", () => {
  const dir = Deno.makeTempDirSync({ prefix: "reftable-head-" });
  try {
    for (const name of ["objects", "refs/heads"]) {
      Deno.mkdirSync(`${dir}/${name}`, { recursive: true });
    }
    const cases: readonly [head: string, message: string][] = [
      ["ref: refs/heads/a..b\n", 'it leads to the bad name "refs/heads/a..b"'],
      ["ref: refs/heads/main\n", 'refs/heads/main is "no object id"'],
      [`${"1".repeat(39)}2x\n`, `HEAD is "${"1".repeat(39)}2x"`],
    ];
    Deno.writeTextFileSync(`${dir}/refs/heads/main`, "no object id\n");
    for (const [head, message] of cases) {
      Deno.writeTextFileSync(`${dir}/HEAD`, head);
      const error = assertThrows(() => readHead(dir), ReftableError);
      assertEquals(error.message, `Cannot tell what is checked out in "${dir}": ${message}`);
      assertEquals(error.code, "format");
    }
    Deno.writeTextFileSync(`${dir}/HEAD`, "ref: refs/heads/packed\n");
    Deno.writeTextFileSync(`${dir}/packed-refs`, "# pack-refs with: sorted \nwords\n");
    assertThrows(
      () => readHead(dir),
      ReftableError,
      `unexpected line in ${dir}/packed-refs: words`,
    );
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

gitTest("readHead() refuses a repository that lost its HEAD", async () => {
  await using repo = await GitRepo.create({ refFormat: "reftable" });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  await repo.ok(["update-ref", "--no-deref", "-d", "HEAD"]);
  const error = assertThrows(() => readHead(repo.dir), ReftableError);
  assertEquals(error.code, "format");
  assertEquals(
    error.message,
    `Cannot tell what is checked out in "${repo.gitDir}": HEAD is missing`,
  );
});
