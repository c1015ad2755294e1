import { assert, assertEquals, assertRejects } from "@std/assert";
import { type FileSystem, openRepositoryStack, ReftableError, Stack } from "@reftable/reftable";
import { denoFileSystem } from "../../src/io/deno.ts";
import { fixture } from "../fixtures.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import {
  addRefs,
  assertTidy,
  ChangingFileSystem,
  contentsOf,
  filesIn,
  listedNames,
  refnames,
  shorten,
  tidyTest,
} from "./changes.ts";
import { StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

const QUIET = { autoCompact: false, sync: false };

/** A stack of three tables, from 1 to 3. */
async function makeStack(dir: StackDirectory): Promise<void> {
  await using stack = await Stack.open(dir.path, QUIET);
  for (const name of ["a", "b", "c"]) await addRefs(stack, `refs/heads/${name}`);
}

/** The bytes of a table with one ref. */
async function tableOf(updateIndex: number): Promise<Uint8Array> {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, QUIET);
  await stack.add((writer) => {
    writer.setLimits(updateIndex, updateIndex);
    writer.addRef({ kind: "deletion", refname: "refs/heads/x", updateIndex });
  });
  return Deno.readFileSync(`${dir.path}/${stack.tableNames[0]}`);
}

tidyTest("Stack.clean() removes tables that the list does not name", async () => {
  using dir = new StackDirectory();
  await makeStack(dir);
  const listed = listedNames(dir.path);
  const damaged = fixture("git/one-ref.ref").bytes.slice();
  damaged[damaged.length - 1]! ^= 1;
  dir.put({
    // These are not beyond the stack's update index, whatever they are called.
    "0x000000000001-0x000000000002-00000000.ref": await tableOf(2),
    "0x000000000009-0x000000000009-00000000.ref": await tableOf(3),
    "0x000000000001-0x000000000001.ref": await tableOf(1),
    "0x000000000001-0x000000000001.log": await tableOf(1),
    "x.ref": await tableOf(1),
    // These may be somebody's yet.
    "0x000000000001-0x000000000001-00000000.ref": await tableOf(4),
    "beyond.log": await tableOf(100),
    "damaged.ref": damaged,
    "empty.ref": new Uint8Array(),
    "text.log": new TextEncoder().encode("no table\n".repeat(50)),
    // And these are no tables.
    "0x000000000001-0x000000000001-00000000.ref.temp.0badcafe": await tableOf(1),
    "0x000000000001-0x000000000001-00000000.ref.lock": await tableOf(1),
    "other": await tableOf(1),
  });
  Deno.mkdirSync(`${dir.path}/directory.ref`);
  Deno.symlinkSync("other", `${dir.path}/link.ref`);
  const orphans = [
    "0x000000000001-0x000000000001.log",
    "0x000000000001-0x000000000001.ref",
    "0x000000000001-0x000000000002-00000000.ref",
    "0x000000000009-0x000000000009-00000000.ref",
    "x.ref",
  ];
  const all = filesIn(dir.path);
  await using stack = await Stack.open(dir.path, QUIET);
  for (let i = 0; i < 2; i++) {
    assertEquals(await stack.clean({ dryRun: true }), orphans);
    assertEquals(filesIn(dir.path), all);
  }
  assertEquals(await stack.clean(), orphans);
  assertEquals(filesIn(dir.path), all.filter((name) => !orphans.includes(name)));
  assertEquals([listedNames(dir.path), await stack.clean()], [listed, []]);
  assertEquals(refnames(stack), ["refs/heads/a", "refs/heads/b", "refs/heads/c"]);
});

