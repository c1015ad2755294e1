/**
 * The blocks of a table, and what they should hold.
 *
 * @module
 */

import type { RefRecord } from "@reftable/reftable";
import { encodeText } from "../src/bytes/text.ts";
import { type Block, type BlockType, frameBlock } from "../src/format/block.ts";
import { BlockCursor } from "../src/format/block_cursor.ts";
import { BytesSource } from "../src/io/block_source.ts";
import { inflate } from "../src/io/inflate.ts";
import { runSync } from "../src/io/io.ts";
import { BlockLoader } from "../src/table/block_loader.ts";
import { readLayout, type TableLayout } from "../src/table/layout.ts";
import type { Fixture } from "./fixtures.ts";
import { type Bytes, concat, logKey, type Part } from "./hand_made.ts";

/** Where everything lies in a table. */
export function layoutOf(bytes: Uint8Array): TableLayout {
  return runSync(readLayout(new BytesSource(bytes, "table")));
}

/** All blocks of a table in the order of the file. */
export function blocksOf(bytes: Uint8Array): Block[] {
  const layout = layoutOf(bytes);
  const loader = new BlockLoader(new BytesSource(bytes, "table"), layout, 0, inflate);
  const blocks: Block[] = [];
  let offset = (layout.refs ?? layout.logs)?.start ?? layout.end;
  while (offset < layout.end) {
    const block = runSync(loader.load(offset));
    blocks.push(block);
    offset = block.nextOffset;
  }
  return blocks;
}

/** A block of hand-made records, as it is once it was read and, where it is a log block, inflated. */
export function framed(
  type: BlockType,
  records: readonly Part[],
  restarts: readonly number[] = [4],
): Block {
  const tail = restarts.flatMap((position) => [0, position >> 8, position & 0xff]);
  const bytes = concat([type, 0, 0, 0], ...records, tail, [0, restarts.length]);
  return frameBlock("hand-made", 0, 0, bytes, bytes.length);
}

/** Walks the records of a block; each step shows the same cursor. */
export function* walk(block: Block, hashSize = 20): Generator<BlockCursor, void, void> {
  const cursor = new BlockCursor(hashSize);
  cursor.jump(block);
  while (cursor.next()) yield cursor;
}

/** The key that a cursor stands on. */
export function keyOf(cursor: BlockCursor): Bytes {
  cursor.putKey();
  return cursor.key.slice(0, cursor.keyLength) as Bytes;
}

/** The object ids that a ref holds, in digits. */
export function oidsOf(ref: RefRecord): string[] {
  if (ref.kind === "peeled") return [ref.oid, ref.peeled];
  return ref.kind === "direct" ? [ref.oid] : [];
}

/** The keys of a section that a table should have, in order, taken from its records. */
export function expectedKeys(
  { refs, logs }: Fixture,
  section: "ref" | "object" | "log",
  objectIdLength: number,
): Uint8Array[] {
  if (section === "ref") return refs.map(({ refname }) => encodeText(refname));
  if (section === "log") {
    return logs.map(({ refname, updateIndex }) => logKey(encodeText(refname), updateIndex));
  }
  const abbreviations = refs.flatMap(oidsOf).map((oid) => oid.slice(0, 2 * objectIdLength));
  return [...new Set(abbreviations)].sort().map((digits) => Uint8Array.fromHex(digits));
}
