import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { copy } from "@std/fs";
import {
  BytesSink,
  type CompactionProgress,
  type CompactOptions,
  type LogRecord,
  openRepositoryStack,
  type RefRecord,
  ReftableError,
  Stack,
  type StackOptions,
  Table,
  TableWriter,
  type TableWriterOptions,
} from "@reftable/reftable";
import { type CompactionJob, compactTables } from "../../src/stack/compaction.ts";
import { assertRecords, fixture, fixtures, seeded } from "../fixtures.ts";
import { Model, type Records } from "../merged/model.ts";
import { randomTable } from "../merged/random_tables.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import {
  addRefs,
  assertTidy,
  ChangingFileSystem,
  contentsOf,
  deletion,
  direct,
  entry,
  noEntry,
  refnames,
  symref,
  tidyTest,
} from "./changes.ts";
import { StackDirectory } from "./stack_directory.ts";

const QUIET: StackOptions = { autoCompact: false, sync: false };

/** Writes records as a table of their own. */
function write(
  { refs, logs }: Records,
  limits: Pick<Table, "minUpdateIndex" | "maxUpdateIndex">,
  options: TableWriterOptions,
): Uint8Array {
  const sink = new BytesSink();
  const writer = new TableWriter(sink, { ...options, exactLogMessage: true });
  writer.setLimits(limits.minUpdateIndex, limits.maxUpdateIndex);
  writer.addRefs(refs);
  writer.addLogs(logs);
  writer.finish();
  return sink.bytes;
}

async function compact(
  tables: readonly Uint8Array[],
  job: CompactionJob,
): Promise<{ bytes: Uint8Array; entries: number }> {
  using cleanup = new DisposableStack();
  const opened = tables.map((bytes) => cleanup.use(Table.openSync(bytes)));
  const sink = new BytesSink();
  const { refs, logs } = await compactTables(opened, sink, job);
  return { bytes: sink.bytes, entries: refs.entries + logs.entries };
}

Deno.test("compactTables() writes what the tables hold together, byte for byte", async () => {
  const random = seeded(6);
  for (let round = 0; round < 60; round++) {
    const tables = Array.from({ length: 1 + random(6) }, () => randomTable(random));
    const model = new Model(tables);
    const deletions = random(2) === 0;
    const records = { refs: model.refs({ deletions }), logs: model.logs({ deletions }) };
    const writerOptions = { blockSize: 256 << random(5), restartInterval: 1 + random(20) };
    // Names of three hundred bytes take more.
    writerOptions.blockSize = Math.max(1024, writerOptions.blockSize);
    using first = Table.openSync(tables[0]!.bytes);
    const { bytes, entries } = await compact(tables.map(({ bytes }) => bytes), {
      dropTombstones: !deletions,
      writerOptions,
    });
    assertEquals(bytes, write(records, first, writerOptions), `round ${round}`);
    assertEquals(entries, records.refs.length + records.logs.length);
  }
});

Deno.test("compactTables() copies a fixture as it is", async () => {
  for (const { name, bytes, refs, logs } of fixtures()) {
    using table = Table.openSync(bytes);
    const { hash, blockSize } = table;
    const writerOptions = { hash, blockSize };
    const compacted = await compact([bytes], { dropTombstones: false, writerOptions });
    assertEquals(compacted.bytes, write({ refs, logs }, table, writerOptions), name);
  }
});

/** A stack with refs, logs and tombstones in five tables. */
async function fill(stack: Stack): Promise<void> {
  const tables: readonly [readonly RefRecord[], readonly LogRecord[]][] = [
    [
      [direct("refs/a", 1), direct("refs/b", 1), direct("refs/c", 1), symref("HEAD", 1, "refs/a")],
      [entry("refs/a", 1), entry("refs/b", 1)],
    ],
    [
      [deletion("refs/a", 2), direct("refs/d", 2), deletion("refs/x", 2)],
      [noEntry("refs/a", 1), entry("refs/d", 2)],
    ],
    [[direct("refs/a", 3), deletion("refs/b", 3)], [entry("refs/a", 3), noEntry("refs/b", 1)]],
    [[deletion("refs/d", 4), direct("refs/b", 4)], [noEntry("refs/d", 2)]],
    [[deletion("refs/b", 5)], [entry("refs/b", 5)]],
  ];
  for (const [refs, logs] of tables) {
    await stack.add((writer) => {
      writer.addRefs(refs);
      writer.addLogs(logs);
    });
  }
}

