import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { encodeHex } from "../../src/bytes/hex.ts";
import { BlockType } from "../../src/format/block.ts";
import { decodeRef } from "../../src/format/ref_record.ts";
import { decodeObjectPositions } from "../../src/table/objects.ts";
import { blocksOf, framed, keyOf, layoutOf, oidsOf, walk } from "../blocks.ts";
import { fixtures } from "../fixtures.ts";
import { type Part, record, varint } from "../hand_made.ts";

function decode(type: number, value: Part): (number[] | undefined)[] {
  const block = framed(BlockType.object, [record(0, [1, 2], type, value)]);
  return [...walk(block).map(decodeObjectPositions)];
}

Deno.test("decodeObjectPositions() names the ref blocks that mention an object", () => {
  for (const { name, bytes } of fixtures()) {
    const { hashSize, objectIdLength, minUpdateIndex } = layoutOf(bytes);
    const blocks = blocksOf(bytes);
    const mentioned = new Map<string, Set<number>>();
    for (const block of blocks.filter(({ type }) => type === BlockType.ref)) {
      for (const cursor of walk(block, hashSize)) {
        for (const oid of oidsOf(decodeRef(cursor, hashSize, minUpdateIndex))) {
          const key = oid.slice(0, 2 * objectIdLength);
          mentioned.set(key, (mentioned.get(key) ?? new Set()).add(block.offset));
        }
      }
    }
    for (const block of blocks.filter(({ type }) => type === BlockType.object)) {
      for (const cursor of walk(block, hashSize)) {
        const positions = decodeObjectPositions(cursor);
        const expected = mentioned.get(encodeHex(keyOf(cursor)));
        assertEquals(positions, [...expected!], name);
      }
    }
  }
});

Deno.test("decodeObjectPositions() adds up differences, of any number of positions", () => {
  assertEquals(decode(1, varint(0)), [[0]]);
  assertEquals(decode(3, [...varint(300), 5, ...varint(70000)]), [[300, 305, 70305]]);
  const eight = [4, 1, 1, 1, 1, 1, 1, 1];
  assertEquals(decode(0, [8, ...eight]), [[4, 5, 6, 7, 8, 9, 10, 11]]);
  assertEquals(decode(0, [0]), [undefined]);
});

Deno.test("decodeObjectPositions() refuses positions that do not ascend", () => {
  for (const value of [[300, 0], [0, 0], [5, 5, 0, 5]]) {
    assertThrows(() => decode(value.length, value.flatMap(varint)), ReftableError);
  }
});
