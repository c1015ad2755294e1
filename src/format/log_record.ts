import { ByteReader, getUint16, getUint32, putUint32 } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import { decodeText } from "../bytes/text.ts";
import { damagedRecord } from "./block.ts";
import type { BlockCursor } from "./block_cursor.ts";

/** What every log record has. */
export interface LogRecordBase {
  /** The full name of the ref whose log this is. */
  readonly refname: string;
  /** The update that the entry is about. */
  readonly updateIndex: number;
}

/** A tombstone: the entry with this name and update index was deleted. */
export interface LogDeletion extends LogRecordBase {
  /** The entry was deleted. */
  readonly kind: "deletion";
}

/** An entry of a ref's log. */
export interface LogUpdate extends LogRecordBase {
  /** The entry holds an update. */
  readonly kind: "update";
  /** The object id before the update; zeroes when the ref was created. */
  readonly oldOid: string;
  /** The object id after the update; zeroes when the ref was deleted. */
  readonly newOid: string;
  /** The name of who did it. */
  readonly name: string;
  /** The mail address of who did it, without angle brackets. */
  readonly email: string;
  /** When it was done, in seconds since 1970-01-01 UTC. */
  readonly time: number;
  /**
   * The time zone as it is stored, from −32768 to 32767: git writes the decimal number that a person
   * reads (`-0730` is −730), JGit writes minutes (−450).
   */
  readonly tzOffset: number;
  /** The message; git ends it with a newline. */
  readonly message: string;
}

/** What a table says about a log entry, told apart by `kind`. */
export type LogRecord = LogDeletion | LogUpdate;

/** How the kinds are numbered in a table. */
export const LogValueType = { deletion: 0, update: 1 } as const;

/** How many bytes stand behind the name in a log's key: a NUL and the inverted update index. */
export const LOG_KEY_TAIL = 9;

/**
 * Makes the key of a log entry: the name, a NUL, and the update index with all bits
 * inverted, so that the newest entry of a name comes first.
 *
 * @param refname The name's bytes.
 */
export function logKey(refname: Uint8Array, updateIndex: number): Uint8Array {
  const key = new Uint8Array(refname.length + LOG_KEY_TAIL);
  key.set(refname);
  putLogKeyTail(key, refname.length, updateIndex);
  return key;
}

/** Writes what stands behind the name in a log's key. */
export function putLogKeyTail(key: Uint8Array, position: number, updateIndex: number): void {
  key[position] = 0;
  putUint32(key, position + 1, ~Math.floor(updateIndex / 0x100000000));
  putUint32(key, position + 5, ~(updateIndex % 0x100000000));
}

/** Makes what the keys of all entries of a ref, and of no other, begin with: the name and a NUL. */
export function logKeyPrefix(refname: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(refname.length + 1);
  prefix.set(refname);
  return prefix;
}

/** Tells how many bytes of the current log key are the ref's name. */
export function logNameLength(cursor: BlockCursor): number {
  const length = cursor.keyLength - LOG_KEY_TAIL;
  if (length < 1 || cursor.key[length] !== 0) {
    throw damagedRecord(cursor.block, cursor.valueStart, "its key is not a name, NUL and 8 bytes");
  }
  return length;
}

/** Decodes the update index at the end of the current log key. */
export function logUpdateIndex(cursor: BlockCursor): number {
  const { key, keyLength } = cursor;
  const high = ~getUint32(key, keyLength - 8) >>> 0;
  if (high > 0x1fffff) {
    throw damagedRecord(
      cursor.block,
      cursor.valueStart,
      "its update index is above 2^53 - 1",
      "update-index",
    );
  }
  return high * 0x100000000 + (~getUint32(key, keyLength - 4) >>> 0);
}

/**
 * Reads the time of the entry that a cursor stands on, without decoding the rest.
 *
 * @param hashSize The length of an object id in bytes.
 */
export function logTime(cursor: BlockCursor, hashSize: number): number {
  const reader = new ByteReader(cursor.block.bytes, cursor.valueStart, cursor.valueEnd);
  reader.skip(2 * hashSize);
  reader.skip(reader.varint());
  reader.skip(reader.varint());
  return reader.varint();
}

/** What a text has at first: to make an array takes longer than to decode a short text. */
const NO_BYTES = new Uint8Array();

/** A string that is likely to be the same in the next record, with its bytes. */
class RepeatedText {
  #bytes: Uint8Array = NO_BYTES;
  #text = "";

  /** Decodes a range of bytes, or gives the last string when the bytes are the same. */
  decode(bytes: Uint8Array, start: number, end: number): string {
    const last = this.#bytes;
    let same = last.length === end - start;
    for (let i = 0; same && i < last.length; i++) same = last[i] === bytes[start + i];
    if (!same) {
      this.#bytes = bytes.slice(start, end);
      this.#text = decodeText(bytes, start, end);
    }
    return this.#text;
  }
}

/** Decodes log records one after another; names and addresses that repeat are decoded once. */
export class LogDecoder {
  readonly #hashSize: number;
  readonly #refname = new RepeatedText();
  readonly #name = new RepeatedText();
  readonly #email = new RepeatedText();
  readonly #message = new RepeatedText();

  /** @param hashSize The length of an object id in bytes. */
  constructor(hashSize: number) {
    this.#hashSize = hashSize;
  }

  /** Decodes the record that a cursor in a log block stands on. */
  decode(cursor: BlockCursor): LogRecord {
    const refname = this.#refname.decode(cursor.key, 0, logNameLength(cursor));
    const updateIndex = logUpdateIndex(cursor);
    if (cursor.valueType === LogValueType.deletion) {
      return { kind: "deletion", refname, updateIndex };
    }
    const { bytes } = cursor.block;
    const hashSize = this.#hashSize;
    const reader = new ByteReader(bytes, cursor.valueStart, cursor.valueEnd);
    const oldStart = reader.skip(hashSize);
    const newStart = reader.skip(hashSize);
    const name = decodeField(reader, this.#name);
    const email = decodeField(reader, this.#email);
    const time = reader.varint();
    const zone = reader.skip(2);
    const tzOffset = (getUint16(bytes, zone) << 16) >> 16;
    const message = decodeField(reader, this.#message);
    return {
      kind: "update",
      refname,
      updateIndex,
      oldOid: encodeHex(bytes, oldStart, oldStart + hashSize),
      newOid: encodeHex(bytes, newStart, newStart + hashSize),
      name,
      email,
      time,
      tzOffset,
      message,
    };
  }
}

/** Decodes a length and as many bytes of text. */
function decodeField(reader: ByteReader, repeated: RepeatedText): string {
  const length = reader.varint();
  const start = reader.skip(length);
  return repeated.decode(reader.bytes, start, start + length);
}
