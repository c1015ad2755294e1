import { assertEquals, assertMatch } from "@std/assert";
import { type Addition, Stack, type TableWriter } from "@reftable/reftable";
import {
  addRefs,
  assertCode,
  assertTidy,
  ChangingFileSystem,
  contentsOf,
  deletion,
  direct,
  entry,
  filesIn,
  listedNames,
  noEntry,
  oid,
  refnames,
  symref,
  tidyTest,
} from "./changes.ts";
import { StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

const HEAD = symref("HEAD", 1, "refs/heads/main");

tidyTest("Stack.add() adds one table", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path);
  assertEquals(stack.nextUpdateIndex, 1);
  await stack.add((writer) => writer.addRef(HEAD));
  assertEquals<unknown>(stack.ref("HEAD"), HEAD);
  assertEquals([stack.tables.length, stack.nextUpdateIndex], [1, 2]);
  const [name] = listedNames(dir.path);
  assertMatch(name!, /^0x000000000001-0x000000000001-[0-9a-f]{8}\.ref$/);
  assertEquals(stack.tableNames, [name!]);
  assertTidy(dir.path);
  await using other = await Stack.open(dir.path);
  assertEquals(other.refs().toArray(), [HEAD]);
});

tidyTest("Stack.add() makes the list when there is none", async () => {
  using dir = new StackDirectory();
  dir.remove("tables.list");
  await using stack = await Stack.open(dir.path);
  await stack.add((writer) => writer.addRef(HEAD));
  assertTidy(dir.path);
});

tidyTest("Stack.add() takes a writer that takes its time", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path);
  await stack.add(async (writer) => {
    await new Promise((resolve) => setTimeout(resolve));
    writer.addRef(HEAD);
    assertEquals(listedNames(dir.path), []);
  });
  assertEquals(refnames(stack), ["HEAD"]);
});

tidyTest("Stack.add() refuses to change a stack that has changed, and reads it again", async () => {
  using dir = new StackDirectory();
  await using first = await Stack.open(dir.path);
  await using second = await Stack.open(dir.path);
  await addRefs(first, "refs/heads/a");
  const before = contentsOf(dir.path);
  const error = await assertCode("outdated", addRefs(second, "refs/heads/b"));
  assertEquals(error.file, `${dir.path}/tables.list`);
  assertEquals(contentsOf(dir.path), before);
  assertEquals([refnames(second), second.nextUpdateIndex], [["refs/heads/a"], 2]);
  await addRefs(second, "refs/heads/b");
  assertEquals(await first.reload(), true);
  assertEquals(refnames(first), ["refs/heads/a", "refs/heads/b"]);
});

tidyTest("Stack.beginAddition() reads a stack that has changed again when asked to", async () => {
  using dir = new StackDirectory();
  await using first = await Stack.open(dir.path);
  await using second = await Stack.open(dir.path);
  await addRefs(first, "refs/heads/a");
  await assertCode("outdated", second.beginAddition());
  assertTidy(dir.path);
  assertEquals(second.nextUpdateIndex, 1, "nobody asked to read it again");
  await using addition = await second.beginAddition({ reload: true });
  assertEquals([addition.nextUpdateIndex, refnames(second)], [2, ["refs/heads/a"]]);
  await addition.add((writer) => writer.addRef(direct("refs/heads/b", 2)));
  await addition.commit();
  await second.add((writer) => writer.addRef(direct("refs/heads/c", 3)), { reload: true });
  await first.add((writer) => writer.addRef(direct("refs/heads/d", first.nextUpdateIndex)), {
    reload: true,
  });
  assertEquals(refnames(first), ["a", "b", "c", "d"].map((name) => `refs/heads/${name}`));
});

