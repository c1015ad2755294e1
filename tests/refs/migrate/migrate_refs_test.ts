import { assert, assertEquals, assertGreater } from "@std/assert";
import { copy } from "@std/fs";
import { dirname } from "@std/path";
import { openObjects, openRepository, RefStore, Stack, verifyStack } from "@reftable/reftable";
import type { MigrationProgress } from "../../../src/refs/migrate/context.ts";
import { migrateRefs } from "../../../src/refs/migrate/migrate_refs.ts";
import { GitRepo, gitTest } from "../../peers/git.ts";
import { makeCommits } from "../open_backend.ts";
import { contentsOf, makeTrees, namesIn, viewOf } from "./repositories.ts";

for (const hash of ["sha1", "sha256"] as const) {
  gitTest(
    `migrateRefs() goes there and back with all that is in working trees (${hash})`,
    async () => {
      await using trees = await makeTrees({ hash, refFormat: "files" });
      const { repo, directories: [, one = ""] } = trees;
      const { gitDir } = repo;
      const config = await Deno.readTextFile(`${gitDir}/config`);
      const before = await viewOf(trees);
      assertEquals(/missing|broken|bad/.test(before["fsck"]!), false);
      const there = await migrateRefs(repo.dir, { to: "reftable" });
      assertEquals(await viewOf(trees), before);
      assertEquals((await repo.run(["refs", "verify", "--strict"])).stderr, "");
      const stacks = ["", "worktrees/one/", "worktrees/two/"].map((at) =>
        `${gitDir}/${at}reftable`
      );
      for (const stack of stacks) {
        assertEquals((await verifyStack(stack, { hash })).problems, []);
        assertEquals(Array.from(Deno.readDirSync(stack)).length, 2);
      }
      // Git works with it.
      await repo.ok(["commit", "-q", "--allow-empty", "-m", "more"], { cwd: one });
      await repo.ok(["update-ref", "refs/worktree/x", "HEAD"], { cwd: one });
      await repo.ok(["branch", "-m", "side", "other"], { cwd: one });
      await repo.ok(["worktree", "add", "-q", `${repo.dir}/../three`]);
      const changed = { repo, directories: [...trees.directories, `${repo.dir}/../three`] };
      const between = await viewOf(changed);
      const back = await migrateRefs(one, { to: "files" });
      assertEquals(await viewOf(changed), between);
      assertEquals((await repo.run(["refs", "verify", "--strict"])).stderr, "");
      if (hash === "sha1") assertEquals(await Deno.readTextFile(`${gitDir}/config`), config);
      await repo.ok(["commit", "-q", "--allow-empty", "-m", "more"], { cwd: one });
      assertEquals([there.workingTrees, back.workingTrees], [3, 4]);
      assertEquals([there.skipped, back.skipped], [[], []]);
      const shown = between["0 refs"]!.split("\n").length - 1;
      assertGreater(back.refs, shown);
      assertEquals(
        Array.from(Deno.readDirSync(gitDir)).filter(({ name }) => /^ref_/.test(name)),
        [],
      );
    },
  );
}

gitTest("migrateRefs() goes from git's reftables to files and back", async () => {
  await using trees = await makeTrees({ refFormat: "reftable" });
  const { repo } = trees;
  const before = await viewOf(trees);
  const names = await namesIn(repo.gitDir);
  await migrateRefs(repo.gitDir, { to: "files" });
  assertEquals(await viewOf(trees), before);
  // Tags keep what they lead to, and Git does not take it for granted that others have none.
  const packed = await Deno.readTextFile(`${repo.gitDir}/packed-refs`);
  assertEquals(packed.startsWith("# pack-refs with: sorted \n"), true);
  assertEquals(/refs\/tags\/v1\n\^[0-9a-f]{40}\n/.test(packed), true);
  await migrateRefs(repo.gitDir, { to: "reftable" });
  assertEquals(await viewOf(trees), before);
  const tables = /reftable\/0x.*/;
  const others = (all: readonly string[]) => all.filter((name) => !tables.test(name));
  assertEquals(others(await namesIn(repo.gitDir)), others(names));
});

