import { assert, assertEquals } from "@std/assert";
import { ReftableError, Stack, type StackOptions } from "@reftable/reftable";
import { GitRepo, gitTest } from "../peers/git.ts";
import {
  addLargeTable,
  addRefs,
  assertCode,
  assertTidy,
  ChangingFileSystem,
  contentsOf,
  diskFull,
  filesIn,
  listedNames,
  refnames,
  shorten,
  symref,
  tidyTest,
} from "./changes.ts";
import { StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

const QUIET: StackOptions = { autoCompact: false, sync: false };

/** Opens a stack after adding tables of one ref each. */
async function openWith(
  dir: StackDirectory,
  tables: number,
  options: StackOptions = {},
): Promise<Stack> {
  const stack = await Stack.open(dir.path, { ...QUIET, ...options });
  for (let i = 0; i < tables; i++) await addRefs(stack, `refs/heads/${1000 + i}`);
  return stack;
}

/** Locks as another process would. */
function lock(dir: StackDirectory, name: string): string {
  const path = `${dir.path}/${name}.lock`;
  Deno.writeTextFileSync(path, "somebody else's", { createNew: true });
  return path;
}

/** The ranges of update indices of the tables, as `1-3`. */
function ranges(stack: Stack): string[] {
  return stack.tableNames.map((name) => shorten(name).replace(".ref", ""));
}

tidyTest("Stack.add() keeps the tables few, and writes few records again", async () => {
  const count = 100;
  for (const factor of [2, 5]) {
    using dir = new StackDirectory();
    await using stack = await Stack.open(dir.path, { sync: false, geometricFactor: factor });
    const log = (n: number) => Math.log(n) / Math.log(factor);
    for (let i = 1; i <= count; i++) {
      const { nextUpdateIndex } = stack;
      await stack.add((writer) => {
        writer.addRef(symref(`branch${1000 + i}`, nextUpdateIndex, "master"));
      });
      if (i > factor) assert(stack.tables.length < factor * log(i), `${ranges(stack)}`);
      assertTidy(dir.path);
    }
    assertEquals(refnames(stack).length, count);
    const { attempts, failures, entriesWritten, tables, bytes } = stack.stats;
    assert(entriesWritten < factor / 2 * count * Math.log2(count), `${entriesWritten} entries`);
    assert(attempts > count / 4 && attempts <= count);
    assertEquals([failures, tables], [0, stack.tables.length]);
    assert(bytes > 0);
  }
});

gitTest("Stack.add() compacts when git does", async () => {
  await using repo = await GitRepo.create({ bare: true });
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { sync: false });
  const theirs = () => listedNames(repo.reftableDir).map(shorten);
  await stack.add((writer) => writer.addRef(symref("HEAD", 1, "refs/heads/main")));
  assertEquals(ranges(stack).map((range) => `${range}.ref`), theirs());
  for (let i = 1; i <= 70; i++) {
    // Some are larger than others.
    const name = `refs/heads/${"x".repeat(i % 7 * i)}${i}`;
    await repo.ok(["symbolic-ref", name, "refs/heads/main"]);
    const { nextUpdateIndex } = stack;
    await stack.add((writer) => writer.addRef(symref(name, nextUpdateIndex, "refs/heads/main")));
    assertEquals(ranges(stack).map((range) => `${range}.ref`), theirs(), `after ${i}`);
  }
});

tidyTest("Stack.add() compacts only when it is meant to", async () => {
  using dir = new StackDirectory();
  await using quiet = await openWith(dir, 20);
  assertEquals([quiet.tables.length, quiet.stats.attempts], [20, 0]);
  {
    await using stack = await Stack.open(dir.path, { sync: false });
    await addRefs(stack, "refs/heads/last");
    assertEquals([stack.tables.length, stack.stats.attempts], [1, 1]);
  }
  await quiet.reload();
  await using addition = await quiet.beginAddition();
  await addition.add((writer) => writer.addRef(symref("HEAD", 22, "refs/heads/last")));
  await addition.commit();
  assertEquals(quiet.tables.length, 2);
});

