import { assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { type RefRecord, ReftableError } from "@reftable/reftable";
import { type Block, BlockType } from "../../src/format/block.ts";
import { BlockCursor } from "../../src/format/block_cursor.ts";
import { decodeRef, RefBatch } from "../../src/format/ref_record.ts";
import { blocksOf, framed, layoutOf, walk } from "../blocks.ts";
import { assertRecords, fixtures } from "../fixtures.ts";
import { type Bytes, concat, directRef, oid, record, varint } from "../hand_made.ts";

/** Decodes a block batch by batch, from an entry on. */
function decodeBatches(block: Block, batch: RefBatch, hashSize: number, skip = 0): RefRecord[][] {
  const cursor = new BlockCursor(hashSize);
  cursor.jump(block);
  for (let i = 0; i < skip; i++) cursor.next();
  const batches: RefRecord[][] = [];
  while (cursor.next()) {
    const records = batch.decode(cursor);
    assertGreater(records.length, 0);
    batches.push(records);
    for (let i = 1; i < records.length; i++) cursor.next();
  }
  return batches;
}

function decodeSingly(block: Block, hashSize: number, minUpdateIndex: number): RefRecord[] {
  return [...walk(block, hashSize).map((cursor) => decodeRef(cursor, hashSize, minUpdateIndex))];
}

/** A block with a ref of each kind for each name; some update indices take two bytes. */
function blockOf(names: readonly Bytes[], hashSize = 20): Block {
  const values = [
    varint(1),
    concat(varint(200), oid(1, hashSize)),
    concat(varint(0), oid(2, hashSize), oid(3, hashSize)),
    concat(varint(1000), [6], "target"),
  ];
  return framed(BlockType.ref, names.map((name, i) => record(0, name, i % 4, values[i % 4])));
}

Deno.test("RefBatch.decode() decodes every fixture as decodeRef() does", () => {
  for (const { name, bytes, refs } of fixtures()) {
    const { hashSize, minUpdateIndex } = layoutOf(bytes);
    const batch = new RefBatch(hashSize, minUpdateIndex);
    const blocks = blocksOf(bytes).filter(({ type }) => type === BlockType.ref);
    const records = blocks.flatMap((block) => decodeBatches(block, batch, hashSize).flat());
    assertRecords(records, refs, name);
    for (const block of blocks.slice(0, 3)) {
      const singly = decodeSingly(block, hashSize, minUpdateIndex);
      for (const skip of [1, 2, 17, singly.length - 1]) {
        const rest = decodeBatches(block, batch, hashSize, skip).flat();
        assertRecords(rest, singly.slice(skip), `${name} from entry ${skip}`);
      }
    }
  }
});

Deno.test("RefBatch.decode() decodes any names as decodeRef() does", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const numbered = (count: number, start: string) =>
    Array.from({ length: count }, (_, i) => encode(`${start}${`${i}`.padStart(6, "0")}`));
  const cases: Record<string, readonly Bytes[]> = {
    "one name": [encode("HEAD")],
    "non-ASCII names": numbered(40, "refs/heads/日本/é"),
    "one name that is not UTF-8": [...numbered(20, "refs/heads/"), concat("refs/heads/", [0xff])],
    // A batch must not take bytes at the borders of names for characters.
    "names that end within a character": Array.from(
      { length: 20 },
      (_, i) => concat([0x61 + i], [0xc3]),
    ),
    "a byte order mark": [encode("\ufeffa"), encode("\ufeffb")],
    "more names than a batch takes": numbered(3000, "refs/changes/"),
    "a long name between short ones": [encode("a"), encode("b".repeat(40_000)), encode("c")],
    "long names only": "abcdefgh".split("").map((letter) => encode(letter.repeat(20_000))),
    "names that fill a batch": "abcdefgh".split("").map((letter) => encode(letter.repeat(0x1000))),
  };
  for (const [name, names] of Object.entries(cases)) {
    for (const hashSize of [20, 32]) {
      const block = blockOf(names, hashSize);
      const batches = decodeBatches(block, new RefBatch(hashSize, 1), hashSize);
      assertRecords(batches.flat(), decodeSingly(block, hashSize, 1), name);
    }
  }
});

Deno.test("RefBatch.decode() decodes more object ids than a batch takes", () => {
  const peeled = Array.from(
    { length: 1000 },
    (_, i) => record(0, [0x61, i >> 8, i & 0xff], 2, concat([0], oid(i, 32), oid(i + 1, 32))),
  );
  const block = framed(BlockType.ref, peeled);
  const batches = decodeBatches(block, new RefBatch(32, 1), 32);
  assertRecords(batches.flat(), decodeSingly(block, 32, 1));
  assertLess(batches.length, 10);
});

Deno.test("RefBatch.decode() decodes many short names at once, but few long ones", () => {
  const short = Array.from(
    { length: 300 },
    (_, i) => concat("refs/heads/", [0x61, i >> 8, i & 0xff]),
  );
  assertLess(decodeBatches(blockOf(short), new RefBatch(20, 1), 20).length, 3);
  // Keys that grow by sharing all of the key before would otherwise take their number times their length.
  const growing = Array.from(
    { length: 200 },
    (_, i) => record(1000 * i, "x".repeat(1000), 1, concat([0], oid(1))),
  );
  const batches = decodeBatches(framed(BlockType.ref, growing), new RefBatch(20, 1), 20);
  assertEquals(batches.flat().map(({ refname }) => refname.length).at(-1), 200_000);
  for (const records of batches.filter((records) => records.length > 1)) {
    assertLess(records.reduce((sum, { refname }) => sum + refname.length, 0), 0x8000);
  }
});

Deno.test("RefBatch.decode() reads update indices up to 2^53 - 1 and no further", () => {
  const max = Number.MAX_SAFE_INTEGER;
  for (
    const [least, delta] of [[max, 0], [max - 127, 127], [max - 128, 128], [1, max - 1]] as const
  ) {
    const batch = new RefBatch(20, least);
    const sound = framed(BlockType.ref, [directRef("refs/heads/main", oid(1), delta)]);
    assertEquals(decodeBatches(sound, batch, 20).flat()[0]?.updateIndex, max);
    const above = framed(BlockType.ref, [directRef("refs/heads/main", oid(1), delta + 1)]);
    assertThrows(
      () => decodeBatches(above, batch, 20),
      ReftableError,
      "update index is above 2^53",
    );
  }
});

Deno.test("RefBatch is not misled by damage it met before", () => {
  const symrefs = ["a", "b", "c"].map((name) => [
    record(0, `refs/${name}`, 3, concat([0, 1], name)),
    record(0, `refs/${name}`, 3, concat([0, 1], name.toUpperCase())),
  ]);
  const sound = framed(BlockType.ref, symrefs.map(([lower]) => lower!));
  const others = symrefs.map(([, upper]) => upper!);
  const damages = [record(0, "a", 1, oid(1)), record(0, "refs/z", 3, concat(varint(2n ** 60n)))];
  for (const damage of damages) {
    const batch = new RefBatch(20, 1);
    const damaged = framed(BlockType.ref, [...others, damage]);
    assertThrows(() => decodeBatches(damaged, batch, 20), ReftableError);
    assertRecords(decodeBatches(sound, batch, 20).flat(), decodeSingly(sound, 20, 1));
  }
});