gitTest("migrateRefs() makes the tables and files that git makes", async () => {
  for (const hash of ["sha1", "sha256"] as const) {
    const config = { "core.logAllRefUpdates": "always" };
    await using repo = await GitRepo.create({ hash, refFormat: "files", config });
    const oids = await makeCommits(repo, 3);
    const lines = Array.from({ length: 300 }, (_, i) => `update refs/heads/${i} ${oids[i % 3]}\n`);
    await repo.ok(["update-ref", "-m", "first", "--stdin"], { stdin: lines.join("") });
    await repo.ok(["pack-refs", "--all"]);
    await repo.ok(["update-ref", "-m", "x".repeat(5000), "refs/heads/7", oids[2]!]);
    await repo.ok(["update-ref", "-m", "é".repeat(1024), "refs/heads/8", oids[0]!]);
    await repo.ok(["symbolic-ref", "refs/heads/s", "refs/heads/1"]);
    await repo.ok(["update-ref", "ORIG_HEAD", oids[1]!]);
    const twin = `${repo.dir}/../twin`;
    await copy(repo.dir, twin);
    for (const to of ["reftable", "files"] as const) {
      await repo.ok(["refs", "migrate", `--ref-format=${to}`]);
      await migrateRefs(twin, { to });
      const [ours, gits] = [await contentsOf(`${twin}/.git`), await contentsOf(repo.gitDir)];
      // Git leaves directories in which there is nothing any more, and says more about tags than it knows.
      const differing = new Set(["packed-refs"]);
      const comparable = (contents: Record<string, string>) => {
        return Object.entries(contents).flatMap(([name, text]) => {
          if (text === "directory" || name === "reftable/tables.list") return [];
          return [[name.replace(/-[0-9a-f]{8}\.ref$/, ""), differing.has(name) ? "" : text]];
        }).sort();
      };
      assertEquals(comparable(ours), comparable(gits));
      if (to === "reftable") continue;
      const linesOf = (directory: string) =>
        Deno.readTextFileSync(`${directory}/packed-refs`).split("\n").slice(1);
      assertEquals(linesOf(`${twin}/.git`), linesOf(repo.gitDir));
    }
  }
});

gitTest("migrateRefs() carries 10,000 refs with their logs", async () => {
  const config = { "core.logAllRefUpdates": "always" };
  await using repo = await GitRepo.create({ bare: true, config });
  const oids = await makeCommits(repo, 3);
  const update = (i: number, oid: number) => `update refs/heads/${i % 100}/${i} ${oids[oid]}\n`;
  for (let round = 0; round < 2; round++) {
    const lines = Array.from({ length: 10_000 }, (_, i) => update(i, (i + round) % 3));
    await repo.ok(["update-ref", "-m", `round ${round}`, "--stdin"], { stdin: lines.join("") });
  }
  const refs = () => repo.ok(["for-each-ref", "--include-root-refs"]);
  const before = await refs();
  const logOf = (i: number) =>
    repo.ok(["log", "-g", "--format=%H %gd %gs", `refs/heads/${i % 100}/${i}`]);
  const log = await logOf(4711);
  for (const to of ["files", "reftable"] as const) {
    const result = await migrateRefs(repo.dir, { to });
    assertEquals([result.refs, result.logs, result.entries], [10_001, 10_000, 20_000]);
    assertEquals(await refs(), before);
    assertEquals(await logOf(4711), log);
  }
  await repo.ok(["fsck", "--strict"]);
  await repo.ok(["refs", "verify", "--strict"]);
  await using stack = await Stack.open(repo.reftableDir);
  assertEquals(stack.nextUpdateIndex, 20_001);
});

