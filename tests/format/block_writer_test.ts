import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareBytes } from "../../src/bytes/bytes.ts";
import { BlockType } from "../../src/format/block.ts";
import { BlockWriter, type EncodedRecord } from "../../src/format/block_writer.ts";
import { block, type Bytes, concat, type Part, record } from "../hand_made.ts";

/** A record whose arrays are longer than what counts. */
function encoded(key: Part, value: Part = [], valueType = 0): EncodedRecord {
  const keyBytes = concat(key);
  const valueBytes = concat(value);
  return {
    key: concat(keyBytes, [0xaa, 0xaa]),
    keyLength: keyBytes.length,
    valueType,
    value: concat([0xbb, 0xbb, 0xbb], valueBytes, [0xbb]),
    valueStart: 3,
    valueEnd: 3 + valueBytes.length,
  };
}

function shared(a: Uint8Array, b: Uint8Array): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

interface Entry {
  readonly key: Bytes;
  readonly value: Bytes;
  readonly type: number;
}

/** The block that the format demands of entries, put together independently. */
function expectedBlock(entries: readonly Entry[], interval: number, headerSize: number): Bytes {
  const restarts: number[] = [];
  let position = headerSize + 4;
  const records = entries.map(({ key, value, type }, i) => {
    const prefix = i % interval === 0 ? 0 : shared(entries[i - 1]!.key, key);
    if (prefix === 0) restarts.push(position);
    const bytes = record(prefix, key.subarray(prefix), type, value);
    position += bytes.length;
    return bytes;
  });
  return block("o", records, { headerSize, restarts });
}

/** Adds entries, and gives the block with the bytes that were left for a header. */
function writeBlock(writer: BlockWriter, entries: readonly Entry[], headerSize: number): Bytes {
  writer.begin(BlockType.object, headerSize);
  writer.bytes.fill(0x68, 0, headerSize);
  let last: Uint8Array = new Uint8Array();
  for (const { key, value, type } of entries) {
    assert(writer.add(encoded(key, value, type), shared(last, key)));
    assertEquals(writer.lastKey.slice(0, writer.lastKeyLength), key);
    last = key;
  }
  assertEquals(writer.entries, entries.length);
  return writer.bytes.slice(0, writer.finish()) as Bytes;
}

const entries = fc.uniqueArray(
  fc.record({
    key: fc.array(fc.constantFrom(0x61, 0x62, 0), { minLength: 1, maxLength: 8 }),
    repeat: fc.constantFrom(1, 1, 1, 10, 30),
    value: fc.uint8Array({ maxLength: 200 }),
    type: fc.integer({ min: 0, max: 7 }),
  }).map(({ key, repeat, value, type }): Entry => ({
    key: concat(Array.from({ length: repeat }, () => key).flat()),
    value: concat(value),
    type,
  })),
  { minLength: 1, maxLength: 40, size: "max", selector: ({ key }) => key.join() },
).map((entries) => entries.sort((a, b) => compareBytes(a.key, b.key)));

