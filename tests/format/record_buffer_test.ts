import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeText } from "../../src/bytes/text.ts";
import { putOid, RecordBuffer } from "../../src/format/record_buffer.ts";
import { concat, oid, varint } from "../hand_made.ts";

function keyOf({ key, keyLength }: RecordBuffer): Uint8Array {
  return key.slice(0, keyLength);
}

function valueOf({ value, valueStart, valueEnd }: RecordBuffer): Uint8Array {
  return value.slice(valueStart, valueEnd);
}

const TEXTS = ["", "a", "refs/heads/main", "é", "\u{1d4b3}", "\udcff\udc80", "x".repeat(63)];
for (const length of [64, 65, 126, 127, 128, 129, 200, 5000]) TEXTS.push("x".repeat(length));
// As many bytes as need a second byte for their number, and a third, in characters of one to four.
for (const count of [42, 43, 127, 128, 5503, 5504, 5505]) TEXTS.push("名".repeat(count));
for (const count of [31, 32, 63, 64, 4127, 4128]) TEXTS.push("\u{1f600}".repeat(count));
for (const count of [127, 128, 16511, 16512]) TEXTS.push("\udcff".repeat(count));

Deno.test("RecordBuffer.setKey() encodes names of any length", () => {
  const buffer = new RecordBuffer();
  for (const text of [...TEXTS, ...TEXTS.toReversed()]) {
    buffer.putVarint(7);
    buffer.setKey(text);
    assertEquals(keyOf(buffer), encodeText(text));
    assertEquals(valueOf(buffer), new Uint8Array());
  }
});

Deno.test("RecordBuffer.appendToKey() keeps the key and makes room behind it", () => {
  for (const text of TEXTS) {
    const buffer = new RecordBuffer();
    buffer.setKey(text);
    const before = buffer.keyLength;
    for (const count of [9, 1000]) {
      const { keyLength } = buffer;
      buffer.appendToKey(count);
      assertEquals(buffer.keyLength, keyLength + count);
      assert(buffer.key.length >= buffer.keyLength);
      assertEquals(buffer.key.slice(0, before), encodeText(text));
      buffer.key.fill(1, keyLength, buffer.keyLength);
    }
    assertEquals(
      keyOf(buffer),
      concat(encodeText(text), oid(1, 1009)),
    );
  }
});

Deno.test("RecordBuffer.setKeyBytes() takes a range, and forgets the value", () => {
  const buffer = new RecordBuffer();
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  for (const [start, length] of [[0, 1], [3, 64], [900, 100], [0, 1000], [5, 0], [5, 2]] as const) {
    buffer.putVarint(7);
    buffer.setKeyBytes(bytes, start, length);
    assertEquals(keyOf(buffer), bytes.slice(start, start + length));
    assertEquals(buffer.valueEnd, 0);
  }
});

Deno.test("RecordBuffer.putText() puts a text behind its length in bytes", () => {
  const buffer = new RecordBuffer();
  for (const text of TEXTS) {
    for (const before of [0, 1, 50, 70]) {
      buffer.setKey("key");
      buffer.putBytes(oid(9, before), 0, before);
      buffer.putText(text);
      buffer.putUint16(0x1234);
      const bytes = encodeText(text);
      const expected = concat(oid(9, before), varint(bytes.length), bytes, [0x12, 0x34]);
      assertEquals(valueOf(buffer), expected, `${text.length} ${before}`);
    }
  }
});

Deno.test("RecordBuffer appends one value to another, growing as it must", () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => ({
      bytes: concat(bytes),
      put: (b: RecordBuffer) => b.putBytes(concat([5, 5], bytes, [5]), 2, 2 + bytes.length),
    })),
    fc.maxSafeNat().map((n) => ({
      bytes: concat(varint(n)),
      put: (b: RecordBuffer) => b.putVarint(n),
    })),
    fc.integer({ min: 0, max: 0xffff }).map((n) => ({
      bytes: concat([n >> 8, n & 0xff]),
      put: (b: RecordBuffer) => b.putUint16(n),
    })),
    fc.constantFrom(20, 32).map((size) => ({
      bytes: oid(0xab, size),
      put: (b: RecordBuffer) => void assert(b.putHex("ab".repeat(size), size)),
    })),
    fc.constantFrom(20, 32).map((size) => ({
      bytes: oid(0xcd, size),
      put: (b: RecordBuffer) =>
        void assert(b.putHexDigits(digits("-", "cd".repeat(size)), 1, size)),
    })),
    fc.string({ unit: "binary" }).map((text) => ({
      bytes: concat(varint(encodeText(text).length), text),
      put: (b: RecordBuffer) => b.putText(text),
    })),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60, size: "max" }), (parts) => {
      const buffer = new RecordBuffer();
      for (const { put } of parts) put(buffer);
      assertEquals(valueOf(buffer), concat(...parts.map(({ bytes }) => bytes)));
    }),
    { numRuns: 100 },
  );
});

Deno.test("RecordBuffer.putHexDigits() appends nothing that is not the digits of so many bytes", () => {
  const buffer = new RecordBuffer();
  buffer.putVarint(1);
  for (const text of ["", "ab".repeat(19), `${"ab".repeat(19)}a`, `${"ab".repeat(19)}ag`]) {
    assertEquals(buffer.putHexDigits(digits(text), 0, 20), false, text);
    assertEquals(valueOf(buffer), Uint8Array.of(1), text);
  }
});

Deno.test("RecordBuffer.putHex() appends nothing that is not the digits of so many bytes", () => {
  const buffer = new RecordBuffer();
  buffer.putVarint(1);
  const wrong = ["", "ab", "ab".repeat(19), `${"ab".repeat(19)}a`, `${"ab".repeat(20)}a`];
  wrong.push("ab".repeat(32), `${"ab".repeat(19)}ag`, `${"ab".repeat(19)}aé`, " b".repeat(20));
  for (const digits of wrong) {
    assertEquals(buffer.putHex(digits, 20), false, digits);
    assertEquals(valueOf(buffer), Uint8Array.of(1), digits);
    const problem = putOid(buffer, digits, 20);
    assertEquals(problem, `object id ${JSON.stringify(digits)} is not 40 hexadecimal digits`);
  }
  assertEquals(putOid(buffer, "AB".repeat(20), 20), undefined);
  assertEquals(putOid(buffer, "cd".repeat(32), 32), undefined);
  assertEquals(
    valueOf(buffer),
    concat([1], oid(0xab), oid(0xcd, 32)),
  );
});

/** Texts as bytes. */
function digits(...texts: readonly string[]): Uint8Array {
  return new TextEncoder().encode(texts.join(""));
}