gitTest("migrateRefs() leaves the result in a directory when it is only to be tried", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using trees = await makeTrees({ refFormat });
    const { repo } = trees;
    const before = await contentsOf(repo.gitDir);
    const to = refFormat === "files" ? "reftable" : "files";
    const { directory = "", ...dry } = await migrateRefs(repo.dir, { to, dryRun: true });
    assert(/\/ref_migration\.[^/]+$/.test(directory));
    const after = await contentsOf(repo.gitDir);
    const kept = Object.entries(after).filter(([name]) => !name.startsWith("ref_migration."));
    assertEquals(Object.fromEntries(kept), before);
    const made = await namesIn(directory);
    await Deno.remove(directory, { recursive: true });
    const { directory: none, ...done } = await migrateRefs(repo.dir, { to });
    assertEquals([none, dry], [undefined, done]);
    // What is made is where it will be.
    const names = await namesIn(repo.gitDir);
    assertEquals(made.filter((name) => !names.includes(name)), []);
  }
});

gitTest("migrateRefs() leaves logs behind when told to", async () => {
  await using trees = await makeTrees({ refFormat: "files" });
  const { repo } = trees;
  const before = await viewOf(trees);
  const { logs, entries } = await migrateRefs(repo.dir, { to: "reftable", reflogs: false });
  const after = await viewOf(trees);
  assertEquals([logs, entries, after["0 logs"]], [0, 0, ""]);
  const refs = (view: Record<string, string>) => [view["0 refs"], view["1 refs"], view["2 refs"]];
  assertEquals(refs(after), refs(before));
});

gitTest("migrateRefs() stores what tags lead to when it can read objects", async () => {
  for (const isRead of [false, true]) {
    await using repo = await GitRepo.create({ refFormat: "files" });
    const [a = ""] = await makeCommits(repo, 1);
    for (const name of ["packed", "loose"]) {
      await repo.ok(["tag", "-a", "-m", name, name, a]);
      if (name === "packed") await repo.ok(["pack-refs", "--all"]);
    }
    await repo.ok(["tag", "light", a]);
    const objects = isRead ? openObjects(await openRepository(repo.dir)) : undefined;
    await migrateRefs(repo.dir, { to: "reftable", objects });
    await using refs = await RefStore.open(repo.dir);
    const kinds = refs.list({ prefix: "refs/tags/" }).map(({ refname, kind }) => [refname, kind]);
    assertEquals(kinds.toArray(), [
      ["refs/tags/light", "direct"],
      ["refs/tags/loose", isRead ? "peeled" : "direct"],
      ["refs/tags/packed", "peeled"],
    ]);
    assertEquals(await repo.ok(["rev-parse", "loose^{}", "packed^{}"]), `${a}\n${a}\n`);
  }
});

gitTest("migrateRefs() takes refs as old and careless programs leave them", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  const [a = "", b = ""] = await makeCommits(repo, 2);
  const write = async (path: string, text: string) => {
    await Deno.mkdir(dirname(`${repo.gitDir}/${path}`), { recursive: true });
    await Deno.writeTextFile(`${repo.gitDir}/${path}`, text);
  };
  // In no order, without a header, and one of them hidden by a file.
  await write("packed-refs", `${a} refs/heads/z\n${a} refs/heads/b\n${a} refs/heads/a\n`);
  await write("refs/heads/b", `${b.toUpperCase()}   and more\n\n`);
  await write("refs/heads/c", `ref:refs/heads/a   \n`);
  await write("refs/heads/d.lock", "");
  await write("refs/heads/.hidden", "");
  await Deno.symlink("refs/heads/a", `${repo.gitDir}/LINK_HEAD`);
  await write(
    "logs/refs/heads/a",
    [
      `${ZERO} ${a} A <a@b> 1700000000 +0100\tcreated\n`,
      "nonsense\n",
      `${a} ${a} A <a@b> 0 +0100\ttoo old\n`,
      `${a} ${b} A <a@b> 1700000001 +0100\n`,
      `${b} ${a} A <a@b> 170`,
    ].join(""),
  );
  const view = () => viewOf({ repo, directories: [repo.dir] });
  const before = await view();
  await migrateRefs(repo.dir, { to: "reftable" });
  const after = await view();
  assertEquals(after, { ...before, "fsck": after["fsck"]! });
  await migrateRefs(repo.dir, { to: "files" });
  assertEquals(await view(), after);
});

