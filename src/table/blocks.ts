import { BlockType } from "../format/block.ts";
import { BlockCursor } from "../format/block_cursor.ts";
import { runSync } from "../io/io.ts";
import type { BlockLoader } from "./block_loader.ts";

/** What one block of a table consists of. */
export interface BlockInfo {
  /** What its records are. */
  readonly type: "ref" | "object" | "index" | "log";
  /** Where it begins, in bytes from the start of the file. */
  readonly offset: number;
  /** How many bytes it takes in the file, padding included. */
  readonly size: number;
  /** Its length as it is stored: without padding, and of a log block as it inflates. */
  readonly length: number;
  /** Where its records end and its restart table begins, counted from its own start. */
  readonly restartOffset: number;
  /** How many keys are stored whole, for searching. */
  readonly restarts: number;
  /** How many records it has. */
  readonly entries: number;
}

const NAMES = {
  [BlockType.ref]: "ref",
  [BlockType.object]: "object",
  [BlockType.index]: "index",
  [BlockType.log]: "log",
} as const;

/** Walks through all blocks from the start of the file to its footer. */
export function* describeBlocks(loader: BlockLoader): Generator<BlockInfo, void, void> {
  const { layout } = loader;
  const blocks = loader.sequence();
  const cursor = new BlockCursor(layout.hashSize);
  const start = (layout.refs ?? layout.logs)?.start ?? layout.end;
  for (let offset = start; offset < layout.end;) {
    const block = runSync(blocks.load(offset));
    cursor.jump(block);
    let entries = 0;
    while (cursor.next()) entries++;
    yield {
      type: NAMES[block.type],
      offset,
      size: block.nextOffset - offset,
      length: block.bytes.length,
      restartOffset: block.restartStart,
      restarts: block.restartCount,
      entries,
    };
    offset = block.nextOffset;
  }
}