tidyTest("Addition.commit() compacts too", async () => {
  using dir = new StackDirectory();
  await (await openWith(dir, 20))[Symbol.asyncDispose]();
  await using stack = await Stack.open(dir.path, { sync: false });
  await using addition = await stack.beginAddition();
  await addition.add((writer) => writer.addRef(symref("HEAD", 21, "refs/heads/1000")));
  await addition.commit();
  assertEquals([stack.tables.length, refnames(stack).length], [1, 21]);
  assertTidy(dir.path);
});

tidyTest("Stack.autoCompact() restores the geometric sequence, and no more", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, QUIET);
  assertEquals(await stack.autoCompact(), false);
  await addLargeTable(stack);
  await addRefs(stack, "refs/heads/a");
  assertEquals([await stack.autoCompact(), stack.stats.attempts], [false, 0]);
  await addRefs(stack, "refs/heads/b");
  assertEquals(await stack.autoCompact(), true);
  assertEquals(ranges(stack), ["1-1", "2-3"]);
  assertEquals((await stack.inventory()).isGeometric, true);
  assertEquals(await stack.autoCompact(), false);
});

tidyTest("Stack.compact() refuses to compact tables that somebody has locked", async () => {
  using dir = new StackDirectory();
  await using stack = await openWith(dir, 3);
  for (const name of ["tables.list", ...stack.tableNames]) {
    const path = lock(dir, name);
    const files = contentsOf(dir.path);
    const error = await assertCode("lock", stack.compact());
    assertEquals(error.file, path);
    assertEquals(contentsOf(dir.path), files);
    Deno.removeSync(path);
  }
  const { attempts, failures } = stack.stats;
  assertEquals([attempts, failures, stack.tables.length], [4, 4, 3]);
  // Who asks for a range needs just the tables in it.
  const path = lock(dir, stack.tableNames[0]!);
  assertEquals(await stack.compact({ range: { start: 1, end: 3 } }), true);
  assertEquals(ranges(stack), ["1-1", "2-3"]);
  Deno.removeSync(path);
  assertTidy(dir.path);
});

tidyTest("Stack.autoCompact() compacts the newer tables when older ones are locked", async () => {
  const cases: readonly [locked: number, done: boolean, left: readonly string[]][] = [
    [0, true, ["1-1", "2-5"]],
    [1, true, ["1-1", "2-2", "3-5"]],
    [2, true, ["1-1", "2-2", "3-3", "4-5"]],
    [3, false, ["1-1", "2-2", "3-3", "4-4", "5-5"]],
    [4, false, ["1-1", "2-2", "3-3", "4-4", "5-5"]],
  ];
  for (const [locked, done, left] of cases) {
    using dir = new StackDirectory();
    await using stack = await openWith(dir, 5);
    const path = lock(dir, stack.tableNames[locked]!);
    assertEquals(await stack.autoCompact(), done);
    assertEquals(ranges(stack), left);
    assertEquals(stack.stats.failures, done ? 0 : 1);
    assertEquals(Deno.readTextFileSync(path), "somebody else's");
    Deno.removeSync(path);
    assertTidy(dir.path);
    assertEquals(refnames(stack).length, 5);
  }
});

tidyTest("Stack.add() succeeds when it cannot compact, and counts that", async () => {
  using dir = new StackDirectory();
  await (await openWith(dir, 3))[Symbol.asyncDispose]();
  await using stack = await Stack.open(dir.path, { sync: false, lockTimeout: 0 });
  const path = lock(dir, stack.tableNames[2]!);
  for (let i = 1; i <= 2; i++) {
    await addRefs(stack, `refs/heads/a${i}`);
    // The tables behind the lock can be compacted as soon as there are two of them.
    const { attempts, failures } = stack.stats;
    assertEquals([attempts, failures, stack.tables.length], [i, 1, 4], `${i}`);
  }
  Deno.removeSync(path);
  await addRefs(stack, "refs/heads/a3");
  const { attempts, failures, tables } = stack.stats;
  assertEquals([attempts, failures, tables], [3, 1, 1]);
  assertEquals(refnames(stack).length, 6);
  assertTidy(dir.path);
});

