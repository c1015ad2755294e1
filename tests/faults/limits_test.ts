import { assert, assertEquals, assertLess } from "@std/assert";
import { BytesSink, MemoryFileSystem, RefStore, Stack, TableWriter } from "@reftable/reftable";
import { formatTableName } from "../../src/stack/tables_list.ts";
import { FIXTURES } from "../cli/run_cli.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import {
  addLargeTable,
  addRefs,
  assertCode,
  assertTidy,
  deletion,
  direct,
  entry,
  filesIn,
  oid,
  refnames,
  tidyTest,
} from "../stack/changes.ts";
import { StackDirectory } from "../stack/stack_directory.ts";
import { makeRepository, openStore, REPOSITORY } from "./memory_repository.ts";

/** All numbers are as they are told when this is set to "full"; else one is a part of it, for it takes its time. */
const IS_FULL = Deno.env.get("REFTABLE_LIMITS") === "full";

const DIRECTORY = `${REPOSITORY}/reftable`;

/** The files below some directories that are open in this process, which may not look there itself. */
function openFiles(...directories: readonly string[]): string[] {
  if (Deno.build.os !== "linux") return [];
  const { stdout } = new Deno.Command("ls", { args: ["-l", `/proc/${Deno.pid}/fd`] }).outputSync();
  const paths = directories.map((directory) => Deno.realPathSync(directory));
  const lines = new TextDecoder().decode(stdout).split("\n");
  const links = lines.map((line) => line.split(" -> ")[1] ?? "");
  return links.filter((link) => paths.some((path) => link.startsWith(path)));
}

tidyTest("Stack takes ten thousand tables, and makes them few", async () => {
  const fileSystem = new MemoryFileSystem();
  makeRepository(fileSystem, "reftable");
  const count = 10_000;
  const names: string[] = [];
  for (let index = 1; index <= count; index++) {
    const sink = new BytesSink();
    const writer = new TableWriter(sink);
    writer.setLimits(index, index);
    writer.addRef(direct(`refs/heads/${index % 100}`, index));
    writer.finish();
    const name = formatTableName(index, index);
    fileSystem.writeFileSync(`${DIRECTORY}/${name}`, sink.bytes);
    names.push(`${name}\n`);
  }
  fileSystem.writeFileSync(`${DIRECTORY}/tables.list`, new TextEncoder().encode(names.join("")));
  await using stack = await Stack.open(DIRECTORY, { fileSystem });
  assertEquals([stack.tables.length, stack.nextUpdateIndex], [count, count + 1]);
  assertEquals(stack.ref("refs/heads/0")?.updateIndex, count);
  assertEquals(stack.ref("refs/heads/1")?.updateIndex, count - 99);
  const indexes = stack.refs().map(({ updateIndex }) => updateIndex).toArray();
  assertEquals([indexes.length, Math.min(...indexes)], [100, count - 99]);
  await stack.add((writer) => writer.addRef(direct("refs/heads/new", count + 1)));
  assertLess(stack.tables.length, 20);
  assertEquals(refnames(stack).length, 101);
  assertEquals(fileSystem.listSync(DIRECTORY).length, stack.tables.length + 1);
});

tidyTest(
  `RefStore takes a log with ${IS_FULL ? "a million" : "fifty thousand"} entries`,
  async () => {
    const count = IS_FULL ? 1_000_000 : 50_000;
    const fileSystem = new MemoryFileSystem();
    makeRepository(fileSystem, "reftable");
    const refname = "refs/heads/main";
    {
      await using stack = await Stack.open(DIRECTORY, { fileSystem, blockSize: 0x4000 });
      await stack.add((writer) => {
        writer.setLimits(1, count);
        writer.addRef(direct(refname, count));
        for (let index = count; index > 0; index--) {
          writer.addLog(entry(refname, index, { newOid: oid(1 + (index & 15)), time: index }));
        }
      });
    }
    await using refs = await openStore({ fileSystem });
    const newest = refs.reflog(refname).take(10).map(({ time }) => time).toArray();
    assertEquals(newest, Array.from({ length: 10 }, (_, i) => count - i));
    let seen = 0;
    for (const { time } of refs.reflog(refname, { order: "oldest-first" })) {
      assertEquals(time, ++seen);
      if (seen === 10) break;
    }
    // Single entries go, then all old ones, then the ref with the rest.
    await refs.deleteReflogEntries(refname, [0, 2, count - 1]);
    const [first, second] = refs.reflog(refname);
    assertEquals([first?.time, second?.time], [count - 1, count - 3]);
    await refs.expireReflogs([refname], { before: count / 2 });
    const left = refs.reflog(refname).toArray();
    assertEquals([left.length, left.at(-1)?.time], [count / 2 - 1, count / 2]);
    await refs.transaction((transaction) => transaction.delete(refname));
    assertEquals([refs.hasReflog(refname), refs.read(refname)], [false, undefined]);
    await refs.pack();
    assertEquals(fileSystem.listSync(DIRECTORY).map(({ name }) => name), ["tables.list"]);
    console.log(`${count} log entries of one ref`);
  },
);

