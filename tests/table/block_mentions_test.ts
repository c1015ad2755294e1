import { assertEquals, assertLess } from "@std/assert";
import { encodeHex } from "../../src/bytes/hex.ts";
import { type BlockMentions, MentionBuilder } from "../../src/table/block_mentions.ts";
import { seeded } from "../fixtures.ts";

/** A ref block at a position, and the ids in its bytes. */
type Block = readonly [position: number, ids: readonly Uint8Array[]];

function build(blocks: readonly Block[], idSize: number, expected = 0): BlockMentions {
  const builder = new MentionBuilder(idSize, expected);
  for (const [position, ids] of blocks) {
    // Ids lie anywhere in the bytes of a block.
    const bytes = new Uint8Array(5 + ids.length * (idSize + 3));
    const view = new DataView(bytes.buffer);
    ids.forEach((id, i) => {
      const place = 5 + i * (idSize + 3);
      bytes.set(id, place);
      builder.add(view, place);
    });
    builder.endBlock(view, position);
  }
  return builder.finish();
}

/** The ids of each block, in digits. */
function decode({ positions, ends, words }: BlockMentions): [number, string[]][] {
  const hex = (word: number) => word.toString(16).padStart(8, "0");
  return Array.from(positions, (position, block) => {
    const ids: string[] = [];
    for (let i = ends[block - 1] ?? 0; i < ends[block]!; i++) {
      ids.push(words.map((column) => hex(column[i]!)).join(""));
    }
    return [position, ids];
  });
}

/** The same by way of strings. */
function expected(blocks: readonly Block[]): [number, string[]][] {
  return blocks.filter(([, ids]) => ids.length > 0).map(([position, ids]) => {
    return [position, [...new Set(ids.map((id) => encodeHex(id)))].sort()];
  });
}

function assertSorted(blocks: readonly Block[], idSize: number): void {
  const mentions = build(blocks, idSize);
  assertEquals(decode(mentions), expected(blocks));
  const count = mentions.ends.at(-1) ?? 0;
  assertEquals(mentions.words.map(({ length }) => length), Array(idSize / 4).fill(count));
}

/** An id of bytes that are all the same, but for some at a place. */
function id(size: number, place: number, ...bytes: readonly number[]): Uint8Array {
  const id = new Uint8Array(size).fill(0x80);
  id.set(bytes.slice(0, size - place), place);
  return id;
}

Deno.test("MentionBuilder sorts the ids of each block, and has each once", () => {
  const random = seeded(1);
  for (const size of [20, 32]) {
    for (const limit of [2, 4, 300, 5000]) {
      const blocks = Array.from({ length: 20 }, (_, block): Block => {
        const ids = Array.from({ length: random(limit) }, () => {
          return Uint8Array.from({ length: size }, () => random(256));
        });
        // Some come again, at once or later.
        return [
          100 * block,
          ids.flatMap((id, i) => random(4) === 0 ? [id, id, ids[i >> 1]!] : [id]),
        ];
      });
      assertSorted(blocks, size);
      assertEquals(decode(build(blocks, size, 1000)), expected(blocks));
    }
  }
  assertSorted([], 20);
  assertSorted([[0, []], [500, []], [700, [id(20, 0)]], [800, []]], 20);
});

Deno.test("MentionBuilder sorts ids that are alike up to any byte", () => {
  const random = seeded(2);
  for (const size of [20, 32]) {
    for (let place = 0; place < size; place++) {
      for (const count of [2, 30, 1000]) {
        const ids = Array.from({ length: count }, () => id(size, place, random(256), random(256)));
        assertSorted([[0, ids], [4096, ids.toReversed()]], size);
      }
    }
  }
});

Deno.test("MentionBuilder does not take long for many ids that are alike, in the worst order", () => {
  const ids = Array.from({ length: 65_536 }, (_, i) => id(20, 4, 255 - (i >> 8), 255 - (i & 255)));
  const begun = performance.now();
  assertSorted([[0, ids]], 20);
  assertSorted([[0, Array(65_536).fill(id(20, 3))]], 20);
  // It is less than a second; to compare each with all would take minutes.
  assertLess(performance.now() - begun, 10_000);
});
