import { assert, assertEquals } from "@std/assert";
import { Stack } from "@reftable/reftable";
import { assertRecords } from "../fixtures.ts";
import { modelOf } from "../merged/model.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import { StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

/** Holds up the opening of a table until it is let go. */
function holdUp(table: string): { watched: WatchedFileSystem; held: Promise<void>; go(): void } {
  const held = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const watched = new WatchedFileSystem((call) => {
    if (call !== `open ${table}`) return;
    held.resolve();
    return gate.promise;
  });
  return { watched, held: held.promise, go: gate.resolve };
}

Deno.test({
  name: "Stack.reload() may be called while it is under way",
  sanitizeResources: true,
  async fn() {
    using dir = new StackDirectory({ a: "git/mixed-4k.ref", b: "git/logs-heavy.ref" });
    const { watched, held, go } = holdUp("c");
    const stack = await Stack.open(dir.path, watched);
    dir.put({ c: "git/no-objects.ref", d: "git/64k-restart-64.ref" });
    dir.list("a", "b", "c");
    const first = stack.reload();
    await held;
    dir.list("d");
    assertEquals(await stack.reload(), true);
    assertEquals(stack.tableNames, ["d"]);
    go();
    await first;
    assertEquals(stack.tableNames, ["d"]);
    assertRecords(stack.refs(), modelOf("git/64k-restart-64.ref").refs());
    assertEquals(watched.open, ["d"]);
    stack[Symbol.dispose]();
    assertEquals(watched.open, []);
  },
});

Deno.test({
  name: "Stack.reload() that found no change leaves alone what was found meanwhile",
  sanitizeResources: true,
  async fn() {
    using dir = new StackDirectory({ a: "git/mixed-4k.ref" });
    dir.settle();
    const held = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let holding = false;
    const watched = new WatchedFileSystem(undefined, (call) => {
      if (!holding || call !== "stat tables.list") return;
      held.resolve();
      return gate.promise;
    });
    using stack = await Stack.open(dir.path, watched);
    holding = true;
    const reload = stack.reload();
    await held.promise;
    dir.put({ b: "git/64k-restart-64.ref" });
    dir.list("b");
    assertEquals(stack.reloadSync(), true);
    gate.resolve();
    await reload;
    assertEquals([stack.tableNames, watched.open], [["b"], ["b"]]);
    assertRecords(stack.refs(), modelOf("git/64k-restart-64.ref").refs());
  },
});

for (const when of ["before", "during"] as const) {
  Deno.test({
    name: `Stack[Symbol.dispose]() ${when} a reload leaves no table open`,
    sanitizeResources: true,
    async fn() {
      using dir = new StackDirectory({ a: "git/mixed-4k.ref", b: "git/logs-heavy.ref" });
      const { watched, held, go } = holdUp("c");
      const stack = await Stack.open(dir.path, watched);
      dir.put({ c: "git/no-objects.ref" });
      dir.list("a", "c");
      if (when === "before") stack[Symbol.dispose]();
      // Whether it then fails is not the question here.
      const reload = stack.reload().catch(() => {});
      if (when === "during") {
        await held;
        stack[Symbol.dispose]();
      }
      go();
      await reload;
      assertEquals(watched.open, []);
    },
  });
}

gitTest("Stack.reload() follows a git that writes and compacts meanwhile", async () => {
  await using repo = await GitRepo.create();
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const oid = (await repo.ok(["rev-parse", "HEAD"])).trim();
  const prefix = "refs/heads/b";
  let written = 0;
  let writing = true;
  const write = async () => {
    while (written < 30) {
      await repo.ok(["update-ref", `${prefix}${written}`, oid]);
      if (++written % 7 === 0) await repo.ok(["pack-refs", "--all"]);
    }
    writing = false;
  };
  using stack = await Stack.open(repo.reftableDir, { hash: "sha1" });
  let updateIndex = stack.nextUpdateIndex;
  const writer = write();
  let changes = 0;
  for (let reloads = 0; writing; reloads++) {
    const known = written;
    if (reloads % 2 === 0 ? await stack.reload() : stack.reloadSync()) changes++;
    const listing = stack.refs({ prefix });
    const first = listing.next();
    stack.reloadSync();
    const refs = [first.value, ...listing].filter((ref) => ref !== undefined);
    assert(refs.length >= known, `${refs.length} refs, git wrote ${known}`);
    assert(refs.every((ref) => ref.kind === "direct" && ref.oid === oid));
    assert(stack.nextUpdateIndex >= updateIndex);
    updateIndex = stack.nextUpdateIndex;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await writer;
  await stack.reload();
  assert(changes > 1);
  const listed = await repo.ok(["for-each-ref", "--format=%(refname) %(objectname)"]);
  const found = stack.refs({ prefix: "refs/" }).map((ref) =>
    `${ref.refname} ${ref.kind === "direct" ? ref.oid : ref.kind}\n`
  );
  assertEquals(found.toArray().join(""), listed);
});