tidyTest("Stack.clean() removes what was to become a table, unless somebody compacts", async () => {
  using dir = new StackDirectory();
  await makeStack(dir);
  const temporary = "0x000000000001-0x000000000002-00000000.ref.temp.0badcafe";
  dir.put({ [temporary]: await tableOf(2), "x.ref.temp.0badcafe": await tableOf(2) });
  const lock = `${listedNames(dir.path)[1]}.lock`;
  dir.put({ [lock]: new Uint8Array() });
  await using stack = await Stack.open(dir.path, QUIET);
  assertEquals(await stack.clean(), []);
  dir.remove(lock);
  assertEquals(await stack.clean({ dryRun: true }), [temporary]);
  assertEquals(await stack.clean(), [temporary]);
  const others = [...listedNames(dir.path), "tables.list", "x.ref.temp.0badcafe"];
  assertEquals(filesIn(dir.path), others);
});

tidyTest("Stack.clean() lets a compaction come to its end", async () => {
  using dir = new StackDirectory();
  await makeStack(dir);
  const changing = new ChangingFileSystem(async (change) => {
    if (!change.includes(".temp.") || !change.startsWith("sync")) return;
    // Its table is complete, and waits for its name.
    await using other = await Stack.open(dir.path, QUIET);
    assertEquals(await other.clean(), []);
  });
  const { fileSystem } = changing;
  await using stack = await Stack.open(dir.path, { fileSystem, autoCompact: false });
  assertEquals(await stack.compact(), true);
  assertEquals([stack.tables.length, refnames(stack).length], [1, 3]);
  assert(changing.changes.some((change) => /^sync .*[.]temp[.]/.test(change)));
});

tidyTest("Stack.clean() removes nothing from an empty stack", async () => {
  using dir = new StackDirectory();
  dir.put({ "a.ref": await tableOf(1) });
  await using stack = await Stack.open(dir.path, QUIET);
  assertEquals(await stack.clean(), []);
  dir.remove("tables.list");
  assertEquals(await stack.clean(), []);
  assertEquals(filesIn(dir.path), ["a.ref"]);
});

tidyTest("Stack.clean() reads the list again under the lock", async () => {
  using dir = new StackDirectory();
  await makeStack(dir);
  await using stack = await Stack.open(dir.path, QUIET);
  {
    await using other = await Stack.open(dir.path, QUIET);
    await addRefs(other, "refs/heads/d");
  }
  dir.put({ "a.ref": await tableOf(4), "b.ref": await tableOf(5) });
  assertEquals(await stack.clean(), ["a.ref"]);
  assertEquals([stack.tables.length, refnames(stack).length], [4, 4]);
  assertEquals(filesIn(dir.path), [...stack.tableNames, "b.ref", "tables.list"]);
});

tidyTest("Stack.clean() refuses to clean what somebody changes", async () => {
  using dir = new StackDirectory();
  await makeStack(dir);
  dir.put({ "a.ref": await tableOf(1) });
  await using stack = await Stack.open(dir.path, { ...QUIET, lockTimeout: 0 });
  await using addition = await stack.beginAddition();
  await addition.add((writer) => {
    writer.addRef({ kind: "deletion", refname: "refs/heads/a", updateIndex: 4 });
  });
  const files = contentsOf(dir.path);
  await using other = await Stack.open(dir.path, { ...QUIET, lockTimeout: 0 });
  for (const dryRun of [false, true]) {
    const error = await assertRejects(() => other.clean({ dryRun }), ReftableError);
    assertEquals(error.code, "lock");
    assertEquals(contentsOf(dir.path), files);
  }
  await addition.commit();
  assertEquals(await other.clean(), ["a.ref"]);
  assertTidy(dir.path);
});

tidyTest("Stack.clean() leaves nothing behind when it fails", async () => {
  using dir = new StackDirectory();
  await makeStack(dir);
  dir.put({ "a.ref": await tableOf(1), "b.ref": await tableOf(1) });
  const fileSystem: FileSystem = {
    ...denoFileSystem,
    remove: (path) => {
      if (!path.endsWith(".ref")) return denoFileSystem.remove(path);
      return Promise.reject(new ReftableError("io", `Cannot remove "${path}"`));
    },
  };
  await using stack = await Stack.open(dir.path, { ...QUIET, fileSystem });
  const before = filesIn(dir.path);
  await assertRejects(() => stack.clean(), ReftableError, "Cannot remove");
  assertEquals(filesIn(dir.path), before);
});