tidyTest("Stack finds what is alive behind eight thousand tombstones", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { autoCompact: false, sync: false });
  const names = Array.from({ length: 8000 }, (_, i) => `refs/heads/${10_000 + i}`);
  await addRefs(stack, "refs/heads/z", ...names);
  await stack.add((writer) => writer.addRefs(names.map((name) => deletion(name, 2))));
  assertEquals(refnames(stack), ["refs/heads/z"]);
  const [first] = stack.refs({ prefix: "refs/heads/" });
  assertEquals(first?.refname, "refs/heads/z");
  assertEquals([...stack.refs({ prefix: "refs/heads/1" })], []);
  assertEquals(stack.refs({ prefix: "refs/heads/1", deletions: true }).toArray().length, 8000);
});

tidyTest(
  "Stack and RefStore leave nothing open when they are opened a thousand times",
  async () => {
    using dir = new StackDirectory();
    {
      await using stack = await Stack.open(dir.path, { sync: false });
      // A table that is kept open.
      await addLargeTable(stack);
    }
    {
      using _stack = Stack.openSync(dir.path);
      assert(Deno.build.os !== "linux" || openFiles(dir.path).length > 0);
    }
    for (let i = 0; i < 500; i++) {
      using stack = Stack.openSync(dir.path);
      assert(stack.ref("refs/heads/large-10007"));
      await using other = await Stack.open(dir.path);
      assertEquals(other.refs().take(1).toArray().length, 1);
      using refs = RefStore.openSync(`${FIXTURES}/repository/git`);
      assertEquals(refs.read("HEAD")?.kind, "symref");
    }
    assertEquals(openFiles(dir.path, FIXTURES), []);
  },
);

gitTest("Stack and RefStore take two hundred transactions at once", async () => {
  await using repo = await GitRepo.create({ bare: true });
  const options = { sync: false, lockTimeout: -1 } as const;
  const stacks = await Promise.all(
    Array.from({ length: 4 }, () => Stack.open(repo.reftableDir, options)),
  );
  const identity = { name: "A U Thor", email: "author@example.com", time: 1, tzOffset: 0 };
  await using refs = await RefStore.open(repo.dir, { identity });
  const count = 200;
  await Promise.all(Array.from({ length: count }, async (_, i) => {
    const stack = stacks[i % 8];
    if (!stack) {
      const create = (name: string) =>
        refs.transaction((transaction) => transaction.create(name, oid(i + 1)), {
          lockTimeout: -1,
        });
      await create(`refs/heads/store-${i}`);
      return;
    }
    await stack.add((writer) => {
      writer.addRef(direct(`refs/heads/stack-${i}`, stack.nextUpdateIndex, i + 1));
    }, { reload: true });
  }));
  for (const stack of stacks) await stack[Symbol.asyncDispose]();
  await refs.reload();
  const names = [...refs.list({ prefix: "refs/heads/" })].map(({ refname }) => refname);
  assertEquals(new Set(names).size, count);
  assertEquals((await repo.ok(["for-each-ref", "--format=x"])).length / 2, count);
  assertTidy(repo.reftableDir);
  console.log(`${count} transactions at once`);
});

tidyTest("Stack waits for a lock as long as it is told", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { sync: false });
  await addRefs(stack, "refs/heads/a");
  const lock = `${dir.listPath}.lock`;
  for (const lockTimeout of [0, 1, 30]) {
    Deno.writeTextFileSync(lock, "");
    await using other = await Stack.open(dir.path, { sync: false, lockTimeout });
    await assertCode("lock", addRefs(other, "refs/heads/b"));
    await assertCode("lock", other.compact({ expire: { before: 1 } }));
    await assertCode("lock", other.clean());
    assertEquals(filesIn(dir.path).length, 3);
    Deno.removeSync(lock);
    await addRefs(other, `refs/heads/b-${lockTimeout}`);
  }
  Deno.writeTextFileSync(lock, "");
  await using patient = await Stack.open(dir.path, { sync: false, lockTimeout: -1 });
  let isDone = false;
  const adding = addRefs(patient, "refs/heads/c").then(() => isDone = true);
  // Longer than git waits.
  await new Promise((resolve) => setTimeout(resolve, 150));
  assertEquals(isDone, false);
  Deno.removeSync(lock);
  await adding;
  assertEquals(refnames(patient).length, 5);
  assertTidy(dir.path);
});
