import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  type Addition,
  ReftableError,
  Stack,
  type StackOptions,
  type TableWriter,
} from "@reftable/reftable";
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
  oid,
  refnames,
  symref,
  tidyTest,
} from "./changes.ts";
import { StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

const HEAD = symref("HEAD", 1, "refs/heads/main");

/** Asserts that a promise is rejected with a certain code. */
async function assertCode(code: string, promise: Promise<unknown>): Promise<ReftableError> {
  const error = await assertRejects(() => promise, ReftableError);
  assertEquals(error.code, code, error.message);
  return error;
}

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

/** Writers that fail, each in its own way. */
const FAILING: Readonly<Record<string, (writer: TableWriter) => void | Promise<void>>> = {
  "throws at once": () => {
    throw new RangeError("on purpose");
  },
  "throws after a record": (writer) => {
    writer.addRef(symref("refs/heads/a", 2, "x"));
    throw new RangeError("on purpose");
  },
  "rejects": async (writer) => {
    writer.addRef(symref("refs/heads/a", 2, "x"));
    await new Promise((resolve) => setTimeout(resolve));
    throw new RangeError("on purpose");
  },
  "has written blocks": (writer) => {
    for (let i = 0; i < 5000; i++) writer.addRef(direct(`refs/heads/${10_000 + i}`, 2));
    throw new RangeError("on purpose");
  },
  "adds a ref with an object id of another hash": (writer) => {
    writer.addRef({ ...direct("refs/heads/a", 2), oid: oid(1, 64) });
  },
  "adds refs out of order": (writer) => {
    writer.addRef(direct("refs/heads/b", 2));
    writer.addRef(direct("refs/heads/a", 2));
  },
  "goes on after a refusal": (writer) => {
    writer.addRef(direct("refs/heads/b", 2));
    try {
      writer.addRef(direct("refs/heads/a", 2));
    } catch {
      writer.addRef(direct("refs/heads/c", 2));
    }
  },
  "sets limits after a record": (writer) => {
    writer.setLimits(2, 2);
    writer.addRef(direct("refs/heads/a", 2));
    writer.setLimits(2, 2);
  },
  "adds a log entry above the limits": (writer) => writer.addLog(entry("HEAD", 9)),
  "adds a record that no block takes": (writer) => {
    writer.addRef(symref("refs/heads/a", 2, "x".repeat(5000)));
  },
  "finishes the table itself": (writer) => void writer.finish(),
};

for (const [name, write] of Object.entries(FAILING)) {
  tidyTest(`Stack.add() leaves nothing behind when the writer ${name}`, async () => {
    using dir = new StackDirectory();
    await using stack = await Stack.open(dir.path);
    await addRefs(stack, "refs/heads/x");
    const before = contentsOf(dir.path);
    const error = await assertRejects(() => stack.add(write));
    if (!(error instanceof RangeError)) assert(error instanceof ReftableError, `${error}`);
    assertEquals(contentsOf(dir.path), before);
    assertEquals([refnames(stack), stack.nextUpdateIndex], [["refs/heads/x"], 2]);
    // An addition goes on without that table.
    await using addition = await stack.beginAddition();
    await addition.add((writer) => writer.addRef(direct("refs/heads/y", 2)));
    const [held] = filesIn(dir.path).filter((name) => name.includes(".temp."));
    const retried = (writer: TableWriter) => {
      writer.setLimits(3, 3);
      return write(writer);
    };
    await assertRejects(() => addition.add(retried));
    assertEquals(filesIn(dir.path).filter((name) => name.includes(".temp.")), [held]);
    await addition.commit();
    assertTidy(dir.path);
    assertEquals(refnames(stack), ["refs/heads/x", "refs/heads/y"]);
  });
}

tidyTest("Stack.add() changes all or nothing, whatever fails", async () => {
  // What a sound addition does is counted first; then each of these changes fails in turn.
  for (let failing = 0, count = 1; failing <= count; failing++) {
    using dir = new StackDirectory();
    let armed = false;
    const changing = new ChangingFileSystem(() => {
      if (armed && changing.changes.length === failing) throw diskFull();
    });
    const { fileSystem } = changing;
    await using stack = await Stack.open(dir.path, { fileSystem, autoCompact: false });
    await addRefs(stack, "refs/heads/a");
    const before = contentsOf(dir.path);
    changing.takeChanges();
    armed = true;
    const add = stack.add((writer) => {
      for (let i = 0; i < 500; i++) writer.addRef(direct(`refs/heads/b${1000 + i}`, 2));
    });
    if (failing === 0) {
      await add;
      count = changing.changes.length;
      assert(count > 10, changing.changes.join());
      continue;
    }
    await assertRejects(() => add, ReftableError, "the disk is full");
    armed = false;
    const change = changing.changes[failing - 1]!;
    assertTidy(dir.path);
    if (listedNames(dir.path).length === 1) {
      assertEquals(contentsOf(dir.path), before, change);
      assertEquals(refnames(stack), ["refs/heads/a"], change);
    } else {
      // The new list was there already when its directory could not be synced.
      assertEquals([change, failing], ["syncDirectory reftable", count]);
      assertEquals(refnames(stack).length, 501);
    }
    await addRefs(stack, "refs/heads/c");
    assertTidy(dir.path);
  }
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

tidyTest(
  "Addition syncs tables before they are named, and the directory around the list",
  async () => {
    using dir = new StackDirectory();
    const changing = new ChangingFileSystem();
    const { fileSystem } = changing;
    await using stack = await Stack.open(dir.path, { fileSystem, autoCompact: false });
    await using addition = await stack.beginAddition();
    await addition.add((writer) => writer.addRef(HEAD));
    await addition.add((writer) => writer.addRef(direct("refs/heads/a", 2)));
    await addition.commit();
    const changes = changing.takeChanges().filter((change) => !change.startsWith("write"));
    assertEquals(changes, [
      "create tables.list.lock",
      "create 1-1.temp",
      "sync 1-1.temp",
      "close 1-1.temp",
      "create 2-2.temp",
      "sync 2-2.temp",
      "close 2-2.temp",
      "rename 1-1.ref",
      "rename 2-2.ref",
      "sync tables.list.lock",
      "syncDirectory reftable",
      "close tables.list.lock",
      "rename tables.list",
      "syncDirectory reftable",
    ]);
  },
);

tidyTest("Addition writes everything before it syncs it", async () => {
  using dir = new StackDirectory();
  const changing = new ChangingFileSystem();
  const { fileSystem } = changing;
  await using stack = await Stack.open(dir.path, { fileSystem });
  await addLargeTable(stack);
  const changes = changing.takeChanges();
  for (const name of ["1-1.temp", "tables.list.lock"]) {
    const lastWrite = changes.lastIndexOf(`write ${name}`);
    assert(lastWrite >= 0, name);
    assert(changes.indexOf(`sync ${name}`) > lastWrite, name);
  }
});

tidyTest("Addition waits for no disk when told so", async () => {
  using dir = new StackDirectory();
  const changing = new ChangingFileSystem();
  const { fileSystem } = changing;
  await using stack = await Stack.open(dir.path, { fileSystem, sync: false });
  for (let i = 0; i < 4; i++) await addRefs(stack, `refs/heads/${i}`);
  await stack.compact();
  const changes = changing.takeChanges();
  assertEquals(changes.filter((change) => change.startsWith("sync")), []);
  assert(changes.includes("rename 1-4.ref"), changes.join());
});

tidyTest("Addition is of no use when it has ended", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path);
  const ends: readonly ((addition: Addition) => Promise<void>)[] = [
    (addition) => addition.commit(),
    (addition) => addition[Symbol.asyncDispose](),
  ];
  for (const end of ends) {
    await using addition = await stack.beginAddition();
    await end(addition);
    for (const use of [() => addition.add(() => {}), () => addition.commit()]) {
      const error = await assertCode("api", use());
      assertEquals(error.message, "Cannot use addition: it was committed or disposed");
    }
    await addition[Symbol.asyncDispose]();
  }
  assertTidy(dir.path);
});

tidyTest("Addition takes one table at a time", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { autoCompact: false });
  await using addition = await stack.beginAddition();
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = addition.add(async (writer) => {
    await promise;
    writer.addRef(HEAD);
  });
  for (const use of [() => addition.add(() => {}), () => addition.commit()]) {
    const error = await assertCode("api", use());
    assertEquals(error.message, "Cannot use addition: a table is being added to it");
  }
  resolve();
  await first;
  await addition.add((writer) => writer.addRef(direct("refs/heads/a", 2)));
  await addition.commit();
  assertEquals(refnames(stack), ["HEAD", "refs/heads/a"]);
});