tidyTest("Stack.clean() closes every table that it looks at", async () => {
  using dir = new StackDirectory();
  await makeStack(dir);
  dir.put({ "a.ref": "git/64k-restart-64.ref", "b.ref": "git/mixed-4k.ref" });
  const watched = new WatchedFileSystem();
  await using stack = await Stack.open(dir.path, { ...QUIET, ...watched });
  await stack.clean();
  assertEquals(watched.open, []);
});

/** A file system on which tables that somebody has open cannot be removed, as there are some. */
const STICKY: FileSystem = {
  ...denoFileSystem,
  mayChangeSync: () => false,
  remove: (path) => {
    if (!path.endsWith(".ref")) return denoFileSystem.remove(path);
    return Promise.reject(new ReftableError("io", `Cannot remove "${path}": it is in use`));
  },
};

tidyTest("Stack.clean() removes what compactions left for readers", async () => {
  using dir = new StackDirectory();
  await makeStack(dir);
  {
    await using first = await Stack.open(dir.path, { ...QUIET, fileSystem: STICKY });
    await using second = await Stack.open(dir.path, { ...QUIET, fileSystem: STICKY });
    assertEquals(await first.compact(), true);
    assertEquals(refnames(second).length, 3);
  }
  assertEquals(filesIn(dir.path).length, 5);
  await using third = await Stack.open(dir.path, QUIET);
  assertEquals((await third.clean()).map(shorten), ["1-1.ref", "2-2.ref", "3-3.ref"]);
  assertEquals(filesIn(dir.path).length, 2);
  assertEquals(refnames(third), ["refs/heads/a", "refs/heads/b", "refs/heads/c"]);
});

tidyTest("Stack.clean() goes with additions and compactions of others", async () => {
  using dir = new StackDirectory();
  const options = { lockTimeout: -1, sync: false };
  const stacks = await Promise.all(
    [0, 1, 2].map(() => Stack.open(dir.path, { ...options, fileSystem: STICKY })),
  );
  await using cleaner = await Stack.open(dir.path, options);
  let cleaned = 0;
  let running = true;
  const cleaning = (async () => {
    while (running) {
      cleaned += (await cleaner.clean()).length;
      await new Promise((resolve) => setTimeout(resolve));
    }
  })();
  await Promise.all(stacks.map(async (stack, n) => {
    for (let i = 0; i < 15; i++) {
      await stack.add((writer) => {
        const { nextUpdateIndex: updateIndex } = stack;
        writer.addRef({ kind: "symref", refname: `refs/${n}/${i}`, updateIndex, target: "HEAD" });
      }, { reload: true });
    }
  }));
  running = false;
  await cleaning;
  cleaned += (await cleaner.clean()).length;
  assert(cleaned > 10, `${cleaned} tables were cleaned`);
  for (const stack of stacks) {
    await stack.reload();
    assertEquals(refnames(stack).length, 45);
    stack[Symbol.dispose]();
  }
  assertTidy(dir.path);
});

gitTest("Stack.clean() cleans up after a git that was killed", async () => {
  await using repo = await GitRepo.create();
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const [name] = listedNames(repo.reftableDir).slice(-1);
  const orphan = name!.replace(/[0-9a-f]{8}\.ref$/, "00000000.ref");
  await Deno.copyFile(`${repo.reftableDir}/${name}`, `${repo.reftableDir}/${orphan}`);
  await using stack = await openRepositoryStack(repo.dir);
  assertEquals(await stack.clean(), [orphan]);
  assertTidy(repo.reftableDir);
  await repo.ok(["fsck", "--strict"]);
  await repo.ok(["refs", "verify"]);
});
