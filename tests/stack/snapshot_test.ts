import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { assertRecords, fixture } from "../fixtures.ts";
import { modelOf } from "../merged/model.ts";
import { eitherWay, StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

/** Tables above and below the size up to which a file is read at once. */
const LARGE = "git/mixed-4k.ref";
const LARGER = "git/64k-restart-64.ref";
const SMALL = "jgit/small-mixed.ref";

eitherWay("Stack.reload() looks once at a list that has not changed", async (way) => {
  using dir = new StackDirectory({ a: LARGE, b: SMALL });
  dir.settle();
  const watched = new WatchedFileSystem();
  using stack = await way.open(dir.path, watched);
  assertEquals(watched.takeCalls(), [
    "stat tables.list",
    "readFile tables.list",
    "open a",
    "open b",
  ]);
  for (let i = 0; i < 3; i++) {
    assertEquals(await way.reload(stack), false);
    assertEquals(watched.takeCalls(), ["stat tables.list"]);
  }
});

eitherWay("Stack.reload() reads a list again that may have changed unseen", async (way) => {
  using dir = new StackDirectory({ a: SMALL, b: SMALL });
  const watched = new WatchedFileSystem();
  // The list was written just now: a second change could leave it with the same time and size.
  using stack = await way.open(dir.path, watched);
  watched.takeCalls();
  assertEquals(await way.reload(stack), false);
  assertEquals(watched.takeCalls(), ["stat tables.list", "readFile tables.list"]);
  dir.settle();
  assertEquals(await way.reload(stack), false);
  assertEquals(watched.takeCalls(), ["stat tables.list", "readFile tables.list"]);
  assertEquals(await way.reload(stack), false);
  assertEquals(watched.takeCalls(), ["stat tables.list"]);
  // Same size, same time, another file; then the same file at another time.
  const { mtime } = Deno.statSync(dir.listPath);
  const changes: readonly [readonly string[], () => void][] = [
    [["b", "a"], () => {
      dir.list("b", "a");
      Deno.utimeSync(dir.listPath, mtime!, mtime!);
    }],
    [["a", "b"], () => {
      Deno.writeTextFileSync(dir.listPath, "a\nb\n");
      dir.settle(30);
    }],
    [["b"], () => {
      Deno.writeTextFileSync(dir.listPath, "b\n");
      dir.settle(30);
    }],
  ];
  for (const [names, change] of changes) {
    change();
    assertEquals(await way.reload(stack), true);
    assertEquals(watched.takeCalls(), ["stat tables.list", "readFile tables.list"]);
    assertEquals(stack.tableNames, names);
    assertEquals(await way.reload(stack), false);
    watched.takeCalls();
  }
});

eitherWay("Stack.reload() reuses tables by name", async (way) => {
  using dir = new StackDirectory({ a: LARGE, b: SMALL, c: LARGER });
  const watched = new WatchedFileSystem();
  using stack = await way.open(dir.path, watched);
  const [a, b] = stack.tables;
  const steps: readonly [readonly string[], readonly string[], readonly string[]][] = [
    // The new list, what is opened for it, what is open then: small tables are in memory.
    [["a", "b", "d"], ["d"], ["a", "d"]],
    [["a", "b", "d", "e"], ["e"], ["a", "d"]],
    [["e", "b", "a"], [], ["a"]],
    [["a", "c", "b"], ["c"], ["a", "c"]],
  ];
  dir.put({ d: LARGER, e: SMALL });
  for (const [names, opened, open] of steps) {
    dir.list(...names);
    watched.takeCalls();
    assertEquals(await way.reload(stack), true);
    const calls = watched.takeCalls().filter((call) => call.startsWith("open"));
    assertEquals(calls, opened.map((name) => `open ${name}`));
    assertEquals(watched.open.toSorted(), open);
    assertEquals(stack.tableNames, names);
    assertStrictEquals(stack.tables[names.indexOf("a")], a);
    assertStrictEquals(stack.tables[names.indexOf("b")], b);
  }
  assertEquals(stack.ref("HEAD")?.refname, "HEAD");
  stack[Symbol.dispose]();
  assertEquals(watched.open, []);
});

eitherWay("Stack.open() starts over when tables vanish under it", async (way) => {
  using dir = new StackDirectory({ a: LARGE, b: SMALL, c: LARGER });
  // Somebody compacts three times while we open.
  const compactions = [["c", "c2"], ["b", "b2"], ["c2", "c3"]] as const;
  let done = 0;
  const watched = new WatchedFileSystem((call) => {
    const [old, merged] = compactions[done] ?? [];
    if (call !== `open ${old}`) return;
    done++;
    dir.put({ [merged!]: SMALL });
    const names = Deno.readTextFileSync(dir.listPath).trim().split("\n");
    dir.list(...names.map((name) => name === old ? merged! : name));
    dir.remove(old!);
  });
  using stack = await way.open(dir.path, watched);
  assertEquals(done, 3);
  assertEquals(stack.tableNames, ["a", "b2", "c3"]);
  assertEquals(watched.open, ["a"]);
  const model = modelOf(LARGE, SMALL, SMALL);
  assertRecords(stack.refs(), model.refs());
});

eitherWay("Stack.reload() starts over when tables vanish under it", async (way) => {
  using dir = new StackDirectory({ a: LARGE });
  const watched = new WatchedFileSystem((call) => {
    if (call !== "open b") return;
    dir.put({ c: LARGER });
    dir.list("a", "c");
    dir.remove("b");
  });
  using stack = await way.open(dir.path, watched);
  const [a] = stack.tables;
  dir.put({ b: LARGER });
  dir.list("a", "b");
  assertEquals(await way.reload(stack), true);
  assertEquals(stack.tableNames, ["a", "c"]);
  assertStrictEquals(stack.tables[0], a);
  assertEquals(watched.open, ["a", "c"]);
});

eitherWay("Stack.reload() finds what it had when a table came and went", async (way) => {
  using dir = new StackDirectory({ a: LARGE });
  const watched = new WatchedFileSystem((call) => {
    if (call === "open b") dir.list("a");
  });
  using stack = await way.open(dir.path, watched);
  dir.list("a", "b");
  assertEquals(await way.reload(stack), false);
  assertEquals(stack.tableNames, ["a"]);
  assertEquals(stack.refs().take(1).toArray().length, 1);
});

eitherWay("Stack.open() sees the list itself vanish", async (way) => {
  using dir = new StackDirectory({ a: SMALL });
  let there = true;
  const watched = new WatchedFileSystem((call) => {
    if (call !== "readFile tables.list" || !there) return;
    there = false;
    dir.remove("tables.list");
  });
  using stack = await way.open(dir.path, watched);
  assertEquals(stack.tableNames, []);
});

eitherWay("Stack.open() names the table that is missing", async (way) => {
  using dir = new StackDirectory({ a: LARGE, b: SMALL, c: LARGER });
  dir.remove("b");
  const watched = new WatchedFileSystem();
  const error = await assertRejects(
    () => way.open(dir.path, watched),
    ReftableError,
    `Cannot read stack "${dir.path}": tables.list names "${dir.path}/b", which does not exist`,
  );
  assertEquals([error.code, error.file], ["format", `${dir.path}/b`]);
  // The list had not changed, so it was not tried again; nothing stays open.
  assertEquals(watched.calls.filter((call) => call === "open a").length, 1);
  assertEquals(watched.open, []);
});

eitherWay("Stack.reload() keeps what it has when a table is missing", async (way) => {
  using dir = new StackDirectory({ a: LARGE, b: SMALL });
  const watched = new WatchedFileSystem();
  using stack = await way.open(dir.path, watched);
  dir.put({ c: LARGER });
  dir.list("a", "b", "c", "missing");
  await assertRejects(() => way.reload(stack), ReftableError, `names "${dir.path}/missing"`);
  assertEquals(stack.tableNames, ["a", "b"]);
  assertEquals(watched.open, ["a"]);
  const model = modelOf(LARGE, SMALL);
  assertRecords(stack.refs(), model.refs());
});

eitherWay("Stack.open() gives up on a list that never stands still", async (way) => {
  using dir = new StackDirectory({ a: LARGE });
  let tries = 0;
  const watched = new WatchedFileSystem((call) => {
    if (call.startsWith("open missing")) dir.list("a", `missing-${++tries}`);
  });
  dir.list("a", "missing");
  // Time runs: three seconds are over after a few tries.
  const { now } = Date;
  let offset = 0;
  Date.now = () => now() + (offset += 200);
  try {
    await assertRejects(() => way.open(dir.path, watched), ReftableError, "which does not exist");
  } finally {
    Date.now = now;
  }
  assert(tries > 2 && tries < 20, `${tries} tries`);
  assertEquals(watched.open, []);
});

eitherWay("Stack.open() refuses names that leave the directory", async (way) => {
  using dir = new StackDirectory({ "a.ref": SMALL });
  const outside = `${dir.path}/../outside.ref`;
  Deno.writeFileSync(outside, fixture(SMALL).bytes);
  const { calls, fileSystem } = new WatchedFileSystem();
  for (const name of ["../outside.ref", "../reftable/a.ref", Deno.realPathSync(outside), "", "."]) {
    dir.list("a.ref", name);
    const error = await assertRejects(
      () => way.open(dir.path, { fileSystem }),
      ReftableError,
      `Cannot read "${dir.listPath}": line 2 is ${JSON.stringify(name)}`,
    );
    assertEquals(error.code, "format");
  }
  assertEquals(calls.filter((call) => call.startsWith("open")), []);
});

eitherWay("Stack.open() takes a directory without a list as empty", async (way) => {
  using dir = new StackDirectory();
  const cases = [() => {}, () => dir.remove("tables.list")];
  for (const prepare of cases) {
    prepare();
    using stack = await way.open(dir.path);
    assertEquals([stack.tableNames, stack.tables], [[], []]);
    assertEquals([stack.hash, stack.nextUpdateIndex], ["sha1", 1]);
    assertEquals([...stack.refs(), ...stack.logs(), ...stack.refsFor("0".repeat(40))], []);
    assertEquals([stack.ref("HEAD"), stack.log("HEAD")], [undefined, undefined]);
    assertEquals(await way.reload(stack), false);
  }
  using stack = await way.open(dir.path, { hash: "sha256" });
  assertEquals(stack.hash, "sha256");
  // The first table comes.
  dir.put({ a: "git/sha256.ref" });
  dir.list("a");
  assertEquals(await way.reload(stack), true);
  assertEquals(stack.tableNames, ["a"]);
});

eitherWay("Stack.open() tells what is wrong with a directory", async (way) => {
  using dir = new StackDirectory({ a: SMALL });
  Deno.mkdirSync(`${dir.path}/b`);
  Deno.mkdirSync(`${dir.path}/c/tables.list`, { recursive: true });
  dir.list("a", "b");
  const cases: readonly [string, string, string][] = [
    [`${dir.path}/missing`, "not-exist", 'missing": it does not exist'],
    [`${dir.path}/a`, "io", "a"],
    // A table, and a list, that is a directory.
    [dir.path, "io", '/b": it is no regular file'],
    [`${dir.path}/c`, "io", "tables.list"],
  ];
  for (const [path, code, message] of cases) {
    const error = await assertRejects(() => way.open(path), ReftableError, message);
    assertEquals(error.code, code, path);
  }
});

eitherWay("Stack.reload() notices that the directory is gone", async (way) => {
  using dir = new StackDirectory({ a: LARGE });
  using stack = await way.open(dir.path);
  Deno.renameSync(dir.path, `${dir.path}-elsewhere`);
  const error = await assertRejects(() => way.reload(stack), ReftableError, "does not exist");
  assertEquals([error.code, error.file], ["not-exist", dir.path]);
  assertRecords(stack.refs(), modelOf(LARGE).refs());
});

eitherWay("Stack.open() refuses damaged tables and closes the others", async (way) => {
  using dir = new StackDirectory({ a: LARGE, b: LARGER, c: SMALL });
  const damaged = fixture(LARGER).bytes.slice();
  damaged[damaged.length - 1]! ^= 1;
  dir.put({ b: damaged });
  const watched = new WatchedFileSystem();
  const error = await assertRejects(() => way.open(dir.path, watched), ReftableError, "/b");
  assertEquals([error.code, error.file], ["format", `${dir.path}/b`]);
  assertEquals(watched.open, []);
});

eitherWay("Stack.open() refuses tables of another hash", async (way) => {
  using dir = new StackDirectory({ a: LARGE, b: LARGER });
  const watched = new WatchedFileSystem();
  await assertRejects(
    () => way.open(dir.path, { ...watched, hash: "sha256" }),
    ReftableError,
    `Cannot read table "${dir.path}/a": its hash is sha1, that of the stack is sha256`,
  );
  dir.put({ b: "git/sha256.ref" });
  await assertRejects(
    () => way.open(dir.path, watched),
    ReftableError,
    `Cannot read table "${dir.path}/b": its hash is sha256, that of the stack is sha1`,
  );
  assertEquals(watched.open, []);
});

eitherWay("Stack.reload() refuses new tables of another hash", async (way) => {
  const watched = new WatchedFileSystem();
  using dir = new StackDirectory({ a: LARGE });
  using stack = await way.open(dir.path, watched);
  dir.put({ b: "git/sha256.ref" });
  for (const names of [["a", "b"], ["b", "a"]]) {
    dir.list(...names);
    const error = await assertRejects(() => way.reload(stack), ReftableError, "its hash is");
    assertEquals(error.code, "format");
    assertEquals(stack.tableNames, ["a"]);
    assertEquals(watched.open, ["a"], `${names}`);
  }
});