Deno.test("BlockWriter writes what the format demands, up to the last byte of a block", () => {
  fc.assert(
    fc.property(
      fc.array(entries, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(1, 2, 3, 16, 65535),
      fc.constantFrom(0, 24, 28),
      (blocks, interval, headerSize) => {
        const expected = blocks.map((entries, i) =>
          concat(
            new Uint8Array(i === 0 ? headerSize : 0).fill(0x68),
            expectedBlock(entries, interval, i === 0 ? headerSize : 0),
          )
        );
        const size = Math.max(...expected.map(({ length }) => length));
        // One block after another in the same memory.
        const writer = new BlockWriter(size, interval);
        for (const [i, entries] of blocks.entries()) {
          assertEquals(writeBlock(writer, entries, i === 0 ? headerSize : 0), expected[i]);
        }
        // With a byte less, the last record of the largest block does not fit.
        const largest = expected.findIndex(({ length }) => length === size);
        const smaller = new BlockWriter(size - 1, interval);
        const entries = blocks[largest]!;
        const header = largest === 0 ? headerSize : 0;
        const { key, value, type } = entries.at(-1)!;
        const before = entries.at(-2)?.key ?? new Uint8Array();
        const written = writeBlock(smaller, entries.slice(0, -1), header);
        smaller.begin(BlockType.object, header);
        for (const [i, { key, value, type }] of entries.slice(0, -1).entries()) {
          smaller.add(encoded(key, value, type), i === 0 ? 0 : shared(entries[i - 1]!.key, key));
        }
        const { entries: count, restarts, lastKeyLength } = smaller;
        assertEquals(smaller.add(encoded(key, value, type), shared(before, key)), false);
        assertEquals([smaller.entries, smaller.restarts, smaller.lastKeyLength], [
          count,
          restarts,
          lastKeyLength,
        ]);
        assertEquals(smaller.bytes.slice(0, smaller.finish()), written);
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("BlockWriter counts restarts, and takes 65535 at most", () => {
  const writer = new BlockWriter(0xffffff, 2);
  writer.begin(BlockType.ref, 0);
  const key = new Uint8Array(4);
  const view = new DataView(key.buffer);
  // Keys that share three bytes, so that only every other one is a restart.
  for (let i = 0; i < 2 * 65535; i++) {
    view.setUint32(0, i);
    assert(writer.add(encoded(key), i % 256 === 0 ? 0 : 3));
    if (i < 4) assertEquals(writer.restarts, (i >> 1) + 1);
  }
  assertEquals(writer.restarts, 65535);
  for (let i = 2 * 65535; i < 2 * 65535 + 4; i++) {
    view.setUint32(0, i);
    assert(writer.add(encoded(key), 3));
  }
  assertEquals([writer.restarts, writer.entries], [65535, 2 * 65535 + 4]);
  const length = writer.finish();
  assertEquals(writer.bytes.slice(length - 2, length), Uint8Array.of(0xff, 0xff));
  // Whole keys take six bytes, others three; the one at the end is whole, though no restart.
  assertEquals(length, 4 + (65535 + 2) * (6 + 3) + 3 * 65535 + 2);
});

Deno.test("BlockWriter knows the last key from block to block, until it forgets it", () => {
  const writer = new BlockWriter(1000, 16);
  assertEquals(writer.lastKeyLength, 0);
  writer.begin(BlockType.ref, 0);
  writer.add(encoded("x".repeat(100)), 0);
  writer.add(encoded(`${"x".repeat(99)}y`), 99);
  writer.finish();
  writer.begin(BlockType.ref, 0);
  assertEquals([writer.entries, writer.restarts], [0, 0]);
  const lastKey = new TextDecoder().decode(writer.lastKey.subarray(0, writer.lastKeyLength));
  assertEquals(lastKey, `${"x".repeat(99)}y`);
  // The first key of a block is whole, whatever it shares with the one before.
  assert(writer.add(encoded(`${"x".repeat(99)}z`), 99));
  const length = writer.finish();
  const expected = block("r", [record(0, `${"x".repeat(99)}z`, 0)]);
  assertEquals(writer.bytes.slice(0, length), expected);
  writer.forgetKey();
  assertEquals(writer.lastKeyLength, 0);
});

Deno.test("BlockWriter refuses everything where a block has no room", () => {
  for (const size of [0, 1, 4, 10, 27, 28, 34]) {
    const writer = new BlockWriter(size, 16);
    writer.begin(BlockType.ref, 24);
    assertEquals(writer.add(encoded("k", []), 0), false, `${size}`);
    assertEquals([writer.entries, writer.lastKeyLength], [0, 0]);
  }
  const writer = new BlockWriter(24 + 4 + 3 + 3 + 2, 16);
  writer.begin(BlockType.ref, 24);
  assert(writer.add(encoded("k"), 0));
});