tidyTest("Stack.add() succeeds when a table that it would compact is damaged", async () => {
  using dir = new StackDirectory();
  {
    await using stack = await Stack.open(dir.path, QUIET);
    for (const letter of ["a", "b"]) await addLargeTable(stack, `refs/${letter}/`);
  }
  const path = `${dir.path}/${listedNames(dir.path)[0]}`;
  const bytes = Deno.readFileSync(path);
  bytes.fill(0xff, 8192, 12288);
  Deno.writeFileSync(path, bytes);
  await using stack = await Stack.open(dir.path, { sync: false });
  await addRefs(stack, "refs/c");
  const { attempts, failures, tables } = stack.stats;
  assertEquals([attempts, failures, tables], [1, 1, 3]);
  assertTidy(dir.path);
  await assertCode("format", stack.compact());
  assertTidy(dir.path);
  assertEquals(stack.ref("refs/c")?.refname, "refs/c");
});

/** Adds tables that are too large to be merged with new ones while these are added. */
async function addLargeTables(dir: StackDirectory, count: number): Promise<void> {
  await using stack = await Stack.open(dir.path, QUIET);
  for (let i = 1; i <= count; i++) await addLargeTable(stack, `refs/${i}/`);
}

tidyTest("Stack.add() succeeds when the disk is full once it compacts", async () => {
  using dir = new StackDirectory();
  await addLargeTables(dir, 3);
  const files = filesIn(dir.path);
  let listed = false;
  const { fileSystem } = new ChangingFileSystem((change) => {
    if (listed && change.startsWith("write")) throw diskFull();
    if (change === "rename tables.list") listed = true;
  });
  await using stack = await Stack.open(dir.path, { sync: false, fileSystem });
  await addLargeTable(stack, "refs/4/");
  assertEquals([stack.stats.attempts, stack.stats.failures], [1, 1]);
  assertEquals(filesIn(dir.path), [...files, stack.tableNames[3]!].sort());
  await using other = await Stack.open(dir.path);
  assertEquals(refnames(other).length, 10_000);
});

/** A stack whose compaction stops before a change until it is let go. */
async function openHeld(
  dir: StackDirectory,
  at: RegExp,
  options: StackOptions = {},
): Promise<{ stack: Stack; reached: Promise<void>; release: () => void }> {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const { fileSystem } = new ChangingFileSystem(async (change) => {
    if (!at.test(shorten(change))) return;
    reached.resolve();
    await released.promise;
  });
  const stack = await Stack.open(dir.path, { ...QUIET, ...options, fileSystem });
  return { stack, reached: reached.promise, release: released.resolve };
}

/** When all tables are locked and the list is not: the new table is about to be written. */
const MERGING = /^create \d+-\d+\.temp$/;

tidyTest("Stack.compact() locks its tables but not the list while it merges", async () => {
  using dir = new StackDirectory();
  await (await openWith(dir, 5))[Symbol.asyncDispose]();
  const { stack, reached, release } = await openHeld(dir, MERGING);
  await using _ = stack;
  const compacting = stack.compact({ range: { start: 1, end: 4 } });
  await reached;
  const locks = filesIn(dir.path).filter((name) => name.endsWith(".lock"));
  assertEquals(locks.map(shorten), ["2-2.ref.lock", "3-3.ref.lock", "4-4.ref.lock"]);
  await using other = await Stack.open(dir.path, QUIET);
  // Others cannot compact the same tables, but they can add some.
  await assertCode("lock", other.compact());
  await assertCode("lock", other.compact({ range: { start: 3, end: 5 } }));
  await addRefs(other, "refs/heads/a");
  // Those they can compact.
  assertEquals(await other.autoCompact(), true);
  assertEquals(ranges(other), ["1-1", "2-2", "3-3", "4-4", "5-6"]);
  await addRefs(other, "refs/heads/b");
  release();
  assertEquals(await compacting, true);
  assertEquals(ranges(stack), ["1-1", "2-4", "5-6", "7-7"]);
  assertEquals(refnames(stack).length, 7);
  assertTidy(dir.path);
  assertEquals(await other.reload(), true);
  assertEquals(refnames(other), refnames(stack));
});