tidyTest(
  "Addition takes several tables, which are seen together when it is committed",
  async () => {
    using dir = new StackDirectory();
    await using stack = await Stack.open(dir.path, { autoCompact: false });
    await addRefs(stack, "refs/heads/a");
    await using addition = await stack.beginAddition();
    const before = contentsOf(dir.path);
    assertEquals(addition.nextUpdateIndex, 2);
    await addition.add((writer) => writer.addRef(direct("refs/heads/b", 2)));
    assertEquals([addition.nextUpdateIndex, stack.nextUpdateIndex], [3, 2]);
    await addition.add((writer) => {
      writer.addRefs([deletion("refs/heads/a", 3), direct("refs/heads/c", 3)]);
      writer.addLog(entry("refs/heads/c", 3));
    });
    assertEquals(refnames(stack), ["refs/heads/a"]);
    for (const [name, contents] of Object.entries(before)) {
      assertEquals(contentsOf(dir.path)[name], contents, name);
    }
    assertEquals(filesIn(dir.path).filter((name) => name.endsWith(".ref")), stack.tableNames);
    await using other = await Stack.open(dir.path);
    assertEquals(refnames(other), ["refs/heads/a"]);
    await addition.commit();
    assertTidy(dir.path);
    assertEquals(stack.tables.length, 3);
    assertEquals([other.tables.length, await other.reload(), other.tables.length], [1, true, 3]);
    for (const { tableNames, nextUpdateIndex } of [stack, other]) {
      assertEquals([tableNames, nextUpdateIndex], [listedNames(dir.path), 4]);
    }
    for (const reader of [stack, other]) {
      assertEquals(refnames(reader), ["refs/heads/b", "refs/heads/c"]);
      assertEquals(reader.log("refs/heads/c"), entry("refs/heads/c", 3));
    }
  },
);

tidyTest("Addition keeps everybody else from the stack until it ends", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { lockTimeout: 0 });
  await using other = await Stack.open(dir.path, { lockTimeout: 0 });
  const ends: readonly ((addition: Addition) => Promise<void>)[] = [
    (addition) => addition.commit(),
    (addition) => addition[Symbol.asyncDispose](),
  ];
  for (const end of ends) {
    await using addition = await stack.beginAddition({ reload: true });
    await addition.add((writer) => writer.addRef(symref("HEAD", addition.nextUpdateIndex, "x")));
    const attempts = [
      () => addRefs(other, "refs/heads/a"),
      () => other.beginAddition({ reload: true }),
      () => other.clean(),
      () => stack.beginAddition(),
    ];
    for (const attempt of attempts) await assertCode("lock", attempt());
    await end(addition);
    await other.reload();
    await addRefs(other, "refs/heads/a");
  }
});

tidyTest("Addition removes what it wrote when it is disposed", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path);
  await addRefs(stack, "refs/heads/a");
  const before = contentsOf(dir.path);
  {
    await using addition = await stack.beginAddition();
    await addition.add((writer) => writer.addRef(direct("refs/heads/b", 2)));
    // Large enough to be kept open.
    await addition.add((writer) => {
      for (let i = 0; i < 2500; i++) writer.addRef(direct(`refs/heads/c${10_000 + i}`, 3));
    });
    assertEquals(filesIn(dir.path).length, Object.keys(before).length + 3);
  }
  assertEquals(contentsOf(dir.path), before);
  assertEquals([refnames(stack), stack.nextUpdateIndex], [["refs/heads/a"], 2]);
});

tidyTest("Addition changes nothing when nothing was added", async () => {
  using dir = new StackDirectory();
  const { fileSystem, takeChanges } = watched();
  await using stack = await Stack.open(dir.path, { fileSystem });
  await addRefs(stack, "refs/heads/a");
  await addRefs(stack, "refs/heads/b");
  const before = contentsOf(dir.path);
  const { ino } = Deno.statSync(dir.listPath);
  const additions: readonly (() => Promise<void>)[] = [
    () => stack.add(() => {}),
    () => stack.add((writer) => writer.setLimits(7, 9)),
    async () => await (await stack.beginAddition()).commit(),
    async () => {
      await using addition = await stack.beginAddition();
      await addition.add(() => {});
      await addition.add(() => {});
      assertEquals(addition.nextUpdateIndex, stack.nextUpdateIndex);
      await addition.commit();
    },
  ];
  const { stats } = stack;
  takeChanges();
  for (const add of additions) {
    await add();
    assertEquals(contentsOf(dir.path), before);
    assertEquals(takeChanges().filter((change) => change.startsWith("rename")), []);
    assertEquals([Deno.statSync(dir.listPath).ino, stack.stats], [ino, stats]);
  }
});

