import { assert, assertEquals, assertRejects } from "@std/assert";
import { ReftableError, Stack } from "@reftable/reftable";
import { StackDirectory } from "./stack_directory.ts";

const OID = "83baae61804e65cc73a7201a7252750c76066a30";

async function addRef(stack: Stack, refname: string): Promise<void> {
  await stack.add((writer) => {
    writer.addRef({ kind: "direct", refname, updateIndex: stack.nextUpdateIndex, oid: OID });
  }, { reload: true });
}

function listed(dir: StackDirectory): string[] {
  using stack = Stack.openSync(dir.path);
  return stack.refs().map(({ refname }) => refname).toArray();
}

/** Lets whoever waits for a lock begin to wait. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

// What is under way when a stack is disposed must not write or delete by what the stack looked like then.
for (const what of ["add", "compact", "clean"] as const) {
  Deno.test({
    name: `Stack.${what}() that waits for the lock ends with its stack, and nothing is lost`,
    sanitizeResources: true,
    async fn() {
      using dir = new StackDirectory();
      const ours = await Stack.open(dir.path, { autoCompact: false, lockTimeout: 5000 });
      await using others = await Stack.open(dir.path, { autoCompact: false });
      await addRef(ours, "refs/heads/a");
      await addRef(ours, "refs/heads/b");
      const addition = await others.beginAddition({ reload: true });
      const waiting = what === "add" ? addRef(ours, "refs/heads/lost") : ours[what]();
      const outcome = assertRejects(() => waiting, ReftableError, "it was disposed");
      await pause();
      ours[Symbol.dispose]();
      await addition.add((writer) => {
        const { nextUpdateIndex } = addition;
        writer.addRef({ kind: "direct", refname: "HEAD", updateIndex: nextUpdateIndex, oid: OID });
      });
      await addition.commit();
      assert(await others.compact());
      await outcome;
      assertEquals(listed(dir), ["HEAD", "refs/heads/a", "refs/heads/b"]);
    },
  });
}

Deno.test("Stack.compact() that merges when its stack is disposed gives up", async () => {
  using dir = new StackDirectory({ a: "git/mixed-4k.ref", b: "git/64k-restart-64.ref" });
  const ours = await Stack.open(dir.path, { workers: "never" });
  await using others = await Stack.open(dir.path, { autoCompact: false });
  const { length } = listed(dir);
  let progressed = false;
  const compacting = ours.compact({ onProgress: () => progressed = true });
  const outcome = assertRejects(() => compacting, ReftableError, "it was disposed");
  while (!progressed && ours.stats.attempts === 0) await pause();
  ours[Symbol.dispose]();
  await addRef(others, "refs/heads/other-one");
  await outcome;
  assertEquals(listed(dir).length, length + 1);
});

Deno.test("await using waits for what a stack is doing", async () => {
  using dir = new StackDirectory({ a: "git/mixed-4k.ref", b: "git/64k-restart-64.ref" });
  let compacted: Promise<boolean>;
  {
    await using stack = await Stack.open(dir.path);
    compacted = stack.compact();
  }
  assert(await compacted);
});

Deno.test("Stack.compact() takes the tables that it was told, or none", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { autoCompact: false, lockTimeout: 5000 });
  for (const name of "abcdef") await addRef(stack, `refs/heads/${name}`);
  const results = await Promise.allSettled([
    stack.compact(),
    stack.compact({ range: { start: 4, end: 6 } }),
    stack.compact({ range: { start: 0, end: 2 } }),
  ]);
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    assert(["lock", "outdated"].includes(result.reason.code), `${result.reason}`);
  }
  assertEquals(listed(dir).length, 6);
});

Deno.test("Stack and Table answer nothing after disposal", async () => {
  using dir = new StackDirectory({ a: "git/mixed-4k.ref" });
  const stack = await Stack.open(dir.path);
  const table = stack.tables[0]!;
  stack[Symbol.dispose]();
  const calls: readonly (() => unknown)[] = [
    () => stack.ref("HEAD"),
    () => stack.log("HEAD"),
    () => stack.refs().next(),
    () => stack.logs().next(),
    () => stack.refsFor(OID),
    () => stack.inventory(),
    () => table.ref("HEAD"),
    () => table.log("HEAD"),
    () => table.refs().next(),
    () => table.logs().next(),
    () => table.refsFor(OID).next(),
    () => table.blocks().next(),
  ];
  for (const call of calls) {
    const error = await assertRejects(async () => await call(), ReftableError, "was disposed");
    assertEquals(error.code, "api");
  }
});
