import { compareBytes } from "./bytes.ts";

/**
 * Names in Git are bytes, usually but not always UTF-8. They become strings in such a way that
 * every byte string survives the round trip: a byte that is no part of valid UTF-8 becomes the lone
 * surrogate U+DC00 + byte (U+DC80 to U+DCFF), as Python's "surrogateescape" does.
 */

const asciiDecoder = new TextDecoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Up to this length a loop in JavaScript encodes ASCII faster than a call to the encoder. */
const SHORT = 100;

/** Tells whether all bytes of a range are below 0x80. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let seen = 0;
  for (let position = start; position < end; position++) seen |= bytes[position]!;
  return seen < 0x80;
}

/**
 * Decodes a range that {@linkcode isAscii} approved. The general decoder would do, but
 * this one costs a tenth of it.
 */
export function decodeAscii(bytes: Uint8Array): string {
  return asciiDecoder.decode(bytes);
}

/**
 * Decodes bytes to a string that {@linkcode encodeText} turns back into the same bytes.
 *
 * @example
 * ```ts ignore
 * decodeText(Uint8Array.of(0x61, 0xff)); // "a\udcff"
 * ```
 */
export function decodeText(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): string {
  const range = bytes.subarray(start, end);
  if (isAscii(range, 0, range.length)) return decodeAscii(range);
  try {
    return strictDecoder.decode(range);
  } catch {
    return decodeWithEscapes(range);
  }
}

/** The length of the UTF-8 sequence at `position`, or 0 where there is no valid one. */
function sequenceLength(bytes: Uint8Array, position: number): number {
  const lead = bytes[position]!;
  const length = lead < 0x80
    ? 1
    : lead < 0xc2
    ? 0
    : lead < 0xe0
    ? 2
    : lead < 0xf0
    ? 3
    : lead < 0xf5
    ? 4
    : 0;
  if (length < 2) return length;
  // The first continuation byte is what excludes overlong forms, surrogates and values above U+10FFFF.
  const second = bytes[position + 1] ?? 0;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) {
    if (((bytes[position + i] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function decodeWithEscapes(bytes: Uint8Array): string {
  let text = "";
  // What is valid is decoded in one go: calls of the decoder are what takes time.
  let start = 0;
  const decodeUpTo = (end: number) => {
    if (start < end) text += strictDecoder.decode(bytes.subarray(start, end));
  };
  for (let position = 0; position < bytes.length;) {
    const length = sequenceLength(bytes, position);
    if (length > 0) {
      position += length;
      continue;
    }
    decodeUpTo(position);
    text += String.fromCharCode(0xdc00 + bytes[position++]!);
    start = position;
  }
  decodeUpTo(bytes.length);
  return text;
}

/**
 * Encodes a string to bytes; the inverse of {@linkcode decodeText}.
 *
 * @returns A new array. A lone surrogate outside U+DC80 to U+DCFF becomes U+FFFD.
 */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  if (length > SHORT) return encodeWide(text);
  const ascii = new Uint8Array(length);
  return putAscii(text, ascii, 0) ? ascii : encodeWide(text);
}

/** Tells whether a string survives being encoded: no lone surrogate but those that stand for bytes. */
export function isEncodable(text: string): boolean {
  return text.isWellFormed() || decodeText(encodeText(text)) === text;
}

/**
 * Encodes a string as {@linkcode encodeText} does, into an array that has room for three times its length.
 *
 * @param position Where to begin.
 * @returns The position behind the last byte.
 */
export function encodeTextInto(text: string, target: Uint8Array, position: number): number {
  const { length } = text;
  if (length <= SHORT && putAscii(text, target, position)) return position + length;
  if (text.isWellFormed()) {
    return position + encoder.encodeInto(text, target.subarray(position)).written;
  }
  const bytes = encodeWide(text);
  target.set(bytes, position);
  return position + bytes.length;
}

/** Writes the characters of a text as bytes, up to the first one that is not ASCII; false if there is one. */
function putAscii(text: string, target: Uint8Array, position: number): boolean {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return false;
    target[position + i] = unit;
  }
  return true;
}

function encodeWide(text: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return encoder.encode(text);
  const { length } = text;
  const bytes = new Uint8Array(3 * length);
  let position = 0;
  let start = 0;
  const encodeUpTo = (end: number) => {
    if (start === end) return;
    position += encoder.encodeInto(text.slice(start, end), bytes.subarray(position)).written;
  };
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) i++;
    else if (unit >= 0xdc80 && unit <= 0xdcff) {
      encodeUpTo(i);
      bytes[position++] = unit - 0xdc00;
      start = i + 1;
    }
  }
  encodeUpTo(length);
  return bytes.slice(0, position);
}

/** What JavaScript's order of strings puts before some characters that come before it in UTF-8. */
const SURROGATE = /[\ud800-\udfff]/;

/**
 * Takes characters away from the end of a text. A regular expression would begin anew at each place where such
 * characters stand: of a text that has many of them, it would never come to the end.
 *
 * @param characters Those that are taken away.
 */
export function trimEnd(text: string, characters: string): string {
  let { length } = text;
  while (length > 0 && characters.includes(text[length - 1]!)) length--;
  return text.slice(0, length);
}

/**
 * Compares two strings by the bytes they encode to, which is the order of names in a table. JavaScript's
 * own order differs from it where surrogates are involved.
 *
 * @returns A number below, equal to or above 0.
 */
export function compareText(a: string, b: string): number {
  // Both are native: a loop over the characters takes twice as long.
  if (SURROGATE.test(a) || SURROGATE.test(b)) return compareBytes(encodeText(a), encodeText(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Tells whether strings are in the order that {@linkcode compareText} gives, and none is there twice. Mostly names that
 * come together are, so that to ask this first is cheaper than to sort them.
 */
export function isAscending(texts: readonly string[]): boolean {
  let last: string | undefined;
  let hasSurrogates = false;
  for (const text of texts) {
    // Each is searched once, while a comparison searches both of two.
    hasSurrogates ||= SURROGATE.test(text);
    if (last !== undefined) {
      if (hasSurrogates ? compareText(last, text) >= 0 : last >= text) return false;
    }
    last = text;
  }
  return true;
}
