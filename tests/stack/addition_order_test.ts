import { assert, assertEquals } from "@std/assert";
import { type Addition, Stack, type StackOptions, type TableWriter } from "@reftable/reftable";
import {
  addLargeTable,
  addRefs,
  assertCode,
  assertTidy,
  ChangingFileSystem,
  contentsOf,
  direct,
  filesIn,
  refnames,
  symref,
  tidyTest,
} from "./changes.ts";
import { StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

const HEAD = symref("HEAD", 1, "refs/heads/main");

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
  const held = Promise.withResolvers<void>();
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
