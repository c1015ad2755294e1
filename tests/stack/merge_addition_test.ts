import { assertEquals } from "@std/assert";
import { Stack, type StackOptions } from "@reftable/reftable";
import {
  addLargeTable,
  addRefs,
  assertTidy,
  ChangingFileSystem,
  contentsOf,
  deletion,
  direct,
  diskFull,
  entry,
  filesIn,
  listedNames,
  noEntry,
  refnames,
  shorten,
  tidyTest,
} from "./changes.ts";
import { StackDirectory } from "./stack_directory.ts";

const QUICK = { sync: false };

/** A stack of tables of one ref each, and what is done to its files. */
async function openWatched(
  dir: StackDirectory,
  tables: number,
  before?: (change: string) => void,
): Promise<{ stack: Stack; watched: ChangingFileSystem }> {
  {
    await using stack = await Stack.open(dir.path, { ...QUICK, autoCompact: false });
    for (let i = 0; i < tables; i++) await addRefs(stack, `refs/heads/${1000 + i}`);
  }
  const watched = new ChangingFileSystem(before);
  return {
    stack: await Stack.open(dir.path, { ...QUICK, fileSystem: watched.fileSystem }),
    watched,
  };
}

function ranges(stack: Stack): string[] {
  return stack.tableNames.map((name) => shorten(name).replace(".ref", ""));
}

tidyTest("Stack.add() merges a small table with those before it at once", async () => {
  using dir = new StackDirectory();
  const { stack, watched } = await openWatched(dir, 2);
  await using _ = stack;
  await addRefs(stack, "refs/heads/a");
  // One table is written and one list; no table needs a lock.
  assertEquals(watched.takeChanges(), [
    "create tables.list.lock",
    "create 3-3.temp",
    "write 3-3.temp",
    "close 3-3.temp",
    "rename 1-3.ref",
    "write tables.list.lock",
    "close tables.list.lock",
    "rename tables.list",
    "remove 1-1.ref",
    "remove 2-2.ref",
  ]);
  assertEquals(ranges(stack), ["1-3"]);
  assertEquals(refnames(stack), ["refs/heads/1000", "refs/heads/1001", "refs/heads/a"]);
  const { attempts, failures, entriesWritten } = stack.stats;
  assertEquals([attempts, failures, entriesWritten], [1, 0, 3]);
  assertTidy(dir.path);
  await using other = await Stack.open(dir.path);
  assertEquals(refnames(other), refnames(stack));
});

tidyTest(
  "Stack.add() leaves the tables that it would leave when it compacts afterwards",
  async () => {
    using merging = new StackDirectory();
    using compacting = new StackDirectory();
    await using one = await Stack.open(merging.path, QUICK);
    await using other = await Stack.open(compacting.path, { ...QUICK, autoCompact: false });
    for (let i = 0; i < 60; i++) {
      for (const stack of [one, other]) {
        const { nextUpdateIndex } = stack;
        await stack.add((writer) => {
          const name = `refs/heads/${(i * 7) % 20}`;
          if (i % 5 === 4) writer.addRef(deletion(name, nextUpdateIndex));
          else writer.addRef(direct(name, nextUpdateIndex));
          if (i % 3 === 0) writer.addLog(entry(name, nextUpdateIndex));
          else writer.addLog(noEntry(name, Math.max(1, nextUpdateIndex - 10)));
        });
      }
      await other.autoCompact();
      assertEquals(ranges(one), ranges(other));
    }
    const tables = (stack: Stack, { path }: StackDirectory) => {
      return stack.tableNames.map((name) => Deno.readFileSync(`${path}/${name}`).toHex());
    };
    assertEquals(tables(one, merging), tables(other, compacting));
    assertTidy(merging.path);
  },
);

tidyTest("Stack.add() does not touch tables that somebody has locked", async () => {
  using dir = new StackDirectory();
  const { stack } = await openWatched(dir, 3);
  await using _ = stack;
  const lock = `${dir.path}/${stack.tableNames[1]}.lock`;
  Deno.writeTextFileSync(lock, "", { createNew: true });
  await addRefs(stack, "refs/heads/a");
  // Those behind it are compacted when the new one is there.
  assertEquals(ranges(stack), ["1-1", "2-2", "3-4"]);
  Deno.removeSync(lock);
  assertTidy(dir.path);
});

