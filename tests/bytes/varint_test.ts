import { assert, assertEquals } from "@std/assert";
import { ByteReader, MAX_VARINT_LENGTH, putVarint, varintLength } from "../../src/bytes/bytes.ts";
import { varint } from "../hand_made.ts";

/** Worked out by hand: the first and the last value of each length, and what 32 bits cannot hold. */
const ENCODINGS: readonly (readonly [number, readonly number[]])[] = [
  [0, [0x00]],
  [1, [0x01]],
  [127, [0x7f]],
  [128, [0x80, 0x00]],
  [255, [0x80, 0x7f]],
  [256, [0x81, 0x00]],
  [16511, [0xff, 0x7f]],
  [16512, [0x80, 0x80, 0x00]],
  [2113663, [0xff, 0xff, 0x7f]],
  [2113664, [0x80, 0x80, 0x80, 0x00]],
  [2 ** 31 - 1, [0x86, 0xfe, 0xfe, 0xfe, 0x7f]],
  [2 ** 31, [0x86, 0xfe, 0xfe, 0xff, 0x00]],
  [2 ** 32 - 1, [0x8e, 0xfe, 0xfe, 0xfe, 0x7f]],
  [2 ** 32, [0x8e, 0xfe, 0xfe, 0xff, 0x00]],
  [2 ** 53 - 1, [0x8e, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0x7f]],
];

function assertReads(bytes: readonly number[], value: number): void {
  // Bytes on both sides show whether the reader stays inside.
  const reader = new ByteReader(Uint8Array.of(0xff, ...bytes, 0xff), 1, bytes.length + 1);
  assertEquals(reader.varint(), value);
  assertEquals([reader.failed, reader.position], [false, bytes.length + 1]);
}

function assertFails(bytes: readonly number[], end: number): void {
  const reader = new ByteReader(Uint8Array.from(bytes), 0, end);
  reader.varint();
  assert(reader.failed, `${bytes} cut at ${end}`);
}

Deno.test("ByteReader.varint() reads the first and the last value of each length", () => {
  for (const [value, bytes] of ENCODINGS) assertReads(bytes, value);
});

Deno.test("putVarint() writes what varintLength() announces, and nothing else", () => {
  for (const [value, bytes] of ENCODINGS) {
    assertEquals(varintLength(value), bytes.length, `length of ${value}`);
    const target = new Uint8Array(bytes.length + 2).fill(0xaa);
    assertEquals(putVarint(target, 1, value), bytes.length + 1);
    assertEquals([...target], [0xaa, ...bytes, 0xaa], `encoding of ${value}`);
  }
  assertEquals(MAX_VARINT_LENGTH, varintLength(Number.MAX_SAFE_INTEGER));
});

Deno.test("varints of all sizes are read as they were written", () => {
  for (let power = 0; power < 53; power++) {
    for (const value of [2 ** power - 1, 2 ** power, 2 ** power + 1, 2 ** power * 1.5]) {
      if (!Number.isSafeInteger(value)) continue;
      const target = new Uint8Array(varintLength(value));
      putVarint(target, 0, value);
      assertEquals([...target], varint(value), `encoding of ${value}`);
      assertReads([...target], value);
    }
  }
});

Deno.test("ByteReader.varint() fails where a varint is cut off", () => {
  for (const [, bytes] of ENCODINGS) {
    for (let end = 0; end < bytes.length; end++) assertFails(bytes, end);
  }
});

Deno.test("ByteReader.varint() fails on a number above 2^53 - 1", () => {
  for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 60n, 2n ** 64n - 1n, 2n ** 100n]) {
    const bytes = varint(value);
    assertFails(bytes, bytes.length);
  }
});
