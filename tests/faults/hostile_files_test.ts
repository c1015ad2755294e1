/**
 * Files that strangers have made to mislead who reads them.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  BytesSink,
  findGitDirectory,
  MemoryFileSystem,
  openRepository,
  RefStore,
  ReftableError,
  repairStack,
  Stack,
  TableWriter,
  verifyStack,
} from "@reftable/reftable";
import { compileWildmatch } from "../../src/bytes/wildmatch.ts";
import { parseRecord } from "../../src/cli/load.ts";
import { allLogs } from "../../src/cli/reflog/change_logs.ts";
import { InstructionParser } from "../../src/cli/update_ref_parser.ts";
import { BytesSource } from "../../src/io/block_source.ts";
import { dirname } from "../../src/io/path.ts";
import { cleanIdentity } from "../../src/refs/identity.ts";
import { parseLogLine } from "../../src/refs/log_line.ts";
import { parseRefFile } from "../../src/refs/ref_file.ts";
import { verifySource } from "../../src/table/verify_table.ts";
import { reftable } from "../cli/run_cli.ts";
import { fixture } from "../fixtures.ts";
import { block, type Bytes, concat, directRef, oid, record, table, varint } from "../hand_made.ts";
import { addRefs, assertCode, entry, filesIn, tidyTest } from "../stack/changes.ts";
import { StackDirectory } from "../stack/stack_directory.ts";
import { makeRepository, openStore, REPOSITORY } from "./memory_repository.ts";
import { onlyIn } from "./only_in.ts";

/** More than a call takes arguments. */
const MANY = 150_000;

const DIRECTORY = `${REPOSITORY}/reftable`;

const encode = (text: string) => new TextEncoder().encode(text);

/** A stack of one table on the disk, and a file beside its directory that is nobody's business. */
async function makeStack(dir: StackDirectory): Promise<string> {
  await using stack = await Stack.open(dir.path, { sync: false, autoCompact: false });
  await addRefs(stack, "refs/heads/a");
  const secret = `${dir.path}/../secret`;
  Deno.writeTextFileSync(secret, "a secret");
  return secret;
}

tidyTest("Stack opens no file that is not in its directory, whatever the list names", async () => {
  for (
    const name of [
      "../config",
      "/repository/config",
      "..",
      ".",
      "a/b",
      "a\\b",
      "C:x",
      "\0",
      "",
      "x\0y",
    ]
  ) {
    const memory = new MemoryFileSystem();
    makeRepository(memory, "reftable");
    const fileSystem = onlyIn(DIRECTORY, memory);
    {
      await using stack = await Stack.open(DIRECTORY, { fileSystem });
      await addRefs(stack, "refs/heads/a");
    }
    const list = `${DIRECTORY}/tables.list`;
    const before = new TextDecoder().decode(memory.readFileSync(list));
    memory.writeFileSync(list, encode(`${before}${name}\n`));
    for (const open of [Stack.open, Stack.openSync]) {
      const error = await assertRejects(
        () => Promise.try(() => open(DIRECTORY, { fileSystem })),
        ReftableError,
      );
      assertEquals([error.code, error.file], ["format", list], name);
      assertMatch(error.message, /line 2 is .*, expected a file name$/);
    }
    const { problems } = await verifyStack(DIRECTORY, { fileSystem });
    assertEquals(problems.map(({ code }) => code), ["tables-list"], name);
    await repairStack(DIRECTORY, { fileSystem });
    assertEquals(new TextDecoder().decode(memory.readFileSync(list)), before);
  }
});

tidyTest("Stack takes no longer to read a list that names its tables again and again", async () => {
  using dir = new StackDirectory();
  for (const name of ["git/one-ref.ref", "jgit/small-mixed.ref"] as const) {
    Deno.writeFileSync(`${dir.path}/${name.replace("/", "-")}`, fixture(name).bytes);
  }
  const names = ["git-one-ref.ref", "jgit-small-mixed.ref"];
  const listed = async (list: readonly string[]) => {
    Deno.writeTextFileSync(`${dir.path}/tables.list`, list.map((name) => `${name}\n`).join(""));
    await using stack = await Stack.open(dir.path);
    // Whoever asks for a table by its place gets the one of that name.
    assertEquals(stack.tables.length, list.length);
    stack.tables.forEach((table, place) => assert(table.name.endsWith(list[place]!)));
    const [ref] = stack.refs({ prefix: "refs/" });
    assert(ref && "oid" in ref);
    return { refs: stack.refs().toArray(), found: stack.refsFor(ref.oid) };
  };
  // The last place counts: what is newer hides what is older.
  const expected = await listed(names);
  const again = Array.from({ length: 100_000 }, () => names.toReversed()).flat();
  assertEquals(await listed([...again, ...names]), expected);
  assert(expected.refs.length > 1 && expected.found.length > 0);
});