tidyTest("Stack.add() merges without compacting, or compacts without merging", async () => {
  const cases: readonly [options: StackOptions, ranges: string[], lists: number][] = [
    [{ autoCompact: false, mergeAdditions: true }, ["1-3"], 1],
    [{ autoCompact: false }, ["1-1", "2-2", "3-3"], 1],
    [{ autoCompact: true, mergeAdditions: false }, ["1-3"], 2],
  ];
  for (const [options, expected, lists] of cases) {
    using dir = new StackDirectory();
    await (await openWatched(dir, 2)).stack[Symbol.asyncDispose]();
    const watched = new ChangingFileSystem();
    const { fileSystem } = watched;
    await using stack = await Stack.open(dir.path, { ...QUICK, ...options, fileSystem });
    await addRefs(stack, "refs/heads/a");
    assertEquals(ranges(stack), expected);
    const renamed = watched.changes.filter((change) => change === "rename tables.list");
    assertEquals(renamed.length, lists);
  }
});

tidyTest("Stack.add() does not merge what is large", async () => {
  using dir = new StackDirectory();
  const { stack, watched } = await openWatched(dir, 1);
  await using _ = stack;
  await addLargeTable(stack);
  assertEquals(watched.takeChanges().filter((change) => change.startsWith("rename")), [
    "rename 2-2.ref",
    "rename tables.list",
    "rename 1-2.ref",
    "rename tables.list",
  ]);
  assertEquals(ranges(stack), ["1-2"]);
});

tidyTest("Stack.add() leaves nothing when what it merges is deleted", async () => {
  using dir = new StackDirectory();
  const { stack } = await openWatched(dir, 1);
  await using _ = stack;
  await stack.add((writer) => writer.addRef(deletion("refs/heads/1000", 2)));
  assertEquals([ranges(stack), refnames(stack)], [[], []]);
  assertEquals(listedNames(dir.path), []);
  assertTidy(dir.path);
  await addRefs(stack, "refs/heads/b");
  assertEquals(refnames(stack), ["refs/heads/b"]);
});

tidyTest("Stack.add() adds a table by itself where one before it is damaged", async () => {
  using dir = new StackDirectory();
  const names = await (async () => {
    const { stack } = await openWatched(dir, 2);
    await using _ = stack;
    return stack.tableNames;
  })();
  const path = `${dir.path}/${names[1]}`;
  const bytes = Deno.readFileSync(path);
  // Its first record claims to share bytes with one before it.
  bytes[28] = 9;
  Deno.writeFileSync(path, bytes);
  await using stack = await Stack.open(dir.path, { ...QUICK, skipNameCheck: true });
  await addRefs(stack, "refs/heads/a");
  assertEquals(ranges(stack), ["1-1", "2-2", "3-3"]);
  assertEquals(stack.stats.failures, 1);
  assertTidy(dir.path);
});

tidyTest("Stack.add() that merges changes nothing when it fails", async () => {
  for (
    const at of ["write 3-3.temp", "rename 1-3.ref", "write tables.list.lock", "rename tables.list"]
  ) {
    using dir = new StackDirectory();
    const { stack } = await openWatched(dir, 2, (change) => {
      if (shorten(change) === at) throw diskFull();
    });
    await using _ = stack;
    const before = contentsOf(dir.path);
    const failed = await addRefs(stack, "refs/heads/a").then(() => false, () => true);
    assertEquals([failed, contentsOf(dir.path)], [true, before], at);
    assertEquals(ranges(stack), ["1-1", "2-2"]);
  }
});

tidyTest(
  "Addition.add() merges the first of several tables only, and nothing that is not committed",
  async () => {
    using dir = new StackDirectory();
    const { stack } = await openWatched(dir, 2);
    await using _ = stack;
    for (const commits of [false, true]) {
      const before = contentsOf(dir.path);
      {
        await using addition = await stack.beginAddition();
        for (const name of ["refs/heads/a", "refs/heads/b"]) {
          const { nextUpdateIndex } = addition;
          await addition.add((writer) => writer.addRef(direct(name, nextUpdateIndex)));
        }
        if (commits) await addition.commit();
      }
      if (!commits) assertEquals(contentsOf(dir.path), before);
    }
    assertEquals(filesIn(dir.path).length, stack.tableNames.length + 1);
    assertEquals(refnames(stack).length, 4);
  },
);
