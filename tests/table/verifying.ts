/**
 * Tables that are damaged in one way, and what verification says of them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Problem, ProblemCode } from "@reftable/reftable";
import { deflateSync } from "node:zlib";
import { putUint24, putUint32 } from "../../src/bytes/bytes.ts";
import { type Block, BlockType } from "../../src/format/block.ts";
import { crc32 } from "../../src/format/header_footer.ts";
import { BytesSource } from "../../src/io/block_source.ts";
import { verifySource } from "../../src/table/verify_table.ts";
import { blocksOf } from "../blocks.ts";
import { type Bytes, concat, type Part } from "../hand_made.ts";

/** What a table is called whose problems do not matter by its name. */
const FILE = "x.ref";

/** Verifies a table in one piece and in several ranges, which must find the same. */
export async function problemsOf(bytes: Uint8Array, file = FILE): Promise<readonly Problem[]> {
  const [whole, ...divided] = await Promise.all([1, 2, 5].map(async (parts) => {
    const report = await verifySource(new BytesSource(bytes, file), { parts });
    assertEquals([report.file, report.size], [file, bytes.length]);
    return report;
  }));
  for (const report of divided) assertEquals(report, whole, file);
  return whole!.problems;
}

/** Asserts that a table is sound. */
export async function assertSound(bytes: Uint8Array, file = FILE): Promise<void> {
  assertEquals(await problemsOf(bytes, file), [], file);
}

/** Asserts that one thing is wrong with a table, and which. */
export async function assertOnly(
  bytes: Uint8Array,
  code: ProblemCode,
  offset: number,
  message: string | RegExp = "",
): Promise<void> {
  const problems = await problemsOf(bytes);
  const found = problems.map(({ message: _, ...problem }) => problem);
  const expected = [{ severity: "error", code, file: FILE, offset }] as const;
  assertEquals<unknown>(found, expected, problems.map(({ message }) => message).join("\n"));
  const text = problems[0]!.message;
  assert(typeof message === "string" ? text.includes(message) : message.test(text), text);
}

/** A table with other bytes at a place. */
export function withBytes(bytes: Uint8Array, offset: number, ...changed: readonly Part[]): Bytes {
  const copy = bytes.slice() as Bytes;
  copy.set(concat(...changed), offset);
  return copy;
}

/** A table whose footer repeats its header and has a checksum that fits. */
export function mended(bytes: Uint8Array): Bytes {
  const copy = bytes.slice() as Bytes;
  const size = copy[4] === 1 ? 24 : 28;
  const footer = copy.subarray(copy.length - size - 44);
  footer.set(copy.subarray(0, size));
  putUint32(footer, footer.length - 4, crc32(footer.subarray(0, -4)));
  return copy;
}

/** A table with another 64-bit number in its footer, counted from the first position there. */
export function withPosition(bytes: Uint8Array, index: number, change: (old: bigint) => bigint) {
  const copy = bytes.slice() as Bytes;
  const view = new DataView(copy.buffer);
  const offset = copy.length - 44 + 8 * index;
  view.setBigUint64(offset, change(view.getBigUint64(offset)));
  return mended(copy);
}

/** A table whose last block, one of logs, has other contents. */
export function withLastLog(bytes: Uint8Array, change: (contents: Bytes) => Uint8Array): Bytes {
  const block = blocksOf(bytes).at(-1)!;
  assertEquals(block.type, BlockType.log);
  const contents = change(block.bytes.slice(block.start) as Bytes);
  const start = bytes.slice(0, block.offset + block.start);
  putUint24(start, start.length - 3, block.start + contents.length);
  return concat(start, deflateSync(contents), bytes.subarray(block.nextOffset));
}

/** The blocks of one kind, in the order of the file. */
export function blocksOfType(bytes: Uint8Array, type: keyof typeof BlockType): Block[] {
  return blocksOf(bytes).filter((block) => block.type === BlockType[type]);
}
