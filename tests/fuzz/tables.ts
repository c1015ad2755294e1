/**
 * Tables, and changes of them by what their bytes mean.
 *
 * @module
 */

import { BytesSink, TableWriter, type TableWriterOptions } from "@reftable/reftable";
import { deflateSync } from "node:zlib";
import { BlockType } from "../../src/format/block.ts";
import { crc32, footerSize, headerSize } from "../../src/format/header_footer.ts";
import { blocksOf, layoutOf, walk } from "../blocks.ts";
import { fixtures } from "../fixtures.ts";
import { deletion, direct, entry, noEntry, oid, symref } from "../stack/changes.ts";
import { anyNumber, concat, mutateBytes, putNumber } from "./mutate_bytes.ts";
import type { Random } from "./random.ts";

/** A number in a table. */
interface Field {
  readonly offset: number;
  readonly size: number;
  readonly value: number;
}

/** A block as it lies in its table. */
interface Piece {
  readonly type: BlockType;
  readonly offset: number;
  readonly end: number;
  /** What a log block inflates to, behind its length. */
  readonly inflated: Uint8Array | undefined;
  /** Where the deflated bytes begin. */
  readonly streamStart: number;
  /** Where records begin. */
  readonly records: readonly number[];
}

/** A table to begin with, and where everything lies in it. */
export interface BaseTable {
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[];
  readonly pieces: readonly Piece[];
  readonly version: 1 | 2;
  /** How many refs it has that were not deleted. */
  readonly refs: number;
}

/** Describes a table. */
function describe(bytes: Uint8Array, refs: number): BaseTable {
  const { version, end, hashSize } = layoutOf(bytes);
  const fields: Field[] = [];
  const note = (offset: number, size: number) => {
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + bytes[offset + i]!;
    fields.push({ offset, size, value });
  };
  for (const start of [0, end]) {
    for (const [offset, size] of [[4, 1], [5, 3], [8, 8], [16, 8]] as const) {
      note(start + offset, size);
    }
  }
  for (let i = 0; i < 5; i++) note(end + headerSize(version) + 8 * i, 8);
  const pieces = blocksOf(bytes).map((block): Piece => {
    const isLog = block.type === BlockType.log;
    const length = block.start - 3;
    note(block.offset + length, 3);
    const records: number[] = [];
    if (!isLog) {
      for (const cursor of walk(block, hashSize)) records.push(block.offset + cursor.valueStart);
      for (let i = 0; i < block.restartCount; i++) {
        note(block.offset + block.restartStart + 3 * i, 3);
      }
      note(block.offset + block.bytes.length - 2, 2);
    }
    return {
      type: block.type,
      offset: block.offset,
      end: block.nextOffset,
      inflated: isLog ? block.bytes.slice(block.start) : undefined,
      streamStart: block.offset + block.start,
      records,
    };
  });
  return { bytes, fields, pieces, version, refs };
}

/** Writes a table of so many refs and log entries, the latter at most 45. */
function write(refs: number, logs: number, options: TableWriterOptions = {}): BaseTable {
  const sink = new BytesSink();
  const writer = new TableWriter(sink, options);
  const digits = options.hash === "sha256" ? 64 : 40;
  writer.setLimits(3, 9);
  let live = 0;
  for (let i = 0; i < refs; i++) {
    const refname = `refs/heads/topic-${1000 + 7 * i}`;
    const updateIndex = 3 + i % 7;
    if (i % 9 === 8) {
      writer.addRef(deletion(refname, updateIndex));
      continue;
    }
    live++;
    const id = oid(i % 20 + 1, digits);
    const peeled = oid(7, digits);
    if (i % 9 === 1) writer.addRef(symref(refname, updateIndex, "refs/heads/main"));
    else if (i % 9 === 2) writer.addRef({ kind: "peeled", refname, updateIndex, oid: id, peeled });
    else writer.addRef({ ...direct(refname, updateIndex), oid: id });
  }
  writer.addLogs(Array.from({ length: logs }, (_, i) => {
    const refname = `refs/heads/topic-${1000 + i % 5}`;
    const updateIndex = Math.floor(i / 5) + 1;
    if (i % 11 === 10) return noEntry(refname, updateIndex);
    const ids = { oldOid: oid(0, digits), newOid: oid(i, digits) };
    return { ...entry(refname, updateIndex), ...ids };
  }));
  writer.finish();
  return describe(sink.bytes.slice(), live);
}