const ZERO = "0".repeat(40);

gitTest("migrateRefs() leaves out what is in a stack and nobody can see", async () => {
  await using repo = await GitRepo.create();
  const [a = ""] = await makeCommits(repo, 1);
  await repo.ok(["worktree", "add", "-q", "--orphan", "-b", "side", `${repo.dir}/../linked`]);
  {
    await using stack = await Stack.open(repo.reftableDir, { skipNameCheck: true });
    const updateIndex = stack.nextUpdateIndex;
    const names = ["main-worktree/X_HEAD", "refs/heads/a", "worktrees/linked/refs/bisect/bad"];
    await stack.add((writer) => {
      for (const refname of names) writer.addRef({ kind: "direct", refname, updateIndex, oid: a });
    });
  }
  {
    await using stack = await Stack.open(`${repo.gitDir}/worktrees/linked/reftable`);
    const updateIndex = stack.nextUpdateIndex;
    await stack.add((writer) => {
      writer.addRef({ kind: "direct", refname: "refs/heads/b", updateIndex, oid: a });
    });
  }
  const { skipped } = await migrateRefs(repo.dir, { to: "files" });
  assertEquals(skipped, [
    "main-worktree/X_HEAD",
    "worktrees/linked/refs/bisect/bad",
    "worktrees/linked/refs/heads/b",
  ]);
  assertEquals(await repo.ok(["for-each-ref"]), `${a} commit\trefs/heads/a\n`);
});

gitTest("migrateRefs() gives new files the permissions that the repository wants", async () => {
  const config = { "core.sharedRepository": "0660" };
  await using trees = await makeTrees({ refFormat: "files", config });
  const { repo } = trees;
  for (const to of ["reftable", "files"] as const) {
    await migrateRefs(repo.dir, { to });
    const names = to === "files"
      ? ["packed-refs", "HEAD", "logs/HEAD", "refs/heads/alias", "worktrees/one/HEAD"]
      : ["HEAD", "refs/heads", "reftable/tables.list", "worktrees/one/reftable/tables.list"];
    for (const name of names) {
      assertEquals((Deno.statSync(`${repo.gitDir}/${name}`).mode ?? 0) & 0o777, 0o660, name);
    }
    const directories = to === "files" ? ["logs", "refs/heads"] : ["reftable"];
    for (const name of directories) {
      assertEquals((Deno.statSync(`${repo.gitDir}/${name}`).mode ?? 0) & 0o2777, 0o2770, name);
    }
  }
});

gitTest("migrateRefs() tells how far it is", async () => {
  await using repo = await GitRepo.create({ bare: true, refFormat: "files" });
  const [a = ""] = await makeCommits(repo, 1);
  const lines = Array.from({ length: 50_000 }, (_, i) => `${a} refs/heads/${100_000 + i}\n`);
  await Deno.writeTextFile(`${repo.gitDir}/packed-refs`, lines.join(""));
  for (const to of ["reftable", "files"] as const) {
    const seen: MigrationProgress[] = [];
    await migrateRefs(repo.dir, { to, onProgress: (progress) => seen.push(progress) });
    const phases = [...new Set(seen.map(({ phase }) => phase))];
    assertEquals(phases, ["refs", "check"].filter((phase) => phases.includes(phase as "refs")));
    assertEquals(seen.at(-1), { phase: "check", done: 50_001 });
  }
});
