import { assertEquals } from "@std/assert";
import * as zlib from "node:zlib";
import { crc32 } from "../../src/format/header_footer.ts";
import { fixture } from "../fixtures.ts";

Deno.test("crc32() gives the standard check values", () => {
  const cases = {
    "": 0x00000000,
    "a": 0xe8b7be43,
    "123456789": 0xcbf43926,
    "The quick brown fox jumps over the lazy dog": 0x414fa339,
  };
  for (const [text, checksum] of Object.entries(cases)) {
    assertEquals(crc32(new TextEncoder().encode(text)), checksum, JSON.stringify(text));
  }
});

Deno.test("crc32() gives what zlib gives", () => {
  const { bytes } = fixture("git/restart-1-512.ref");
  for (const length of [1, 255, 256, 257, bytes.length]) {
    const range = bytes.subarray(bytes.length - length);
    assertEquals(crc32(range), zlib.crc32(range));
  }
});
