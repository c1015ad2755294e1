import { assert, assertEquals } from "@std/assert";
import { compareBytes } from "../../src/bytes/bytes.ts";
import {
  compareText,
  decodeAscii,
  decodeText,
  encodeText,
  isAscending,
  isAscii,
  trimEnd,
} from "../../src/bytes/text.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a byte that is no part of valid UTF-8 becomes. */
const escapes = (...bytes: number[]) => String.fromCharCode(...bytes.map((b) => 0xdc00 + b));

function assertRoundTrip(bytes: Uint8Array): string {
  const text = decodeText(bytes);
  const back = encodeText(text);
  if (compareBytes(back, bytes) !== 0) assertEquals(back, bytes);
  return text;
}

Deno.test("decodeText() decodes UTF-8, a byte order mark included", () => {
  const encoder = new TextEncoder();
  const texts = [
    "",
    "\0",
    "\x7f",
    "refs/heads/main",
    "é",
    "日本",
    "𝒳",
    "\ufeff",
    "\ufeffa",
    "a\ufeff",
  ];
  // Long strings are encoded in another way than short ones.
  for (const text of [...texts, ...Array.from("aé日𝒳", (character) => character.repeat(102))]) {
    assertEquals(assertRoundTrip(encoder.encode(text)), text);
  }
  assertEquals(assertRoundTrip(new Uint8Array(102).fill(0xff)), "\udcff".repeat(102));
});

Deno.test("decodeText() escapes each byte that is no part of valid UTF-8", () => {
  const cases: readonly (readonly [readonly number[], string])[] = [
    // A continuation by itself, and what never occurs in UTF-8.
    [[0x80], escapes(0x80)],
    [[0xbf, 0x61], `${escapes(0xbf)}a`],
    [[0xfe, 0xff], escapes(0xfe, 0xff)],
    // Overlong forms of NUL, "/", U+007F, U+07FF and U+FFFF.
    [[0xc0, 0x80], escapes(0xc0, 0x80)],
    [[0xc0, 0xaf], escapes(0xc0, 0xaf)],
    [[0xc1, 0xbf], escapes(0xc1, 0xbf)],
    [[0xe0, 0x9f, 0xbf], escapes(0xe0, 0x9f, 0xbf)],
    [[0xf0, 0x8f, 0xbf, 0xbf], escapes(0xf0, 0x8f, 0xbf, 0xbf)],
    // Surrogates: the first, the last, and a pair.
    [[0xed, 0xa0, 0x80], escapes(0xed, 0xa0, 0x80)],
    [[0xed, 0xbf, 0xbf], escapes(0xed, 0xbf, 0xbf)],
    [[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], escapes(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)],
    // U+110000, and lead bytes for more.
    [[0xf4, 0x90, 0x80, 0x80], escapes(0xf4, 0x90, 0x80, 0x80)],
    [[0xf5, 0x80, 0x80, 0x80], escapes(0xf5, 0x80, 0x80, 0x80)],
    [[0xf8, 0x88, 0x80, 0x80, 0x80], escapes(0xf8, 0x88, 0x80, 0x80, 0x80)],
    // Cut off at the end, and by another character.
    [[0xc3], escapes(0xc3)],
    [[0xe6, 0x97], escapes(0xe6, 0x97)],
    [[0xf0, 0x9d, 0x92], escapes(0xf0, 0x9d, 0x92)],
    [[0xe6, 0x97, 0x61], `${escapes(0xe6, 0x97)}a`],
    [[0xf0, 0x9d, 0xc3, 0xa9], `${escapes(0xf0, 0x9d)}é`],
    // Latin-1, and valid characters on both sides of invalid bytes.
    [[0x66, 0xfc, 0x72], `f${escapes(0xfc)}r`],
    [[0xe6, 0x97, 0xa5, 0xff, 0xf0, 0x9d, 0x92, 0xb3, 0x80], `日${escapes(0xff)}𝒳${escapes(0x80)}`],
    [[0xef, 0xbb, 0xbf, 0xff], `\ufeff${escapes(0xff)}`],
  ];
  for (const [bytes, text] of cases) {
    assertEquals(assertRoundTrip(Uint8Array.from(bytes)), text, bytes.join());
  }
});

Deno.test("decodeText() and encodeText() keep every sequence of up to two bytes", () => {
  for (let first = 0; first < 256; first++) {
    assertRoundTrip(Uint8Array.of(first));
    for (let second = 0; second < 256; second++) assertRoundTrip(Uint8Array.of(first, second));
  }
});

Deno.test("decodeText() escapes only what a strict decoder refuses", () => {
  const edges = [0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4];
  for (let i = 0; i < edges.length ** 4; i++) {
    const bytes = Uint8Array.from(
      [1, edges.length, edges.length ** 2, edges.length ** 3],
      (power) => edges[Math.floor(i / power) % edges.length]!,
    );
    const text = assertRoundTrip(bytes);
    if (text.isWellFormed()) assertEquals(text, strict.decode(bytes));
    else if (bytes.some((byte) => byte >= 0xc2)) assertInvalid(bytes);
  }
});