function watched(): { fileSystem: ChangingFileSystem["fileSystem"]; takeChanges(): string[] } {
  const changing = new ChangingFileSystem();
  return { fileSystem: changing.fileSystem, takeChanges: () => changing.takeChanges() };
}

tidyTest("Addition drops a table without records and takes the others", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { autoCompact: false });
  await using addition = await stack.beginAddition();
  await addition.add(() => {});
  await addition.add((writer) => writer.addRef(HEAD));
  await addition.add(() => {});
  await addition.commit();
  assertTidy(dir.path);
  assertEquals([stack.tables.length, stack.nextUpdateIndex], [1, 2]);
});

tidyTest("Addition checks update indices", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { autoCompact: false });
  await addRefs(stack, "refs/heads/a");
  const below: readonly ((writer: TableWriter) => void)[] = [
    (writer) => writer.addRef(direct("refs/heads/b", 1)),
    (writer) => {
      writer.setLimits(1, 1);
      writer.addRef(direct("refs/heads/b", 1));
    },
    (writer) => {
      writer.setLimits(0, 2);
      writer.addRef(direct("refs/heads/b", 2));
    },
    (writer) => {
      writer.setLimits(1, 5);
      writer.addLog(entry("refs/heads/b", 5));
    },
  ];
  const before = contentsOf(dir.path);
  for (const write of below) {
    await assertCode("api", stack.add(write));
    assertEquals(contentsOf(dir.path), before);
  }
  await using addition = await stack.beginAddition();
  await addition.add((writer) => {
    writer.setLimits(5, 7);
    writer.addRefs([direct("refs/heads/b", 5), direct("refs/heads/c", 7)]);
    // The entry of a log may be older than its table.
    writer.addLog(entry("refs/heads/c", 3));
  });
  assertEquals(addition.nextUpdateIndex, 8);
  await assertCode(
    "api",
    addition.add((writer) => writer.setLimits(7, 7)).then(() => {
      return addition.add((writer) => {
        writer.setLimits(7, 8);
        writer.addRef(direct("refs/heads/d", 8));
      });
    }),
  );
  await addition.add((writer) => writer.addRef(direct("refs/heads/d", 8)));
  await addition.commit();
  assertEquals(stack.nextUpdateIndex, 9);
  const ranges = stack.tables.map(({ minUpdateIndex, maxUpdateIndex }) => [
    minUpdateIndex,
    maxUpdateIndex,
  ]);
  assertEquals(ranges, [[1, 1], [5, 7], [8, 8]]);
});

tidyTest("Stack.beginAddition() waits for the lock as long as it is told", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { lockTimeout: 0 });
  await using other = await Stack.open(dir.path, { lockTimeout: -1 });
  const held = await stack.beginAddition();
  await assertCode("lock", other.beginAddition({ lockTimeout: 0 }));
  await assertCode("lock", other.add(() => {}, { lockTimeout: 0 }));
  const waiting = other.beginAddition({ lockTimeout: -1 });
  await held[Symbol.asyncDispose]();
  await using _addition = await waiting;
});

tidyTest("Stack.add() makes one line of log messages", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path);
  const add = (message: string) => {
    const { nextUpdateIndex } = stack;
    return stack.add((writer) => writer.addLog(entry("HEAD", nextUpdateIndex, { message })));
  };
  for (const message of ["one\ntwo", "one\ntwo\n", "\none", "\n\none\n"]) {
    await assertCode("api", add(message));
  }
  assertTidy(dir.path);
  assertEquals(stack.log("HEAD"), undefined);
  const cases = { "one": "one\n", "two\n": "two\n", "three\n\n": "three\n", "": "\n" };
  for (const [message, stored] of Object.entries(cases)) {
    await add(message);
    const log = stack.log("HEAD");
    assertEquals(log?.kind === "update" && log.message, stored);
  }
});

