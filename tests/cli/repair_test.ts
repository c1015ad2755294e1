import { assertEquals, assertMatch } from "@std/assert";
import { copy } from "@std/fs";
import { Stack } from "@reftable/reftable";
import { addRefs, contentsOf, filesIn, listedNames } from "../stack/changes.ts";
import { StackDirectory } from "../stack/stack_directory.ts";
import { change } from "./changing_cli.ts";
import { FIXTURES } from "./run_cli.ts";
import { runMain } from "./run_main.ts";

/** A stack of three tables. */
async function fill(dir: StackDirectory): Promise<void> {
  await using stack = await Stack.open(dir.path, { autoCompact: false, sync: false });
  for (const name of ["a", "b", "c"]) await addRefs(stack, `refs/heads/${name}`);
}

/** Changes the last byte of a table: its checksum is wrong then. */
function damage(dir: StackDirectory, name: string): void {
  const bytes = Deno.readFileSync(`${dir.path}/${name}`);
  bytes[bytes.length - 1]! ^= 1;
  Deno.writeFileSync(`${dir.path}/${name}`, bytes);
}

/** Takes the parts of names away that are random. */
function shorten(text: string, dir: StackDirectory): string {
  return text.replaceAll(dir.path, "DIR")
    .replace(/0x0*([0-9a-f]+)-0x0*([0-9a-f]+)-[0-9a-f]{8}/g, "$1-$2")
    .replace(/0x[0-9a-f]{8}/g, "0xCRC").replace(/\d+ seconds/g, "N seconds");
}

Deno.test("repair tells what is wrong and what it does, then does it", async () => {
  using dir = new StackDirectory();
  await fill(dir);
  assertEquals(await runMain(["repair", dir.path]), { code: 0, stdout: "", stderr: "" });
  const [, second = ""] = listedNames(dir.path);
  damage(dir, second);
  const before = contentsOf(dir.path);
  const steps = [
    "salvage 1 ref and 0 log entries of 2-2.ref into 2-2.ref: footer at offset 68 has checksum 0xCRC, " +
    "its bytes give 0xCRC; nothing is lost",
    "set aside tables.list as tables.list.set-aside: there will be another one",
    "write tables.list with 3 tables",
    "set aside 2-2.ref as 2-2.ref.set-aside: what can be read of it is in 2-2.ref",
  ];
  const problem = "error: DIR/2-2.ref: offset 132: footer at offset 68 has checksum 0xCRC, " +
    "its bytes give 0xCRC (checksum)\n";
  const dry = await runMain(["repair", "--dry-run", dir.path]);
  assertEquals([dry.code, dry.stderr], [1, ""]);
  assertEquals(shorten(dry.stdout, dir), problem + steps.map((step) => `would ${step}\n`).join(""));
  assertEquals(contentsOf(dir.path), before);
  const done = await runMain(["repair", dir.path]);
  assertEquals([done.code, done.stderr], [0, ""]);
  assertEquals(shorten(done.stdout, dir), problem + steps.map((step) => `${step}\n`).join(""));
  assertEquals((await runMain(["verify", "--strict", dir.path])).code, 0);
  await using stack = await Stack.open(dir.path);
  assertEquals(stack.refs().toArray().length, 3);
});

Deno.test("repair tells its plan as JSON", async () => {
  using dir = new StackDirectory();
  await fill(dir);
  Deno.removeSync(dir.listPath);
  const names = filesIn(dir.path);
  const { code, stdout } = await runMain(["repair", "--json", dir.path]);
  const { directory, problems, steps, locks } = JSON.parse(stdout);
  assertEquals([code, directory, steps, locks], [0, dir.path, [{ kind: "list", names }], []]);
  assertEquals(problems.map(({ code }: { code: string }) => code), ["tables-list"]);
  assertEquals(listedNames(dir.path), names);
});

