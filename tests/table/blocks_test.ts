import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Table } from "@reftable/reftable";
import { layoutOf } from "../blocks.ts";
import { fixture, fixtures } from "../fixtures.ts";

Deno.test("Table.blocks() covers the file from its start to its footer without a gap", () => {
  for (const { name, bytes } of fixtures()) {
    using table = Table.openSync(bytes);
    // JGit lets the first log block of a table without refs begin behind the header.
    let offset = name === "jgit/log-only.log" || name === "git/empty.ref" ? 24 : 0;
    for (const block of table.blocks()) {
      assertEquals(block.offset, offset, name);
      offset += block.size;
    }
    assertEquals(offset, bytes.length - (table.version === 1 ? 68 : 72), name);
  }
});

Deno.test("Table.blocks() counts the records of each kind", () => {
  for (const { name, bytes, refs, logs } of fixtures()) {
    using table = Table.openSync(bytes);
    const counts = { ref: 0, log: 0, object: 0, index: 0 };
    for (const { type, entries } of table.blocks()) counts[type] += entries;
    assertEquals([counts.ref, counts.log], [refs.length, logs.length], name);
    const { objects, refs: refSection, logs: logSection } = layoutOf(bytes);
    assertEquals(counts.object > 0, objects !== undefined, name);
    const indexed = [refSection, objects, logSection].some((section) => section?.index);
    assertEquals(counts.index > 0, indexed, name);
  }
});

Deno.test("Table.blocks() gives lengths that fit together", () => {
  for (const { name, bytes } of fixtures()) {
    using table = Table.openSync(bytes);
    for (const { type, offset, size, length, restartOffset, restarts, entries } of table.blocks()) {
      const place = `${name} at ${offset}`;
      assertEquals(length, restartOffset + 3 * restarts + 2, place);
      assert(restarts >= 1 && restarts <= entries, place);
      if (type === "log") continue;
      assertLessOrEqual(length, size, place);
      // What is padded ends at a multiple of the block size.
      if (size > length) assertEquals((offset + size) % table.blockSize, 0, place);
      assertEquals(
        bytes.subarray(offset + length, offset + size).some((byte) => byte),
        false,
        place,
      );
    }
  }
});

Deno.test("Table.blocks() describes what git's own tool prints of a table", () => {
  using table = Table.openSync(fixture("git/one-ref.ref").bytes);
  // 24 bytes of header, 4 of the block's, a record of 45, a restart and their number.
  assertEquals(table.blocks().toArray(), [{
    type: "ref",
    offset: 0,
    size: 78,
    length: 78,
    restartOffset: 73,
    restarts: 1,
    entries: 1,
  }]);
});

Deno.test("Table.blocks() reads as it goes", () => {
  const bytes = fixture("git/mixed-4k.ref").bytes.slice();
  bytes[4096] = 0x78;
  using table = Table.openSync(bytes);
  const blocks = table.blocks();
  assertEquals(blocks.next().value?.entries, table.blocks().take(1).toArray()[0]?.entries);
  let message = "";
  try {
    blocks.next();
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(
    message,
    'Cannot read table "(bytes)": expected a block at offset 4096, found byte 120',
  );
});
