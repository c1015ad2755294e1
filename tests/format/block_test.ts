import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import {
  BlockType,
  damagedRecord,
  frameBlock,
  isBlockType,
  restartPosition,
} from "../../src/format/block.ts";
import { blocksOf, framed, layoutOf, walk } from "../blocks.ts";
import { fixtures, writerOptions } from "../fixtures.ts";
import { directRef } from "../hand_made.ts";

Deno.test("isBlockType() knows the four letters", () => {
  const types = Array.from({ length: 256 }, (_, byte) => byte).filter(isBlockType);
  assertEquals(String.fromCharCode(...types), "gior");
  assertEquals(isBlockType(undefined), false);
});

Deno.test("restartPosition() finds as many restarts in order as git makes", () => {
  for (const table of fixtures()) {
    if (!table.name.startsWith("git/")) continue;
    for (const block of blocksOf(table.bytes)) {
      const restarts = Array.from(
        { length: block.restartCount },
        (_, index) => restartPosition(block, index),
      );
      assertEquals(restarts[0], block.start, table.name);
      assertEquals(restarts, [...new Set(restarts)].sort((a, b) => a - b), table.name);
      // A key that shares nothing with the one before it is stored whole, and so git makes it a restart.
      const { restartInterval } = writerOptions(table);
      let count = 0;
      let entry = 0;
      for (const { sharedLength } of walk(block, layoutOf(table.bytes).hashSize)) {
        if (entry++ % restartInterval === 0 || sharedLength === 0) count++;
      }
      assertEquals(restarts.length, count, table.name);
    }
  }
});

Deno.test("frameBlock() refuses a restart table that does not fit", () => {
  // A block with one record of 20 bytes, a restart table of 3 bytes, and its count.
  const sound = framed(BlockType.ref, [new Uint8Array(20)]).bytes;
  assertEquals(frameBlock("x.ref", 0, 0, sound, 99).restartStart, 24);
  for (
    const [count, fits] of [[1, true], [7, true], [8, false], [0, false], [65535, false]] as const
  ) {
    const bytes = sound.slice();
    bytes.set([count >> 8, count & 0xff], bytes.length - 2);
    if (fits) {
      const block = frameBlock("x.ref", 512, 0, bytes, 999);
      assertEquals([block.restartCount, block.restartStart], [count, 27 - 3 * count]);
      continue;
    }
    const error = assertThrows(
      () => frameBlock("x.ref", 512, 0, bytes, 999),
      ReftableError,
      `block at offset 512 has 29 bytes and claims ${count} restarts`,
    );
    assertEquals([error.code, error.file, error.offset], ["format", "x.ref", 512]);
  }
});

Deno.test("restartPosition() refuses positions outside the records", () => {
  const record = directRef("refs/heads/a");
  const end = 4 + record.length;
  const block = framed(BlockType.ref, [record], [4, end - 1, 3, end, 0xffff, 0]);
  assertEquals([restartPosition(block, 0), restartPosition(block, 1)], [4, end - 1]);
  for (const index of [2, 3, 4, 5]) {
    const error = assertThrows(
      () => restartPosition(block, index),
      ReftableError,
      `restart ${index} points to`,
    );
    assertEquals([error.code, error.offset], ["format", end + 3 * index]);
  }
});

Deno.test("damagedRecord() names the place in the file, of a log block the block's", () => {
  const bytes = framed(BlockType.ref, [directRef("a")]).bytes;
  const ref = damagedRecord(frameBlock("x.ref", 4096, 0, bytes, 0), 10, "it is odd");
  assertEquals(ref.message, 'Cannot read table "x.ref": record at offset 4106: it is odd');
  bytes[0] = BlockType.log;
  const log = damagedRecord(frameBlock("x.ref", 4096, 0, bytes, 0), 10, "it is odd");
  assertEquals(
    log.message,
    'Cannot read table "x.ref": record at byte 10 of the inflated log block at offset 4096: it is odd',
  );
  assertEquals([(ref as ReftableError).offset, (log as ReftableError).offset], [4106, 4096]);
});
