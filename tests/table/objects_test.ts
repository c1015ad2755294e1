import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError, Table } from "@reftable/reftable";
import { encodeHex } from "../../src/bytes/hex.ts";
import {
  block,
  type Bytes,
  concat,
  directRef,
  oid,
  type Part,
  record,
  table,
  varint,
} from "../hand_made.ts";

/** Two ref blocks, at 0 and at `second`; `7` is in both, `8` in the second; then an object block. */
function withObjects(objects: (second: number, object: number) => Part): Bytes {
  const first = block("r", [directRef("a", oid(7)), directRef("b", oid(1))], { headerSize: 24 });
  const second = 24 + first.length;
  const peeled = record(0, "d", 2, concat([0], oid(8), oid(7)));
  const refs = concat(first, block("r", [directRef("c", oid(8)), peeled]));
  const object = 24 + refs.length;
  return table([refs, objects(second, object)], { object, objectIdLength: 2 });
}

/** An object block with a record for each byte: its abbreviation is that byte, twice. */
function objectBlock(records: Readonly<Record<number, readonly number[] | "scan">>): Bytes {
  return block(
    "o",
    Object.entries(records).map(([byte, positions]) => {
      const key = [Number(byte), Number(byte)];
      if (positions === "scan") return record(0, key, 0, [0]);
      const distances = positions.map((position, i) => position - (positions[i - 1] ?? 0));
      const value = distances.flatMap(varint);
      return record(0, key, positions.length, value);
    }),
  );
}

function namesFor(bytes: Uint8Array, byte: number): string[] {
  using opened = Table.openSync(bytes);
  return opened.refsFor(encodeHex(oid(byte))).map(({ refname }) => refname).toArray();
}

Deno.test("Table.refsFor() looks into the blocks that an object record names", () => {
  const sound = withObjects((second) => objectBlock({ 1: [0], 7: [0, second], 8: [second] }));
  assertEquals([1, 7, 8, 9].map((byte) => namesFor(sound, byte)), [
    ["b"],
    ["a", "d"],
    ["c", "d"],
    [],
  ]);
  // No other block is looked into, so what a record leaves out is not found.
  const partial = withObjects((second) => objectBlock({ 7: [second] }));
  assertEquals([1, 7].map((byte) => namesFor(partial, byte)), [[], ["d"]]);
});

Deno.test("Table.refsFor() scans all refs where an object record says so", () => {
  const bytes = withObjects(() => objectBlock({ 7: "scan" }));
  assertEquals([7, 8].map((byte) => namesFor(bytes, byte)), [["a", "d"], []]);
});

Deno.test("Table.refsFor() tells objects with the same abbreviation apart", () => {
  const other = concat([7, 7], oid(0, 18));
  const first = block("r", [directRef("a", oid(7)), directRef("b", other)], { headerSize: 24 });
  const bytes = table([first, objectBlock({ 7: [0] })], {
    object: 24 + first.length,
    objectIdLength: 2,
  });
  using opened = Table.openSync(bytes);
  const names = (id: Uint8Array) => opened.refsFor(encodeHex(id)).map((r) => r.refname).toArray();
  assertEquals([names(oid(7)), names(other), names(concat([7, 7], oid(9, 18)))], [
    ["a"],
    ["b"],
    [],
  ]);
});

Deno.test("Table.refsFor() finds no object id that lies across two", () => {
  const straddling = concat(oid(1, 10), oid(2, 10));
  const peeled = record(0, "a", 2, concat([0], oid(1), oid(2)));
  using opened = Table.openSync(table([block("r", [peeled], { headerSize: 24 })]));
  assertEquals(opened.refsFor(encodeHex(straddling)).toArray(), []);
  assertEquals(opened.refsFor(encodeHex(oid(2))).toArray().length, 1);
});

Deno.test("Table.refsFor() refuses positions where no ref block is", () => {
  type Position = (second: number, object: number) => number;
  const cases: readonly (readonly [Position, string])[] = [
    [(second) => second + 1, "expected a block at offset"],
    [() => 5, "expected a block at offset 5, found byte 0"],
    [(_, object) => object, 'has type "o", expected "r"'],
    [() => 1_000_000, "expected a block at offset 1000000, the footer begins at"],
    [() => 2 ** 52, "expected a block at offset 4503599627370496, the footer begins at"],
  ];
  for (const [position, message] of cases) {
    const bytes = withObjects((...places) => objectBlock({ 7: [position(...places)] }));
    const error = assertThrows(() => namesFor(bytes, 7), ReftableError, message);
    assertEquals(error.code, "format");
  }
});

Deno.test("Table.refsFor() refuses an object record that names a block twice", () => {
  const bytes = withObjects((second) =>
    block("o", [record(0, [7, 7], 3, concat(varint(0), varint(second), varint(0)))])
  );
  assertThrows(() => namesFor(bytes, 7), ReftableError, "do not ascend");
});