function assertInvalid(bytes: Uint8Array): void {
  let decoded: string | undefined;
  try {
    decoded = strict.decode(bytes);
  } catch {
    return;
  }
  assertEquals(decoded, undefined, bytes.join());
}

Deno.test("decodeText() takes a range", () => {
  const bytes = Uint8Array.of(0xc3, 0xa9, 0x61, 0xc3, 0xa9);
  assertEquals(decodeText(bytes, 2, 3), "a");
  assertEquals(decodeText(bytes, 2), "aé");
  // The rest of a character behind the range is not looked at.
  assertEquals(decodeText(bytes, 2, 4), `a${escapes(0xc3)}`);
});

Deno.test("encodeText() replaces surrogates that stand for no byte", () => {
  const replacement = [0xef, 0xbf, 0xbd];
  assertEquals([...encodeText("a\ud800")], [0x61, ...replacement]);
  assertEquals([...encodeText("\udc7f\udd00")], [...replacement, ...replacement]);
  assertEquals([...encodeText("\udc80\udcff")], [0x80, 0xff]);
  // A pair is one character, though its second half alone would stand for a byte.
  assertEquals([...encodeText("\ud800\udc80")], [0xf0, 0x90, 0x82, 0x80]);
});

Deno.test("isAscii() and decodeAscii() know the bytes below 0x80", () => {
  const ascii = Uint8Array.from({ length: 128 }, (_, value) => value);
  assert(isAscii(ascii, 0, 128));
  assertEquals(decodeAscii(ascii), String.fromCharCode(...ascii));
  const mixed = Uint8Array.of(0x80, 0x61, 0xff);
  assert(isAscii(mixed, 1, 2));
  assert(!isAscii(mixed, 0, 2));
  assert(!isAscii(mixed, 1, 3));
  assert(isAscii(mixed, 1, 1));
});

Deno.test("compareText() orders names by their bytes, not by their UTF-16 code units", () => {
  // U+E000 to U+FFFF come after surrogates in UTF-16, but before the characters these make in UTF-8.
  const sorted = [
    "",
    "a",
    "a\0",
    "ab",
    "b",
    "\udc80",
    "é",
    "日",
    "\ue000",
    "\uffff",
    "𝒳",
    "\udcff",
  ];
  const reversed = sorted.toReversed();
  assertEquals(reversed.toSorted(compareText), sorted);
  for (const a of sorted) {
    for (const b of sorted) {
      const expected = compareBytes(encodeText(`x${a}`), encodeText(`x${b}`));
      assertEquals(Math.sign(compareText(`x${a}`, `x${b}`)), Math.sign(expected), `${a} and ${b}`);
    }
  }
});

Deno.test("isAscending() wants each string to come behind the one before it, by their bytes", () => {
  const cases: readonly [texts: string[], expected: boolean][] = [
    [[], true],
    [["b"], true],
    [["a", "ab", "b"], true],
    [["a", "a"], false],
    [["b", "a"], false],
    [["\udc80", "é", "\uffff", "𝒳"], true],
    [["a", "𝒳", "\uffff"], false],
    [["\uffff", "𝒳", "𝒳"], false],
    [["𝒳", "b", "c"], false],
  ];
  for (const [texts, expected] of cases) assertEquals(isAscending(texts), expected, `${texts}`);
});

Deno.test("decodeText() and encodeText() take long texts with a few bytes that are no UTF-8", () => {
  const bytes = new TextEncoder().encode("refs/heads/é日𝒳\n".repeat(50_000));
  for (let i = 0; i < bytes.length; i += 1009) bytes[i] = 0xff;
  const text = assertRoundTrip(bytes);
  assert(text.includes("refs/heads/é日𝒳\nrefs/heads/é日𝒳\n"));
  assertEquals(text.split("\udcff").length - 1, Math.ceil(bytes.length / 1009));
  // A lone surrogate that stands for no byte, between those that do.
  assertEquals(
    encodeText("a\udc80\ud800b\udcff\u{1d4b3}\udc00"),
    Uint8Array.of(
      ...[0x61, 0x80, 0xef, 0xbf, 0xbd, 0x62, 0xff, 0xf0, 0x9d, 0x92, 0xb3, 0xef, 0xbf, 0xbd],
    ),
  );
});

Deno.test("trimEnd() takes away what a text ends with, and nothing else", () => {
  assertEquals(trimEnd("a \n b\r\n\n", "\r\n"), "a \n b");
  assertEquals(trimEnd("a \n b", "\r\n"), "a \n b");
  assertEquals([trimEnd("\n\n", "\n"), trimEnd("", "\n"), trimEnd("a", "")], ["", "", "a"]);
});
