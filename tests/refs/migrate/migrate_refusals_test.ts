import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";
import { openRepository, ReftableError, Stack } from "@reftable/reftable";
import { filePlace } from "../../../src/refs/migrate/file_refs.ts";
import { migrateRefs, type MigrationOptions } from "../../../src/refs/migrate/migrate_refs.ts";
import { findStrayFiles, findStrayRefs } from "../../../src/refs/migrate/stray_refs.ts";
import { GitRepo, type GitRepoOptions, gitTest } from "../../peers/git.ts";
import { makeCommits } from "../open_backend.ts";
import { contentsOf, makeTrees } from "./repositories.ts";

/** A repository with one branch, and the commit that this leads to. */
async function makeRepository(options: GitRepoOptions): Promise<{ repo: GitRepo; oid: string }> {
  const repo = await GitRepo.create(options);
  const [oid = ""] = await makeCommits(repo, 1);
  await repo.ok(["update-ref", "-m", "created", "refs/heads/main", oid]);
  return { repo, oid };
}

/** Writes a file of a repository's directory. */
async function write({ gitDir }: GitRepo, path: string, text = ""): Promise<void> {
  await Deno.mkdir(dirname(`${gitDir}/${path}`), { recursive: true });
  await Deno.writeTextFile(`${gitDir}/${path}`, text);
}

/** Asserts that a migration is refused and nothing is changed. */
async function assertRefused(
  repo: GitRepo,
  options: MigrationOptions,
  code: string,
  ...words: readonly string[]
): Promise<void> {
  const before = await contentsOf(repo.gitDir);
  for (const dryRun of [false, true]) {
    if (dryRun && code === "lock") continue;
    const migrating = migrateRefs(repo.dir, { lockTimeout: 0, ...options, dryRun });
    const error = await assertRejects(() => migrating, ReftableError);
    assertEquals(error.code, code, error.message);
    for (const word of words) assertStringIncludes(error.message, word);
    assertEquals(await contentsOf(repo.gitDir), before);
  }
}

gitTest("migrateRefs() refuses what is migrated already", async () => {
  for (const to of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat: to });
    await assertRefused(repo, { to }, "api", `repository already uses '${to}' format`);
    const { stderr } = await repo.run(["refs", "migrate", `--ref-format=${to}`]);
    assertEquals(stderr, `error: repository already uses '${to}' format\n`);
  }
});

gitTest("migrateRefs() refuses broken refs, and names them", async () => {
  const { repo, oid } = await makeRepository({ refFormat: "files" });
  await using _ = repo;
  await write(repo, "refs/heads/garbage", "nothing\n");
  await write(repo, "refs/heads/empty");
  await write(repo, "refs/heads/bad name", `${oid}\n`);
  await assertRefused(
    repo,
    { to: "reftable" },
    "format",
    `'refs/heads/garbage' holds "nothing"`,
    "'refs/heads/empty' holds an empty file",
    `'refs/heads/bad name' holds something, but it has " " in it`,
  );
});

gitTest("migrateRefs() refuses damaged packed-refs", async () => {
  const { repo, oid } = await makeRepository({ refFormat: "files" });
  await using _ = repo;
  const bad = [`${oid}\n`, `${oid} a`, `x${oid.slice(1)} refs/heads/a\n`, `${oid} a\n^${oid}0\n`];
  for (const text of bad) {
    await write(repo, "packed-refs", `# pack-refs with: sorted \n${oid} refs/heads/A\n${text}`);
    await assertRefused(repo, { to: "reftable" }, "format", "packed-refs");
  }
  await write(repo, "packed-refs", `# pack-refs with: sorted \n${oid} b\n${oid} a\n`);
  await assertRefused(repo, { to: "reftable" }, "api", `its key is not above the one before it`);
});

gitTest(
  "migrateRefs() refuses refs whose names are directories of others, and lists them",
  async () => {
    {
      const { repo, oid } = await makeRepository({ refFormat: "files" });
      await using _ = repo;
      const names = ["a", "a-b", "a/b", "a/b/c", "x/y"].map((name) =>
        `${oid} refs/heads/${name}\n`
      );
      await write(repo, "packed-refs", names.join(""));
      await write(repo, "refs/heads/x", `${oid}\n`);
      await assertRefused(
        repo,
        { to: "reftable" },
        "name-conflict",
        "\n\t'refs/heads/a' and 'refs/heads/a/b'\n\t'refs/heads/a' and 'refs/heads/a/b/c'\n" +
          "\t'refs/heads/x' and 'refs/heads/x/y'",
      );
    }
    const { repo, oid } = await makeRepository({});
    await using _ = repo;
    {
      await using stack = await Stack.open(repo.reftableDir, { skipNameCheck: true });
      const updateIndex = stack.nextUpdateIndex;
      await stack.add((writer) => {
        writer.addRef({ kind: "direct", refname: "refs/heads/main/x", updateIndex, oid });
      });
    }
    await assertRefused(
      repo,
      { to: "files" },
      "name-conflict",
      "'refs/heads/main' and 'refs/heads/main/x'",
    );
  },
);