tidyTest("Addition drops a table that is being added when it is disposed", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path);
  const addition = await stack.beginAddition();
  const { promise, resolve } = Promise.withResolvers<void>();
  const adding = addition.add(async (writer) => {
    await promise;
    writer.addRef(HEAD);
  });
  await addition[Symbol.asyncDispose]();
  resolve();
  await assertCode("api", adding);
  assertTidy(dir.path);
  assertEquals(refnames(stack), []);
});

tidyTest("Addition finishes a commit under way before it is disposed", async () => {
  using dir = new StackDirectory();
  let held = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const { fileSystem } = new ChangingFileSystem(async (change) => {
    if (!change.startsWith("syncDirectory")) return;
    reached.resolve();
    await held.promise;
  });
  await using stack = await Stack.open(dir.path, { fileSystem });
  const addition = await stack.beginAddition();
  await addition.add((writer) => writer.addRef(HEAD));
  const committing = addition.commit();
  await reached.promise;
  const disposing = addition[Symbol.asyncDispose]();
  const again = await assertCode("api", addition.commit());
  assertEquals(again.message, "Cannot use addition: it is being committed");
  assert(filesIn(dir.path).includes("tables.list.lock"), "nobody else may have the lock yet");
  held.resolve();
  await Promise.all([committing, disposing]);
  assertTidy(dir.path);
  assertEquals(refnames(stack), ["HEAD"]);
  held = Promise.withResolvers();
});

