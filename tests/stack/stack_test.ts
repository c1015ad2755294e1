import { assertEquals, assertThrows } from "@std/assert";
import { type Stack, Table } from "@reftable/reftable";
import { fromFileUrl } from "@std/path";
import { assertRecords } from "../fixtures.ts";
import { Model, modelOf } from "../merged/model.ts";
import { eitherWay, StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

/** Tables above and below the size up to which a file is read at once. */
const LARGE = "git/mixed-4k.ref";
const LARGER = "git/64k-restart-64.ref";
const LOGS = "git/logs-heavy.ref";
const SMALL = "jgit/small-mixed.ref";

for (const name of ["repository", "repository-sha256"]) {
  eitherWay(`Stack reads the stack of ${name}/`, async (way) => {
    const directory = fromFileUrl(new URL(`../fixtures/${name}/git/reftable`, import.meta.url));
    const hash = name === "repository" ? "sha1" : "sha256";
    using stack = await way.open(directory, { hash });
    const names = Deno.readTextFileSync(`${directory}/tables.list`).trim().split("\n");
    assertEquals([stack.directory, stack.hash], [directory, hash]);
    assertEquals(stack.tableNames, names);
    assertEquals(stack.tables.map((table) => table.name), names.map((n) => `${directory}/${n}`));
    // The highest update index is the second number in the newest table's name.
    assertEquals(stack.nextUpdateIndex, Number(names.at(-1)!.split("-")[1]) + 1);

    const tables = names.map((name) => Table.openSync(Deno.readFileSync(`${directory}/${name}`)));
    const model = new Model(tables.map((table) => ({
      refs: table.refs().toArray(),
      logs: table.logs().toArray(),
    })));
    const refs = model.refs();
    assertRecords(stack.refs(), refs);
    assertRecords(stack.refs({ deletions: true }), model.refs({ deletions: true }));
    assertRecords(stack.refs({ prefix: "refs/tags/" }), model.refs({ prefix: "refs/tags/" }));
    assertRecords(stack.logs(), model.logs());
    for (const ref of refs) {
      assertEquals<unknown>(stack.ref(ref.refname), ref);
      assertEquals(stack.log(ref.refname), model.log(ref.refname));
      if ("oid" in ref) assertRecords(stack.refsFor(ref.oid), model.refsFor(ref.oid));
    }
  });
}

eitherWay("Stack keeps only large tables open", async (way) => {
  using dir = new StackDirectory({ a: SMALL, b: LARGE, c: SMALL, d: LARGER });
  const watched = new WatchedFileSystem();
  using stack = await way.open(dir.path, watched);
  assertEquals(watched.open, ["b", "d"]);
  dir.remove("a", "b", "c", "d");
  const model = modelOf(SMALL, LARGE, SMALL, LARGER);
  assertRecords(stack.refs(), model.refs());
  assertRecords(stack.logs(), model.logs());
  stack[Symbol.dispose]();
  assertEquals(watched.open, []);
});

eitherWay("Stack finishes a listing whatever happens to its tables", async (way) => {
  const older = modelOf(LARGE, LOGS, SMALL);
  const newer = modelOf(LARGE, LARGER);
  using dir = new StackDirectory({ a: LARGE, b: LOGS, c: SMALL });
  const watched = new WatchedFileSystem();
  using stack = await way.open(dir.path, watched);
  const refs = stack.refs({ deletions: true });
  const logs = stack.logs();
  const begun = [refs.next().value!, logs.next().value!];
  dir.put({ d: LARGER });
  dir.list("a", "d");
  dir.remove("b", "c");
  assertEquals(await way.reload(stack), true);
  // What the listings need is open, and what the stack needs.
  assertEquals(watched.open, ["a", "b", "d"]);
  assertRecords(stack.refs(), newer.refs());
  dir.list();
  dir.remove("a", "d");
  assertEquals(await way.reload(stack), true);
  assertEquals(watched.open, ["a", "b"]);
  stack[Symbol.dispose]();

  assertEquals<unknown>(begun, [older.refs({ deletions: true })[0], older.logs()[0]]);
  assertRecords(refs, older.refs({ deletions: true }).slice(1));
  assertEquals(watched.open, ["a", "b"]);
  assertRecords(logs, older.logs().slice(1));
  assertEquals(watched.open, []);
});

eitherWay(
  "Stack[Symbol.dispose]() leaves open what listings need, however often it is called",
  async (way) => {
    using dir = new StackDirectory({ a: LARGE });
    const watched = new WatchedFileSystem();
    const stack = await way.open(dir.path, watched);
    const listing = stack.refs();
    const first = listing.next().value!;
    for (let i = 0; i < 3; i++) stack[Symbol.dispose]();
    assertRecords([first, ...listing], modelOf(LARGE).refs());
    assertEquals(watched.open, []);
  },
);

eitherWay("Stack shows in a listing what was there when it began", async (way) => {
  using dir = new StackDirectory({ a: LARGE });
  using stack = await way.open(dir.path);
  const listing = stack.refs();
  dir.put({ b: SMALL });
  dir.list("b");
  await way.reload(stack);
  assertRecords(listing, modelOf(SMALL).refs());
});

eitherWay("Stack closes the tables of a listing that is stopped", async (way) => {
  using dir = new StackDirectory({ a: LARGE, b: LOGS });
  const watched = new WatchedFileSystem();
  const stops: readonly ((stack: Stack) => void)[] = [
    (stack) => stack.refs().take(2).toArray(),
    (stack) => {
      for (const _ of stack.logs()) break;
    },
    (stack) => void stack.refs().find(() => true),
    (stack) => void stack.refs().return?.(),
    (stack) => {
      const listing = stack.logs();
      listing.next();
      listing.return?.();
    },
    (stack) => {
      assertThrows(() =>
        stack.refs().forEach(() => {
          throw new RangeError();
        }), RangeError);
    },
  ];
  for (const stop of stops) {
    const stack = await way.open(dir.path, watched);
    stop(stack);
    assertEquals(watched.open, ["a", "b"]);
    stack[Symbol.dispose]();
    assertEquals(watched.open, [], `${stop}`);
  }
});
