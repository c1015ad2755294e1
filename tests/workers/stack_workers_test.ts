import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { endWorkers, Stack, type WorkerMode } from "@reftable/reftable";
import { assertRecords, seeded } from "../fixtures.ts";
import { StackDirectory } from "../stack/stack_directory.ts";

const TABLES = {
  a: "git/mixed-4k.ref",
  b: "git/unpadded-4k.ref",
  c: "git/restart-4-1k.ref",
} as const;

function filesOf(dir: StackDirectory): string[] {
  return [...Deno.readDirSync(dir.path)].map(({ name }) => name).sort();
}

/** The bytes of the only table. */
function onlyTable(dir: StackDirectory, stack: Stack): Uint8Array {
  assertEquals(stack.tableNames.length, 1);
  assertEquals(filesOf(dir), [...stack.tableNames, "tables.list"].sort());
  return Deno.readFileSync(join(dir.path, stack.tableNames[0]!));
}

Deno.test({
  name: "Stack.compact() gives the same table with a worker and without",
  sanitizeResources: true,
  async fn() {
    const results: Uint8Array[] = [];
    for (const workers of ["always", "never"] satisfies WorkerMode[]) {
      for (const expire of [undefined, { minUpdateIndex: 20 }, { before: 1_600_010_000 }]) {
        using dir = new StackDirectory(TABLES);
        await using stack = await Stack.open(dir.path, { workers });
        let reports = 0;
        assert(await stack.compact({ expire, onProgress: () => reports++ }));
        results.push(onlyTable(dir, stack));
        assertEquals(stack.stats.attempts - stack.stats.failures, 1);
      }
    }
    assertEquals(results.slice(0, 3), results.slice(3));
    assert(results[0]!.length > results[1]!.length && results[0]!.length > results[2]!.length);
  },
});

Deno.test("Stack.autoCompact() uses a worker where it is told to", async () => {
  using dir = new StackDirectory({ a: "git/restart-4-1k.ref", b: "git/mixed-4k.ref" });
  await using stack = await Stack.open(dir.path, { workers: "always" });
  const refs = stack.refs().toArray();
  assert(await stack.autoCompact());
  onlyTable(dir, stack);
  assertRecords(stack.refs(), refs);
});

Deno.test({
  name: "Stack.compact() loses and leaves nothing when its worker is ended at any moment",
  sanitizeResources: true,
  async fn() {
    const random = seeded(5);
    using dir = new StackDirectory(TABLES);
    await using stack = await Stack.open(dir.path, { workers: "always" });
    const refs = stack.refs().toArray();
    const logs = stack.logs().toArray();
    const before = filesOf(dir);
    let ended = 0;
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController();
      const isKill = round % 2 === 0;
      const outcome = stack.compact({ signal: controller.signal })
        .then(() => undefined, (error: Error) => error.message);
      await new Promise((resolve) => setTimeout(resolve, random(40)));
      if (isKill) endWorkers();
      else controller.abort(new Error("stop"));
      const message = await outcome;
      // Now and then the job ends before us, and then there is nothing to compact any more.
      if (message === undefined) break;
      assertMatch(message, isKill ? /its worker was ended$/ : /^stop$/);
      ended++;
      assertEquals(filesOf(dir), before);
    }
    assert(ended > 0);
    if (stack.tableNames.length > 1) assert(await stack.compact());
    onlyTable(dir, stack);
    assertRecords(stack.refs(), refs);
    assertRecords(stack.logs(), logs);
  },
});

Deno.test({
  name: "Stack.compact() does without a worker where its code may not be read",
  async fn() {
    using dir = new StackDirectory(TABLES);
    const { code, stdout, stderr } = await compactIn(dir, [`--allow-read=${dir.path}`]);
    assertEquals([code, stdout, stderr], [0, "1\n", ""]);
  },
});

Deno.test("configureWorkers() keeps workers to the stack's directory", async () => {
  using dir = new StackDirectory(TABLES);
  const access = ["--allow-read", "--unstable-worker-options"];
  const { code, stdout, stderr } = await compactIn(dir, access, "{ leastPrivilege: true }");
  assertEquals([code, stdout, stderr], [0, "1\n", ""]);
  // The same pool refuses what is not of the directory.
  using other = new StackDirectory(TABLES);
  const script = `
    import { WorkerPool } from ${JSON.stringify(POOL)};
    const pool = new WorkerPool({ leastPrivilege: true });
    const task = { tables: [${
    JSON.stringify(`${other.path}/a`)
  }], output: "", sync: false, job: {} };
    const access = { read: [${JSON.stringify(dir.path)}], write: [] };
    await pool.run("compact", task, { access }).catch((error) => console.log(error.code, error.message));
  `;
  const refused = await evaluate(script, access);
  assertEquals(refused.stderr, "");
  assertMatch(refused.stdout, /^io Cannot open ".*\/a": permission is missing/);
});

Deno.test("configureWorkers() gives a stack a worker of its own where others wait that may not touch it", async () => {
  using dir = new StackDirectory(TABLES);
  using other = new StackDirectory(TABLES);
  const script = `
    import { configureWorkers, endWorkers, Stack } from ${JSON.stringify(MOD)};
    configureWorkers({ leastPrivilege: true, size: 1, idle: 60_000 });
    for (const path of ${JSON.stringify([dir.path, other.path])}) {
      await using stack = await Stack.open(path, { workers: "always" });
      await stack.compact();
      console.log(stack.tableNames.length);
    }
    endWorkers();
  `;
  const access = ["--allow-read", "--allow-write", "--unstable-worker-options"];
  assertEquals(await evaluate(script, access), { code: 0, stdout: "1\n1\n", stderr: "" });
});

const MOD = new URL("../../mod.ts", import.meta.url).href;
const POOL = new URL("../../src/workers/pool.ts", import.meta.url).href;
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** Compacts a stack with a worker in a process with some permissions, and prints how many tables it has then. */
function compactIn(dir: StackDirectory, flags: string[], settings = "{}"): Promise<Ended> {
  const script = `
    import { configureWorkers, Stack } from ${JSON.stringify(MOD)};
    configureWorkers(${settings});
    await using stack = await Stack.open(${JSON.stringify(dir.path)}, { workers: "always" });
    await stack.compact();
    console.log(stack.tableNames.length);
  `;
  return evaluate(script, [...flags, `--allow-write=${dir.path}`]);
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function evaluate(script: string, flags: readonly string[]): Promise<Ended> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, script);
    const args = ["run", "--no-prompt", "--no-check", `--config=${CONFIG}`, ...flags, path];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    await Deno.remove(path);
  }
}
