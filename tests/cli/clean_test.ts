import { assertEquals, assertMatch } from "@std/assert";
import { Stack } from "@reftable/reftable";
import { addRefs, contentsOf, filesIn } from "../stack/changes.ts";
import { StackDirectory } from "../stack/stack_directory.ts";
import { change, changeOk } from "./changing_cli.ts";

const ORPHANS = [
  "0x000000000001-0x000000000001-00000001.ref",
  "0x000000000001-0x000000000001-00000002.ref",
];

/** A stack of two tables, with tables beside it that it does not name. */
async function fill(dir: StackDirectory): Promise<void> {
  await using stack = await Stack.open(dir.path, { autoCompact: false, sync: false });
  for (const name of ["a", "b"]) await addRefs(stack, `refs/heads/${name}`);
  const bytes = Deno.readFileSync(`${dir.path}/${stack.tableNames[0]}`);
  for (const name of ORPHANS) dir.put({ [name]: bytes });
  dir.put({ "damaged.ref": new Uint8Array(10) });
}

Deno.test("clean removes tables that the stack does not name, and tells which", async () => {
  using dir = new StackDirectory();
  await fill(dir);
  const before = filesIn(dir.path);
  for (const option of ["--dry-run", "-n"]) {
    const told = await changeOk(["clean", option, dir.path]);
    assertEquals(told, ORPHANS.map((name) => `Would remove ${name}\n`).join(""));
    assertEquals(filesIn(dir.path), before);
  }
  const told = await changeOk(["clean", dir.path]);
  assertEquals(told, ORPHANS.map((name) => `Removed ${name}\n`).join(""));
  assertEquals(filesIn(dir.path), before.filter((name) => !ORPHANS.includes(name)));
  assertEquals(await changeOk(["clean", dir.path]), "");
});

Deno.test("clean tells why it cannot", async () => {
  using dir = new StackDirectory();
  await fill(dir);
  const cases: readonly [args: readonly string[], code: number, message: RegExp][] = [
    [[], 129, /^error: a path is missing\nusage: reftable clean /],
    [["--force", dir.path], 129, /^error: unknown option `force'\nusage: reftable clean /],
    [[`${dir.path}/missing`], 1, /^error: Cannot open ".*missing": it does not exist\n$/],
  ];
  for (const [args, expected, message] of cases) {
    const { code, stdout, stderr } = await change(["clean", ...args]);
    assertEquals([code, stdout], [expected, ""]);
    assertMatch(stderr, message);
  }
  Deno.writeTextFileSync(`${dir.listPath}.lock`, "somebody else's");
  const before = contentsOf(dir.path);
  for (const option of [[], ["-n"]]) {
    const { code, stdout, stderr } = await change(["clean", ...option, dir.path]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^error: Cannot lock ".*tables\.list": somebody holds /);
    assertEquals(contentsOf(dir.path), before);
  }
});

Deno.test("clean needs permission to change the stack", async () => {
  using dir = new StackDirectory();
  await fill(dir);
  const before = contentsOf(dir.path);
  const { code, stderr } = await change(["clean", dir.path], { write: [] });
  assertEquals([code, contentsOf(dir.path)], [1, before]);
  assertMatch(stderr, /permission is missing, run again with --allow-write="/);
  await changeOk(["clean", dir.path], { write: [dir.path] });
  assertEquals(filesIn(dir.path).length, 4);
});
