import { assertEquals, assertGreater } from "@std/assert";
import {
  BytesSink,
  Stack,
  type StackInventory,
  Table,
  TableWriter,
  type TableWriterOptions,
  type WriteStatistics,
} from "@reftable/reftable";
import { inventoryTable } from "../../src/stack/inventory.ts";
import { fixtures } from "../fixtures.ts";
import { addRefs, direct, entry, tidyTest } from "./changes.ts";
import { StackDirectory } from "./stack_directory.ts";

/** Writes a table with blocks of all kinds. */
function writeAllKinds(
  options: TableWriterOptions,
): { bytes: Uint8Array; written: WriteStatistics } {
  const sink = new BytesSink();
  const writer = new TableWriter(sink, options);
  writer.setLimits(3, 5);
  for (let i = 0; i < 1000; i++) writer.addRef(direct(`refs/heads/${1000 + i}`, 4, i % 50));
  for (let i = 0; i < 300; i++) writer.addLog(entry(`refs/heads/${1000 + i}`, 5));
  const written = writer.finish();
  return { bytes: sink.bytes, written };
}

Deno.test("inventoryTable() counts what was written", () => {
  for (const options of [{ blockSize: 512 }, { blockSize: 512, unpadded: true }]) {
    const { bytes, written } = writeAllKinds(options);
    using table = Table.openSync(bytes);
    const inventory = inventoryTable(table, "a.ref");
    const { refs, objects, logs, indexes, size } = written;
    assertEquals(inventory.paddingShare, inventory.padding / size);
    assertEquals({ ...inventory, padding: 0, paddingShare: 0 }, {
      name: "a.ref",
      size,
      minUpdateIndex: 3,
      maxUpdateIndex: 5,
      blocks: {
        ref: refs.blocks,
        object: objects.blocks,
        index: indexes.blocks,
        log: logs.blocks,
      },
      entries: {
        ref: refs.entries,
        object: objects.entries,
        index: indexes.entries,
        log: logs.entries,
      },
      padding: 0,
      paddingShare: 0,
    });
    for (const count of Object.values(inventory.entries)) assertGreater(count, 10);
    if (options.unpadded) assertEquals(inventory.padding, 0);
    else assertGreater(inventory.padding, 1000);
  }
});

Deno.test("inventoryTable() finds the padding of every fixture", () => {
  let padded = 0;
  for (const { name, bytes } of fixtures()) {
    using table = Table.openSync(bytes);
    const inventory = inventoryTable(table, name);
    // Padding is what no block takes; its bytes are zero.
    let taken = 0;
    for (const { type, offset, size, length } of table.blocks()) {
      const end = type === "log" ? offset + size : offset + length;
      taken += end - offset;
      assertEquals(bytes.subarray(end, offset + size).some((byte) => byte !== 0), false, name);
    }
    const [first] = table.blocks();
    const version = bytes[4];
    const footer = version === 1 ? 68 : 72;
    // The first block counts the header in; a table without blocks has a header alone.
    const header = first ? first.offset : version === 1 ? 24 : 28;
    assertEquals(inventory.padding, bytes.length - footer - header - taken, name);
    if (inventory.padding > 0) padded++;
    const { ref, log } = inventory.entries;
    assertEquals([ref, log], [table.refs().toArray().length, table.logs().toArray().length], name);
  }
  assertGreater(padded, 3);
});

/** The names of stray files. */
function namesOf({ orphans, temporaries, locks }: StackInventory): string[][] {
  return [orphans, temporaries, locks].map((files) => files.map(({ name }) => name));
}

tidyTest("Stack.inventory() describes the directory of a stack", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { autoCompact: false, sync: false });
  const empty = await stack.inventory();
  assertEquals(empty, {
    tables: [],
    sizes: [],
    isGeometric: true,
    orphans: [],
    temporaries: [],
    locks: [],
  });
  for (const name of ["a", "b", "c"]) await addRefs(stack, `refs/heads/${name}`);
  const orphan = "0x000000000001-0x000000000001-0badcafe.ref";
  dir.put({
    [orphan]: "git/one-ref.ref",
    "old.log": "git/log-only.ref",
    [`${orphan}.temp.0badcafe`]: new Uint8Array(1),
    // As git calls it.
    "0x000000000001-0x000000000001-0badcafe.temp.Xy12Zq": new Uint8Array(1),
    "tables.list.lock": new Uint8Array(),
    [`${orphan}.lock`]: new Uint8Array(),
    "notes": new Uint8Array(),
  });
  const time = 1_600_000_000;
  Deno.utimeSync(`${dir.path}/tables.list.lock`, time, time);
  const inventory = await stack.inventory();
  assertEquals(inventory.tables.map(({ name }) => name), stack.tableNames);
  for (const [i, table] of inventory.tables.entries()) {
    assertEquals([table.size, table.minUpdateIndex], [stack.tables[i]!.size, i + 1]);
    assertEquals(table.entries, { ref: 1, object: 0, index: 0, log: 0 });
  }
  // Without footer and header, but a byte.
  assertEquals(inventory.sizes, stack.tables.map(({ size }) => size - 68 - 24 + 1));
  assertEquals(inventory.isGeometric, false);
  assertEquals(namesOf(inventory), [
    [orphan, "old.log"],
    [`${orphan}.temp.0badcafe`, "0x000000000001-0x000000000001-0badcafe.temp.Xy12Zq"].sort(),
    [`${orphan}.lock`, "tables.list.lock"],
  ]);
  assertEquals(inventory.locks[1]!.mtime, time * 1000);
  dir.remove("tables.list.lock", `${orphan}.lock`);
  await stack.compact();
  const { tables, isGeometric, locks } = await stack.inventory();
  assertEquals([tables.length, isGeometric, locks], [1, true, []]);
});

tidyTest(
  "Stack.inventory() tells sizes of SHA-256 tables without their longer headers",
  async () => {
    using dir = new StackDirectory({ a: "git/sha256.ref" });
    await using stack = await Stack.open(dir.path);
    const { sizes } = await stack.inventory();
    assertEquals(sizes, [stack.tables[0]!.size - 72 - 28 + 1]);
  },
);