tidyTest("Addition can be finished when its stack was disposed meanwhile", async () => {
  using dir = new StackDirectory();
  const watched = new WatchedFileSystem();
  const stack = await Stack.open(dir.path, { ...watched, autoCompact: false });
  await addLargeTable(stack);
  const addition = await stack.beginAddition();
  stack[Symbol.dispose]();
  // To check this name the tables of the stack must be readable.
  const write = (writer: TableWriter) => writer.addRef(direct("refs/heads/large-10000/a", 2));
  await assertCode("name-conflict", addition.add(write));
  await addition.add((writer) => {
    for (let i = 0; i < 2500; i++) writer.addRef(direct(`refs/heads/more-${10_000 + i}`, 2));
  });
  await addition.commit();
  assertTidy(dir.path);
  assertEquals(watched.open, []);
  await using other = await Stack.open(dir.path);
  assertEquals(refnames(other).length, 5000);
});

tidyTest("Stack refuses everything but reading when it was disposed", async () => {
  using dir = new StackDirectory();
  const stack = await Stack.open(dir.path);
  await addRefs(stack, "refs/heads/a");
  stack[Symbol.dispose]();
  const before = contentsOf(dir.path);
  const uses: readonly (() => Promise<unknown>)[] = [
    () => stack.add((writer) => writer.addRef(direct("refs/heads/b", 2))),
    () => stack.beginAddition(),
    () => stack.compact(),
    () => stack.autoCompact(),
    () => stack.clean(),
    () => stack.reload(),
    () => Promise.try(() => stack.reloadSync()),
  ];
  for (const use of uses) {
    const error = await assertCode("api", Promise.try(use));
    assertEquals(error.message, `Cannot use stack "${dir.path}": it was disposed`);
  }
  assertEquals(contentsOf(dir.path), before);
});

const PATIENT: StackOptions = { lockTimeout: -1, sync: false };

tidyTest("Stack.add() lets two hundred additions of one stack follow each other", async () => {
  using dir = new StackDirectory();
  // They wait for each other, however little they wait for others.
  for (const lockTimeout of [-1, 1000]) {
    const names = Array.from({ length: 200 }, (_, i) => `refs/${lockTimeout}/${1000 + i}`);
    await using stack = await Stack.open(dir.path, { lockTimeout, sync: false });
    const before = stack.nextUpdateIndex;
    const order: number[] = [];
    await Promise.all(names.map((name, i) =>
      stack.add((writer) => {
        order.push(i);
        writer.addRef(direct(name, stack.nextUpdateIndex));
      })
    ));
    assertEquals(order, names.map((_, i) => i));
    assertEquals(stack.nextUpdateIndex, before + 200);
    for (const [i, name] of names.entries()) {
      assertEquals(stack.ref(name)?.updateIndex, before + i, name);
    }
    await using other = await Stack.open(dir.path);
    assertEquals(refnames(other), refnames(stack));
    assertTidy(dir.path);
  }
});

tidyTest("Stack.add() lets several stacks of one process wait for each other", async () => {
  using dir = new StackDirectory();
  const stacks = await Promise.all(Array.from({ length: 5 }, () => Stack.open(dir.path, PATIENT)));
  const names = Array.from({ length: 100 }, (_, i) => `refs/heads/${1000 + i}`);
  await Promise.all(names.map((name, i) => {
    const stack = stacks[i % stacks.length]!;
    const write = (writer: TableWriter) => writer.addRef(direct(name, stack.nextUpdateIndex));
    return stack.add(write, { reload: true });
  }));
  for (const stack of stacks) {
    await stack.reload();
    assertEquals([refnames(stack), stack.nextUpdateIndex], [names, 101]);
    stack[Symbol.dispose]();
  }
  assertTidy(dir.path);
});

tidyTest("Stack.add() goes on with the next when one fails", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, PATIENT);
  const results = await Promise.allSettled(
    Array.from({ length: 9 }, (_, i) =>
      stack.add((writer) => {
        if (i % 3 === 1) throw new RangeError(`${i}`);
        writer.addRef(direct(`refs/heads/${i}`, stack.nextUpdateIndex));
      })),
  );
  assertEquals(
    results.map(({ status }) => status === "rejected"),
    [0, 1, 0, 0, 1, 0, 0, 1, 0].map(Boolean),
  );
  assertEquals(refnames(stack), [0, 2, 3, 5, 6, 8].map((i) => `refs/heads/${i}`));
  assertTidy(dir.path);
});
