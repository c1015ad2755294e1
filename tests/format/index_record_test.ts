import { assertEquals } from "@std/assert";
import { BlockType } from "../../src/format/block.ts";
import { decodeIndexPosition } from "../../src/format/block_cursor.ts";
import { blocksOf, keyOf, layoutOf, walk } from "../blocks.ts";
import { fixtures } from "../fixtures.ts";

Deno.test("decodeIndexPosition() leads to each block, by its last key, level after level", () => {
  for (const { name, bytes } of fixtures()) {
    const { hashSize, refs, objects, logs } = layoutOf(bytes);
    const blocks = blocksOf(bytes);
    for (const section of [refs, objects, logs]) {
      if (!section || section.index === 0) continue;
      const within = blocks.filter(({ offset }) => offset >= section.start && offset < section.end);
      const leads = within.filter(({ type }) => type === BlockType.index).flatMap((block) => [
        ...walk(block, hashSize).map((cursor) => [decodeIndexPosition(cursor), keyOf(cursor)]),
      ]);
      // All blocks but those of the last level, which the footer knows.
      const below = within.filter(({ offset }) => offset < section.index);
      const expected = below.map((block) => {
        let last = new Uint8Array();
        for (const cursor of walk(block, hashSize)) last = keyOf(cursor);
        return [block.offset, last];
      });
      assertEquals(leads, expected, name);
    }
  }
});