tidyTest("reftable follows no symbolic link to what it may not read", async () => {
  using dir = new StackDirectory();
  const secret = await makeStack(dir);
  const { bytes, refs } = fixture("git/one-ref.ref");
  Deno.writeFileSync(secret, bytes);
  Deno.symlinkSync(secret, `${dir.path}/x.ref`);
  dir.list("x.ref");
  for (const args of [["dump", dir.path], ["stats", dir.path], ["verify", dir.path]]) {
    const { code, stdout, stderr } = await reftable(args, { read: [dir.path] });
    assert(code > 0);
    assertEquals(stdout, "");
    assertMatch(stderr, /^error: Cannot .*x\.ref": permission is missing/);
  }
  // With permission, it is a table like others.
  const { stdout } = await reftable(["dump", dir.path], { read: [dir.path, secret] });
  assert(stdout.includes(refs[0]!.refname));
});

tidyTest("Stack changes nothing that symbolic links in its directory lead to", async () => {
  using dir = new StackDirectory();
  const secret = await makeStack(dir);
  const [name = ""] = filesIn(dir.path);
  // What looks like an orphan, a temporary file, and the list.
  Deno.symlinkSync(secret, `${dir.path}/0x000000000001-0x000000000001-00000000.ref`);
  Deno.symlinkSync(secret, `${dir.path}/${name}.temp.0badcafe`);
  const list = `${dir.path}/../list`;
  Deno.renameSync(dir.listPath, list);
  Deno.symlinkSync("../list", dir.listPath);
  const before = Deno.readTextFileSync(list);
  await using stack = await Stack.open(dir.path, { sync: false, lockTimeout: 0 });
  await addRefs(stack, "refs/heads/b");
  assertEquals(await stack.clean(), []);
  await repairStack(dir.path, { sync: false });
  assertEquals([Deno.readTextFileSync(list), Deno.readTextFileSync(secret)], [before, "a secret"]);
  assertEquals(Deno.lstatSync(dir.listPath).isSymlink, false);
  // A lock that leads elsewhere is somebody's lock.
  const lock = `${dir.listPath}.lock`;
  Deno.symlinkSync("../made", lock);
  const error = await assertRejects(() => addRefs(stack, "refs/heads/c"), ReftableError);
  assertEquals(error.code, "lock");
  assertThrows(() => Deno.statSync(`${dir.path}/../made`), Deno.errors.NotFound);
  Deno.removeSync(lock);
});

tidyTest("repairStack() mends a stack with symbolic links to themselves in it", async () => {
  const places: readonly ((dir: StackDirectory, table: string) => string)[] = [
    (dir, table) => `${dir.path}/${table}`,
    (dir) => dir.listPath,
    (dir) => `${dir.path}/x.ref.temp.0badcafe`,
    (dir) => `${dir.path}/x.ref.lock`,
    (dir) => `${dir.path}/0x000000000001-0x000000000001-00000000.ref`,
  ];
  for (const place of places) {
    using dir = new StackDirectory();
    await makeStack(dir);
    await using stack = await Stack.open(dir.path, { sync: false, autoCompact: false });
    await addRefs(stack, "refs/heads/b");
    const path = place(dir, stack.tableNames[0]!);
    await Deno.remove(path).catch(() => {});
    Deno.symlinkSync(path, path);
    await repairStack(dir.path, { sync: false });
    const { problems } = await verifyStack(dir.path);
    assertEquals(problems.filter(({ severity }) => severity === "error"), []);
    await using repaired = await Stack.open(dir.path);
    assert(repaired.ref("refs/heads/b"));
  }
});

tidyTest("repairStack() mends a list with names that no file can have", async () => {
  for (const name of [encode("a".repeat(300)), encode("\u00e9".repeat(200)), [0xff, 0xfe]]) {
    using dir = new StackDirectory();
    await makeStack(dir);
    const before = Deno.readFileSync(dir.listPath);
    Deno.writeFileSync(dir.listPath, new Uint8Array([...before, ...name, 0x0a]));
    await assertCode("format", Stack.open(dir.path));
    const { problems } = await verifyStack(dir.path);
    assertEquals(problems.map(({ code }) => code), ["tables-list"]);
    await repairStack(dir.path, { sync: false });
    assertEquals(Deno.readFileSync(dir.listPath), before);
  }
});

tidyTest("Stack waits for no pipe, and reads no directory, where a file should be", async () => {
  using dir = new StackDirectory();
  await makeStack(dir);
  const [name = ""] = filesIn(dir.path);
  const makePipe = (path: string) => {
    const { success } = new Deno.Command("mkfifo", { args: [path] }).outputSync();
    assert(success);
  };
  const makers: readonly ((path: string) => void)[] = Deno.build.os === "windows"
    ? [Deno.mkdirSync]
    : [Deno.mkdirSync, makePipe];
  for (const make of makers) {
    for (const path of [`${dir.path}/${name}`, dir.listPath]) {
      const bytes = Deno.readFileSync(path);
      Deno.removeSync(path);
      make(path);
      for (const open of [Stack.open, Stack.openSync]) {
        await assertRejects(() => Promise.try(() => open(dir.path)), ReftableError);
      }
      const { problems } = await verifyStack(dir.path);
      assert(problems.some(({ severity }) => severity === "error"));
      await repairStack(dir.path, { dryRun: true });
      Deno.removeSync(path);
      Deno.writeFileSync(path, bytes);
    }
  }
  assertEquals((await verifyStack(dir.path)).problems, []);
});

tidyTest("RefStore follows no chain of symbolic refs without end", async () => {
  for (const format of ["reftable"] as const) {
    const fileSystem = new MemoryFileSystem();
    makeRepository(fileSystem, format);
    await using refs = await openStore({ fileSystem });
    await refs.transaction((transaction) => {
      for (let i = 0; i < 1000; i++) {
        const target = `refs/heads/s${(i + 1) % 1000}`;
        transaction.createSymref(`refs/heads/s${i}`, target, { noDeref: true });
      }
    });
    for (const name of ["refs/heads/s0", "refs/heads/s999"]) {
      const found = refs.resolve(name);
      assertEquals([found?.isBroken, found?.oid, found?.via.length], [true, undefined, 5]);
    }
    assertEquals([...refs.list()].length, 1000);
    const update = refs.transaction((t) => t.update("refs/heads/s0", "1".repeat(40)));
    await assertRejects(() => update, ReftableError);
  }
});

tidyTest(
  "openRepository() comes to an end where gitdir and commondir lead in circles",
  async () => {
    const git = (path: string): Record<string, string> => ({
      [`${path}/HEAD`]: "ref: refs/heads/main\n",
      [`${path}/objects/x`]: "",
      [`${path}/refs/x`]: "",
      [`${path}/config`]: "[include]\n\tpath = config\n\tpath = ./../.git/config\n",
    });
    const cases: readonly Readonly<Record<string, string>>[] = [
      { "/r/.git": "gitdir: .git\n" },
      { "/r/.git": "gitdir: ../s/.git\n", "/s/.git": "gitdir: ../r/.git\n" },
      { ...git("/r/.git"), "/r/.git/commondir": ".\n" },
      { ...git("/r/.git"), "/r/.git/commondir": "../../s/.git\n", ...git("/s/.git") },
      {
        ...git("/r/.git"),
        "/r/.git/commondir": "../../s/.git\n",
        ...git("/s/.git"),
        "/s/.git/commondir": "../../r/.git\n",
      },
      git("/r/.git"),
      {
        ...git("/r/.git"),
        "/r/.git/config": "[include]\n\tpath = a\n",
        "/r/.git/a": "[include]\npath = b\n",
        "/r/.git/b": "[include]\npath = a\n",
      },
    ];
    for (const files of cases) {
      const fileSystem = new MemoryFileSystem();
      for (const [path, text] of Object.entries(files)) {
        fileSystem.makeDirectorySync(path.slice(0, path.lastIndexOf("/")));
        fileSystem.writeFileSync(path, encode(text));
      }
      for (const open of [findGitDirectory, openRepository, RefStore.open]) {
        const opened = await open("/r", { fileSystem }).catch((error) => error);
        if (opened instanceof RefStore) opened[Symbol.dispose]();
        if (opened instanceof Error) assert(opened instanceof ReftableError, `${opened}`);
      }
    }
  },
);

/** Encodes many records at once. */
function many(count: number, make: (i: number) => readonly number[]): Bytes {
  const bytes: number[] = [];
  for (let i = 0; i < count; i++) for (const byte of make(i)) bytes.push(byte);
  return Uint8Array.from(bytes);
}

/** Three bytes that ascend with a number. */
const three = (i: number) => [0x80 + (i >> 12), 0x80 + ((i >> 6) & 63), 0x80 + (i & 63)];

tidyTest(
  "verifyTable() takes indexes and objects that lead to more than a call takes arguments",
  async () => {
    const refs = block("r", [directRef("a")], { headerSize: 24 });
    const refIndex = 24 + refs.length;
    const index = block("i", [many(MANY, (i) => [0, 3 * 8, ...three(i), 0])]);
    const damaged = new Uint8Array(30).fill(0xff);
    const misleading = table([refs, damaged, index], { refIndex: refIndex + damaged.length });
    const { problems } = await verifySource(new BytesSource(misleading, "x.ref"));
    assert(problems.length > 0);
    // One object in as many blocks.
    const named = (i: number, headerSize: number) =>
      block("r", [record(0, Uint8Array.from(three(i)), 1, concat([0], oid(7)))], { headerSize });
    const first = named(0, 24);
    const other = named(0, 0);
    const others = new Uint8Array(MANY * other.length);
    for (let i = 0; i < MANY; i++) {
      others.set(other, i * other.length);
      // Behind the block's four bytes and the two lengths of the key.
      others.set(three(i + 1), i * other.length + 6);
    }
    const object = 24 + first.length + others.length;
    const objects = block("o", [record(0, [7, 7], 0, varint(0))]);
    const bytes = table([first, others, objects], { object, objectIdLength: 2 });
    assertEquals((await verifySource(new BytesSource(bytes, "x.ref"))).problems, []);
  },
);

tidyTest("update-ref, patterns and load take words of any length", async () => {
  const name = `refs/heads/${"a".repeat(MANY)}`;
  const text = `create "${name}" x\n`;
  assertEquals(new InstructionParser(text, "create ".length, "\n", "create").refname(), name);
  const endless = new InstructionParser(
    text.replaceAll('" x', " x"),
    "create ".length,
    "\n",
    "create",
  );
  assertThrows(() => endless.refname(), Error, "badly quoted argument");
  const matches = compileWildmatch(`[[:${"a".repeat(MANY)}:]]`);
  assertEquals(matches("a"), false);
  assertThrows(() => parseRecord("[".repeat(1_000_000)), SyntaxError);
  await Promise.resolve();
});

tidyTest("reflog takes more logs than a call takes arguments", async () => {
  const fileSystem = new MemoryFileSystem();
  makeRepository(fileSystem, "reftable");
  {
    await using stack = await Stack.open(DIRECTORY, { fileSystem, blockSize: 0x10000 });
    await stack.add((writer) => {
      for (let i = 0; i < MANY; i++) writer.addLog(entry(`refs/heads/${1_000_000 + i}`, 1));
    });
  }
  await using refs = await openStore({ fileSystem });
  assertEquals(allLogs(refs, false).length, MANY);
});

tidyTest("text with a million spaces or newlines in it is read in no time", async () => {
  // In a time that grows with the square of that, each of these would take hours.
  const count = 1_000_000;
  const spaces = `a${" ".repeat(count)}b`;
  const newlines = `a${"\n".repeat(count)}b`;
  assertEquals(parseRefFile(`${newlines}\n`, "x", "sha1").kind, "broken");
  const line = `${oid(1).toHex()} ${oid(2).toHex()} ${spaces} <x@example.com> 1 +0000\tx`;
  assertEquals(parseLogLine(line, 40)?.name, spaces);
  assertEquals(cleanIdentity({ name: spaces, email: newlines }).name, spaces);
  assertEquals(dirname(`/${"a/".repeat(count)}${"a".repeat(count)}/b`).length, 3 * count + 1);
  const writer = new TableWriter(new BytesSink());
  assertThrows(() => writer.addLog({ ...entry("HEAD", 0), message: newlines }), ReftableError);
  const files: Readonly<Record<string, string>> = {
    "/r/.git": `gitdir: ${newlines}`,
    "/s/.git/HEAD": newlines,
    "/s/.git/commondir": newlines,
    "/s/.git/config": `[core]\nbare = ${spaces}${newlines}[${spaces}]`,
    "/t/.git": `gitdir: ${"a/".repeat(count)}${"a".repeat(count)}`,
  };
  const fileSystem = new MemoryFileSystem();
  for (const [path, text] of Object.entries(files)) {
    fileSystem.makeDirectorySync(path.slice(0, path.lastIndexOf("/")));
    fileSystem.writeFileSync(path, encode(text));
  }
  for (const name of ["objects", "refs"]) fileSystem.makeDirectorySync(`/s/.git/${name}`);
  for (const path of ["/r", "/s", "/t"]) {
    await assertRejects(() => RefStore.open(path, { fileSystem }), ReftableError);
  }
});
