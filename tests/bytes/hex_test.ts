import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  decodeHexDigits,
  decodeHexInto,
  digitsOfPair,
  encodeHex,
  encodeHexInto,
} from "../../src/bytes/hex.ts";
import { decodeAscii } from "../../src/bytes/text.ts";

/** Decodes digits into an array that is just long enough. */
function decodeHex(digits: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor(digits.length / 2));
  return decodeHexInto(digits, bytes, 0, bytes.length) ? bytes : undefined;
}

const ALL = Uint8Array.from({ length: 256 }, (_, value) => value);
const digitsOf = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("encodeHex() writes every byte as two lower-case digits", () => {
  assertEquals(encodeHex(Uint8Array.of(0x00, 0x09, 0x0a, 0x9f, 0xf9, 0xff)), "00090a9ff9ff");
  // 20 and 32 bytes are object ids, which take another way.
  for (const length of [0, 1, 20, 31, 32, 33, 64, 256]) {
    assertEquals(encodeHex(ALL.subarray(256 - length)), digitsOf(ALL.subarray(256 - length)));
  }
});

Deno.test("encodeHex() takes a range", () => {
  assertEquals(encodeHex(ALL, 0xab, 0xad), "abac");
  assertEquals(encodeHex(ALL, 0xfe), "feff");
});

Deno.test("encodeHex() needs nothing that a browser may lack", () => {
  const { toHex } = Uint8Array.prototype;
  const expected = [20, 32, 33].map((length) => encodeHex(ALL.subarray(200, 200 + length)));
  try {
    Uint8Array.prototype.toHex = undefined as unknown as typeof toHex;
    const found = [20, 32, 33].map((length) => encodeHex(ALL.subarray(200, 200 + length)));
    assertEquals(found, expected);
  } finally {
    Uint8Array.prototype.toHex = toHex;
  }
});

Deno.test("decodeHexInto() reads digits of either case", () => {
  assertEquals(decodeHex(digitsOf(ALL)), ALL);
  assertEquals(decodeHex(digitsOf(ALL).toUpperCase()), ALL);
  assertEquals(decodeHex(""), new Uint8Array());
});

Deno.test("decodeHexInto() refuses odd numbers of digits and everything else", () => {
  assertEquals(decodeHex("abc"), undefined);
  // The neighbours of the digits in ASCII, and characters that equal digits in their low byte.
  for (const character of "/:@G`g \0-\u0130\u0141\u0661") {
    assertEquals(decodeHex(`${character}0`), undefined, JSON.stringify(character));
    assertEquals(decodeHex(`0${character}`), undefined, JSON.stringify(character));
  }
});

Deno.test("decodeHexInto() writes exactly as many bytes as it is asked for", () => {
  const target = new Uint8Array(5).fill(0xee);
  assert(decodeHexInto("01aBff", target, 1, 3));
  assertEquals([...target], [0xee, 0x01, 0xab, 0xff, 0xee]);
  for (const digits of ["", "01ab", "01abff00", "01abf", "01abfg", "01abf\u0130"]) {
    assertFalse(decodeHexInto(digits, target, 1, 3), digits);
    assertEquals([target[0], target[4]], [0xee, 0xee], digits);
  }
});

Deno.test("decodeHexDigits() reads digits of either case from ASCII", () => {
  const text = `  ${digitsOf(ALL)}${digitsOf(ALL).toUpperCase()}`;
  const digits = new TextEncoder().encode(text);
  const target = new Uint8Array(514);
  assert(decodeHexDigits(digits, 2, target, 1, 512));
  assertEquals(target, Uint8Array.of(0, ...ALL, ...ALL, 0));
});

Deno.test("decodeHexDigits() refuses what is no digit, and what is not there", () => {
  const target = new Uint8Array(2);
  for (let byte = 0; byte < 256; byte++) {
    const isDigit = /[0-9a-f]/i.test(String.fromCharCode(byte));
    for (const digits of [[byte, 0x30], [0x30, byte]]) {
      assertEquals(decodeHexDigits(Uint8Array.from(digits), 0, target, 0, 1), isDigit);
    }
  }
  assertFalse(decodeHexDigits(Uint8Array.of(0x30, 0x30, 0x30), 0, target, 0, 2));
});

Deno.test("encodeHexInto() writes two digits of ASCII a byte", () => {
  const target = new Uint8Array(516);
  assertEquals(encodeHexInto(ALL, 1, 256, target, 3), 513);
  assertEquals(new TextDecoder().decode(target.subarray(3, 513)), digitsOf(ALL).slice(2));
  assertEquals([...target.subarray(0, 3), ...target.subarray(513)], [0, 0, 0, 0, 0, 0]);
});

Deno.test("digitsOfPair() gives the digits of every pair of bytes", () => {
  const view = new DataView(new ArrayBuffer(4));
  for (let pair = 0; pair < 0x10000; pair++) {
    view.setUint32(0, digitsOfPair(pair));
    assertEquals(decodeAscii(new Uint8Array(view.buffer)), pair.toString(16).padStart(4, "0"));
  }
});