function recordsOf(stack: Stack, deletions = false): Records {
  return { refs: stack.refs({ deletions }).toArray(), logs: stack.logs({ deletions }).toArray() };
}

tidyTest("Stack.compact() changes nothing that is read, whatever the range", async () => {
  for (let start = 0; start <= 5; start++) {
    for (let end = start; end <= 5; end++) {
      using dir = new StackDirectory();
      await using stack = await Stack.open(dir.path, QUIET);
      await fill(stack);
      const before = recordsOf(stack);
      const files = contentsOf(dir.path);
      const tables = stack.tables.map((table) => ({
        refs: table.refs().toArray(),
        logs: table.logs().toArray(),
      }));
      const name = `${start} to ${end}`;
      const changes = end - start > 1;
      assertEquals(await stack.compact({ range: { start, end } }), changes, name);
      if (!changes) assertEquals(contentsOf(dir.path), files, name);
      assertTidy(dir.path);
      const expected = changes ? 5 - (end - start) + 1 : 5;
      assertEquals(stack.tables.length, expected, name);
      assertEquals(recordsOf(stack), before, name);
      assertEquals(stack.nextUpdateIndex, 6, name);
      await using other = await Stack.open(dir.path);
      assertEquals(recordsOf(other), before, name);
      if (!changes) continue;
      // Tombstones go with the oldest table, and stay as long as there may be something below them.
      const model = new Model(tables.slice(start, end));
      const deletions = start > 0;
      const table = stack.tables[start]!;
      assertRecords(table.refs(), model.refs({ deletions }), name);
      assertRecords(table.logs(), model.logs({ deletions }), name);
      assertEquals([table.minUpdateIndex, table.maxUpdateIndex], [start + 1, end]);
    }
  }
});

tidyTest("Stack.compact() merges all tables unless it is told otherwise", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, QUIET);
  assertEquals(await stack.compact(), false);
  await addRefs(stack, "refs/heads/a");
  assertEquals([await stack.compact(), stack.stats.attempts], [false, 0]);
  await addRefs(stack, "refs/heads/b");
  {
    // Somebody else's tables too.
    await using other = await Stack.open(dir.path, QUIET);
    await addRefs(other, "refs/heads/c");
  }
  assertEquals([await stack.compact(), stack.tables.length], [true, 1]);
  assertEquals(refnames(stack), ["refs/heads/a", "refs/heads/b", "refs/heads/c"]);
  const { attempts, failures, entriesWritten, tables } = stack.stats;
  assertEquals([attempts, failures, entriesWritten, tables], [1, 0, 3, 1]);
});

tidyTest("Stack.compact() refuses ranges that there are not", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, QUIET);
  await fill(stack);
  const files = contentsOf(dir.path);
  for (const [start, end] of [[-1, 2], [3, 2], [0, 6], [6, 6], [NaN, 2], [0, NaN]] as const) {
    const error = await assertRejects(
      () => stack.compact({ range: { start, end } }),
      ReftableError,
    );
    assertEquals(error.code, "api");
    assertEquals(error.message, `Cannot compact tables ${start} to ${end} of 5`);
  }
  assertEquals(contentsOf(dir.path), files);
});

tidyTest("Stack.compact() leaves no table behind that would be empty", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, QUIET);
  await addRefs(stack, "refs/heads/a", "refs/heads/b");
  for (const name of ["refs/heads/a", "refs/heads/b"]) {
    const { nextUpdateIndex } = stack;
    await stack.add((writer) => writer.addRef(deletion(name, nextUpdateIndex)));
  }
  await using other = await Stack.open(dir.path, QUIET);
  // Above another table tombstones stay.
  assertEquals(await stack.compact({ range: { start: 1, end: 3 } }), true);
  assertEquals([stack.tables.length, stack.tables[1]!.refs().toArray().length], [2, 2]);
  assertEquals(await stack.compact(), true);
  assertEquals([stack.tables.length, stack.nextUpdateIndex, refnames(stack)], [0, 1, []]);
  assertEquals(contentsOf(dir.path), { "tables.list": "" });
  assertEquals(await other.reload(), true);
  await addRefs(other, "refs/heads/c");
  assertEquals(await stack.reload(), true);
  assertEquals(refnames(stack), ["refs/heads/c"]);
});

