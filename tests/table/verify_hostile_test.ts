/**
 * Tables made to keep verification busy, or to make it report without end.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { BytesSource } from "../../src/io/block_source.ts";
import { verifySource } from "../../src/table/verify_table.ts";
import { block, type Bytes, concat, directRef, oid, record, table, varint } from "../hand_made.ts";
import { assertOnly, problemsOf, withBytes } from "./verifying.ts";

/** Encodes many small records at once. */
function many(count: number, make: (i: number) => readonly number[]): Bytes {
  const bytes: number[] = [];
  for (let i = 0; i < count; i++) bytes.push(...make(i));
  return Uint8Array.from(bytes);
}

/** Three bytes that ascend with a number, and that a name may have. */
const three = (i: number) => [0x80 + (i >> 12), 0x80 + ((i >> 6) & 63), 0x80 + (i & 63)];

/** How much the memory of the process grows meanwhile, in bytes. */
async function memoryFor(action: () => Promise<void>): Promise<number> {
  const before = Deno.memoryUsage().rss;
  await action();
  return Deno.memoryUsage().rss - before;
}

Deno.test("verifyTable() does not spell out keys that share a million bytes", async () => {
  const prefix = new Uint8Array(0x100000).fill(0x61);
  const refs = block("r", [directRef("a")], { headerSize: 24 });
  const refIndex = 24 + refs.length;
  // Spelled out, these keys would take more than a hundred gigabytes.
  const entries = many(
    100_000,
    (i) => [...varint(prefix.length), ...varint(3 * 8), ...three(i), 0],
  );
  const index = block("i", [record(0, prefix, 0, [0]), entries]);
  const bytes = table([refs, index], { refIndex });
  await assertOnly(bytes, "index", refIndex, "has another key for the block at offset 0");
  const value = concat([0], oid(1));
  const names = many(
    100_000,
    (i) => [...varint(prefix.length), ...varint(3 * 8 + 1), ...three(i), ...value],
  );
  const last = prefix.slice(0, -1);
  for (const [bad, message] of [[" ", 'it has " " in it'], ["@{", 'it has "@{" in it']] as const) {
    const name = concat(last.subarray(bad.length), bad, "a");
    const long = block("r", [record(0, name, 1, value), names], { headerSize: 24 });
    const [problem, ...others] = await problemsOf(table([long]));
    assertEquals([problem?.code, problem?.offset, others], ["refname", 28, []]);
    assert(problem!.message.endsWith(`"...: ${message}, and 100000 more like it in this block`));
    assertLess(problem!.message.length, 1000);
  }
  const good = block("r", [record(0, prefix, 1, value), names], { headerSize: 24 });
  assertEquals(await problemsOf(table([good])), []);
});

Deno.test("verifyTable() does not look for a block at every byte of damage", async () => {
  // Each of these bytes looks like the beginning of a block.
  const letters = new Uint8Array(0x800000).fill("r".charCodeAt(0));
  const first = block("r", [directRef("a")], { headerSize: 24 });
  for (const blockSize of [1, 63]) {
    const problems = await problemsOf(table([first, letters], { blockSize }));
    assertEquals(problems.length, 1);
  }
  const problems = await problemsOf(
    table([first, letters.subarray(0, 0x10000)], { blockSize: 64 }),
  );
  assertLess(problems.length, 0x10000 / 64 + 2);
});

Deno.test("verifyTable() tells no more than ten thousand problems, the same for any ranges", async () => {
  const first = block("r", [directRef("a b")], { headerSize: 24 });
  const bad = block("r", [directRef("a b")]);
  const count = 12_345;
  const blocks = Array.from({ length: count }, () => bad);
  const bytes = table([first, ...blocks]);
  let problems: unknown[] = [];
  const growth = await memoryFor(async () => {
    problems = [...await problemsOf(bytes)];
  });
  assertEquals(problems.length, 10_001);
  assertEquals(problems.at(-1), {
    severity: "error",
    code: "more",
    file: "x.ref",
    message: `there are ${count + 1 - 10_000} more problems`,
  });
  assertLess(growth, 200 << 20);
});

Deno.test("verifyTable() compares any number of objects that fit nothing", async () => {
  // All ids begin alike, first in a block that is damaged, and then in one that is not.
  const names = (letter: string, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const id = oid(1);
      id.set([i >> 8, i & 255], 10);
      return directRef(`${letter}${100_000 + i}`, id);
    });
  const count = 30_000;
  const first = block("r", names("a", count), { headerSize: 24 });
  const second = block("r", names("b", count));
  const object = 24 + first.length + second.length;
  const unused = many(count, (i) => [0, 3 * 8, 2, i >> 8, i & 255, 0]);
  const objects = block("o", [record(0, [1, 1, 1], 1, [0]), unused]);
  const bytes = table([first, second, objects], { object, objectIdLength: 3 });
  const problems = await problemsOf(bytes);
  assertEquals(problems.map(({ code, message }) => [code, message]), [
    [
      "object",
      `object id 010101 in the object block at offset ${object} stands for several objects`,
    ],
    ["object", `object section and refs differ in ${count} places`],
  ]);
  // The last record of the first block is damaged.
  const damaged = withBytes(bytes, 24 + first.length - 5 - 21, [0xff]);
  const codes = (await problemsOf(damaged)).map(({ code }) => code);
  assertEquals(codes, ["record", "object"]);
});

Deno.test("verifyTable() ends with indexes that lead to each other", async () => {
  const first = block("r", [directRef("m")], { headerSize: 24 });
  const blocks: Bytes[] = [first];
  const offsets = [0];
  let end = 24 + first.length;
  for (let i = 0; i < 3000; i++) {
    const entries = ["a", "m", "z"].map((key, k) => {
      return record(0, key, 0, varint(offsets[[i, i >> 1, 0][k]!]!));
    });
    const level = block("i", entries);
    offsets.push(end);
    end += level.length;
    blocks.push(level);
  }
  const bytes = table(blocks, { refIndex: offsets.at(-1)! });
  const { problems } = await verifySource(new BytesSource(bytes, "x.ref"), { parts: 3 });
  assertEquals(new Set(problems.map(({ code }) => code)), new Set(["index"]));
  // A damaged one does not make it worse.
  const damaged = withBytes(bytes, offsets[2000]!, "x");
  const report = await verifySource(new BytesSource(damaged, "x.ref"), { parts: 3 });
  assert(report.problems.some(({ offset }) => offset === offsets[2000]));
});
