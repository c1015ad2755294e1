import { assertEquals } from "@std/assert";
import { compareBytes } from "../../src/bytes/bytes.ts";
import { type Block, BlockType } from "../../src/format/block.ts";
import { BlockCursor } from "../../src/format/block_cursor.ts";
import { RefValueType } from "../../src/format/ref_record.ts";
import { findObject } from "../../src/table/objects.ts";
import { blocksOf, framed, layoutOf } from "../blocks.ts";
import { fixtures } from "../fixtures.ts";
import { concat, directRef, oid, record, varint } from "../hand_made.ts";

/** Where the records begin that have an id, as a walk finds them. */
function walked(block: Block, id: Uint8Array): number[] {
  const cursor = new BlockCursor(id.length);
  cursor.jump(block);
  const found: number[] = [];
  for (let start = block.start; cursor.next(); start = cursor.valueEnd) {
    const { valueType, valueEnd } = cursor;
    if (valueType !== RefValueType.direct && valueType !== RefValueType.peeled) continue;
    for (let at = valueEnd - valueType * id.length; at < valueEnd; at += id.length) {
      if (compareBytes(block.bytes.subarray(at, at + id.length), id) === 0) found.push(start);
    }
  }
  return [...new Set(found)];
}

/** The same by going from one to the next. */
function found(block: Block, id: Uint8Array): number[] {
  const cursor = new BlockCursor(id.length);
  cursor.jump(block);
  const starts: number[] = [];
  let start: number | undefined = block.start;
  while ((start = findObject(block, start, id)) !== undefined) {
    starts.push(start);
    cursor.goTo(start);
    start = cursor.valueEnd;
  }
  return starts;
}

Deno.test("findObject() finds all refs that hold an object in the blocks of every fixture", () => {
  let count = 0;
  for (const { name, bytes } of fixtures()) {
    const { hashSize } = layoutOf(bytes);
    const cursor = new BlockCursor(hashSize);
    for (const block of blocksOf(bytes).filter(({ type }) => type === BlockType.ref).slice(0, 12)) {
      cursor.jump(block);
      for (let i = 0; cursor.next(); i++) {
        if (i % 7 !== 0 || cursor.valueType % 3 === 0) continue;
        const id = block.bytes.slice(cursor.valueEnd - hashSize, cursor.valueEnd);
        const expected = walked(block, id);
        assertEquals(found(block, id), expected, name);
        count += expected.length;
        id[hashSize - 1]! ^= 1;
        assertEquals(found(block, id), walked(block, id), name);
      }
    }
  }
  assertEquals(count > 1000, true);
});

Deno.test("findObject() passes what is longer than usual", () => {
  const target = `refs/${"x".repeat(300)}`;
  const records = [
    directRef(`a/${"long/".repeat(1000)}name`, oid(1)),
    record(0, "b", 3, concat([5], varint(target.length), target)),
    record(0, "c", 0, varint(70_000)),
    directRef("d", oid(2), 2 ** 40),
    record(0, "e", 2, concat([1], oid(3), oid(2))),
    directRef("f", oid(1)),
  ];
  const block = framed(BlockType.ref, records);
  const starts: number[] = [];
  records.reduce((start, { length }) => (starts.push(start), start + length), block.start);
  const places = (number: number) =>
    found(block, oid(number)).map((start) => starts.indexOf(start));
  assertEquals([1, 2, 3, 4].map(places), [[0, 5], [3, 4], [4], []]);
});

Deno.test("findObject() tells records that do not fit", () => {
  const sound = directRef("a", oid(1));
  for (
    const wrong of [
      record(0, "b", 4, [0]),
      record(0, "b", 7, concat([0], oid(1))),
      record(0, "b", 1, concat([0], oid(1).slice(1))),
      record(0, "b", 3, concat([0], varint(9), "short")),
      concat([0], varint(2n ** 50n), "b"),
    ]
  ) {
    const block = framed(BlockType.ref, [sound, wrong]);
    assertEquals(findObject(block, block.start, oid(1)), block.start);
    assertEquals(findObject(block, block.start + sound.length, oid(1)), -1);
    assertEquals(findObject(block, block.start, oid(2)), -1);
  }
});
