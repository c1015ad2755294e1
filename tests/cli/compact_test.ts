import { assert, assertEquals, assertMatch } from "@std/assert";
import { openRepositoryStack, Stack } from "@reftable/reftable";
import { ProgressLine } from "../../src/cli/progress.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import {
  addLargeTable,
  addRefs,
  assertTidy,
  contentsOf,
  entry,
  listedNames,
  refnames,
  shorten,
} from "../stack/changes.ts";
import { StackDirectory } from "../stack/stack_directory.ts";
import { CapturedSystem } from "./run_main.ts";
import { change, changeOk } from "./changing_cli.ts";
import { eachOf } from "./run_cli.ts";

/** A stack of tables with a ref each, from the time 1 on, the first of which has many. */
async function fill(dir: StackDirectory, tables: number): Promise<void> {
  await using stack = await Stack.open(dir.path, { autoCompact: false, sync: false });
  await addLargeTable(stack);
  for (let i = 2; i <= tables; i++) {
    await stack.add((writer) => {
      writer.addRef({ kind: "symref", refname: `refs/${i}`, updateIndex: i, target: "HEAD" });
      writer.addLog(entry("HEAD", i, { time: 1000 * i }));
    });
  }
}

/** The update indices of the tables, and of the log of HEAD. */
async function look(path: string): Promise<{ tables: string[]; log: number[] }> {
  await using stack = await Stack.open(path);
  const log = stack.logs({ refname: "HEAD" }).map(({ updateIndex }) => updateIndex).toArray();
  return { tables: stack.tableNames.map((name) => shorten(name).replace(".ref", "")), log };
}

Deno.test("compact merges the tables of a stack", async () => {
  using dir = new StackDirectory();
  await fill(dir, 4);
  assertEquals(await changeOk(["compact", dir.path]), "");
  assertEquals(await look(dir.path), { tables: ["1-4"], log: [4, 3, 2] });
  assertTidy(dir.path);
  // What is one table already is left alone.
  const before = contentsOf(dir.path);
  assertEquals(await changeOk(["compact", dir.path]), "");
  assertEquals(contentsOf(dir.path), before);
});

Deno.test("compact --auto merges what keeps the tables few", async () => {
  using dir = new StackDirectory();
  await fill(dir, 4);
  for (let i = 0; i < 2; i++) {
    assertEquals(await changeOk(["compact", "--auto", dir.path]), "");
    assertEquals((await look(dir.path)).tables, ["1-1", "2-4"]);
  }
  assertTidy(dir.path);
});

Deno.test("compact drops log entries that have expired", async () => {
  const cases: readonly [options: readonly string[], log: readonly number[]][] = [
    [["--expire-before=3000"], [4, 3]],
    [["--expire-before", "@3001"], [4]],
    [["--expire-before=1970-01-02T00:00:00Z"], []],
    [["--expire-before=1.day.ago"], []],
    [["--expire-before=now"], []],
    [["--expire-before=never"], [4, 3, 2]],
    [["--min-update-index=3"], [4, 3]],
    [["--min-update-index=4", "--expire-before=3000"], [4]],
  ];
  await eachOf(cases, async ([options, log]) => {
    using dir = new StackDirectory();
    await fill(dir, 4);
    await changeOk(["compact", ...options, dir.path]);
    assertEquals(await look(dir.path), { tables: ["1-4"], log }, options.join(" "));
    assertTidy(dir.path);
  });
});

Deno.test("compact rewrites a single table to drop what has expired", async () => {
  using dir = new StackDirectory();
  await fill(dir, 4);
  for (const updateIndex of [3, 4]) {
    await changeOk(["compact", `--min-update-index=${updateIndex}`, dir.path]);
    assertEquals((await look(dir.path)).log, [4, 3].slice(0, 5 - updateIndex));
  }
});

