import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "@std/path";
import {
  type LogRecord,
  type LogUpdate,
  type RefRecord,
  Stack,
  Table,
  type TableWriterOptions,
} from "@reftable/reftable";
import { decodeText } from "../../src/bytes/text.ts";
import { assertRecords, seeded } from "../fixtures.ts";
import { GitRepo, type GitRepoOptions, gitTest, peer } from "../peers/git.ts";
import { numbered, write } from "../table/written.ts";
import { GitView } from "./git_view.ts";

const [major = 0, minor = 0] = peer.available ? peer.version.split(".").map(Number) : [];

/** Registers a test for a git that verifies refs, and moves them with their logs from files to tables. */
const newGitTest = peer.available && major === 2 && minor < 50 ? Deno.test.ignore : gitTest;

type Options = Required<TableWriterOptions>;

/** What git calls the options, of which it has not all. */
function configOf(options: Partial<Options>): Record<string, string> {
  const { blockSize, restartInterval, skipIndexObjects } = options;
  return {
    ...(blockSize === undefined ? {} : { "reftable.blockSize": `${blockSize}` }),
    ...(restartInterval === undefined ? {} : { "reftable.restartInterval": `${restartInterval}` }),
    ...(skipIndexObjects ? { "reftable.indexObjects": "false" } : {}),
  };
}

function repoOptions(options: Partial<Options>): GitRepoOptions {
  return { bare: true, hash: options.hash ?? "sha1", config: configOf(options) };
}

/** The only table of a stack. */
function onlyTable(repo: GitRepo): Uint8Array<ArrayBuffer> {
  const names = Deno.readTextFileSync(join(repo.reftableDir, "tables.list")).trim().split("\n");
  assertEquals(names.length, 1);
  return Deno.readFileSync(join(repo.reftableDir, names[0]!));
}

/** Asserts that we write the records of a table as git has written them. */
function assertSameBytes(bytes: Uint8Array, options: Partial<Options>): void {
  using table = Table.openSync(bytes);
  const { minUpdateIndex, maxUpdateIndex } = table;
  const records = { refs: table.refs().toArray(), logs: table.logs().toArray() };
  const ours = write({ options, minUpdateIndex, maxUpdateIndex, ...records }).bytes;
  let same = 0;
  while (same < bytes.length && ours[same] === bytes[same]) same++;
  assertEquals([same, ours.length], [bytes.length, bytes.length]);
}

const OPTIONS: readonly Partial<Options>[] = [
  {},
  { blockSize: 256, restartInterval: 1 },
  { blockSize: 512, restartInterval: 3 },
  { blockSize: 1000, skipIndexObjects: true },
  { blockSize: 65536, restartInterval: 65535 },
  { hash: "sha256" },
  { hash: "sha256", blockSize: 777, restartInterval: 7 },
];

/** Digits of which none is like another, as many as the hash makes. */
function randomOid(random: (limit: number) => number, hash: "sha1" | "sha256"): string {
  const length = hash === "sha1" ? 20 : 32;
  return Uint8Array.from({ length }, () => random(256)).toHex();
}

for (const options of OPTIONS) {
  const name = JSON.stringify(options);
  newGitTest(`TableWriter writes what git writes of refs in files: ${name}`, async () => {
    const { hash = "sha1" } = options;
    await using repo = await GitRepo.create({ ...repoOptions(options), refFormat: "files" });
    const random = seeded(name.length);
    const oid = () => randomOid(random, hash);
    const shared = oid();
    const refs = Array.from({ length: 1500 }, (_, i) => {
      const refname = `refs/heads/${numbered((i * 7919) % 100_000)}/${i % 3 === 0 ? "名" : "x"}`;
      return `${i % 4 === 0 ? shared : oid()} ${refname}\n`;
    });
    const header = "# pack-refs with: peeled fully-peeled sorted \n";
    const sorted = refs.toSorted((a, b) =>
      a.slice(shared.length) < b.slice(shared.length) ? -1 : 1
    );
    Deno.writeTextFileSync(join(repo.gitDir, "packed-refs"), header + sorted.join(""));
    for (const [i, count] of [[0, 1], [1, 150], [2, 20]] as const) {
      const path = join(repo.gitDir, "logs", sorted[300 * i]!.trim().slice(shared.length + 1));
      Deno.mkdirSync(join(path, ".."), { recursive: true });
      const lines = Array.from({ length: count }, (_, i) => {
        const message = i % 3 === 0 ? "" : `\tcommit ${i}: ${"words ".repeat(i % 7)}`.trimEnd();
        const time = 1_700_000_000 + i * 1000;
        return `${oid()} ${oid()} C O Mitter <c@example.com> ${time} +0${i % 10}30${message}\n`;
      });
      Deno.writeTextFileSync(path, lines.join(""));
    }
    await repo.ok(["refs", "migrate", "--ref-format=reftable"]);
    const bytes = onlyTable(repo);
    using table = Table.openSync(bytes);
    const [refCount, logCount] = [table.refs(), table.logs()].map((list) => list.toArray().length);
    assertEquals([refCount, logCount], [1501, 171]);
    assertSameBytes(bytes, options);
  });
}

