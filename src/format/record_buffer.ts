import { MAX_VARINT_LENGTH, putUint16, putVarint, varintLength } from "../bytes/bytes.ts";
import { decodeHexDigits, decodeHexInto } from "../bytes/hex.ts";
import { encodeTextInto } from "../bytes/text.ts";
import type { EncodedRecord } from "./block_writer.ts";

/** Room to encode one record after another in, which grows as needed and is never given back. */
export class RecordBuffer implements EncodedRecord {
  key: Uint8Array = new Uint8Array(64);
  keyLength = 0;
  valueType = 0;
  value: Uint8Array = new Uint8Array(64);
  readonly valueStart = 0;
  valueEnd = 0;

  /** Makes a text the key, and forgets the value. */
  setKey(text: string): void {
    this.valueEnd = 0;
    // No character takes more than three bytes a UTF-16 unit.
    if (this.key.length < 3 * text.length) this.key = new Uint8Array(6 * text.length);
    this.keyLength = encodeTextInto(text, this.key, 0);
  }

  /** Makes the key longer; what the new bytes are is the caller's to say. */
  appendToKey(count: number): void {
    this.keyLength += count;
    if (this.keyLength <= this.key.length) return;
    const key = new Uint8Array(2 * this.keyLength);
    key.set(this.key);
    this.key = key;
  }

  /** Makes bytes the key, and forgets the value. */
  setKeyBytes(bytes: Uint8Array, start: number, length: number): void {
    this.valueEnd = 0;
    if (this.key.length < length) this.key = new Uint8Array(2 * length);
    for (let i = 0; i < length; i++) this.key[i] = bytes[start + i]!;
    this.keyLength = length;
  }

  /** Appends bytes to the value. */
  putBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const delta = this.valueEnd - start;
    for (let i = start; i < end; i++) this.value[i + delta] = bytes[i]!;
    this.valueEnd += end - start;
  }

  /** Appends a varint to the value. */
  putVarint(value: number): void {
    this.#reserve(MAX_VARINT_LENGTH);
    this.valueEnd = putVarint(this.value, this.valueEnd, value);
  }

  /** Appends a 16-bit number to the value. */
  putUint16(value: number): void {
    this.#reserve(2);
    putUint16(this.value, this.valueEnd, value);
    this.valueEnd += 2;
  }

  /**
   * Appends the bytes that hexadecimal digits stand for.
   *
   * @param length How many bytes they must be.
   * @returns False, and nothing is appended, when they are not.
   */
  putHex(digits: string, length: number): boolean {
    this.#reserve(length);
    if (!decodeHexInto(digits, this.value, this.valueEnd, length)) return false;
    this.valueEnd += length;
    return true;
  }

  /**
   * Appends the bytes that hexadecimal digits in ASCII stand for.
   *
   * @param start Where in the array the digits begin.
   * @param length How many bytes they must be.
   * @returns False, and nothing is appended, when they are not.
   */
  putHexDigits(digits: Uint8Array, start: number, length: number): boolean {
    this.#reserve(length);
    if (!decodeHexDigits(digits, start, this.value, this.valueEnd, length)) return false;
    this.valueEnd += length;
    return true;
  }

  /** Appends a text with its length in bytes before it. */
  putText(text: string): void {
    this.#reserve(MAX_VARINT_LENGTH + 3 * text.length);
    // Texts of up to 127 bytes are encoded where they belong; longer ones are moved behind their length.
    const start = this.valueEnd + 1;
    const end = encodeTextInto(text, this.value, start);
    const textStart = this.valueEnd + varintLength(end - start);
    if (textStart !== start) this.value.copyWithin(textStart, start, end);
    putVarint(this.value, this.valueEnd, end - start);
    this.valueEnd = textStart + end - start;
  }

  #reserve(count: number): void {
    if (this.valueEnd + count <= this.value.length) return;
    const value = new Uint8Array(2 * (this.valueEnd + count));
    value.set(this.value.subarray(0, this.valueEnd));
    this.value = value;
  }
}

/**
 * Appends an object id.
 *
 * @param length How many bytes it must have.
 * @returns What is wrong with it, if anything is.
 */
export function putOid(target: RecordBuffer, oid: string, length: number): string | undefined {
  if (typeof oid === "string" && target.putHex(oid, length)) return undefined;
  return `object id ${JSON.stringify(oid)} is not ${2 * length} hexadecimal digits`;
}