Deno.test("compact refuses a wrong command line and changes nothing", async () => {
  using dir = new StackDirectory();
  await fill(dir, 2);
  const before = contentsOf(dir.path);
  const together = (name: string) => `options '--auto' and '--${name}' cannot be used together`;
  const cases: readonly [args: readonly string[], message: string][] = [
    [[], "a path is missing"],
    [[dir.path, "more"], "unexpected argument `more'"],
    [["--expire-before=soon", dir.path], "malformed time `soon'"],
    [["--min-update-index=x", dir.path], "x"],
    [["--auto", "--expire-before=now", dir.path], together("expire-before")],
    [["--auto", "--min-update-index=3", dir.path], together("min-update-index")],
    [["--all", dir.path], "unknown option `all'"],
  ];
  await eachOf(cases, async ([args, message]) => {
    const { code, stdout, stderr } = await change(["compact", ...args]);
    assertEquals([code, stdout], [129, ""], args.join(" "));
    assert(stderr.startsWith("error: ") && stderr.includes(message), stderr);
    assertMatch(stderr, /\nusage: reftable compact \[<options>\] <path>\n/);
  });
  assertEquals(contentsOf(dir.path), before);
});

Deno.test("compact tells why it cannot", async () => {
  using dir = new StackDirectory();
  await fill(dir, 2);
  const before = contentsOf(dir.path);
  const cases: readonly [args: readonly string[], message: RegExp][] = [
    [[`${dir.path}/missing`], /^error: Cannot open ".*missing": it does not exist\n$/],
    [[`${dir.path}/..`], /^error: not a git repository .*\n$/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await change(["compact", ...args]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, message);
  }
  const lock = `${dir.listPath}.lock`;
  Deno.writeTextFileSync(lock, "somebody else's");
  const { code, stdout, stderr } = await change(["compact", dir.path]);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(
    stderr,
    /^error: Cannot lock ".*tables\.list": somebody holds ".*", for \d+ s/,
  );
  assertEquals(Deno.readTextFileSync(lock), "somebody else's");
  // To leave it to others is no failure.
  await changeOk(["compact", "--auto", dir.path]);
  Deno.removeSync(lock);
  assertEquals(contentsOf(dir.path), before);
});

Deno.test("compact needs permission to read and to change the stack, and no more", async () => {
  using dir = new StackDirectory();
  await fill(dir, 3);
  const before = contentsOf(dir.path);
  const parent = `${dir.path}/../HEAD`;
  for (
    const [read, write, missing] of [[[], [], "read"], [[dir.path, parent], [], "write"]] as const
  ) {
    const { code, stderr } = await change(["compact", dir.path], { read, write });
    assertEquals(code, 1);
    assertMatch(stderr, new RegExp(`permission is missing, run again with --allow-${missing}="`));
    assertEquals(contentsOf(dir.path), before);
  }
  await changeOk(["compact", dir.path], { read: [dir.path, parent], write: [dir.path] });
  assertEquals((await look(dir.path)).tables, ["1-3"]);
});

Deno.test("compact shows nothing where no terminal is", async () => {
  using dir = new StackDirectory();
  {
    await using stack = await Stack.open(dir.path, { autoCompact: false, sync: false });
    const names = (n: number) => Array.from({ length: 20_000 }, (_, i) => `refs/${n}/${i}`);
    for (const n of [1, 2, 3]) await addRefs(stack, ...names(n));
  }
  assertEquals(await changeOk(["compact", dir.path]), "");
});

Deno.test("ProgressLine shows a line on a terminal and takes it away", () => {
  const show = (answer: boolean) => {
    const system = new CapturedSystem({ terminals: answer ? ["stderr"] : [] });
    {
      using line = new ProgressLine(system, "Compacting");
      line.show(50, 200, "1000 records");
      line.show(150, 200, "9 records");
      // What is written can be more than what was read.
      line.show(300, 200, "x");
      line.show(0, 0, "x");
    }
    return system.written("stderr");
  };
  assertEquals(show(false), "");
  const lines = ["Compacting:  25% 1000 records", "Compacting:  75% 9 records   "];
  lines.push("Compacting: 100% x        ", "Compacting: 100% x", " ".repeat(18));
  assertEquals(show(true), lines.map((line) => `\r${line}`).join("") + "\r");
});

gitTest("compact leaves a repository in which git finds nothing wrong", async () => {
  await using repo = await GitRepo.create();
  const env = { GIT_TEST_REFTABLE_AUTOCOMPACTION: "false" };
  for (const message of ["one", "two", "three"]) {
    await repo.ok(["commit", "-q", "--allow-empty", "-m", message], { env });
  }
  await repo.ok(["branch", "gone"], { env });
  await repo.ok(["branch", "-q", "-D", "gone"], { env });
  await repo.ok(["worktree", "add", "-q", "../linked"], { env });
  const refs = await repo.ok(["for-each-ref"]);
  const log = await repo.ok(["reflog", "show", "HEAD"]);
  for (const path of [repo.dir, repo.gitDir, repo.reftableDir, `${repo.dir}/../linked`]) {
    await repo.ok(["symbolic-ref", "refs/heads/alias", "refs/heads/main"], { env });
    assert(listedNames(repo.reftableDir).length > 1);
    await changeOk(["compact", path]);
    assertEquals(listedNames(repo.reftableDir).length, 1, path);
    await repo.ok(["symbolic-ref", "--delete", "refs/heads/alias"], { env });
    await changeOk(["dump", "-c", path]);
    assertEquals(listedNames(repo.reftableDir).length, 1, path);
    assertTidy(repo.reftableDir);
    await repo.ok(["refs", "verify", "--strict"]);
    await repo.ok(["fsck", "--strict"]);
    assertEquals(await repo.ok(["for-each-ref"]), refs);
    assertEquals(await repo.ok(["reflog", "show", "HEAD"]), log);
  }
  // The stack of the linked working tree is another one.
  const linked = `${repo.gitDir}/worktrees/linked/reftable`;
  await repo.ok(["switch", "-q", "--detach"], { cwd: `${repo.dir}/../linked`, env });
  assert(listedNames(linked).length > 1);
  await changeOk(["compact", "--worktree", `${repo.dir}/../linked`]);
  assertEquals(listedNames(linked).length, 1);
  await repo.ok(["fsck", "--strict"]);
});

gitTest("compact --expire-before leaves git the newer entries of its logs", async () => {
  await using repo = await GitRepo.create();
  for (let i = 1; i <= 4; i++) {
    const env = { GIT_COMMITTER_DATE: `@${1_700_000_000 + i} +0000` };
    await repo.ok(["commit", "-q", "--allow-empty", "-m", `${i}`], { env });
  }
  const subjects = async () =>
    (await repo.ok(["reflog", "show", "--format=%gs", "HEAD"])).trim().split("\n");
  assertEquals((await subjects()).length, 4);
  await changeOk(["compact", "--expire-before=1700000003", repo.dir]);
  assertEquals(await subjects(), ["commit: 4", "commit: 3"]);
  await changeOk(["compact", "--expire-before=now", repo.dir]);
  assertEquals(await repo.ok(["reflog", "list"]), "");
  await repo.ok(["fsck", "--strict"]);
});

gitTest("dump -c prints nothing and compacts", async () => {
  await using repo = await GitRepo.create({ hash: "sha256" });
  const env = { GIT_TEST_REFTABLE_AUTOCOMPACTION: "false" };
  await repo.ok(["symbolic-ref", "refs/heads/alias", "refs/heads/main"], { env });
  const { code, stderr } = await change(["dump", "-c", "--hash=sha1", repo.dir]);
  assertEquals(code, 1);
  assertMatch(stderr, /its hash is sha256, that of the stack is sha1/);
  assertEquals(listedNames(repo.reftableDir).length, 2);
  assertEquals(await changeOk(["dump", "-c", "-6", repo.dir]), "");
  assertEquals(listedNames(repo.reftableDir).length, 1);
  await using stack = await openRepositoryStack(repo.dir);
  assertEquals(refnames(stack), ["HEAD", "refs/heads/alias"]);
});