/** The tables that are changed. */
export const BASES: readonly BaseTable[] = [
  write(1, 0),
  write(3, 2),
  write(20, 10, { blockSize: 256 }),
  write(20, 45, { blockSize: 512, unpadded: true }),
  write(40, 0, { blockSize: 256, restartInterval: 2 }),
  write(60, 20, { blockSize: 200, restartInterval: 1 }),
  write(60, 0, { blockSize: 256, skipIndexObjects: true }),
  write(12, 12, { hash: "sha256", blockSize: 400 }),
  write(0, 30, { blockSize: 300 }),
  write(300, 5, { blockSize: 128, restartInterval: 3 }),
  ...fixtures().filter(({ bytes }) => bytes.length < 6000).map(({ bytes, refs }) => {
    return describe(bytes, refs.filter(({ kind }) => kind !== "deletion").length);
  }),
];

/** Changes a table in some ways; mostly its checksum is right nevertheless. */
export function mutateTable(base: BaseTable, random: Random): Uint8Array {
  let bytes = base.bytes.slice();
  for (let i = 1 + random.size(5); i > 0; i--) bytes = mutateOnce(bytes, base, random);
  return random.oneIn(4) ? bytes : withFooter(bytes, base, random);
}

function mutateOnce(
  bytes: Uint8Array<ArrayBuffer>,
  base: BaseTable,
  random: Random,
): Uint8Array<ArrayBuffer> {
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2: {
      const { offset, size, value } = random.pick(base.fields);
      putNumber(bytes, offset, size, anyNumber(random, size, value));
      return bytes;
    }
    case 3:
      return mutateRecord(bytes, base, random);
    case 4:
      return mutateLog(bytes, base, random);
    case 5: {
      const [from, to] = [random.pick(base.pieces), random.pick(base.pieces)];
      if (!from || !to) return bytes;
      const piece = base.bytes.subarray(from.offset, from.end);
      return concat(bytes.subarray(0, to.offset), piece, bytes.subarray(to.end));
    }
    case 6: {
      // The blocks of one table with the footer of another.
      const other = random.pick(BASES);
      const end = Math.max(0, bytes.length - footerSize(base.version));
      return concat(bytes.subarray(0, end), other.bytes.subarray(-footerSize(other.version)));
    }
    default:
      return mutateBytes(bytes, random).slice();
  }
}

/** Changes what a record begins or ends with. */
function mutateRecord(
  bytes: Uint8Array<ArrayBuffer>,
  { pieces }: BaseTable,
  random: Random,
): Uint8Array<ArrayBuffer> {
  const { records = [] } = random.pick(pieces) ?? {};
  if (records.length === 0) return bytes;
  const place = random.pick(records) + random.pick([0, 0, -1, -2, -20, 1, 2]);
  const other = random.oneIn(3)
    // A long number of variable length.
    ? Array.from({ length: 1 + random.below(10) }, () => 0x80 | random.below(128))
    : [random.pick([0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xfe, 0xff])];
  other.forEach((byte, i) => {
    if (place + i >= 0 && place + i < bytes.length) bytes[place + i] = byte;
  });
  return bytes;
}

/** Changes the contents of a log block, and deflates them again. */
function mutateLog(
  bytes: Uint8Array<ArrayBuffer>,
  { pieces }: BaseTable,
  random: Random,
): Uint8Array<ArrayBuffer> {
  const piece = random.pick(pieces.filter(({ inflated }) => inflated));
  if (!piece?.inflated) return bytes;
  const { offset, streamStart, end } = piece;
  const inflated = mutateBytes(piece.inflated, random);
  const head = bytes.slice(offset, streamStart);
  if (!random.oneIn(4)) putNumber(head, head.length - 3, 3, head.length + inflated.length);
  const stream = deflateSync(inflated);
  return concat(bytes.subarray(0, offset), head, stream, bytes.subarray(end));
}

/** Makes the footer repeat the header, and its checksum right. */
function withFooter(bytes: Uint8Array, { version }: BaseTable, random: Random): Uint8Array {
  const start = bytes.length - footerSize(version);
  if (start < headerSize(version)) return bytes;
  const repeated = bytes.subarray(0, headerSize(version));
  if (!random.oneIn(8)) bytes.set(repeated, start);
  const checked = bytes.subarray(start, bytes.length - 4);
  putNumber(bytes, bytes.length - 4, 4, crc32(checked));
  return bytes;
}
