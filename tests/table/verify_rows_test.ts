import { assert, assertEquals } from "@std/assert";
import { BytesSource } from "../../src/io/block_source.ts";
import { inflate } from "../../src/io/inflate.ts";
import { BlockLoader } from "../../src/table/block_loader.ts";
import { verifyRange } from "../../src/table/verify_range.ts";
import { listRows } from "../../src/table/verify_sections.ts";
import { blocksOf, keyOf, layoutOf, walk } from "../blocks.ts";
import { fixture } from "../fixtures.ts";

Deno.test("listRows() lists blocks with what they hold, whatever report they are in", () => {
  const { bytes } = fixture("git/restart-4-1k.ref");
  const layout = layoutOf(bytes);
  const loader = new BlockLoader(new BytesSource(bytes, "x.ref"), layout, 0, inflate);
  const blocks = blocksOf(bytes);
  const middle = blocks[blocks.length >> 1]!.offset;
  const whole = listRows([verifyRange(loader, 0, layout.end)]);
  const divided = listRows([
    verifyRange(loader, 0, middle),
    verifyRange(loader, middle, layout.end),
  ]);
  for (const rows of [whole, divided]) {
    const found = rows.map(({ type, offset, end, next }) => ({ type, offset, end, next }));
    const expected = blocks.map(({ type, offset, bytes, nextOffset }) => {
      return { type, offset, end: offset + bytes.length, next: nextOffset };
    });
    // Log blocks have no padding, and are longer than they are in the file.
    assertEquals(
      found.filter(({ type }) => type !== 0x67),
      expected.filter(({ type }) => type !== 0x67),
    );
    for (const [i, row] of rows.entries()) {
      const keys = walk(blocks[i]!, layout.hashSize).map((cursor) => keyOf(cursor)).toArray();
      const last = keys.at(-1)!;
      assert(row.endsWith(last, last.length));
      assert(!row.endsWith(last, last.length - 1));
      assert(!row.endsWith(new Uint8Array([...last, 0]), last.length + 1));
      assert(!row.endsWith(last.with(0, last[0]! ^ 1), last.length));
      assert(!row.isBelow(row));
      const next = rows[i + 1];
      if (next?.type !== row.type) continue;
      assert(row.isBelow(next));
      assert(!next.isBelow(row));
    }
  }
});
