import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import {
  type BlockSource,
  ReftableError,
  Table,
  type TableReport,
  type VerifyProgress,
  verifyTable,
} from "@reftable/reftable";
import { fixture } from "../fixtures.ts";
import { CountingSource } from "../sources.ts";
import { withBytes } from "./verifying.ts";

const NAME = "git/restart-4-1k.ref";
const { bytes: BYTES, url: PATH_URL } = fixture(NAME);
const PATH = "tests/fixtures/git/restart-4-1k.ref";

const HEADER = { version: 1, hash: "sha1", minUpdateIndex: 1, maxUpdateIndex: 9 } as const;

/** A source that takes its time: each read lasts longer than a turn. */
class SlowSource extends CountingSource {
  override async read(offset: number, length: number, buffer?: Uint8Array): Promise<Uint8Array> {
    await new Promise((resolve) => setTimeout(resolve, 25));
    return super.readSync(offset, length, buffer);
  }

  override readSync(): Uint8Array {
    throw new Error("it cannot be read at once");
  }
}

Deno.test("verifyTable() takes a path, a URL, bytes, a blob, a file and a source", async () => {
  const expect = (file: string): TableReport => ({
    file,
    size: BYTES.length,
    header: HEADER,
    problems: [],
  });
  assertEquals(await verifyTable(PATH), expect(PATH));
  assertEquals(await verifyTable(PATH_URL), expect(PATH_URL.href));
  assertEquals(await verifyTable(BYTES), expect("(bytes)"));
  assertEquals(await verifyTable(new Blob([BYTES])), expect("(bytes)"));
  assertEquals(await verifyTable(new File([BYTES], "a.ref")), expect("a.ref"));
  assertEquals(await verifyTable(BYTES, { name: "b.ref" }), expect("b.ref"));
  assertEquals(await verifyTable(new File([BYTES], "a.ref"), { name: "b.ref" }), expect("b.ref"));
  assertEquals(await verifyTable(new CountingSource(BYTES, "c.ref")), expect("c.ref"));
});

Deno.test("verifyTable() tells what the header of a damaged table says, if it can be read", async () => {
  const block = await verifyTable(withBytes(BYTES, 1024, "x"));
  assertEquals([block.header, block.problems.length], [HEADER, 1]);
  const header = await verifyTable(withBytes(BYTES, 0, "x"));
  assertEquals([header.header, header.problems.length], [undefined, 1]);
});

Deno.test("verifyTable() calls damage what reading calls it", async () => {
  for (const offset of [0, 4, 1024, 1028, 1034, 58368, BYTES.length - 1]) {
    const damaged = withBytes(BYTES, offset, [0xff]);
    const [problem] = (await verifyTable(damaged, { name: "x.ref" })).problems;
    try {
      using table = Table.openSync(damaged, { name: "x.ref" });
      table.blocks().toArray();
      assert(false, `${offset}`);
    } catch (error) {
      assert(error instanceof ReftableError, `${error}`);
      assertEquals([error.problem, error.offset], [problem!.code, problem!.offset]);
      assertEquals(error.message, `Cannot read table "x.ref": ${problem!.message}`);
    }
  }
});

Deno.test("verifyTable() rejects what cannot be read at all", async () => {
  const missing = await assertRejects(() => verifyTable("tests/none.ref"), ReftableError);
  assertEquals(missing.code, "not-exist");
  const directory = await assertRejects(() => verifyTable("tests"), ReftableError);
  assertEquals(directory.code, "io");
});

Deno.test("verifyTable() reads a source once, not at once, and disposes it", async () => {
  const source = new SlowSource(BYTES);
  assertEquals((await verifyTable(source)).problems, []);
  assertEquals(source.disposals, 1);
  assertGreater(source.reads, 3);
  // What is read ahead is not read again; header and footer are read by themselves.
  assert(source.bytesRead < BYTES.length + 200, `${source.bytesRead}`);
});

Deno.test("verifyTable() gives up with the error of its source, which it disposes", async () => {
  const source: BlockSource & { disposals: number } = new CountingSource(BYTES);
  const read = source.read.bind(source);
  source.read = async (offset, length, buffer) => {
    if (offset > 5000 && length > 100) throw new ReftableError("io", "the disk is gone");
    return await read(offset, length, buffer);
  };
  const error = await assertRejects(() => verifyTable(source), ReftableError, "the disk is gone");
  assertEquals([error.code, source.disposals], ["io", 1]);
});

Deno.test("verifyTable() tells how far it is", async () => {
  const progress: VerifyProgress[] = [];
  await verifyTable(new SlowSource(BYTES), { onProgress: (step) => progress.push(step) });
  assertGreater(progress.length, 1);
  assertEquals(progress.at(-1), { checked: BYTES.length, total: BYTES.length });
  for (const [i, { checked, total }] of progress.entries()) {
    assertEquals(total, BYTES.length);
    assert(checked >= (progress[i - 1]?.checked ?? 0));
  }
});

Deno.test("verifyTable() stops when its signal is aborted", async () => {
  const reason = new Error("enough");
  const source = new CountingSource(BYTES);
  const aborted = AbortSignal.abort(reason);
  assertEquals(await assertRejects(() => verifyTable(source, { signal: aborted })), reason);
  assertEquals(source.reads, 0);
  const controller = new AbortController();
  const slow = new SlowSource(BYTES);
  const stopped = verifyTable(slow, {
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  assertEquals(await assertRejects(() => stopped), reason);
  assertEquals(slow.disposals, 1);
  assert(slow.bytesRead < BYTES.length);
});