/** A stack with the entries of a log in a table each, at the times 10, 20, …, 100. */
async function fillLog(dir: StackDirectory): Promise<Stack> {
  const stack = await Stack.open(dir.path, QUIET);
  for (let i = 1; i <= 10; i++) {
    await stack.add((writer) => writer.addLog(entry("HEAD", i, { time: 10 * i })));
  }
  return stack;
}

tidyTest("Stack.compact() expires logs by time and by update index", async () => {
  const cases: readonly [CompactOptions["expire"], first: number][] = [
    [undefined, 1],
    [{}, 1],
    [{ before: 0 }, 1],
    [{ before: -5 }, 1],
    [{ before: 50 }, 5],
    [{ before: 51 }, 6],
    [{ minUpdateIndex: 0 }, 1],
    [{ minUpdateIndex: 7 }, 7],
    [{ before: 31, minUpdateIndex: 8 }, 8],
    [{ before: 91, minUpdateIndex: 8 }, 10],
    [{ before: 101 }, 11],
    [{ before: Infinity }, 11],
    [{ minUpdateIndex: 11 }, 11],
    [(log) => log.kind === "update" && log.time < 45, 5],
    [(log) => log.updateIndex < 10, 10],
    [() => true, 11],
    [() => false, 1],
  ];
  for (const [expire, first] of cases) {
    using dir = new StackDirectory();
    await using stack = await fillLog(dir);
    const message = `${typeof expire === "object" ? JSON.stringify(expire) : expire}`;
    assertEquals(await stack.compact({ expire }), true);
    const expected = Array.from({ length: 11 - first }, (_, i) => 10 - i);
    assertEquals(stack.logs().map((log) => log.updateIndex).toArray(), expected, message);
    assertEquals(stack.tables.length, first > 10 ? 0 : 1, message);
    assertTidy(dir.path);
  }
});

tidyTest("Stack.compact() expires what two tables say of an entry once", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, QUIET);
  await stack.add((writer) => {
    writer.addRefs([direct("refs/a", 1), direct("refs/b", 1)]);
    writer.addLogs([entry("refs/a", 1, { time: 90 }), entry("refs/b", 1, { time: 90 })]);
  });
  await stack.add((writer) => {
    writer.addLogs([entry("refs/a", 1, { time: 10 }), noEntry("refs/b", 1)]);
  });
  const asked: LogRecord[] = [];
  const expire = (log: LogRecord) => {
    asked.push(log);
    return log.kind === "update" && log.time < 50;
  };
  await stack.compact({ expire });
  // The newer entry decides, and of one that is deleted nobody is asked.
  assertEquals(asked, [entry("refs/a", 1, { time: 10 })]);
  assertEquals([stack.logs().toArray(), refnames(stack)], [[], ["refs/a", "refs/b"]]);
});

tidyTest("Stack.compact() rewrites a single table to expire its logs", async () => {
  using dir = new StackDirectory();
  await using stack = await fillLog(dir);
  await stack.compact();
  const [name] = stack.tableNames;
  assertEquals(await stack.compact(), false);
  assertEquals(await stack.compact({ expire: { before: 55 } }), true);
  assertEquals(stack.logs().map((log) => log.updateIndex).toArray(), [10, 9, 8, 7, 6]);
  assert(stack.tableNames[0] !== name);
  assertEquals(stack.nextUpdateIndex, 11);
  assertTidy(dir.path);
});

tidyTest("Stack.compact() expires no logs above a table that it leaves alone", async () => {
  using dir = new StackDirectory();
  await using stack = await fillLog(dir);
  const files = contentsOf(dir.path);
  const range = { start: 1, end: 5 };
  for (const expire of [{ before: 20 }, () => true]) {
    const error = await assertRejects(() => stack.compact({ range, expire }), ReftableError);
    assertEquals(error.code, "api");
    assertEquals(contentsOf(dir.path), files);
  }
  assertEquals(await stack.compact({ range: { start: 0, end: 5 }, expire: { before: 35 } }), true);
  assertEquals(stack.logs().map((log) => log.updateIndex).toArray(), [10, 9, 8, 7, 6, 5, 4]);
});

