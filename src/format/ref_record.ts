import { encodeHex } from "../bytes/hex.ts";
import { ByteReader } from "../bytes/numbers.ts";
import { decodeText } from "../bytes/text.ts";
import { damagedRecord } from "./block.ts";
import type { BlockCursor } from "./block_cursor.ts";

/** What every ref record has. */
export interface RefRecordBase {
  /** The ref's full name, such as `refs/heads/main`; bytes that are not UTF-8 are kept as U+DC80 to U+DCFF. */
  readonly refname: string;
  /** The update that wrote it. */
  readonly updateIndex: number;
}

/** A tombstone: the ref was deleted, whatever older tables say. */
export interface RefDeletion extends RefRecordBase {
  /** The ref was deleted. */
  readonly kind: "deletion";
}

/** A ref that holds an object id. */
export interface DirectRef extends RefRecordBase {
  /** The ref holds an object id. */
  readonly kind: "direct";
  /** The object id in lower-case hexadecimal digits. */
  readonly oid: string;
}

/** A ref that holds the id of an annotated tag, with the object that the tag leads to. */
export interface PeeledRef extends RefRecordBase {
  /** The ref holds the id of an annotated tag. */
  readonly kind: "peeled";
  /** The tag's object id in lower-case hexadecimal digits. */
  readonly oid: string;
  /** The id of the object that the tag peels to. */
  readonly peeled: string;
}

/** A ref that holds the name of another ref. */
export interface SymbolicRef extends RefRecordBase {
  /** The ref holds another ref's name. */
  readonly kind: "symref";
  /** The name of the other ref. */
  readonly target: string;
}

/** What a table says about a ref, told apart by `kind`. */
export type RefRecord = RefDeletion | DirectRef | PeeledRef | SymbolicRef;

/** How the kinds are numbered in a table. */
export const RefValueType = { deletion: 0, direct: 1, peeled: 2, symref: 3 } as const;

/**
 * Decodes the record that a cursor stands on.
 *
 * @param cursor A cursor in a ref block, on a record.
 * @param hashSize The length of an object id in bytes.
 * @param minUpdateIndex The table's lowest update index, which the records count from.
 * @param refname The ref's name, where it is known already.
 */
export function decodeRef(
  cursor: BlockCursor,
  hashSize: number,
  minUpdateIndex: number,
  refname: string = decodeText(cursor.key, 0, cursor.keyLength),
): RefRecord {
  const { bytes } = cursor.block;
  const { updateIndex, start } = readUpdateIndex(cursor, minUpdateIndex);
  const end = cursor.valueEnd;
  switch (cursor.valueType) {
    case RefValueType.deletion:
      return { kind: "deletion", refname, updateIndex };
    case RefValueType.direct:
      return { kind: "direct", refname, updateIndex, oid: encodeHex(bytes, start, end) };
    case RefValueType.peeled: {
      const oid = encodeHex(bytes, start, start + hashSize);
      const peeled = encodeHex(bytes, start + hashSize, end);
      return { kind: "peeled", refname, updateIndex, oid, peeled };
    }
    default:
      return { kind: "symref", refname, updateIndex, target: decodeTarget(bytes, start, end) };
  }
}

/**
 * Decodes the update index that every value begins with.
 *
 * @returns The index, and where the rest of the value begins.
 * @throws {ReftableError} With code `"format"` when it is above 2^53 − 1.
 */
export function readUpdateIndex(
  cursor: BlockCursor,
  minUpdateIndex: number,
): { updateIndex: number; start: number } {
  const reader = new ByteReader(cursor.block.bytes, cursor.valueStart, cursor.valueEnd);
  const updateIndex = minUpdateIndex + reader.varint();
  if (updateIndex > Number.MAX_SAFE_INTEGER) {
    throw damagedRecord(
      cursor.block,
      cursor.valueStart,
      "its update index is above 2^53 - 1",
      "update-index",
    );
  }
  return { updateIndex, start: reader.position };
}

/** Decodes the target of a symbolic ref: its length and its name. */
export function decodeTarget(bytes: Uint8Array, start: number, end: number): string {
  const reader = new ByteReader(bytes, start, end);
  const length = reader.varint();
  return decodeText(bytes, reader.position, reader.position + length);
}