tidyTest("Stack.add() does not wait for the compaction after the addition before", async () => {
  using dir = new StackDirectory();
  await addLargeTables(dir, 3);
  const { stack, reached, release } = await openHeld(dir, /^create 1-4\.temp$/, {
    autoCompact: true,
  });
  await using _ = stack;
  const first = addLargeTable(stack, "refs/4/");
  await reached;
  // What the held compaction has locked is left to it.
  await addLargeTable(stack, "refs/5/");
  assertEquals(refnames(stack).length, 12_500);
  assertEquals(ranges(stack), ["1-1", "2-2", "3-3", "4-4", "5-5"]);
  release();
  await first;
  assertEquals(ranges(stack), ["1-4", "5-5"]);
  assertEquals(refnames(stack).length, 12_500);
  assertTidy(dir.path);
});

tidyTest("Stack.compact() finds its tables where older ones have become fewer", async () => {
  using dir = new StackDirectory();
  await (await openWith(dir, 6))[Symbol.asyncDispose]();
  const { stack, reached, release } = await openHeld(dir, MERGING);
  await using _ = stack;
  const compacting = stack.compact({ range: { start: 3, end: 5 } });
  await reached;
  await using other = await Stack.open(dir.path, QUIET);
  assertEquals(await other.compact({ range: { start: 0, end: 3 } }), true);
  release();
  assertEquals(await compacting, true);
  assertEquals(ranges(stack), ["1-3", "4-5", "6-6"]);
  assertTidy(dir.path);
  assertEquals(refnames(stack).length, 6);
});

tidyTest(
  "Stack.compact() gives up when others replaced its tables in spite of the locks",
  async () => {
    using dir = new StackDirectory();
    await (await openWith(dir, 4))[Symbol.asyncDispose]();
    const names = listedNames(dir.path);
    const lists: readonly (readonly string[])[] = [
      [],
      [names[3]!],
      [names[0]!, names[2]!],
      [names[0]!, names[1]!, names[3]!],
      [names[1]!, names[0]!, names[2]!, names[3]!],
      [names[0]!, names[3]!, names[1]!, names[2]!],
    ];
    for (const list of lists) {
      dir.list(...names);
      const { stack, reached, release } = await openHeld(dir, MERGING);
      await using _ = stack;
      const compacting = stack.compact({ range: { start: 0, end: 3 } });
      await reached;
      dir.list(...list);
      release();
      const error = await assertCode("outdated", compacting);
      assertEquals(
        error.message,
        `Cannot compact stack "${dir.path}": others replaced its tables meanwhile`,
      );
      assertEquals([listedNames(dir.path), stack.stats.failures], [list, 1]);
      assertEquals(filesIn(dir.path), [...names, "tables.list"].sort());
      // The stack must not remove the tables when it is closed: this is somebody's list gone wrong.
      dir.list(...names);
    }
  },
);

tidyTest("Stack.compact() gives up when it does not get the list back", async () => {
  using dir = new StackDirectory();
  await (await openWith(dir, 3))[Symbol.asyncDispose]();
  const before = contentsOf(dir.path);
  const { stack, reached, release } = await openHeld(dir, MERGING, { lockTimeout: 5 });
  await using _ = stack;
  const compacting = stack.compact();
  await reached;
  const path = lock(dir, "tables.list");
  release();
  const error = await assertCode("lock", compacting);
  assertEquals(error.file, path);
  assertEquals(Deno.readTextFileSync(path), "somebody else's");
  Deno.removeSync(path);
  assertEquals(contentsOf(dir.path), before);
});