tidyTest("Stack.add() keeps log messages as they are when told to", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { exactLogMessage: true });
  for (const message of ["one\ntwo", "one", "\n", "", "one\n\n"]) {
    const { nextUpdateIndex } = stack;
    await stack.add((writer) => writer.addLog(entry("HEAD", nextUpdateIndex, { message })));
    const log = stack.log("HEAD");
    assertEquals(log?.kind === "update" && log.message, message);
  }
});

tidyTest("Stack.add() adds tombstones, which hide what is older", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { autoCompact: false });
  await stack.add((writer) => {
    writer.addRefs([direct("refs/heads/a", 1), direct("refs/heads/b", 1)]);
    writer.addLogs([entry("refs/heads/a", 1), entry("refs/heads/b", 1)]);
  });
  await stack.add((writer) => {
    writer.addRef(deletion("refs/heads/a", 2));
    writer.addLogs([noEntry("refs/heads/a", 1), entry("refs/heads/b", 2)]);
  });
  assertEquals(stack.ref("refs/heads/a"), undefined);
  assertEquals(stack.log("refs/heads/a"), undefined);
  assertEquals(refnames(stack), ["refs/heads/b"]);
  assertEquals(stack.logs().toArray(), [entry("refs/heads/b", 2), entry("refs/heads/b", 1)]);
  assertEquals(stack.refs({ deletions: true }).toArray()[0], deletion("refs/heads/a", 2));
  assertEquals(stack.logs({ deletions: true }).toArray()[0], noEntry("refs/heads/a", 1));
  assertEquals(stack.refsFor(oid(1)).map(({ refname }) => refname), ["refs/heads/b"]);
  await addRefs(stack, "refs/heads/a");
  assertEquals<unknown>(stack.ref("refs/heads/a"), direct("refs/heads/a", 3));
});

tidyTest("Stack.add() writes with the hash of the stack, which another cannot open", async () => {
  for (const [hash, other] of [["sha1", "sha256"], ["sha256", "sha1"]] as const) {
    using dir = new StackDirectory();
    const id = oid(1, hash === "sha1" ? 40 : 64);
    {
      await using stack = await Stack.open(dir.path, { hash });
      await stack.add((writer) => writer.addRef({ ...direct("refs/heads/a", 1), oid: id }));
    }
    const error = await assertCode("format", Stack.open(dir.path, { hash: other }));
    assertMatch(error.message, new RegExp(`its hash is ${hash}, that of the stack is ${other}`));
    // Who does not say which hash it wants takes the one that is there.
    await using stack = await Stack.open(dir.path);
    assertEquals(stack.hash, hash);
    await stack.add((writer) => writer.addRef({ ...direct("refs/heads/b", 2), oid: id }));
    assertEquals(
      stack.tables.map((table) => table.hash).join(),
      stack.tables.map(() => hash).join(),
    );
    assertEquals(stack.refsFor(id).length, 2);
  }
});

tidyTest("Stack reloads after an addition without opening a table again", async () => {
  using dir = new StackDirectory();
  const watched = new WatchedFileSystem();
  await using stack = await Stack.open(dir.path, { ...watched, autoCompact: false, sync: false });
  await using other = await Stack.open(dir.path, { ...watched, autoCompact: false, sync: false });
  for (let i = 0; i < 5; i++) await addRefs(stack, `refs/heads/${i}`);
  watched.takeCalls();
  assertEquals(await stack.reload(), false);
  assertEquals(watched.takeCalls(), ["stat tables.list", "readFile tables.list"]);
  assertEquals(await other.reload(), true);
  assertEquals(watched.takeCalls().filter((call) => call.startsWith("open")).length, 5);
  await addRefs(stack, "refs/heads/5");
  watched.takeCalls();
  assertEquals(await other.reload(), true);
  const opened = watched.takeCalls().filter((call) => call.startsWith("open"));
  assertEquals(opened, [`open ${stack.tableNames[5]}`]);
  dir.settle();
  await stack.reload();
  watched.takeCalls();
  for (let i = 0; i < 3; i++) assertEquals(await stack.reload(), false);
  assertEquals(watched.takeCalls(), Array.from({ length: 3 }, () => "stat tables.list"));
});
