import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { BlockType } from "../../src/format/block.ts";
import { decodeRef } from "../../src/format/ref_record.ts";
import { blocksOf, framed, layoutOf, walk } from "../blocks.ts";
import { assertRecords, fixtures } from "../fixtures.ts";
import { concat, directRef, oid, record, varint } from "../hand_made.ts";

Deno.test("decodeRef() decodes the refs of every fixture", () => {
  for (const { name, bytes, refs } of fixtures()) {
    const { hashSize, minUpdateIndex } = layoutOf(bytes);
    const blocks = blocksOf(bytes).filter(({ type }) => type === BlockType.ref);
    const records = blocks.flatMap((block) => [
      ...walk(block, hashSize).map((cursor) => decodeRef(cursor, hashSize, minUpdateIndex)),
    ]);
    assertRecords(records, refs, name);
  }
});

Deno.test("decodeRef() keeps names and targets that are not UTF-8", () => {
  const name = concat("refs/heads/", [0xfc]);
  const symref = concat([7], varint(name.length + 1), name, [0xff]);
  const block = framed(BlockType.ref, [record(0, name, 3, symref)]);
  const [ref] = walk(block).map((cursor) => decodeRef(cursor, 20, 100));
  assertEquals(ref, {
    kind: "symref",
    refname: "refs/heads/\udcfc",
    updateIndex: 107,
    target: "refs/heads/\udcfc\udcff",
  });
});

Deno.test("decodeRef() reads update indices up to 2^53 - 1 and no further", () => {
  const max = Number.MAX_SAFE_INTEGER;
  for (const [least, delta] of [[max, 0], [max - 127, 127], [max - 128, 128], [0, max]] as const) {
    const sound = framed(BlockType.ref, [directRef("refs/heads/main", oid(1), delta)]);
    const [ref] = walk(sound).map((cursor) => decodeRef(cursor, 20, least));
    assertEquals(ref?.updateIndex, max);
    if (least === 0) continue;
    const above = framed(BlockType.ref, [directRef("refs/heads/main", oid(1), delta + 1)]);
    for (const cursor of walk(above)) {
      assertThrows(() => decodeRef(cursor, 20, least), ReftableError, "update index is above 2^53");
    }
  }
});
