import { assert, assertEquals, assertMatch } from "@std/assert";
import { copy } from "@std/fs";
import { type LogRecord, type RefRecord, Stack, Table } from "@reftable/reftable";
import { encodeText } from "../../src/bytes/text.ts";
import { assertRecords, fixture, type FixtureName, fixtures } from "../fixtures.ts";
import { encodeTable } from "../merged/random_tables.ts";
import { CLI, command, eachOf, FIXTURES, reftable, type Run, type RunOptions } from "./run_cli.ts";

/** What `--json` prints of a record. */
type Line = (RefRecord & { type: "ref" } | LogRecord & { type: "log" }) & { table?: string };

/** Runs `dump`, which must succeed and be silent. */
async function dump(args: readonly string[], options?: RunOptions): Promise<Run> {
  const run = await reftable(["dump", ...args], options);
  assertEquals([run.code, run.stderr], [0, ""], args.join(" "));
  return run;
}

async function dumpJson(args: readonly string[], options?: RunOptions): Promise<Line[]> {
  const { stdout } = await dump(["--json", ...args], options);
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

function lines(
  { refs = [], logs = [] }: { refs?: Iterable<RefRecord>; logs?: Iterable<LogRecord> },
): Line[] {
  return [
    ...[...refs].map((ref) => ({ type: "ref" as const, ...ref })),
    ...[...logs].map((log) => ({ type: "log" as const, ...log })),
  ];
}

/** A temporary directory, removed on disposal. */
function temporary(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "reftable-cli-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test("dump --json prints the records of every fixture", async () => {
  await eachOf(fixtures(), async (given) => {
    assertRecords(await dumpJson([given.name]), lines(given), given.name);
  });
});

const A = "0123456789abcdef".repeat(3).slice(0, 40);
const B = "fedcba9876543210".repeat(3).slice(0, 40);

Deno.test("dump prints records as text", async () => {
  const log = { kind: "update", oldOid: A, newOid: B, time: 1700000000, message: "m\n" } as const;
  const who = { name: "C O Mitter", email: "c@example.com", tzOffset: -730 };
  const bytes = encodeTable({
    refs: [
      { kind: "symref", refname: "HEAD", updateIndex: 1, target: "refs/heads/main" },
      { kind: "deletion", refname: "refs/heads/gone", updateIndex: 4 },
      { kind: "direct", refname: "refs/heads/grüße", updateIndex: 300, oid: A },
      { kind: "direct", refname: "refs/heads/main", updateIndex: 3, oid: B },
      { kind: "peeled", refname: "refs/tags/v1", updateIndex: 3, oid: A, peeled: B },
    ],
    logs: [
      { refname: "HEAD", updateIndex: 5, ...log, ...who, message: "message\n" },
      { refname: "HEAD", updateIndex: 4, ...log, ...who, tzOffset: 5, message: "no newline" },
      { refname: "HEAD", updateIndex: 3, kind: "deletion" },
      { refname: "HEAD", updateIndex: 2, ...log, name: "", email: "", tzOffset: 1400, message: "" },
      { refname: "HEAD", updateIndex: 1, ...log, ...who, tzOffset: 0, message: "a\n\nb\n" },
    ],
  });
  const text = `ref{HEAD(1) => refs/heads/main}
ref{refs/heads/gone(4) delete}
ref{refs/heads/grüße(300) val 1 ${A}}
ref{refs/heads/main(3) val 1 ${B}}
ref{refs/tags/v1(3) val 2 ${A}(T ${B})}
log{HEAD(5) C O Mitter <c@example.com> 1700000000 -0730
${A} => ${B}

message
}
log{HEAD(4) C O Mitter <c@example.com> 1700000000 +0005
${A} => ${B}

no newline
}
log{HEAD(3) delete}
log{HEAD(2)  <> 1700000000 +1400
${A} => ${B}


}
log{HEAD(1) C O Mitter <c@example.com> 1700000000 +0000
${A} => ${B}

a

b
}
`;
  using dir = temporary();
  const path = `${dir.path}/made.ref`;
  Deno.writeFileSync(path, bytes);
  assertEquals((await dump([path], { read: [dir.path] })).stdout, text);
});

