import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { ReftableError, Table } from "@reftable/reftable";
import { type CompactionTask, compactTables } from "../../src/stack/compaction.ts";
import { BytesSink } from "../../src/table/table_sink.ts";
import { WorkerPool } from "../../src/workers/pool.ts";

const FIXTURES = fromFileUrl(new URL("../fixtures", import.meta.url));
const TABLES = [`${FIXTURES}/git/mixed-4k.ref`, `${FIXTURES}/git/unpadded-4k.ref`];
const ACCESS = { read: [FIXTURES], write: [] };

/** A temporary directory with a task whose result goes there. */
class Task implements Disposable {
  readonly dir = Deno.makeTempDirSync();
  readonly task: CompactionTask;

  constructor(tables: readonly string[]) {
    const output = join(this.dir, "output");
    Deno.writeFileSync(output, new Uint8Array());
    this.task = {
      tables,
      output,
      job: { dropTombstones: true, writerOptions: { hash: "sha1" } },
      sync: false,
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

Deno.test({
  name: "WorkerPool.run() gives what the same thread gives, and ends its workers",
  sanitizeResources: true,
  async fn() {
    using pool = new WorkerPool({ size: 2 });
    using first = new Task(TABLES);
    using second = new Task(TABLES.toReversed());
    using third = new Task(TABLES.slice(1));
    const all = [first, second, third];
    const running = all.map(({ task }) => pool.run("compact", task, { access: ACCESS }));
    assertEquals(pool.workers, 2);
    const statistics = await Promise.all(running);
    assertEquals(pool.workers, 0);
    for (const [index, { task }] of all.entries()) {
      using cleanup = new DisposableStack();
      const tables = task.tables.map((path) => cleanup.use(Table.openSync(path)));
      const sink = new BytesSink();
      assertEquals(statistics[index], await compactTables(tables, sink, task.job));
      assertEquals(Deno.readFileSync(task.output), sink.bytes);
    }
  },
});

Deno.test("WorkerPool.run() hands on what a job throws", async () => {
  using pool = new WorkerPool();
  using dir = new Task([]);
  const bytes = Deno.readFileSync(TABLES[0]!);
  bytes.fill(0xff, 4200, 4300);
  const path = join(dir.dir, "damaged");
  Deno.writeFileSync(path, bytes);
  const run = (table: string) =>
    pool.run("compact", { ...dir.task, tables: [table] }, { access: ACCESS });
  const inPlace = await assertRejects(async () => {
    using table = Table.openSync(path);
    await compactTables([table], new BytesSink(), dir.task.job);
  }, ReftableError);
  const damaged = await assertRejects(() => run(path), ReftableError);
  assertEquals(damaged.code, "format");
  assertEquals(
    [damaged.message, damaged.file, damaged.offset, damaged.problem],
    [inPlace.message, inPlace.file, inPlace.offset, inPlace.problem],
  );
  const missing = await assertRejects(() => run(join(dir.dir, "gone")), ReftableError);
  assertEquals([missing.code, missing.file], ["not-exist", join(dir.dir, "gone")]);
  assertEquals(pool.workers, 0);
});

Deno.test("WorkerPool.run() stops a job when its signal says so", async () => {
  using pool = new WorkerPool({ size: 1 });
  using under = new Task(TABLES);
  using waiting = new Task(TABLES);
  const stopped = new AbortController();
  const reason = new Error("enough");
  const running = pool.run("compact", under.task, { access: ACCESS });
  const queued = pool.run("compact", waiting.task, { access: ACCESS, signal: stopped.signal });
  stopped.abort(reason);
  assertEquals(await assertRejects(() => queued), reason);
  assert((await running).blocks > 0);
  const before = pool.run("compact", waiting.task, { access: ACCESS, signal: stopped.signal });
  assertEquals(await assertRejects(() => before), reason);
  assertEquals([pool.workers, Deno.statSync(waiting.task.output).size], [0, 0]);
});

Deno.test("WorkerPool fails jobs when it is disposed, and works on after that", async () => {
  const pool = new WorkerPool({ size: 1 });
  using task = new Task(TABLES);
  const jobs = [1, 2].map(() => pool.run("compact", task.task, { access: ACCESS }));
  pool[Symbol.dispose]();
  for (const job of jobs) {
    const { code } = await assertRejects(() => job, ReftableError, "its worker was ended");
    assertEquals(code, "io");
  }
  assertEquals(pool.workers, 0);
  assert((await pool.run("compact", task.task, { access: ACCESS })).blocks > 0);
});

Deno.test("WorkerPool.run() does jobs of different access by turns", async () => {
  using pool = new WorkerPool({ size: 1 });
  using first = new Task(TABLES);
  using second = new Task(TABLES);
  const jobs = [first, second].map(({ dir, task }) => {
    return pool.run("compact", task, { access: { read: [FIXTURES], write: [dir] } });
  });
  const [a, b] = await Promise.all(jobs);
  assertEquals(a, b);
  assertEquals(pool.workers, 0);
});

Deno.test({
  name: "WorkerPool keeps workers for the next jobs as long as it is told to",
  sanitizeResources: true,
  async fn() {
    using pool = new WorkerPool({ size: 2, idle: 60_000 });
    using task = new Task(TABLES);
    const run = () => pool.run("compact", task.task, { access: ACCESS });
    const statistics = await Promise.all([run(), run()]);
    assertEquals(pool.workers, 2);
    // One of them does what comes next.
    assertEquals(await run(), statistics[0]);
    assertEquals(pool.workers, 2);
    pool[Symbol.dispose]();
    assertEquals(pool.workers, 0);

    using shortly = new WorkerPool({ size: 1, idle: 1 });
    await shortly.run("compact", task.task, { access: ACCESS });
    while (shortly.workers > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await shortly.run("compact", task.task, { access: ACCESS });
    assertEquals(shortly.workers, 1);
  },
});

Deno.test("WorkerPool.retire() ends workers as soon as they have nothing to do", async () => {
  const pool = new WorkerPool({ size: 2, idle: 60_000 });
  using task = new Task(TABLES);
  const run = () => pool.run("compact", task.task, { access: ACCESS });
  await run();
  const running = [run(), run()];
  pool.retire();
  assertEquals(pool.workers, 2);
  await Promise.all(running);
  assertEquals(pool.workers, 0);
  const waiting = new WorkerPool({ idle: 60_000 });
  await waiting.run("compact", task.task, { access: ACCESS });
  waiting.retire();
  assertEquals(waiting.workers, 0);
});