/** Makes the clock run so fast that a compaction pauses whenever it looks at it. */
async function withFastClock(action: () => Promise<void>): Promise<void> {
  const { now } = performance;
  let time = 0;
  performance.now = () => time += 1000;
  try {
    await action();
  } finally {
    performance.now = now;
  }
}

/** A stack with thousands of records in three tables. */
async function fillMuch(dir: StackDirectory): Promise<Stack> {
  const stack = await Stack.open(dir.path, { ...QUIET, workers: "never" });
  for (let i = 0; i < 3; i++) {
    await addRefs(
      stack,
      ...Array.from({ length: 3000 }, (_, n) => `refs/heads/${10_000 + 3 * n + i}`),
    );
  }
  return stack;
}

tidyTest("Stack.compact() tells how far it is", async () => {
  using dir = new StackDirectory();
  await using stack = await fillMuch(dir);
  const total = stack.tables.reduce((sum, { size }) => sum + size, 0);
  const told: CompactionProgress[] = [];
  await withFastClock(async () => {
    await stack.compact({ onProgress: (progress) => told.push(progress) });
  });
  assert(told.length >= 5, `${told.length}`);
  let last = { records: 0, written: 0 };
  for (const { records, written, total: all } of told) {
    assertEquals(all, total);
    assert(records > last.records && written >= last.written);
    last = { records, written };
  }
  assert(last.records <= 9000 && last.written > 0 && last.written <= stack.tables[0]!.size);
});

tidyTest("Stack.compact() stops when it is aborted, and nothing has changed", async () => {
  using dir = new StackDirectory();
  await using stack = await fillMuch(dir);
  const files = contentsOf(dir.path);
  const before = recordsOf(stack);
  const reason = new RangeError("enough");
  for (const after of [1, 4]) {
    const controller = new AbortController();
    let calls = 0;
    const onProgress = () => {
      if (++calls === after) controller.abort(reason);
    };
    await withFastClock(async () => {
      const { signal } = controller;
      const error = await assertRejects(() => stack.compact({ signal, onProgress }));
      assertStrictEquals(error, reason);
    });
    assertEquals(calls, after);
    assertEquals(contentsOf(dir.path), files);
    assertEquals(recordsOf(stack), before);
  }
  const { attempts, failures } = stack.stats;
  assertEquals([attempts, failures], [2, 2]);
  // Who is aborted before has not tried.
  await assertRejects(() => stack.compact({ signal: AbortSignal.abort(reason) }), RangeError);
  assertEquals(stack.stats.attempts, 2);
  assertEquals(await stack.compact({ signal: new AbortController().signal }), true);
  assertTidy(dir.path);
});

tidyTest("Stack.compact() stops when it is aborted while its table reaches the disk", async () => {
  using dir = new StackDirectory();
  const controller = new AbortController();
  const reason = new RangeError("enough");
  const { fileSystem } = new ChangingFileSystem((change) => {
    if (/^sync .*\.temp\./.test(change)) controller.abort(reason);
  });
  {
    await using stack = await Stack.open(dir.path, QUIET);
    for (const name of ["refs/heads/a", "refs/heads/b"]) await addRefs(stack, name);
  }
  await using stack = await Stack.open(dir.path, { fileSystem, autoCompact: false });
  const files = contentsOf(dir.path);
  const error = await assertRejects(() => stack.compact({ signal: controller.signal }));
  assertStrictEquals(error, reason);
  assertEquals(contentsOf(dir.path), files);
});

tidyTest("Stack.compact() is aborted in a worker wholly or not at all", async () => {
  for (const pause of [0, 1, 20, 50]) {
    using dir = new StackDirectory();
    {
      await using _ = await fillMuch(dir);
    }
    await using stack = await Stack.open(dir.path, { ...QUIET, workers: "always" });
    const files = contentsOf(dir.path);
    const controller = new AbortController();
    const reason = new RangeError("enough");
    const compacting = stack.compact({ signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, pause));
    controller.abort(reason);
    const outcome = await compacting.catch((error) => error);
    // The worker may have been so quick that there was nothing left to stop.
    if (outcome === true) {
      assertEquals(stack.tables.length, 1);
      assertTidy(dir.path);
    } else {
      assertStrictEquals(outcome, reason);
      assertEquals(contentsOf(dir.path), files);
    }
    assertEquals(refnames(stack).length, 9000);
  }
});

