import { assert, assertEquals, assertMatch } from "@std/assert";
import { openRepositoryStack, Stack, type StackInventory } from "@reftable/reftable";
import { GitRepo, gitTest } from "../peers/git.ts";
import { addLargeTable, addRefs, contentsOf, entry } from "../stack/changes.ts";
import { StackDirectory } from "../stack/stack_directory.ts";
import { change, changeOk } from "./changing_cli.ts";

/** What is printed of a stack must be readable without permission to change it. */
const READ_ONLY = { write: [] };

async function fill(dir: StackDirectory): Promise<void> {
  await using stack = await Stack.open(dir.path, { autoCompact: false, sync: false });
  await addLargeTable(stack);
  await stack.add((writer) => {
    writer.addRef({ kind: "deletion", refname: "refs/heads/a", updateIndex: 2 });
    writer.addLogs([entry("HEAD", 2), entry("HEAD", 1)]);
  });
}

Deno.test("stats --json prints the inventory of a stack", async () => {
  using dir = new StackDirectory();
  await fill(dir);
  dir.put({ "orphan.ref": "git/one-ref.ref", "tables.list.lock": new Uint8Array() });
  const printed = await changeOk(["stats", "--json", dir.path], READ_ONLY);
  assertMatch(printed, /^\{.*\}\n$/);
  await using stack = await Stack.open(dir.path);
  const inventory: StackInventory = JSON.parse(printed);
  assertEquals(inventory, await stack.inventory());
  assertEquals([inventory.tables.length, inventory.orphans.length, inventory.locks.length], [
    2,
    1,
    1,
  ]);
});

Deno.test("stats prints tables, the geometric sequence and what does not belong there", async () => {
  using dir = new StackDirectory();
  assertEquals(
    await changeOk(["stats", dir.path], READ_ONLY),
    "tables: 0, 0 bytes\ngeometric sequence: : kept\n",
  );
  await fill(dir);
  await using stack = await Stack.open(dir.path, { autoCompact: false });
  const [large, small] = (await stack.inventory()).tables;
  const { ref, object, index } = large!.blocks;
  assert(ref > 10 && object > 0 && index > 0);
  const expected = (verdict: string) => {
    const { entries, padding, size } = large!;
    return `tables: 2, ${size + small!.size} bytes
${large!.name}
  size: ${size}, padding: ${(100 * padding / size).toFixed(1)}%
  update indices: 1 to 1
  blocks (entries): ref ${ref} (2500), object ${object} (1), index ${index} (${entries.index})
${small!.name}
  size: ${small!.size}, padding: 0.0%
  update indices: 2 to 2
  blocks (entries): ref 1 (1), log 1 (2)
geometric sequence: ${size - 91}, ${small!.size - 91}: ${verdict}
`;
  };
  assertEquals(await changeOk(["stats", dir.path], READ_ONLY), expected("kept"));
  dir.put({
    "b.ref": "git/one-ref.ref",
    "a.log": "git/one-ref.ref",
    "a.ref.temp.0badcafe": new Uint8Array(),
    "tables.list.lock": new Uint8Array(),
  });
  const printed = await changeOk(["stats", dir.path], READ_ONLY);
  assert(printed.startsWith(expected("kept")));
  const strays = printed.slice(expected("kept").length).replace(
    /\d+ seconds? old/g,
    "n seconds old",
  );
  assertEquals(
    strays,
    `orphan: a.log, n seconds old
orphan: b.ref, n seconds old
temporary file: a.ref.temp.0badcafe, n seconds old
lock: tables.list.lock, n seconds old
`,
  );
  dir.remove("tables.list.lock");
  await addRefs(stack, ...Array.from({ length: 20 }, (_, i) => `refs/heads/b${i + 10}`));
  assertMatch(await changeOk(["stats", dir.path], READ_ONLY), /^geometric sequence: .*: broken$/m);
});

Deno.test("stats changes nothing", async () => {
  using dir = new StackDirectory();
  await fill(dir);
  dir.put({ "a.ref": "git/one-ref.ref" });
  const before = contentsOf(dir.path);
  await changeOk(["stats", dir.path]);
  assertEquals(contentsOf(dir.path), before);
});

Deno.test("stats tells why it cannot", async () => {
  using dir = new StackDirectory();
  const cases: readonly [args: readonly string[], code: number, message: RegExp][] = [
    [[], 129, /^error: a path is missing\nusage: reftable stats /],
    [["--yaml", dir.path], 129, /^error: unknown option `yaml'\n/],
    [[`${dir.path}/missing`], 1, /^error: Cannot open ".*missing": it does not exist\n$/],
  ];
  for (const [args, expected, message] of cases) {
    const { code, stdout, stderr } = await change(["stats", ...args], READ_ONLY);
    assertEquals([code, stdout], [expected, ""]);
    assertMatch(stderr, message);
  }
  const { code, stderr } = await change(["stats", dir.path], { read: [], write: [] });
  assertEquals(code, 1);
  assertMatch(stderr, /permission is missing, run again with --allow-read="/);
});

gitTest("stats describes the stacks of a repository", async () => {
  await using repo = await GitRepo.create({ hash: "sha256" });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  await repo.ok(["worktree", "add", "-q", "../linked"]);
  const read = async (...args: readonly string[]): Promise<StackInventory> =>
    JSON.parse(await changeOk(["stats", "--json", ...args], READ_ONLY));
  for (const worktree of [false, true]) {
    const path = `${repo.dir}/../linked`;
    await using stack = await openRepositoryStack(path, { worktree });
    const inventory = await read(path, ...(worktree ? ["--worktree"] : []));
    assertEquals(inventory.tables.map(({ name }) => name), stack.tableNames);
  }
});