Deno.test("dump prints names that are not UTF-8 as their bytes, and JSON without them", async () => {
  const refname = "refs/heads/\udcfc\udcff";
  const bytes = Uint8Array.from(
    encodeTable({
      refs: [{ kind: "deletion", refname: "refs/heads/??", updateIndex: 1 }],
      logs: [],
    }),
  );
  // The maker of the table knows UTF-8 only.
  bytes.set([0xfc, 0xff], bytes.findIndex((byte, i) => byte === 0x3f && bytes[i + 1] === 0x3f));
  using dir = temporary();
  const path = `${dir.path}/made.ref`;
  Deno.writeFileSync(path, bytes);
  const options = { read: [dir.path] };
  const { stdoutBytes } = await dump([path], options);
  assertEquals(stdoutBytes, encodeText(`ref{${refname}(1) delete}\n`));
  const json = await dump(["--json", path], options);
  assertMatch(json.stdout, /"refs\/heads\/\\udcfc\\udcff"/);
});

Deno.test("dump selects records of a table", async () => {
  const name: FixtureName = "git/mixed-4k.ref";
  const { refs, logs } = fixture(name);
  const ref = refs.find(({ kind }) => kind === "peeled")!;
  assert(ref.kind === "peeled");
  const log = logs.find(({ refname }) => refs.some((ref) => ref.refname === refname))!;
  const both = (refname: string) => ({
    refs: refs.filter((ref) => ref.refname === refname),
    logs: logs.filter((log) => log.refname === refname),
  });
  const within = (prefix: string) => ({
    refs: refs.filter((ref) => ref.refname.startsWith(prefix)),
    logs: logs.filter((log) => log.refname.startsWith(prefix)),
  });
  const holding = (oid: string) => ({
    refs: refs.filter((ref) =>
      "oid" in ref && ref.oid === oid || "peeled" in ref && ref.peeled === oid
    ),
  });
  const tags = within("refs/tags/");
  const cases: readonly [string[], Parameters<typeof lines>[0]][] = [
    [["--refs"], { refs }],
    [["--logs"], { logs }],
    [["--prefix=refs/tags/"], tags],
    [["--prefix", "refs/tags/", "--refs"], { refs: tags.refs }],
    [["--prefix=refs/nothing/"], {}],
    [["--ref", log.refname], both(log.refname)],
    [[`--ref=${log.refname}`, "--logs"], { logs: both(log.refname).logs }],
    [["--ref=refs/missing"], {}],
    [["--oid", ref.oid], holding(ref.oid)],
    [["--oid", ref.peeled], holding(ref.peeled)],
    [[`--oid=${"0".repeat(40)}`], {}],
    [[`--oid=${ref.oid}`, `--ref=${ref.refname}`], { refs: [ref] }],
    [[`--oid=${ref.oid}`, `--ref=${log.refname}`], {}],
    [[`--oid=${ref.oid}`, "--prefix=refs/nothing"], {}],
    // Unique beginnings of names, letters in one word, the end of options.
    [["--pre", "refs/tags/", "--log"], { logs: tags.logs }],
    [["--ha=sha1", "--refs"], { refs }],
    [["-t", "--refs", "--"], { refs }],
  ];
  for (const [, expected] of cases) assert(lines(expected).length < refs.length + logs.length);
  await eachOf(cases, async ([args, expected]) => {
    assertRecords(await dumpJson([...args, name]), lines(expected), args.join(" "));
  });
});

Deno.test("dump --refs --logs prints both", async () => {
  const given = fixture("jgit/small-mixed.ref");
  assertRecords(await dumpJson(["--refs", "--logs", given.name]), lines(given));
});

Deno.test("dump finds the stack that a path means", async () => {
  using dir = temporary();
  const main = `${dir.path}/main`;
  const linked = `${dir.path}/linked`;
  await copy(`${FIXTURES}/repository/git`, `${main}/.git`);
  Deno.mkdirSync(linked);
  Deno.writeTextFileSync(`${linked}/.git`, "gitdir: ../main/.git/worktrees/linked\n");
  await copy(`${FIXTURES}/repository-sha256/git`, `${dir.path}/bare.git`);
  const shared = `${main}/.git/reftable`;
  const own = `${main}/.git/worktrees/linked/reftable`;
  const bare = `${dir.path}/bare.git/reftable`;
  const cases: readonly [string[], string][] = [
    [[shared], shared],
    [["-s", shared], shared],
    [["-s", own], own],
    [[own], own],
    [[main], shared],
    [[`${main}/`], shared],
    [["--worktree", main], shared],
    [[`${main}/.git`], shared],
    [[linked], shared],
    [[`${linked}/.git`], shared],
    [["--worktree", linked], own],
    [["--worktree", `${linked}/.git`], own],
    [[`${main}/.git/worktrees/linked`], shared],
    [["--worktree", `${main}/.git/worktrees/linked`], own],
    [[`${dir.path}/bare.git`], bare],
    [["-6", `${dir.path}/bare.git`], bare],
    [["-2", bare], bare],
    [["-s6", bare], bare],
    [["--hash=sha1", main], shared],
  ];
  const expected = new Map<string, Line[]>();
  for (const directory of [shared, own, bare]) {
    using stack = Stack.openSync(directory);
    expected.set(directory, lines({ refs: stack.refs(), logs: stack.logs() }));
  }
  await eachOf(cases, async ([args, directory]) => {
    const found = await dumpJson(args, { read: [dir.path] });
    assertRecords(found, expected.get(directory)!, args.join(" "));
  });
});

