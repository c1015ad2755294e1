import { assertEquals } from "@std/assert";
import { initRepository, Stack } from "@reftable/reftable";
import { addRefs, contentsOf, filesIn, refnames } from "../stack/changes.ts";
import { StackDirectory } from "../stack/stack_directory.ts";
import { changingCommand } from "./changing_cli.ts";

/** The signals that end a program, and its exit codes, which are those of a shell. */
const SIGNALS = [["SIGHUP", 129], ["SIGINT", 130], ["SIGTERM", 143]] as const;

const OID = "83baae61804e65cc73a7201a7252750c76066a30";

/** Makes a repository whose stack waits for locks for ever, with tables that take time to merge. */
async function fill(dir: StackDirectory, refs: number): Promise<void> {
  await using stack = await Stack.open(dir.path, { autoCompact: false, sync: false });
  for (const letter of ["a", "b", "c"]) {
    await addRefs(stack, ...Array.from({ length: refs }, (_, i) => `refs/${letter}/${1e6 + i}`));
  }
  Deno.writeTextFileSync(`${dir.path}/../HEAD`, "ref: refs/heads/.invalid\n");
  Deno.writeTextFileSync(`${dir.path}/../config`, "[reftable]\n\tlockTimeout = -1\n");
}

/** Starts a compaction, which may be sent signals. */
function compact(dir: StackDirectory): Deno.ChildProcess {
  return changingCommand(["compact", dir.path]).spawn();
}

/**
 * Takes the lock on the list from a compaction as soon as this has let go of it, and merges: then it cannot
 * finish.
 *
 * @returns Whether that was done in time.
 */
async function takeList(dir: StackDirectory, child: Deno.ChildProcess): Promise<boolean> {
  let ended = false;
  child.status.then(() => ended = true);
  while (!filesIn(dir.path).some((name) => name.includes(".temp."))) {
    if (ended) return false;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  try {
    Deno.writeTextFileSync(`${dir.listPath}.lock`, "somebody else's", { createNew: true });
    return filesIn(dir.path).some((name) => name.includes(".temp."));
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Asserts that a process ended by itself, not by a signal, and without a word. */
async function assertEnds(child: Deno.ChildProcess, code: number): Promise<void> {
  const output = await child.output();
  const stderr = new TextDecoder().decode(output.stderr);
  assertEquals([output.code, output.signal, output.stdout.length, stderr], [code, null, 0, ""]);
}

function test(name: string, fn: (signal: Deno.Signal, code: number) => Promise<void>): void {
  for (const [signal, code] of SIGNALS) {
    Deno.test({
      name: `${name} on ${signal}`,
      // Windows has but one signal that is sent so, and it is not asked.
      ignore: Deno.build.os === "windows",
      sanitizeOps: true,
      sanitizeResources: true,
      fn: () => fn(signal, code),
    });
  }
}

test("compact removes its locks and its temporary file", async (signal, code) => {
  for (let attempt = 0; attempt < 10; attempt++) {
    using dir = new StackDirectory();
    await fill(dir, 50_000);
    const before = contentsOf(dir.path);
    const child = compact(dir);
    if (!(await takeList(dir, child))) {
      await child.output();
      continue;
    }
    const files = filesIn(dir.path);
    assertEquals(files.filter((name) => name.endsWith(".ref.lock")).length, 3);
    assertEquals(files.filter((name) => name.includes(".temp.")).length, 1);
    child.kill(signal);
    await assertEnds(child, code);
    const lock = `${dir.listPath}.lock`;
    assertEquals(Deno.readTextFileSync(lock), "somebody else's");
    Deno.removeSync(lock);
    assertEquals(contentsOf(dir.path), before);
    await using stack = await Stack.open(dir.path);
    assertEquals(refnames(stack).length, 150_000);
    return;
  }
  throw new Error("it was always too quick");
});

test("compact stops waiting for a lock and leaves it alone", async (signal, code) => {
  using dir = new StackDirectory();
  await fill(dir, 10);
  Deno.writeTextFileSync(`${dir.listPath}.lock`, "somebody else's");
  const before = contentsOf(dir.path);
  for (let pause = 100; pause < 10_000; pause *= 2) {
    const child = compact(dir);
    await new Promise((resolve) => setTimeout(resolve, pause));
    child.kill(signal);
    const output = await child.output();
    assertEquals([output.code, contentsOf(dir.path)], [code, before]);
    // The signal itself ended it: it was not yet so far that it waited.
    if (output.signal !== null) continue;
    assertEquals([output.stdout.length, output.stderr.length], [0, 0]);
    return;
  }
  throw new Error("it did not end by itself");
});

test("refs migrate removes what it has made so far", async (signal, code) => {
  const path = await Deno.makeTempDir({ prefix: "reftable-signals-" });
  try {
    await initRepository(path, { refFormat: "files" });
    const refs = Array.from({ length: 200_000 }, (_, i) => `${OID} refs/heads/${1e6 + i}\n`);
    Deno.writeTextFileSync(`${path}/.git/packed-refs`, refs.join(""));
    const before = filesIn(`${path}/.git`);
    const made = () => filesIn(`${path}/.git`).filter((name) => name.startsWith("ref_migration."));
    const child = changingCommand(["-C", path, "refs", "migrate", "--ref-format=reftable"]).spawn();
    let ended = false;
    child.status.then(() => ended = true);
    while (!ended && made().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill(signal);
    await assertEnds(child, code);
    assertEquals(filesIn(`${path}/.git`), before);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