tidyTest("Stack.compact() lets others have their turn", async () => {
  using dir = new StackDirectory();
  await using stack = await fillMuch(dir);
  let turns = 0;
  const timer = setInterval(() => turns++);
  await withFastClock(async () => void await stack.compact());
  clearInterval(timer);
  assert(turns >= 3, `${turns}`);
});

tidyTest("Stack.compact() writes with the settings of the stack", async () => {
  using dir = new StackDirectory();
  const names = Array.from({ length: 40 }, (_, i) => `refs/heads/${100 + i}`);
  {
    await using stack = await Stack.open(dir.path, QUIET);
    await addRefs(stack, ...names.slice(0, 20));
    await addRefs(stack, ...names.slice(20));
  }
  const options = { ...QUIET, blockSize: 256, unpadded: true, skipIndexObjects: true };
  await using stack = await Stack.open(dir.path, options);
  await stack.compact();
  const [table] = stack.tables;
  const blocks = table!.blocks().toArray();
  assertEquals([table!.blockSize, new Set(blocks.map(({ type }) => type))], [
    256,
    new Set(["ref", "index"]),
  ]);
  assert(blocks.every(({ size, length }) => size === length), "a block has padding");
  assertEquals(refnames(stack), names);
});

for (const hash of ["sha1", "sha256"] as const) {
  gitTest(`Stack.compact() writes the table that git writes: ${hash}`, async () => {
    const config = { "core.logAllRefUpdates": "always" };
    await using repo = await GitRepo.create({ hash, config });
    const env = { GIT_TEST_REFTABLE_AUTOCOMPACTION: "false" };
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"], { env });
    const oid = (await repo.ok(["rev-parse", "HEAD"])).trim();
    const update = (lines: readonly string[]) =>
      repo.ok(["update-ref", "-m", "a message", "--stdin"], { env, stdin: lines.join("") });
    const names = Array.from({ length: 400 }, (_, i) => `refs/heads/${1000 + i}`);
    await repo.ok(["tag", "-m", "a tag", "v1"], { env });
    await update(names.map((name) => `create ${name} ${oid}\n`));
    await update(names.filter((_, i) => i % 3 === 0).map((name) => `delete ${name}\n`));
    await update(names.filter((_, i) => i % 6 === 0).map((name) => `create ${name} ${oid}\n`));
    await repo.ok(["symbolic-ref", "refs/heads/alias", "refs/heads/1000"], { env });
    const ours = `${repo.dir}/../ours`;
    await copy(repo.dir, ours);
    {
      await using stack = await openRepositoryStack(ours);
      assert(stack.tables.length > 5);
      await stack.compact();
    }
    await repo.ok(["pack-refs", "--all"]);
    const read = (dir: string) => {
      const [name, ...more] = Deno.readTextFileSync(`${dir}/tables.list`).trim().split("\n");
      assertEquals(more, []);
      return { range: name!.slice(0, -12), bytes: Deno.readFileSync(`${dir}/${name}`) };
    };
    assertEquals(read(`${ours}/.git/reftable`), read(repo.reftableDir));
    await repo.ok(["fsck", "--strict"], { cwd: ours });
  });
}

gitTest("Stack.compact() expires logs as git reads them", async () => {
  await using repo = await GitRepo.create();
  for (let i = 1; i <= 6; i++) {
    const env = { GIT_COMMITTER_DATE: `@${1_700_000_000 + i} +0000` };
    await repo.ok(["commit", "-q", "--allow-empty", "-m", `${i}`], { env });
  }
  await using stack = await openRepositoryStack(repo.dir);
  await stack.compact({ expire: { before: 1_700_000_004 } });
  const log = await repo.ok(["reflog", "show", "--format=%gs", "HEAD"]);
  assertEquals(log.trim().split("\n"), ["commit: 6", "commit: 5", "commit: 4"]);
  await repo.ok(["fsck", "--strict"]);
});

Deno.test("compactTables() refuses to mix hashes", async () => {
  const tables = [fixture("git/one-ref.ref").bytes, fixture("git/sha256.ref").bytes];
  const error = await assertRejects(
    () => compact(tables, { dropTombstones: true, writerOptions: {} }),
    ReftableError,
  );
  assertEquals(error.code, "format");
});