/** Objects that refs and logs can hold: commits, and tags with what they peel to. */
interface Objects {
  readonly commits: readonly string[];
  readonly tags: readonly { readonly oid: string; readonly peeled: string }[];
}

async function makeObjects(repo: GitRepo): Promise<Objects> {
  const stdin: string[] = [];
  for (let i = 1; i <= 40; i++) {
    stdin.push(
      `commit refs/heads/made\nmark :${i}\ncommitter C <c@example.com> ${i} +0000\ndata 1\n${
        i % 10
      }\n`,
    );
  }
  for (let i = 1; i <= 10; i++) {
    stdin.push(`tag v${i}\nfrom :${i}\ntagger C <c@example.com> ${i} +0000\ndata 1\n${i % 10}\n`);
  }
  await repo.ok(["fast-import", "--quiet"], { stdin: stdin.join("") });
  const commits = (await repo.ok(["rev-list", "refs/heads/made"])).trim().split("\n");
  const format = "--format=%(objectname) %(*objectname)";
  const tags = (await repo.ok(["for-each-ref", format, "refs/tags/"])).trim().split("\n")
    .map((line) => line.split(" ")).map(([oid, peeled]) => ({ oid: oid!, peeled: peeled! }));
  assertEquals([commits.length, tags.length], [40, 10]);
  return { commits, tags };
}

/** The ref that others lead to. */
const MAIN = "refs/heads/000005";

/** A table's records, of the kinds that git lists and of those that it does not. */
function makeRecords(
  { commits, tags }: Objects,
  random: (limit: number) => number,
  { min, max }: { min: number; max: number },
): { refs: RefRecord[]; logs: LogRecord[] } {
  const pick = <T>(list: readonly T[]) => list[random(list.length)]!;
  const at = () => min + random(Math.min(max - min + 1, 1000));
  const refs: RefRecord[] = [
    { kind: "symref", refname: "HEAD", updateIndex: at(), target: MAIN },
  ];
  for (let i = 0; i < 400; i++) {
    const folder = pick(["", "topic/", "topic/deep/er/", "ü/名/", "\u{1f600}/", "\udcff/"]);
    // A name in a folder has a letter, so that none is the folder of another.
    const refname = `refs/heads/${folder}${folder && "x"}${numbered(i)}`;
    const updateIndex = at();
    // Git is asked for these by name, which must be UTF-8.
    if (i % 40 === 1 && refname.isWellFormed()) {
      refs.push({ kind: "symref", refname, updateIndex, target: MAIN });
    } else if (i % 7 === 3) refs.push({ kind: "deletion", refname, updateIndex });
    else if (i % 7 === 4) refs.push({ kind: "peeled", refname, updateIndex, ...pick(tags) });
    else refs.push({ kind: "direct", refname, updateIndex, oid: pick(commits) });
  }
  refs.push({ kind: "direct", refname: MAIN, updateIndex: at(), oid: commits[0]! });
  const logs: LogRecord[] = [];
  const direct = refs.filter(({ kind }) => kind === "direct").map(({ refname }) => refname);
  for (const refname of new Set([MAIN, ...direct.slice(3, 8)])) {
    const indices = new Set(
      Array.from({ length: 40 }, () => random(5) === 0 ? random(min + 1) : at()),
    );
    for (const updateIndex of indices) {
      if (random(6) === 0) logs.push({ kind: "deletion", refname, updateIndex });
      else logs.push(makeLog(refname, updateIndex, pick(commits), pick(commits), random));
    }
  }
  const unique = new Map(refs.map((ref) => [ref.refname, ref]));
  return { refs: [...unique.values()], logs };
}

function makeLog(
  refname: string,
  updateIndex: number,
  oldOid: string,
  newOid: string,
  random: (limit: number) => number,
): LogUpdate {
  return {
    kind: "update",
    refname,
    updateIndex,
    oldOid,
    newOid,
    name: ["C O Mitter", "Jürgen", "J\udcfcrgen", "日本 太郎"][random(4)]!,
    email: ["c@example.com", "a b", ""][random(3)]!,
    time: [0, 1_700_000_000, 2 ** 32 + 5][random(3)]!,
    tzOffset: [0, -730, 1400, 545][random(4)]!,
    message: `message ${random(1000)}${" words".repeat(random(5))}\n`,
  };
}

/** Git cannot compact the log of a ref whose newest entries are 2^31 update indices apart. */
const LIMITS = [
  { min: 1, max: 50 },
  { min: 1, max: 1 },
  { min: 2 ** 40, max: 2 ** 40 + 5 },
  { min: 0, max: 1000 },
  { min: 300, max: 2 ** 30 },
];

const OWN_OPTIONS: readonly Partial<Options>[] = [
  ...OPTIONS,
  { unpadded: true },
  { unpadded: true, blockSize: 512, restartInterval: 2 },
  { blockSize: 0xffffff, restartInterval: 1 },
  { blockSize: 512, exactLogMessage: true },
];

