import { assert, assertEquals } from "@std/assert";
import { ByteReader } from "../../src/bytes/bytes.ts";

Deno.test("ByteReader.skip() gives the start of what it passes over", () => {
  const reader = new ByteReader(new Uint8Array(10), 2, 8);
  assertEquals([reader.skip(0), reader.skip(4), reader.skip(2)], [2, 2, 6]);
  assertEquals([reader.position, reader.failed], [8, false]);
});

Deno.test("ByteReader.skip() fails beyond the end and stays where it is", () => {
  for (const count of [7, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    const reader = new ByteReader(new Uint8Array(10), 2, 8);
    reader.skip(count);
    assertEquals([reader.position, reader.failed], [2, true]);
  }
});

Deno.test("ByteReader stays failed while it reads on", () => {
  const reader = new ByteReader(Uint8Array.of(5, 1, 2));
  reader.skip(4);
  assertEquals(reader.varint(), 5);
  assert(reader.failed);
});
