import { assertEquals } from "@std/assert";
import { decodeHex, encodeHex, putHex } from "../../src/bytes/hex.ts";

const ALL = Uint8Array.from({ length: 256 }, (_, value) => value);
const digitsOf = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("encodeHex() writes every byte as two lower-case digits", () => {
  assertEquals(encodeHex(Uint8Array.of(0x00, 0x09, 0x0a, 0x9f, 0xf9, 0xff)), "00090a9ff9ff");
  // 32 bytes, an object id of SHA-256, are the most that take no memory of their own.
  for (const length of [0, 1, 20, 31, 32, 33, 64, 256]) {
    assertEquals(encodeHex(ALL.subarray(256 - length)), digitsOf(ALL.subarray(256 - length)));
  }
});

Deno.test("encodeHex() takes a range", () => {
  assertEquals(encodeHex(ALL, 0xab, 0xad), "abac");
  assertEquals(encodeHex(ALL, 0xfe), "feff");
});

Deno.test("putHex() writes behind what is there and tells where it stopped", () => {
  const target = new Uint16Array(5);
  assertEquals(putHex(target, putHex(target, 1, ALL, 0x10, 0x12), ALL, 0xff, 0x100), 4);
  const text = new TextDecoder().decode(new Uint8Array(target.buffer));
  assertEquals(text, "\0\x001011ff\0\0");
});

Deno.test("decodeHex() reads digits of either case", () => {
  assertEquals(decodeHex(digitsOf(ALL)), ALL);
  assertEquals(decodeHex(digitsOf(ALL).toUpperCase()), ALL);
  assertEquals(decodeHex(""), new Uint8Array());
});

Deno.test("decodeHex() refuses odd numbers of digits and everything else", () => {
  assertEquals(decodeHex("abc"), undefined);
  // The neighbours of the digits in ASCII, and characters that equal digits in their low byte.
  for (const character of "/:@G`g \0-\u0130\u0141\u0661") {
    assertEquals(decodeHex(`${character}0`), undefined, JSON.stringify(character));
    assertEquals(decodeHex(`0${character}`), undefined, JSON.stringify(character));
  }
});