gitTest("migrateRefs() refuses names that collide as files, and lists them", async () => {
  const config = { "core.logAllRefUpdates": "always", "core.ignoreCase": "true" };
  const { repo, oid } = await makeRepository({ config });
  await using _ = repo;
  // Where there is no ref any more, a log may have the name of a directory.
  await repo.ok(["symbolic-ref", "refs/heads/S", "refs/heads/main"]);
  await repo.ok(["symbolic-ref", "refs/heads/s", "refs/heads/main"]);
  await repo.ok(["update-ref", "refs/heads/Topic/one", oid]);
  await repo.ok(["update-ref", "refs/heads/topic/two", oid]);
  {
    await using stack = await Stack.open(repo.reftableDir);
    const updateIndex = stack.nextUpdateIndex;
    const none = "0".repeat(40);
    const who = { name: "A", email: "a@b", time: 1, tzOffset: 0, message: "\n" };
    await stack.add((writer) => {
      for (const refname of ["refs/heads/gone", "refs/heads/gone/away"]) {
        writer.addLog({ kind: "update", refname, updateIndex, oldOid: none, newOid: oid, ...who });
      }
    });
  }
  await assertRefused(
    repo,
    { to: "files" },
    "name-conflict",
    "'refs/heads/S' and 'refs/heads/s' differ in case only",
    "the logs of 'refs/heads/Topic' and 'refs/heads/topic' differ in case only",
    "the logs of 'refs/heads/gone' and 'refs/heads/gone/away'",
  );
  await repo.ok(["config", "core.ignoreCase", "false"]);
  await assertRefused(
    repo,
    { to: "files" },
    "name-conflict",
    "collide as files:\n\tthe logs of 'refs/heads/gone' and 'refs/heads/gone/away'",
  );
  // Refs that can be packed need no files of their own.
  await repo.ok(["config", "core.ignoreCase", "true"]);
  for (const name of ["S", "s"]) await repo.ok(["symbolic-ref", "-d", `refs/heads/${name}`]);
  await migrateRefs(repo.dir, { to: "files", reflogs: false });
  const names = await repo.ok(["for-each-ref", "--format=%(refname)"]);
  assertEquals(names, "refs/heads/Topic/one\nrefs/heads/main\nrefs/heads/topic/two\n");
});

gitTest(
  "migrateRefs() refuses files that would become refs, and findStrayFiles() finds them",
  async () => {
    const { repo, oid } = await makeRepository({});
    await using _ = repo;
    await repo.ok(["worktree", "add", "-q", "--orphan", "-b", "side", `${repo.dir}/../linked`]);
    const repository = await openRepository(repo.dir);
    const strays = (directory = repo.gitDir) => {
      const found = findStrayFiles(filePlace(repository, directory));
      return found.map(({ kind, path, refname }) => [kind, path, refname]);
    };
    assertEquals(strays(), []);
    assertEquals(strays(`${repo.gitDir}/worktrees/linked`), []);
    await write(repo, "packed-refs", `${oid} refs/heads/old\n`);
    await write(repo, "ORIG_HEAD", `${oid}\n`);
    await write(repo, "FETCH_HEAD", `${oid}\n`);
    await write(repo, "refs/tags/v1", `${oid}\n`);
    await write(repo, "refs/tags/v2.lock");
    await write(repo, "logs/refs/heads/main");
    await write(repo, "worktrees/linked/refs/bisect/bad", `${oid}\n`);
    assertEquals(strays(), [
      ["ref", "ORIG_HEAD", "ORIG_HEAD"],
      ["log", "logs/refs/heads/main", "refs/heads/main"],
      ["packed-refs", "packed-refs", undefined],
      ["ref", "refs/tags/v1", "refs/tags/v1"],
    ]);
    await Deno.mkdir(`${repo.gitDir}/ref_migration.x`);
    const all = await findStrayRefs(`${repo.dir}/../linked`);
    assertEquals(all.map(({ kind, refname }) => [kind, refname]), [
      ...strays().map(([kind, _path, refname]) => [kind, refname]),
      ["ref", "worktrees/linked/refs/bisect/bad"],
      ["migration", undefined],
    ]);
    await Deno.remove(`${repo.gitDir}/ref_migration.x`);
    const inLinked = [["ref", "refs/bisect/bad", "refs/bisect/bad"]];
    assertEquals(strays(`${repo.gitDir}/worktrees/linked`), inLinked);
    await assertRefused(
      repo,
      { to: "files" },
      "name-conflict",
      "/packed-refs",
      "/ORIG_HEAD",
      "/refs/tags/v1",
      "/logs/refs/heads/main",
      "/worktrees/linked/refs/bisect/bad",
    );
    await Deno.remove(`${repo.gitDir}/refs/heads`);
    await write(repo, "refs/heads", "main\n");
    await write(repo, "HEAD", "ref: refs/heads/main\n");
    assertEquals(strays().filter(([, path]) => /^HEAD$|heads$/.test(path!)), [
      ["head", "HEAD", "HEAD"],
      ["ref", "refs/heads", "refs/heads"],
    ]);
  },
);

