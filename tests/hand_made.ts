/**
 * Tables put together byte by byte, for what no sound writer writes.
 *
 * @module
 */

import { deflateSync } from "node:zlib";
import { putUint16, putUint24 } from "../src/bytes/bytes.ts";
import {
  headerSize,
  putFooter,
  putHeader,
  type SectionPositions,
  type TableHeader,
} from "../src/format/header_footer.ts";

/** Bytes of their own. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What can be written: a string stands for its UTF-8 bytes, a list of numbers for bytes. */
export type Part = Uint8Array | string | readonly number[];

function toBytes(part: Part): Uint8Array {
  if (typeof part === "string") return new TextEncoder().encode(part);
  return part instanceof Uint8Array ? part : Uint8Array.from(part);
}

/** Puts parts one behind the other. */
export function concat(...parts: readonly Part[]): Bytes {
  const arrays = parts.map(toBytes);
  const bytes = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const array of arrays) {
    bytes.set(array, position);
    position += array.length;
  }
  return bytes;
}

/** Encodes a number of any size as an offset varint, as the specification of pack files has it. */
export function varint(value: number | bigint): number[] {
  const bytes = [Number(BigInt(value) & 127n)];
  for (let rest = BigInt(value) >> 7n; rest > 0n; rest >>= 7n) {
    bytes.unshift(128 | Number(--rest & 127n));
  }
  return bytes;
}

/** Encodes a 64-bit number. */
export function uint64(value: number | bigint): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** Encodes a record: how much of its key the one before it has, the rest, and a value. */
export function record(prefixLength: number, suffix: Part, type: number, value: Part = []): Bytes {
  const rest = toBytes(suffix);
  return concat(varint(prefixLength), varint(rest.length * 8 + type), rest, value);
}

/** An object id whose bytes are all the same. */
export function oid(byte: number, size = 20): Bytes {
  return new Uint8Array(size).fill(byte);
}

/** Encodes a ref whose key is stored whole. */
export function directRef(refname: Part, id: Part = oid(1), updateIndexDelta = 0): Bytes {
  return record(0, refname, 1, concat(varint(updateIndexDelta), id));
}

/** Encodes a log entry whose key is stored whole. */
export function logUpdate(refname: Part, updateIndex: number | bigint, message: Part): Bytes {
  const text = toBytes(message);
  const value = concat(oid(1), oid(2), [1], "n", [1], "e", [5], [0, 60], varint(text.length), text);
  return record(0, logKey(refname, updateIndex), 1, value);
}

/** Encodes the key of a log entry. */
export function logKey(refname: Part, updateIndex: number | bigint): Bytes {
  return concat(refname, [0], uint64(0xffffffffffffffffn - BigInt(updateIndex)));
}

/** How a block differs from a sound one. */
export interface BlockOptions {
  /** The bytes before it that count as part of it: the file's header in the first block. */
  readonly headerSize?: number;
  /** The restart table; the first record only unless given. */
  readonly restarts?: readonly number[];
  /** The number of restarts to claim. */
  readonly restartCount?: number;
  /** The length to claim. */
  readonly length?: number;
}

/** Encodes a block of records; a log block is deflated. */
export function block(
  type: "r" | "o" | "i" | "g",
  records: readonly Part[],
  options: BlockOptions = {},
): Bytes {
  const before = options.headerSize ?? 0;
  const restarts = options.restarts ?? [before + 4];
  const tail = new Uint8Array(3 * restarts.length + 2);
  restarts.forEach((position, i) => putUint24(tail, 3 * i, position));
  putUint16(tail, 3 * restarts.length, options.restartCount ?? restarts.length);
  const contents = concat(...records, tail);
  const head = concat(type, [0, 0, 0]);
  putUint24(head, 1, options.length ?? before + 4 + contents.length);
  return concat(head, type === "g" ? deflateSync(contents) : contents);
}

/** Header fields and section positions; what is not given is as in a small version 1 table. */
export type TableFields = Partial<TableHeader & SectionPositions & { objectIdLength: number }>;

/** Puts a header and a footer around blocks. */
export function table(blocks: readonly Part[], fields: TableFields = {}): Bytes {
  const header = {
    version: 1,
    blockSize: 0,
    minUpdateIndex: 1,
    maxUpdateIndex: 10,
    hash: "sha1",
    ...fields,
  } as const;
  const positions = { refIndex: 0, object: 0, objectIndex: 0, log: 0, logIndex: 0, ...fields };
  const start = new Uint8Array(headerSize(header.version));
  putHeader(start, 0, header);
  const end = new Uint8Array(start.length + 44);
  putFooter(end, { header, positions, objectIdLength: fields.objectIdLength ?? 0 });
  return concat(start, ...blocks, end);
}

/** A table's parts by position: header, blocks and footer. */
export function split(bytes: Uint8Array): { header: Bytes; body: Bytes; footer: Bytes } {
  const size = bytes[4] === 1 ? 24 : 28;
  const end = bytes.length - size - 44;
  return {
    header: bytes.slice(0, size) as Bytes,
    body: bytes.slice(size, end) as Bytes,
    footer: bytes.slice(end) as Bytes,
  };
}
