import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { denoFileSystem, type FileSystem, ReftableError, Stack } from "@reftable/reftable";
import { modelOf } from "../merged/model.ts";
import {
  addLargeTable,
  assertTidy,
  contentsOf,
  filesIn,
  listedNames,
  refnames,
  tidyTest,
} from "./changes.ts";
import { eitherWay, StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

const SMALL = "jgit/small-mixed.ref";
const LARGE = "git/mixed-4k.ref";

eitherWay("Stack[Symbol.dispose]() removes tables that the list no longer names", async (way) => {
  const lists = [["d"], ["b", "d"], ["d", "a", "c"], []];
  for (const list of lists) {
    using dir = new StackDirectory({ a: SMALL, b: LARGE, c: SMALL });
    // These were never open here.
    dir.put({ d: SMALL, "orphan.ref": SMALL });
    const stack = await way.open(dir.path);
    dir.list(...list);
    assertEquals(filesIn(dir.path).length, 6);
    stack[Symbol.dispose]();
    const kept = ["a", "b", "c"].filter((name) => list.includes(name));
    assertEquals(filesIn(dir.path), [...kept, "d", "orphan.ref", "tables.list"]);
    stack[Symbol.dispose]();
  }
});

eitherWay("Stack[Symbol.dispose]() removes nothing when the list still names it", async (way) => {
  using dir = new StackDirectory({ a: SMALL, b: LARGE });
  const files = contentsOf(dir.path);
  for (let i = 0; i < 2; i++) {
    using stack = await way.open(dir.path);
    assert(stack.tables.length > 0);
  }
  assertEquals(contentsOf(dir.path), files);
});

eitherWay("Stack[Symbol.dispose]() removes nothing when the list tells nothing", async (way) => {
  const damages: readonly ((dir: StackDirectory) => void)[] = [
    (dir) => dir.remove("tables.list"),
    (dir) => dir.writeList("../a\n"),
    (dir) => {
      dir.remove("tables.list");
      Deno.mkdirSync(dir.listPath);
    },
  ];
  for (const damage of damages) {
    using dir = new StackDirectory({ a: SMALL, b: LARGE });
    const stack = await way.open(dir.path);
    damage(dir);
    stack[Symbol.dispose]();
    assertEquals(filesIn(dir.path).slice(0, 2), ["a", "b"]);
  }
  // And when the whole directory is gone.
  using dir = new StackDirectory({ a: SMALL });
  const stack = await way.open(dir.path);
  Deno.renameSync(dir.path, `${dir.path}-elsewhere`);
  stack[Symbol.dispose]();
  assertEquals(filesIn(`${dir.path}-elsewhere`), ["a", "tables.list"]);
});

eitherWay("Stack[Symbol.dispose]() removes nothing without permission", async (way) => {
  using dir = new StackDirectory({ a: SMALL, b: LARGE });
  const removed: string[] = [];
  const fileSystem: FileSystem = {
    ...denoFileSystem,
    mayChangeSync: () => false,
    removeSync: (path) => removed.push(path) > 0,
  };
  const stack = await way.open(dir.path, { fileSystem });
  dir.list();
  stack[Symbol.dispose]();
  assertEquals([removed, filesIn(dir.path)], [[], ["a", "b", "tables.list"]]);
});

eitherWay("Stack[Symbol.dispose]() succeeds when a table cannot be removed", async (way) => {
  using dir = new StackDirectory({ a: SMALL, b: LARGE });
  const fileSystem: FileSystem = {
    ...denoFileSystem,
    removeSync: (path) => {
      throw new ReftableError("io", `Cannot remove "${path}"`);
    },
  };
  const stack = await way.open(dir.path, { fileSystem });
  dir.list("b");
  stack[Symbol.dispose]();
  assertEquals(filesIn(dir.path), ["a", "b", "tables.list"]);
});

/**
 * A program that opens a stack, waits for a line, and closes the stack; it tells what it would remove, for
 * which Deno asks on a terminal.
 */
const READER = `
  import { Stack } from "@reftable/reftable";
  const { removeSync } = Deno;
  Deno.removeSync = (path) => {
    console.error(path);
    removeSync(path);
  };
  const stack = await Stack.open(Deno.args[0]);
  console.log(stack.refs().toArray().length);
  await Deno.stdin.read(new Uint8Array(1));
  stack[Symbol.dispose]();
  console.log("closed");
`;

tidyTest("Stack[Symbol.dispose]() asks nobody for a permission", async () => {
  using dir = new StackDirectory({ a: SMALL, b: LARGE });
  const root = fromFileUrl(new URL("../..", import.meta.url));
  const program = `${dir.path}/../reader.ts`;
  Deno.writeTextFileSync(program, READER);
  const cases: readonly [permissions: readonly string[], left: readonly string[]][] = [
    [[], ["a", "b", "tables.list"]],
    [[`--allow-write=${root}`], ["a", "b", "tables.list"]],
    [[`--allow-write=${dir.path}/tables.list`], ["a", "b", "tables.list"]],
    [[`--allow-write=${dir.path}`], ["b", "tables.list"]],
  ];
  for (const [permissions, left] of cases) {
    dir.list("a", "b");
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        `--config=${root}/deno.json`,
        "--allow-read",
        ...permissions,
        program,
        dir.path,
      ],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader.read()).value, `${modelOf(SMALL, LARGE).refs().length}\n`);
    dir.list("b");
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("\n"));
    await writer.close();
    assertEquals((await reader.read()).value, "closed\n");
    await reader.cancel();
    const stderr = await new Response(child.stderr).text();
    const removed = left.includes("a") ? "" : `${dir.path}/a\n`;
    assertEquals([(await child.status).code, stderr], [0, removed]);
    assertEquals(filesIn(dir.path), left, permissions.join());
  }
});

tidyTest("Stack leaves no file open when it is closed while it is changed", async () => {
  const changes: readonly ((stack: Stack) => Promise<unknown>)[] = [
    (stack) => stack.compact(),
    (stack) => stack.autoCompact(),
    (stack) => addLargeTable(stack, "refs/z/"),
    (stack) => stack.reload(),
    (stack) => stack.clean(),
    (stack) => stack.beginAddition().then((addition) => addition[Symbol.asyncDispose]()),
  ];
  for (const change of changes) {
    // It is closed before each of the calls that the change makes.
    for (let at = 1, count = 1; at <= count; at++) {
      using dir = new StackDirectory();
      {
        const options = { autoCompact: false, sync: false };
        await using stack = await Stack.open(dir.path, options);
        for (const letter of ["a", "b"]) await addLargeTable(stack, `refs/${letter}/`);
      }
      let calls = -Infinity;
      const watched = new WatchedFileSystem(() => {
        if (++calls === at) stack[Symbol.dispose]();
      });
      const stack = await Stack.open(dir.path, { ...watched, autoCompact: false, sync: false });
      calls = 0;
      await change(stack).catch((error) => assert(error instanceof ReftableError, `${error}`));
      count = Math.max(count, Math.min(calls, 30));
      stack[Symbol.dispose]();
      assertEquals(watched.open, [], `${change} at ${at}`);
      assertTidy(dir.path);
      await using other = await Stack.open(dir.path);
      assert([5000, 7500].includes(refnames(other).length));
      assertEquals(other.tableNames, listedNames(dir.path));
    }
  }
});
