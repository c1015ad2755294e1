import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  denoFileSystem,
  type FileSystem,
  ReftableError,
  Stack,
  type TableWriter,
} from "@reftable/reftable";
import {
  addLargeTable,
  addRefs,
  assertTidy,
  ChangingFileSystem,
  contentsOf,
  direct,
  diskFull,
  entry,
  filesIn,
  listedNames,
  oid,
  refnames,
  symref,
  tidyTest,
} from "./changes.ts";
import { StackDirectory } from "./stack_directory.ts";

const HEAD = symref("HEAD", 1, "refs/heads/main");

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

/** A file system whose answer gets lost when the list is replaced, and what it does afterwards. */
function losingAnswers(then: Partial<FileSystem> = {}): FileSystem {
  let isLost = false;
  const fileSystem: FileSystem = {
    ...denoFileSystem,
    async rename(from, to) {
      await denoFileSystem.rename(from, to);
      if (isLost || !to.endsWith("tables.list")) return;
      isLost = true;
      Object.assign(fileSystem, then);
      throw new ReftableError("io", "Cannot rename: the server does not answer");
    },
  };
  return fileSystem;
}

tidyTest("Stack.add() has succeeded when the list is there, whatever it was told", async () => {
  using dir = new StackDirectory();
  const fileSystem = losingAnswers();
  await using stack = await Stack.open(dir.path, { fileSystem, autoCompact: false });
  await addRefs(stack, "refs/heads/a");
  assertTidy(dir.path);
  await addRefs(stack, "refs/heads/b");
  assertTidy(dir.path);
  assertEquals(refnames(stack), ["refs/heads/a", "refs/heads/b"]);
});

tidyTest("Stack.add() keeps its tables when it cannot tell whether they are listed", async () => {
  using dir = new StackDirectory();
  const refuse = () => {
    throw new ReftableError("io", "Cannot read: the server does not answer");
  };
  const fileSystem = losingAnswers({ readFile: refuse, readFileSync: refuse });
  {
    await using stack = await Stack.open(dir.path, { fileSystem, autoCompact: false });
    const error = await assertRejects(() => addLargeTable(stack), ReftableError);
    assertEquals(error.message, "Cannot read: the server does not answer");
  }
  assertTidy(dir.path);
  await using stack = await Stack.open(dir.path);
  assertEquals(refnames(stack).length, 2500);
});

tidyTest("Stack and Addition tell what went wrong first", async () => {
  using dir = new StackDirectory();
  await using sound = await Stack.open(dir.path, { autoCompact: false });
  for (const name of ["a", "b"]) await addRefs(sound, `refs/heads/${name}`);
  let fails = false;
  const fail = (verb: string) => {
    if (fails) throw new ReftableError("io", `Cannot ${verb}`);
  };
  const fileSystem: FileSystem = {
    ...denoFileSystem,
    async create(path, mode) {
      const file = await denoFileSystem.create(path, mode);
      return file && {
        write: (bytes) => file.write(bytes),
        sync: () => Promise.try(() => fail("sync")).then(() => file.sync()),
        [Symbol.dispose]: () => file[Symbol.dispose](),
      };
    },
    remove: (path) => Promise.try(() => fail("remove")).then(() => denoFileSystem.remove(path)),
  };
  const removeLitter = () => {
    const used = [...listedNames(dir.path), "tables.list"];
    for (const name of filesIn(dir.path)) if (!used.includes(name)) dir.remove(name);
  };
  await using stack = await Stack.open(dir.path, { fileSystem, autoCompact: false });
  const add = (writer: TableWriter) => writer.addRef(direct("refs/heads/c", 3));
  const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
    "Cannot sync": () => stack.add(add),
    // It gives its first lock back before it writes anything.
    "Cannot remove": () => stack.compact(),
  };
  for (const [message, attempt] of Object.entries(attempts)) {
    fails = true;
    const error = await assertRejects(attempt, ReftableError, message);
    assertEquals(error.code, "io");
    fails = false;
    removeLitter();
  }
  const addition = await stack.beginAddition();
  fails = true;
  await assertRejects(() => addition.add(add), ReftableError, "Cannot sync");
  fails = false;
  await addition.add(add);
  fails = true;
  await assertRejects(() => addition.commit(), ReftableError, "Cannot sync");
  fails = false;
  removeLitter();
  await addRefs(stack, "refs/heads/d");
  assertEquals(refnames(stack), ["refs/heads/a", "refs/heads/b", "refs/heads/d"]);
});
