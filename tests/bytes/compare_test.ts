import { assert, assertEquals } from "@std/assert";
import { commonPrefixLength, compareBytes, startsWithBytes } from "../../src/bytes/bytes.ts";

/** In ascending order. */
const SORTED = [[], [0], [0, 0], [0, 1], [1], [0x7f], [0x80], [0x80, 0xff], [0xff], [0xff, 0]]
  .map((bytes) => Uint8Array.from(bytes));

Deno.test("compareBytes() orders by unsigned byte values, prefixes first", () => {
  for (const [i, a] of SORTED.entries()) {
    for (const [j, b] of SORTED.entries()) {
      assertEquals(Math.sign(compareBytes(a, b)), Math.sign(i - j), `${a} and ${b}`);
    }
  }
});

Deno.test("commonPrefixLength() counts within both lengths", () => {
  const a = Uint8Array.of(1, 2, 3, 4);
  const b = Uint8Array.of(1, 2, 3, 5);
  assertEquals(commonPrefixLength(a, 4, b, 4), 3);
  assertEquals(commonPrefixLength(a, 4, a, 4), 4);
  assertEquals(commonPrefixLength(a, 2, b, 4), 2);
  assertEquals(commonPrefixLength(a, 4, b, 1), 1);
  assertEquals(commonPrefixLength(a, 0, b, 4), 0);
});

Deno.test("commonPrefixLength() does not look at bytes before its start", () => {
  assertEquals(commonPrefixLength(Uint8Array.of(9, 2, 3), 3, Uint8Array.of(1, 2, 4), 3, 1), 2);
});

Deno.test("startsWithBytes() looks at the key's length only", () => {
  const key = Uint8Array.of(1, 2, 3);
  assert(startsWithBytes(key, 3, Uint8Array.of()));
  assert(startsWithBytes(key, 2, Uint8Array.of(1, 2)));
  assert(!startsWithBytes(key, 2, Uint8Array.of(1, 2, 3)));
  assert(!startsWithBytes(key, 3, Uint8Array.of(1, 3)));
});
