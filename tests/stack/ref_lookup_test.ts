import { assertEquals, assertThrows } from "@std/assert";
import { denoFileSystem, type HashName, ReftableError, Stack } from "@reftable/reftable";
import { runAsync, runSync } from "../../src/io/io.ts";
import { RefLookup } from "../../src/stack/ref_lookup.ts";
import { fixture } from "../fixtures.ts";
import { deletion, direct, tidyTest } from "./changes.ts";
import { StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

function lookup(dir: StackDirectory, hash: HashName = "sha1"): RefLookup {
  return new RefLookup(denoFileSystem, dir.path, hash);
}

const TABLES = {
  "a.ref": "git/mixed-4k.ref",
  "b.ref": "git/same-object-512.ref",
  "c.ref": "jgit/unaligned-1k.ref",
} as const;

tidyTest("RefLookup.find() finds what a stack has under a name", async () => {
  using dir = new StackDirectory(TABLES);
  await using stack = await Stack.open(dir.path);
  using found = lookup(dir);
  const names = new Set(["refs/heads/none", "A", "zzz", ""]);
  for (const name of Object.values(TABLES)) {
    fixture(name).refs.filter((_, i) => i % 9 === 0).forEach(({ refname }) => names.add(refname));
  }
  for (const name of names) {
    assertEquals(runSync(found.find(name)), stack.ref(name), name);
    assertEquals(await runAsync(found.find(name)), stack.ref(name), name);
  }
});

tidyTest("RefLookup.find() lets the newest table decide, and opens no others", async () => {
  using dir = new StackDirectory();
  {
    await using stack = await Stack.open(dir.path, { hash: "sha1", autoCompact: false });
    for (const add of [direct, direct, deletion, direct]) {
      const { nextUpdateIndex } = stack;
      const name = nextUpdateIndex === 4 ? "refs/heads/b" : "refs/heads/a";
      await stack.add((writer) => writer.addRef(add(name, nextUpdateIndex)));
    }
  }
  const watched = new WatchedFileSystem();
  const opened = () => watched.calls.filter((call) => /^open .*ref$/.test(call)).length;
  using found = new RefLookup(watched.fileSystem, dir.path, "sha1");
  assertEquals(runSync(found.find("refs/heads/b"))?.updateIndex, 4);
  assertEquals(opened(), 1);
  assertEquals(runSync(found.find("refs/heads/a")), undefined);
  assertEquals(opened(), 2);
  assertEquals(runSync(found.find("refs/heads/none")), undefined);
  assertEquals(opened(), 4);
});

tidyTest("RefLookup.find() begins anew when tables vanish", () => {
  using dir = new StackDirectory({ "a.ref": "git/one-ref.ref", "b.ref": "git/empty.ref" });
  const [{ refname } = { refname: "" }] = fixture("git/one-ref.ref").refs;
  let compactions = 0;
  const watched = new WatchedFileSystem((call) => {
    if (!/^open .*ref$/.test(call) || compactions++ > 2) return;
    // Somebody compacts, three times in a row.
    const old = Array.from(Deno.readDirSync(dir.path), ({ name }) => name)
      .filter((name) => name.endsWith(".ref"));
    dir.put({ [`${compactions}.ref`]: "git/one-ref.ref" });
    dir.list(`${compactions}.ref`);
    dir.remove(...old);
  });
  using found = new RefLookup(watched.fileSystem, dir.path, "sha1");
  assertEquals(runSync(found.find(refname))?.refname, refname);
  assertEquals(compactions, 4);
});

tidyTest("RefLookup.find() tells what is wrong with a stack", () => {
  using dir = new StackDirectory({ "a.ref": "git/one-ref.ref", "b.ref": "git/empty.ref" });
  const refused = (code: string, message: string, hash?: HashName) => {
    using found = lookup(dir, hash);
    const error = assertThrows(() => runSync(found.find("HEAD")), ReftableError);
    assertEquals([error.code, error.message], [code, message]);
  };
  const table = `Cannot read table "${dir.path}/b.ref"`;
  refused("format", `${table}: its hash is sha1, that of the stack is sha256`, "sha256");
  dir.remove("a.ref");
  const missing = `tables.list names "${dir.path}/a.ref", which does not exist`;
  refused("format", `Cannot read stack "${dir.path}": ${missing}`);
  dir.writeList("../a.ref\n");
  const line = 'line 1 is "../a.ref", expected a file name';
  refused("format", `Cannot read "${dir.listPath}": ${line}`);
  dir.writeList("c.ref\n");
  dir.put({ "c.ref": new Uint8Array(100) });
  refused(
    "format",
    `Cannot read table "${dir.path}/c.ref": no "REFT" at offset 0: this is no reftable`,
  );
  Deno.removeSync(dir.listPath);
  using empty = lookup(dir);
  assertEquals(runSync(empty.find("HEAD")), undefined);
  dir.remove("b.ref", "c.ref");
  Deno.removeSync(dir.path);
  refused("not-exist", `Cannot read stack "${dir.path}": it does not exist`);
});