gitTest("findStrayRefs() finds nothing where refs are files", async () => {
  await using trees = await makeTrees({ refFormat: "files" });
  assertEquals(await findStrayRefs(trees.repo.dir), []);
});

gitTest("migrateRefs() refuses a stack without HEAD", async () => {
  await using repo = await GitRepo.create();
  {
    await using stack = await Stack.open(repo.reftableDir);
    const updateIndex = stack.nextUpdateIndex;
    await stack.add((writer) => writer.addRef({ kind: "deletion", refname: "HEAD", updateIndex }));
  }
  await assertRefused(repo, { to: "files" }, "format", "what is checked out is not known");
});

gitTest("migrateRefs() refuses refs that are kept elsewhere, or partly in a stack", async () => {
  const { repo, oid } = await makeRepository({ refFormat: "files" });
  await using _ = repo;
  await Deno.mkdir(repo.reftableDir);
  await assertRefused(repo, { to: "reftable" }, "unsupported", "a stack stands in for packed-refs");
  await Deno.remove(repo.reftableDir);
  const elsewhere = `${repo.dir}/../elsewhere`;
  await Deno.mkdir(`${elsewhere}/reftable`, { recursive: true });
  await repo.ok(["config", "core.repositoryFormatVersion", "1"]);
  await repo.ok(["config", "extensions.refStorage", `reftable://${elsewhere}`]);
  await assertRefused(repo, { to: "files" }, "unsupported", "they are kept in");
  assertEquals(oid.length, 40);
});

gitTest("migrateRefs() refuses to begin while others hold locks", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using trees = await makeTrees({ refFormat });
    const { repo } = trees;
    const [to, locks] = refFormat === "files"
      ? ["reftable", ["packed-refs", "HEAD", "worktrees/one/HEAD", "config"]] as const
      : ["files", [
        "reftable/tables.list",
        "worktrees/two/reftable/tables.list",
        "config",
      ]] as const;
    for (const lock of locks) {
      await write(repo, `${lock}.lock`);
      await assertRefused(repo, { to }, "lock", `${lock}.lock`);
      await Deno.remove(`${repo.gitDir}/${lock}.lock`);
    }
  }
});

gitTest("migrateRefs() gives up when refs are changed meanwhile", async () => {
  const { repo, oid } = await makeRepository({ refFormat: "files" });
  await using _ = repo;
  const lines = Array.from({ length: 50_000 }, (_, i) => `${oid} refs/heads/${100_000 + i}\n`);
  await write(repo, "packed-refs", lines.join(""));
  const changes: readonly (() => void)[] = [
    () => Deno.writeTextFileSync(`${repo.gitDir}/refs/heads/new`, `${oid}\n`),
    () => Deno.writeTextFileSync(`${repo.gitDir}/refs/heads/main`, `${oid}\n\n`),
    () => Deno.writeTextFileSync(`${repo.gitDir}/logs/refs/heads/main`, "\n", { append: true }),
    () => Deno.writeTextFileSync(`${repo.gitDir}/ORIG_HEAD`, `${oid}\n`),
    () => Deno.removeSync(`${repo.gitDir}/refs/heads/main`),
  ];
  for (const change of changes) {
    let isDone = false;
    const onProgress = () => {
      if (!isDone) change();
      isDone = true;
    };
    const migrating = migrateRefs(repo.dir, { to: "reftable", onProgress });
    const { code } = await assertRejects(() => migrating, ReftableError);
    assertEquals([code, isDone], ["outdated", true]);
    const names = Array.from(Deno.readDirSync(repo.gitDir), ({ name }) => name);
    assertEquals(names.filter((name) => /reftable|ref_migration|lock/.test(name)), []);
  }
  await migrateRefs(repo.dir, { to: "reftable" });
});

gitTest("migrateRefs() takes up what an interrupted migration has left in the way", async () => {
  await using trees = await makeTrees({ refFormat: "reftable" });
  const { repo } = trees;
  const { directory = "" } = await migrateRefs(repo.dir, { to: "files", dryRun: true });
  // As far as it had come when it was stopped.
  await Deno.rename(`${directory}/packed-refs`, `${repo.gitDir}/packed-refs`);
  await Deno.rename(`${directory}/logs`, `${repo.gitDir}/logs`);
  await Deno.remove(directory, { recursive: true });
  const refs = await repo.ok(["for-each-ref", "--include-root-refs"]);
  await migrateRefs(repo.dir, { to: "files" });
  assertEquals(await repo.ok(["for-each-ref", "--include-root-refs"]), refs);
  // A stack that nobody uses is no obstacle either, when the configuration says so.
  await migrateRefs(repo.dir, { to: "reftable" });
  await migrateRefs(repo.dir, { to: "files" });
  await Deno.mkdir(repo.reftableDir);
  await write(repo, "reftable/tables.list", "damaged");
  await repo.ok(["config", "core.repositoryFormatVersion", "1"]);
  await repo.ok(["config", "extensions.refStorage", "files"]);
  await migrateRefs(repo.dir, { to: "reftable" });
  assertEquals(await repo.ok(["for-each-ref", "--include-root-refs"]), refs);
});