Deno.test("dump needs to read no more than what it is told to dump", async () => {
  using dir = temporary();
  await copy(`${FIXTURES}/repository/git`, `${dir.path}/main/.git`);
  const paths = [
    `${FIXTURES}/git/one-ref.ref`,
    `${FIXTURES}/repository/git`,
    `${FIXTURES}/repository-sha256/git`,
    `${dir.path}/main`,
    `${dir.path}/main/.git`,
  ];
  await eachOf(paths, async (path) => {
    assertMatch((await dump([path], { read: [path] })).stdout, /^ref\{/, path);
  });
});

// Ignored: for settings that reading has no use for, the directory above it is looked at.
Deno.test("dump needs to read no more than a stack", async () => {
  const path = `${FIXTURES}/repository/git/reftable`;
  assertMatch((await dump([path], { read: [path] })).stdout, /^ref\{/);
});

Deno.test("dump -s takes a directory without a list as an empty stack", async () => {
  using dir = temporary();
  assertEquals((await dump(["-s", dir.path], { read: [dir.path] })).stdout, "");
  assertEquals((await reftable(["dump", dir.path], { read: [dir.path] })).code, 1);
});

Deno.test("dump --tables prints each table of a stack with its tombstones", async () => {
  const directory = "repository/git/reftable";
  const names = Deno.readTextFileSync(`${FIXTURES}/${directory}/tables.list`).trim().split("\n");
  const tables = names.map((name) => {
    const table = Table.openSync(Deno.readFileSync(`${FIXTURES}/${directory}/${name}`));
    return { name: `${directory}/${name}`, refs: [...table.refs()], logs: [...table.logs()] };
  });
  const all = tables.flatMap(({ name, ...records }) =>
    lines(records).map((line) => ({ table: name, ...line }))
  );
  assert(all.some(({ type, kind }) => type === "ref" && kind === "deletion"));
  assertRecords(await dumpJson(["--tables", "repository/git"]), all);
  const refs = await dumpJson(["--tables", "--refs", "repository/git"]);
  assertRecords(refs, all.filter(({ type }) => type === "ref"));

  const { stdout } = await dump(["--tables", "--ref=refs/heads/gone", "--refs", directory]);
  const gone = (updateIndex: number, value: string) =>
    `ref{refs/heads/gone(${updateIndex}) ${value}}\n`;
  const expected = tables.map(({ name, refs }) => {
    const ref = refs.find(({ refname }) => refname === "refs/heads/gone");
    const text = ref === undefined
      ? ""
      : gone(ref.updateIndex, ref.kind === "direct" ? `val 1 ${ref.oid}` : "delete");
    return `table{${name}}\n${text}`;
  });
  assertEquals(stdout, expected.join(""));
  assertMatch(stdout, /val 1[^]* delete/);
});

Deno.test("dump -b prints the blocks of a table", async () => {
  const log = (blocks: string) => `log:\n${blocks}`;
  const block = (length: number, restarts: number) =>
    `  - length: ${length}\n    restarts: ${restarts}\n`;
  const header = (size: number) => `header:\n  block_size: ${size}\n`;
  const cases: readonly [FixtureName, string][] = [
    ["git/empty.ref", header(4096)],
    ["git/one-ref.ref", `${header(4096)}ref:\n${block(73, 1)}`],
    [
      "git/exact-messages.ref",
      `${header(4096)}ref:\n${block(842, 3)}${log(block(4004, 4) + block(1635, 1))}`,
    ],
    ["jgit/small-mixed.ref", `${header(4096)}ref:\n${block(448, 5)}${log(block(2583, 3))}`],
    ["git/same-object-512.ref", header(512) + plainBlocks("git/same-object-512.ref", 512, block)],
    ["git/restart-1-512.ref", header(512) + plainBlocks("git/restart-1-512.ref", 512, block)],
  ];
  await eachOf(cases, async ([name, expected]) => {
    assertEquals((await dump(["-b", name])).stdout, expected, name);
    assertEquals((await dump(["-tb", name])).stdout, expected, name);
  });
});

/** Describes blocks that all begin at multiples of the block size: no log is among them. */
function plainBlocks(
  name: FixtureName,
  blockSize: number,
  block: (length: number, restarts: number) => string,
): string {
  const { bytes } = fixture(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - 68;
  let text = "";
  let section = "";
  for (let offset = 0; offset < end;) {
    const start = offset === 0 ? 24 : offset;
    const type = { r: "ref", i: "idx", o: "obj" }[String.fromCharCode(bytes[start]!)];
    assert(type !== undefined, `${bytes[start]} at ${start}`);
    if (type !== section) text += `${section = type}:\n`;
    const length = view.getUint32(start) & 0xffffff;
    const restarts = view.getUint16(offset + length - 2);
    text += block(length - 2 - 3 * restarts, restarts);
    offset += Math.ceil(length / blockSize) * blockSize;
  }
  return text;
}

Deno.test("dump -b prints the blocks of each table of a stack", async () => {
  const { stdout } = await dump(["-b", "repository/git"]);
  const tables = Deno.readTextFileSync(`${FIXTURES}/repository/git/reftable/tables.list`);
  const headers = stdout.match(/^header:\n {2}block_size: 4096$/gm);
  assertEquals(headers?.length, tables.trim().split("\n").length);
  const json = (await dump(["-b", "--json", "git/one-ref.ref"])).stdout;
  const { type, offset, length, restarts, entries } = JSON.parse(json);
  assertEquals([type, offset, length, restarts, entries], ["ref", 0, 78, 1, 1]);
});

Deno.test("dump tells of bad input in one line", async () => {
  using dir = temporary();
  const good = fixture("git/mixed-4k.ref").bytes;
  const change = (offset: number, ...values: number[]) => {
    const bytes = good.slice();
    bytes.set(values, offset);
    return bytes;
  };
  Deno.mkdirSync(`${dir.path}/stack`);
  Deno.writeTextFileSync(`${dir.path}/stack/tables.list`, "a.ref\n../b.ref\n");
  Deno.mkdirSync(`${dir.path}/holes`);
  Deno.writeTextFileSync(`${dir.path}/holes/tables.list`, "a.ref\n");
  for (const name of ["objects", "refs"]) {
    Deno.mkdirSync(`${dir.path}/files/.git/${name}`, { recursive: true });
  }
  Deno.writeTextFileSync(`${dir.path}/files/.git/HEAD`, "ref: refs/heads/main\n");
  Deno.mkdirSync(`${dir.path}/nothing`);
  const files: Record<string, Uint8Array> = {
    empty: new Uint8Array(),
    text: encodeText("These are words.\n".repeat(100)),
    short: good.slice(0, 60),
    cut: good.slice(0, 9000),
    version: change(4, 7),
    footer: change(good.length - 20, 0xff),
    block: change(4096, 0xff),
    length: change(4097, 0xff, 0xff, 0xff),
    record: change(4110, 0xff, 0xff, 0xff, 0xff),
  };
  for (const [name, bytes] of Object.entries(files)) {
    Deno.writeFileSync(`${dir.path}/${name}`, bytes);
  }
  const list = `${dir.path}/stack/tables.list`;
  const cases: readonly [string, RegExp, string[]?][] = [
    ["empty", /offset 0/],
    ["text", /offset 0/],
    ["short", /60 bytes/],
    ["cut", /offset 8932/],
    ["version", /version is 7, expected 1 or 2/],
    ["footer", /footer at offset 202434/],
    ["block", /expected a block at offset 4096, found byte 255/],
    ["length", /block length at offset 4096 is 16777215, the footer begins at 202434/],
    ["record", /record at offset 4\d\d\d/],
    ["missing", /does not exist/],
    ["missing", /does not exist/, ["-t"]],
    ["missing", /does not exist/, ["-s"]],
    ["nothing", /not a git repository/],
    ["nothing", /no regular file/, ["-t"]],
    ["stack", new RegExp(`"${list}": line 2 is "../b.ref", expected a file name`)],
    ["holes", /tables\.list names ".*\/holes\/a\.ref", which does not exist/],
    ["files", /refs are stored as files/],
  ];
  await eachOf(cases, async ([name, pattern, args = []]) => {
    const run = await reftable(["dump", ...args, `${dir.path}/${name}`], { read: [dir.path] });
    assertEquals(run.code, 1, name);
    assertMatch(run.stderr, /^error: [^\n]+\n$/, name);
    assert(run.stderr.includes(`${dir.path}/${name}`), run.stderr);
    assertMatch(run.stderr, pattern);
    // What is before the damage is printed.
    if (name === "record") assertMatch(run.stdout, /^ref\{/);
    else if (name !== "block" && name !== "length") assertEquals(run.stdout, "", name);
  });
  const refusals: readonly [string[], RegExp][] = [
    [["-6", "git/one-ref.ref"], /"git\/one-ref\.ref": its hash is sha1, not sha256/],
    [["-2", "git/one-ref.ref"], /"git\/one-ref\.ref": its hash is sha1, not sha256/],
    [["--hash=sha1", "git/sha256.ref"], /"git\/sha256\.ref": its hash is sha256, not sha1/],
    [["--hash=sha256", "repository/git"], /its hash is sha1, that of the stack is sha256/],
    [["--oid=abc", "git/one-ref.ref"], /object id "abc": expected 40 hexadecimal digits for sha1/],
    [[`--oid=${A}`, "git/sha256.ref"], /expected 64 hexadecimal digits for sha256/],
  ];
  await eachOf(refusals, async ([args, pattern]) => {
    const run = await reftable(["dump", ...args]);
    assertEquals([run.code, run.stdout], [1, ""], args.join(" "));
    assertMatch(run.stderr, /^error: [^\n]+\n$/);
    assertMatch(run.stderr, pattern);
  });
});

Deno.test("dump tells of a permission that is missing in one line", async () => {
  const cases: readonly [string, readonly string[]][] = [
    ["git/one-ref.ref", []],
    ["repository/git", []],
    ["repository/git/reftable", []],
    ["git/one-ref.ref", [`${FIXTURES}/jgit`]],
  ];
  await eachOf(cases, ([path, read]) => checkMissingPermission(path, read));
});

Deno.test("dump of a linked working tree tells that it may not read the shared directory", async () => {
  const path = "repository/git/worktrees/linked";
  await checkMissingPermission(path, [`${FIXTURES}/${path}`]);
});

async function checkMissingPermission(path: string, read: readonly string[]): Promise<void> {
  const run = await reftable(["dump", path], { read });
  assertEquals([run.code, run.stdout], [1, ""], path);
  assertMatch(run.stderr, /^error: Cannot \w+ "[^"]+": permission is missing, [^\n]+\n$/, path);
}

Deno.test("dump ends quietly when nobody reads on", async () => {
  for (const args of [["--json", "jgit/aligned-64k.ref"], ["jgit/aligned-64k.ref"]]) {
    const child = command(["dump", ...args]).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    assert(value!.length > 0);
    await reader.cancel();
    const stderr = await new Response(child.stderr).text();
    assertEquals([(await child.status).code, stderr], [0, ""]);
  }
});

for (const damaged of [false, true]) {
  Deno.test({
    name: `dump tells that ${
      damaged ? "what is before the damage" : "its output"
    } cannot be written`,
    // Ignored where there is no such file, and for damage: that the output cannot be written is not caught.
    ignore: Deno.build.os !== "linux",
    async fn() {
      using dir = temporary();
      const bytes = fixture("git/mixed-4k.ref").bytes.slice();
      if (damaged) bytes.fill(0xff, 4110, 4140);
      Deno.writeFileSync(`${dir.path}/table`, bytes);
      const { code, stderr } = await new Deno.Command("sh", {
        args: ["-c", 'exec "$@" > /dev/full', "sh", Deno.execPath(), "run", "--no-prompt"].concat(
          `--allow-read=${dir.path}`,
          CLI,
          "dump",
          `${dir.path}/table`,
        ),
        env: { NO_COLOR: "1" },
      }).output();
      assertEquals(code, 1);
      assertMatch(new TextDecoder().decode(stderr), /^error: [^\n]+\n$/);
    },
  });
}