for (const [i, options] of OWN_OPTIONS.entries()) {
  const name = JSON.stringify(options);
  newGitTest(`git lists and compacts what TableWriter writes: ${name}`, async () => {
    await using repo = await GitRepo.create(repoOptions(options));
    const objects = await makeObjects(repo);
    const limits = LIMITS[i % LIMITS.length]!;
    const { refs, logs } = makeRecords(objects, seeded(i), limits);
    const { min: minUpdateIndex, max: maxUpdateIndex } = limits;
    const { bytes } = write({ options, minUpdateIndex, maxUpdateIndex, refs, logs });
    putTable(repo, bytes, limits);

    using table = Table.openSync(bytes);
    const there = (record: RefRecord | LogRecord) => record.kind !== "deletion";
    const records = {
      refs: table.refs().filter(there).toArray(),
      logs: table.logs().filter(there).toArray(),
    };
    assertEquals(records.refs.length, refs.filter(there).length);
    assertEquals(records.logs.length, logs.filter(there).length);
    const view = new GitView(repo.gitDir);
    assertEquals(await view.lines(["refs", "verify"]), []);
    await view.assertAgrees(records);
    await assertHolders(view, records.refs, objects);

    // A change, and all in one table, written by git from what it read in ours.
    await view.lines(["update-ref", MAIN, objects.commits[7]!]);
    await view.lines(["pack-refs", "--all"]);
    using stack = await Stack.open(repo.reftableDir, { hash: options.hash });
    const changed = records.refs.map((ref) =>
      ref.refname === MAIN
        ? { ...ref, oid: objects.commits[7]!, updateIndex: maxUpdateIndex + 1 }
        : ref
    );
    assertRecords(stack.refs(), changed);
    assertRecords(stack.logs().filter((log) => log.updateIndex <= maxUpdateIndex), records.logs);
    const { unpadded: _, exactLogMessage: __, ...ofGit } = options;
    assertSameBytes(onlyTable(repo), ofGit);
  });
}

/** Makes a table the only one of a stack. */
function putTable(repo: GitRepo, bytes: Uint8Array, limits: { min: number; max: number }): void {
  const [min, max] = [limits.min, limits.max].map((n) => n.toString(16).padStart(12, "0"));
  const name = `0x${min}-0x${max}-00000001.ref`;
  Deno.writeFileSync(join(repo.reftableDir, name), bytes);
  Deno.writeTextFileSync(join(repo.reftableDir, "tables.list"), `${name}\n`);
}

/** Asserts that git finds refs one by one, through the indexes, and those that hold an object. */
async function assertHolders(
  view: GitView,
  refs: readonly RefRecord[],
  { commits, tags }: Objects,
): Promise<void> {
  for (const ref of [refs[3]!, refs[refs.length >> 1]!, refs.at(-1)!]) {
    const listed = await view.lines(["for-each-ref", "--format=%(refname)", ref.refname]);
    if (ref.refname.isWellFormed()) assertEquals(listed, [ref.refname]);
  }
  for (const oid of [commits[0]!, commits[9]!, tags[4]!.oid]) {
    const listed = await view.lines(["for-each-ref", `--points-at=${oid}`, "--format=%(refname)"]);
    const held = refs.filter((ref) =>
      ref.kind === "direct" && ref.oid === oid ||
      ref.kind === "peeled" && [ref.oid, ref.peeled].includes(oid)
    );
    assertGreater(held.length, 0);
    const symbolic = new Set(
      refs.filter(({ kind }) => kind === "symref").map((ref) => ref.refname),
    );
    assertEquals(held.map(({ refname }) => refname), listed.filter((name) => !symbolic.has(name)));
  }
}

gitTest(
  "git lists a table with update indices up to 2^53 - 1 and objects that it lacks",
  async () => {
    await using repo = await GitRepo.create({ bare: true });
    const limits = { min: 0, max: Number.MAX_SAFE_INTEGER };
    const random = seeded(53);
    const refs: RefRecord[] = Array.from({ length: 2000 }, (_, i) => {
      const refname = `refs/heads/${numbered(i)}${i % 100 === 0 ? "/\udcfc" : ""}`;
      const updateIndex = i % 2 === 0 ? limits.max - i : i * 2 ** 40;
      return { kind: "direct", refname, updateIndex, oid: randomOid(random, "sha1") };
    });
    const options = { blockSize: 512, restartInterval: 5 };
    const { min: minUpdateIndex, max: maxUpdateIndex } = limits;
    putTable(repo, write({ options, minUpdateIndex, maxUpdateIndex, refs }).bytes, limits);
    const { code, stdoutBytes } = await repo.run([
      "for-each-ref",
      "--format=%(objectname) %(refname)",
    ]);
    assertEquals(code, 0);
    const listed = decodeText(stdoutBytes).trim().split("\n");
    const expected = refs.map((ref) => ref.kind === "direct" && `${ref.oid} ${ref.refname}`);
    assertEquals(listed.length, 2000);
    assert(listed.every((line, i) => line === expected[i]));
  },
);