tidyTest("Stack.compact() refuses to change a stack that has changed", async () => {
  using dir = new StackDirectory();
  await using stack = await openWith(dir, 4);
  await using other = await Stack.open(dir.path, QUIET);
  await addRefs(other, "refs/heads/a");
  // What others added does not matter, as long as the tables are there.
  assertEquals(await stack.compact({ range: { start: 0, end: 2 } }), true);
  assertEquals(stack.tables.length, 4);
  await other.compact();
  await addRefs(other, "refs/heads/b");
  const files = contentsOf(dir.path);
  await assertCode("outdated", stack.compact({ range: { start: 1, end: 3 } }));
  assertEquals([stack.stats.failures, contentsOf(dir.path)], [1, files]);
});

tidyTest("Stack.compact() can run at the same time as others, and one of them wins", async () => {
  using dir = new StackDirectory();
  await (await openWith(dir, 8))[Symbol.asyncDispose]();
  const stacks = await Promise.all(Array.from({ length: 4 }, () => Stack.open(dir.path, QUIET)));
  const results = await Promise.allSettled(stacks.map((stack) => stack.compact()));
  assert(results.some((result) => result.status === "fulfilled" && result.value));
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    assert(["lock", "outdated"].includes(result.reason.code), `${result.reason}`);
  }
  for (const stack of stacks) {
    await stack.reload();
    assertEquals([stack.tables.length, refnames(stack).length], [1, 8]);
    stack[Symbol.dispose]();
  }
  assertTidy(dir.path);
});

tidyTest("Stack.compact() leaves a reader what it has open", async () => {
  using dir = new StackDirectory();
  await (await openWith(dir, 3))[Symbol.asyncDispose]();
  await using reader = await Stack.open(dir.path);
  await using stack = await Stack.open(dir.path, QUIET);
  assertEquals(await stack.compact(), true);
  assertEquals(refnames(reader).length, 3);
  stack[Symbol.dispose]();
  reader[Symbol.dispose]();
  // One table and the list.
  assertEquals(filesIn(dir.path).length, 2);
});

tidyTest("Stack.compact() changes all or nothing, whatever fails", async () => {
  for (let failing = 0, count = 1; failing <= count; failing++) {
    using dir = new StackDirectory();
    await (await openWith(dir, 3))[Symbol.asyncDispose]();
    const before = contentsOf(dir.path);
    const changing = new ChangingFileSystem((change) => {
      if (!change.startsWith("close") && changing.changes.length === failing) throw diskFull();
    });
    const { fileSystem } = changing;
    await using stack = await Stack.open(dir.path, { fileSystem, autoCompact: false });
    if (failing === 0) {
      await stack.compact();
      count = changing.changes.length;
      assert(count > 20, changing.changes.join());
      continue;
    }
    const failure = await stack.compact().then(() => undefined, (error) => error);
    const change = shorten(changing.changes[failing - 1]!);
    if (change.startsWith("close")) continue;
    if (change.startsWith("remove") && failure === undefined) {
      // A table that cannot be removed is an orphan.
      assertEquals(change.endsWith(".ref"), true, change);
      assertEquals((await stack.clean()).map(shorten), [change.slice("remove ".length)]);
    } else if (change.startsWith("remove")) {
      // A lock that cannot be removed stays, for people to see.
      const [name] = filesIn(dir.path).filter((name) => name.endsWith(".lock"));
      assertEquals(shorten(name!), change.slice("remove ".length));
      Deno.removeSync(`${dir.path}/${name}`);
    } else {
      assert(failure instanceof ReftableError, change);
    }
    await using other = await Stack.open(dir.path);
    assertEquals(refnames(other), refnames(stack), change);
    assertEquals(refnames(stack).length, 3, change);
    if (stack.tables.length === 3) {
      assertEquals(contentsOf(dir.path), before, change);
    } else {
      assertEquals(stack.tables.length, 1);
      await stack.clean();
      assertTidy(dir.path);
    }
  }
});

