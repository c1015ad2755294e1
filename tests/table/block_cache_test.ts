import { assert, assertEquals, assertLessOrEqual, assertStrictEquals } from "@std/assert";
import type { Block } from "../../src/format/block.ts";
import { BlockCache } from "../../src/table/block_loader.ts";
import { framed } from "../blocks.ts";
import { seeded } from "../fixtures.ts";

function blockAt(offset: number, size: number): Block {
  const block = framed(0x72, [new Uint8Array(size - 9)]);
  assertEquals(block.bytes.length, size);
  return { ...block, offset };
}

function kept(cache: BlockCache, blocks: readonly Block[]): Block[] {
  return blocks.filter(({ offset }) => cache.get(offset) !== undefined);
}

Deno.test("BlockCache gives back the blocks that were put in", () => {
  const cache = new BlockCache(10_000);
  const blocks = [blockAt(0, 100), blockAt(4096, 100)];
  for (const block of blocks) cache.set(block);
  for (const block of blocks) assertStrictEquals(cache.get(block.offset), block);
  assertEquals(cache.get(100), undefined);
});

Deno.test("BlockCache keeps no more bytes than it may, and at least half of them", () => {
  const random = seeded(7);
  const cache = new BlockCache(10_000);
  const blocks: Block[] = [];
  for (let i = 0; i < 500; i++) {
    const block = blockAt(1000 * i, 20 + random(500));
    cache.set(block);
    blocks.push(block);
  }
  // Looking at old blocks makes them young, so the newest are asked for first.
  let bytes = 0;
  for (const { offset, bytes: { length } } of blocks.toReversed()) {
    if (cache.get(offset) === undefined) break;
    bytes += length;
  }
  assertLessOrEqual(bytes, 10_000);
  assert(bytes >= 4500, `${bytes} bytes are kept`);
});

Deno.test("BlockCache keeps the blocks that are asked for again and again", () => {
  const cache = new BlockCache(10_000);
  const popular = blockAt(0, 100);
  cache.set(popular);
  for (let i = 1; i < 1000; i++) {
    cache.set(blockAt(1000 * i, 100));
    assertStrictEquals(cache.get(0), popular);
  }
});

Deno.test("BlockCache keeps hardly anything when it may keep nothing", () => {
  for (const capacity of [0, 50]) {
    const cache = new BlockCache(capacity);
    const blocks = [0, 1, 2, 3, 4].map((i) => blockAt(1000 * i, 100));
    for (const block of blocks) cache.set(block);
    assertStrictEquals(cache.get(4000), blocks[4]);
    assertLessOrEqual(kept(cache, blocks).length, 2);
  }
});