Deno.test("repair repairs all stacks of a repository, with its settings", async () => {
  using dir = new StackDirectory();
  const git = `${dir.path}/git`;
  await copy(`${FIXTURES}/repository/git`, git);
  const lists = [`${git}/reftable`, `${git}/worktrees/linked/reftable`].map((path) => {
    const list = `${path}/tables.list`;
    const text = Deno.readTextFileSync(list);
    Deno.writeTextFileSync(list, "");
    return [list, text] as const;
  });
  Deno.writeTextFileSync(`${git}/config`, "[core]\nsharedRepository = 0660\n", { append: true });
  assertEquals((await runMain(["repair", git])).code, 0);
  for (const [list, text] of lists) {
    assertEquals(Deno.readTextFileSync(list), text);
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(list).mode! & 0o777, 0o660);
  }
});

Deno.test("repair names locks, and breaks them only when it is told how old they are", async () => {
  using dir = new StackDirectory();
  await fill(dir);
  damage(dir, listedNames(dir.path)[0]!);
  const lock = `${dir.listPath}.lock`;
  Deno.writeTextFileSync(lock, "");
  const hours = (count: number) => Date.now() / 1000 - count * 3600;
  Deno.utimeSync(lock, hours(3), hours(3));
  const { code, stdout, stderr } = await runMain(["repair", dir.path]);
  assertEquals(code, 1);
  assertMatch(stdout, /^lock: .*tables\.list\.lock: 10800 seconds old, it stays$/m);
  assertMatch(stderr, /^error: Cannot lock ".*tables\.list": somebody holds .*, for 3 hours\./);
  const young = ["repair", "--break-locks", "--older-than", "4.hours", dir.path];
  assertEquals((await runMain(young)).code, 1);
  for (const options of [["--break-locks"], ["--older-than=1.hour"]]) {
    const { code, stderr } = await runMain(["repair", ...options, dir.path]);
    assertEquals(code, 129);
    assertMatch(stderr, /^error: options '--break-locks' and '--older-than' belong together\n/);
  }
  for (const age of ["soon", "2", "now", "2.fortnights"]) {
    const args = ["repair", "--break-locks", `--older-than=${age}`, dir.path];
    assertEquals((await runMain(args)).code, 129, age);
  }
  assertEquals(Deno.statSync(lock).isFile, true);
  const done = await runMain(["repair", "--break-locks", "--older-than", "2.hours.ago", dir.path]);
  assertEquals([done.code, done.stderr], [0, ""]);
  assertMatch(done.stdout, /^remove lock tables\.list\.lock: it was made 3 hours ago$/m);
});

Deno.test("repair tells what it could not mend, and why it cannot begin", async () => {
  using dir = new StackDirectory();
  {
    await using stack = await Stack.open(dir.path, { skipNameCheck: true });
    await addRefs(stack, "refs/heads/\x1b[2J");
  }
  const { code, stdout } = await runMain(["repair", dir.path]);
  assertEquals(code, 1);
  const [before, after] = stdout.trimEnd().split("\n");
  assertMatch(before!, /^error: .*"refs\/heads\/\\x1b\[2J".*\(refname\)$/);
  assertEquals(after, `still ${before}`);
  const nowhere = await runMain(["repair", `${dir.path}/missing`]);
  assertEquals([nowhere.code, nowhere.stdout], [1, ""]);
  assertMatch(nowhere.stderr, /^error: .*missing.* does not exist\n$/);
});

Deno.test("repair needs permission to change the stack, but not for a dry run", async () => {
  using dir = new StackDirectory();
  await fill(dir);
  damage(dir, listedNames(dir.path)[0]!);
  const before = contentsOf(dir.path);
  const dry = await change(["repair", "-n", dir.path], { read: [dir.path], write: [] });
  assertEquals([dry.code, dry.stderr], [1, ""]);
  const refused = await change(["repair", dir.path], { read: [dir.path], write: [] });
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /--allow-write=/);
  assertEquals(contentsOf(dir.path), before);
  const done = await change(["repair", dir.path], { read: [dir.path], write: [dir.path] });
  assertEquals([done.code, done.stderr], [0, ""]);
});
