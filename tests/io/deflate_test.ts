import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { inflateSync } from "node:zlib";
import { BlockType } from "../../src/format/block.ts";
import { deflate } from "../../src/io/deflate.ts";
import { blocksOf } from "../blocks.ts";
import { fixtures, seeded } from "../fixtures.ts";

Deno.test("deflate() gives the bytes that zlib gave git", () => {
  let count = 0;
  for (const { name, bytes } of fixtures()) {
    if (!name.startsWith("git/")) continue;
    for (const { type, offset, start, bytes: inflated, nextOffset } of blocksOf(bytes)) {
      if (type !== BlockType.log) continue;
      const expected = bytes.slice(offset + start, nextOffset);
      assertEquals(deflate(inflated.subarray(start)), expected, `${name} at ${offset}`);
      count++;
    }
  }
  assert(count > 100);
});

/** Asserts that zlib inflates it to what it was. */
function assertReturns(input: Uint8Array): void {
  const output = new Uint8Array(inflateSync(deflate(input)));
  let same = 0;
  while (same < input.length && input[same] === output[same]) same++;
  assertEquals([same, output.length], [input.length, input.length]);
}

Deno.test("deflate() gives what zlib inflates", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 70_000 }))
      .map(([byte, length]) => new Uint8Array(length).fill(byte)),
    fc.lorem({ maxCount: 50 }).map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      assertReturns(Uint8Array.from(pieces.flatMap((bytes) => [...bytes])));
    }),
    { numRuns: 100 },
  );
});

Deno.test("deflate() takes nothing, and what is as large as a block can be", () => {
  assertEquals(deflate(new Uint8Array()), Uint8Array.of(0x78, 0xda, 3, 0, 0, 0, 0, 1));
  const random = seeded(3);
  // Bytes that cannot be deflated, longer than zlib's window and its buffers.
  assertReturns(Uint8Array.from({ length: 300_000 }, () => random(256)));
  // Few different bytes, as much as a block takes.
  const large = new Uint8Array(0xffffff);
  for (let i = 0; i < large.length; i += 97) large[i] = i >> 16;
  assertReturns(large);
});

Deno.test("deflate() leaves its input as it is", () => {
  const memory = Uint8Array.from({ length: 5000 }, (_, i) => i * i);
  const before = memory.slice();
  const whole = deflate(memory.slice(1000, 4000));
  assertEquals(deflate(memory.subarray(1000, 4000)), whole);
  assertEquals(memory, before);
});
