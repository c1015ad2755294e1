import { compareText, decodeAscii, decodeText } from "../../../bytes/text.ts";
import { ReftableError } from "../../../errors.ts";
import { refnameProblem } from "../../../format/refname.ts";
import { isSafeRefname } from "../../names.ts";
import type { StoredDirectRef, StoredPeeledRef } from "../../stored_ref.ts";

/** Where a ref stands in what was read: from `start` to `end`, its name up to `newline`. */
export interface RecordPlace {
  /** Where in the file that begins which was read. */
  readonly position: number;
  /** Where the ref begins. */
  readonly start: number;
  /** Where its line ends. */
  readonly newline: number;
  /** Where the line about the object ends that it leads to; the same where there is none. */
  readonly end: number;
}

/** Parses the lines of `packed-refs`. */
export class PackedRefParser {
  readonly #path: string;
  readonly #digits: number;
  readonly #damaged: (offset: number) => ReftableError;

  /**
   * @param path The file.
   * @param digits How many digits object ids have.
   * @param damaged Makes the error for a line that makes no sense, by where it begins in the file.
   */
  constructor(path: string, digits: number, damaged: (offset: number) => ReftableError) {
    this.#path = path;
    this.#digits = digits;
    this.#damaged = damaged;
  }

  /**
   * Parses a ref.
   *
   * @param bytes What was read.
   * @param text The same as text, if it is ASCII.
   */
  parse(
    bytes: Uint8Array,
    text: string | undefined,
    { position, start, newline, end }: RecordPlace,
  ): StoredDirectRef | StoredPeeledRef {
    const nameStart = start + this.#digits + 1;
    const oid = this.#oidAt(bytes, text, start);
    if (oid === undefined || nameStart > newline || !IS_SPACE[bytes[nameStart - 1]!]) {
      throw this.#damaged(position + start);
    }
    const refname = text?.slice(nameStart, newline) ?? decodeText(bytes, nameStart, newline);
    if (MAY_BE_DANGEROUS.test(refname)) this.#checkSafe(refname, position + start);
    if (end === newline) return { kind: "direct", refname, oid };
    const peeled = this.#oidAt(bytes, text, newline + 2);
    if (peeled === undefined || newline + 2 + this.#digits !== end) {
      throw this.#damaged(position + newline + 1);
    }
    return { kind: "peeled", refname, oid, peeled };
  }

  #oidAt(bytes: Uint8Array, text: string | undefined, start: number): string | undefined {
    const end = start + this.#digits;
    let kinds = 0;
    for (let i = start; i < end; i++) kinds |= DIGIT_KINDS[bytes[i]!] ?? NO_DIGIT;
    if (kinds & NO_DIGIT) return undefined;
    const oid = text?.slice(start, end) ?? decodeAscii(bytes.subarray(start, end));
    return kinds & UPPER_CASE ? oid.toLowerCase() : oid;
  }

  /** A name that leads elsewhere is not only a bad one. */
  #checkSafe(refname: string, offset: number): void {
    const hasNul = refname.includes("\0");
    if (!hasNul && (refnameProblem(refname) === undefined || isSafeRefname(refname))) return;
    const message = hasNul
      ? `packed refname contains embedded NULL: ${refname}`
      : `packed refname is dangerous: ${refname}`;
    throw new ReftableError("format", message, { file: this.#path, offset });
  }
}

const UPPER_CASE = 1;
const NO_DIGIT = 2;

/** What each byte is where a hexadecimal digit should be. */
const DIGIT_KINDS = new Uint8Array(256).fill(NO_DIGIT);
DIGIT_KINDS.fill(0, 0x30, 0x3a).fill(UPPER_CASE, 0x41, 0x47).fill(0, 0x61, 0x67);

/** The bytes that are white space but no newline. */
const IS_SPACE = new Uint8Array(256);
for (const space of [0x09, 0x0b, 0x0c, 0x0d, 0x20]) IS_SPACE[space] = 1;

/** What a dangerous name has in it; hardly any other has. */
const MAY_BE_DANGEROUS = /^(?!refs\/)|\/\.{0,2}(?:\/|$)|\0/;

const NEWLINE = 0x0a;
const CARET = 0x5e;

/**
 * Puts the refs of a file `packed-refs` in order that says nothing about it.
 *
 * @param bytes The file, which ends with a newline.
 * @param first Where the first ref is.
 * @param digits How many digits object ids have.
 * @param damaged Makes the error for a line that is too short, by where it begins.
 * @returns The same bytes when they are in order.
 */
export function sortPackedRefs(
  bytes: Uint8Array,
  first: number,
  digits: number,
  damaged: (offset: number) => Error,
): Uint8Array {
  const records: { name: string; start: number; end: number }[] = [];
  let isSorted = true;
  for (let start = first; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline - start < digits + 2) throw damaged(start);
    const name = decodeText(bytes, start + digits + 1, newline);
    const end = bytes[newline + 1] === CARET ? bytes.indexOf(NEWLINE, newline + 1) : newline;
    const last = records.at(-1);
    if (last && compareText(last.name, name) >= 0) isSorted = false;
    records.push({ name, start, end: end + 1 });
    start = end + 1;
  }
  if (isSorted) return bytes;
  const sorted = bytes.slice();
  let position = first;
  for (const { start, end } of records.sort((a, b) => compareText(a.name, b.name))) {
    sorted.set(bytes.subarray(start, end), position);
    position += end - start;
  }
  return sorted;
}