tidyTest(
  "Stack.compact() syncs the table before it is named, and the directory around the list",
  async () => {
    using dir = new StackDirectory();
    await (await openWith(dir, 2))[Symbol.asyncDispose]();
    const changing = new ChangingFileSystem();
    const { fileSystem } = changing;
    await using stack = await Stack.open(dir.path, { fileSystem, autoCompact: false });
    await stack.compact();
    const changes = changing.takeChanges().filter((change) => !/^(write|close)/.test(change));
    assertEquals(changes, [
      "create tables.list.lock",
      "create 2-2.ref.lock",
      "create 1-1.ref.lock",
      "remove tables.list.lock",
      "create 1-2.temp",
      "sync 1-2.temp",
      "create tables.list.lock",
      "rename 1-2.ref",
      "sync tables.list.lock",
      "syncDirectory reftable",
      "rename tables.list",
      "syncDirectory reftable",
      "remove 1-1.ref",
      "remove 2-2.ref",
      "remove 1-1.ref.lock",
      "remove 2-2.ref.lock",
    ]);
  },
);

tidyTest("Stack.compact() closes the tables that it replaced", async () => {
  using dir = new StackDirectory();
  const watched = new WatchedFileSystem();
  await using stack = await Stack.open(dir.path, { ...QUIET, ...watched });
  for (const letter of ["a", "b", "c"]) await addLargeTable(stack, `refs/${letter}/`);
  assertEquals(stack.tables.length, 3);
  await stack.compact();
  assertEquals(watched.open.length, 1);
  const listing = stack.refs();
  listing.next();
  await addLargeTable(stack, "refs/d/");
  await stack.compact();
  assertEquals(watched.open.length, 2, "the listing still needs its table");
  assertEquals(listing.toArray().length, 7499);
  assertEquals(watched.open.length, 1);
  stack[Symbol.dispose]();
  assertEquals(watched.open, []);
});

tidyTest("Stack stays readable while others add, compact and clean for ten rounds", async () => {
  using dir = new StackDirectory();
  await using first = await Stack.open(dir.path, QUIET);
  // One table is kept in memory, the other open.
  await addRefs(first, "refs/heads/small");
  await addLargeTable(first);
  await first.add((writer) => {
    writer.addLog({ kind: "deletion", refname: "refs/heads/small", updateIndex: 3 });
  });
  await using reader = await Stack.open(dir.path);
  const names = refnames(reader);
  assertEquals(names.length, 2501);
  const listing = reader.refs();
  const begun = [listing.next().value!.refname];
  const logs = reader.logs({ deletions: true });
  await using writer = await Stack.open(dir.path, { ...QUIET, lockTimeout: -1 });
  for (let round = 0; round < 10; round++) {
    const { nextUpdateIndex } = writer;
    await writer.add((to) => {
      to.addRef({ kind: "deletion", refname: names[round]!, updateIndex: nextUpdateIndex });
    });
    await addLargeTable(writer, `refs/heads/round-${round}-`);
    assertEquals(await writer.compact(), true);
    await writer.clean();
    assertTidy(dir.path);
    assertEquals(reader.ref(names[round]!)?.refname, names[round]);
    begun.push(listing.next().value!.refname);
    assertEquals(reader.refs({ prefix: names.at(-1)! }).toArray().length, 1);
  }
  assertEquals(reader.tableNames.filter((name) => filesIn(dir.path).includes(name)), []);
  assertEquals(refnames(reader), names);
  assertEquals([...begun, ...listing.map(({ refname }) => refname)], names);
  assertEquals(logs.toArray().length, 1);
  assertEquals(await reader.reload(), true);
  assertEquals(refnames(reader).length, 2501 - 10 + 25_000);
});

tidyTest("Stack.compact() leaves nothing behind when the stack is closed meanwhile", async () => {
  for (const at of [/^create tables.list/, MERGING, /^rename 1-3/, /^sync tables.list/]) {
    using dir = new StackDirectory();
    await (await openWith(dir, 3))[Symbol.asyncDispose]();
    const { stack, reached, release } = await openHeld(dir, at, { sync: true });
    const compacting = stack.compact();
    await reached;
    stack[Symbol.dispose]();
    release();
    await compacting.catch((error) => assert(error instanceof ReftableError, `${error}`));
    assertTidy(dir.path);
    await using other = await Stack.open(dir.path);
    assertEquals(refnames(other).length, 3);
  }
});
