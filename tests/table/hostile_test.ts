/**
 * Tables made to mislead their reader.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { ReftableError, Table } from "@reftable/reftable";
import { constants, deflateRawSync } from "node:zlib";
import { putUint24 } from "../../src/bytes/bytes.ts";
import {
  block,
  type BlockOptions,
  type Bytes,
  concat,
  directRef,
  logUpdate,
  oid,
  type Part,
  record,
  table,
  uint64,
  varint,
} from "../hand_made.ts";
import { CountingSource } from "../sources.ts";

const refTable = (records: readonly Part[], options: BlockOptions = {}) =>
  table([block("r", records, { headerSize: 24, ...options })]);

const logTable = (records: readonly Part[]) => table([block("g", records, { headerSize: 24 })]);

/** A table with one sound ref, an object block of one record and, if there is one, a log block. */
function objectTable(object: Part): Bytes {
  const refs = block("r", [directRef("a", oid(7))], { headerSize: 24 });
  return table([refs, block("o", [object])], { object: 24 + refs.length, objectIdLength: 2 });
}

/** How much the memory of the process grows meanwhile, in bytes. */
function memoryFor(action: () => void): number {
  const before = Deno.memoryUsage().rss;
  action();
  return Deno.memoryUsage().rss - before;
}

Deno.test("Table refuses numbers that no memory holds", () => {
  const value = concat([0], oid(1));
  const cases: Record<string, readonly [Uint8Array, string]> = {
    "a suffix of 2^40 bytes": [
      refTable([concat([0], varint(2 ** 43 + 1), "name", value)]),
      "its key needs 1099511627776 bytes, 25 are left",
    ],
    "a prefix of 2^40 bytes": [
      refTable([directRef("a"), record(2 ** 40, "b", 1, value)]),
      "it shares 1099511627776 bytes with the key before it, which has 1",
    ],
    "a target of 2^50 bytes": [
      refTable([record(0, "HEAD", 3, concat([0], varint(2 ** 50), "refs/heads/main"))]),
      "its value does not fit",
    ],
    "an update index of 2^53": [
      refTable([directRef("a", oid(1), 2 ** 53 - 1)]),
      "its update index is above 2^53 - 1",
    ],
    "65535 restarts": [
      refTable([directRef("a")], { restartCount: 0xffff }),
      "claims 65535 restarts",
    ],
    "no restarts": [refTable([directRef("a")], { restartCount: 0 }), "claims 0 restarts"],
    "a block of 16 MiB": [
      refTable([directRef("a")], { length: 0xffffff }),
      "block length at offset 0 is 16777215, the footer begins at 57",
    ],
    "a log block of 16 MiB": [
      table([block("g", [logUpdate("a", 1, "")], { headerSize: 24, length: 0xffffff })]),
      "expected 16777187",
    ],
    "a log's update index of 2^60": [
      logTable([logUpdate("HEAD", 2n ** 60n, "")]),
      "its update index is above 2^53 - 1",
    ],
    "a log's message of 2^50 bytes": [
      logTable([
        record(
          0,
          concat("HEAD", [0], uint64(0)),
          1,
          concat(oid(1), oid(2), [0, 0], varint(2 ** 50)),
        ),
      ]),
      "its value does not fit",
    ],
    "2^50 positions of an object": [
      objectTable(record(0, [7, 7], 0, varint(2 ** 50))),
      "its value does not fit",
    ],
  };
  for (const [name, [bytes, message]] of Object.entries(cases)) {
    const { hash } = Table.openSync(bytes);
    assertEquals(hash, "sha1");
    const readAll = () => {
      using opened = Table.openSync(bytes, { name: "x.ref" });
      return [...opened.refsFor("07".repeat(20)), ...opened.refs(), ...opened.logs()];
    };
    const error = assertThrows(readAll, ReftableError, message, name);
    assert(["format", "zlib"].includes(error.code), name);
    assertEquals(error.file, "x.ref");
  }
});

Deno.test("Table reads keys that grow to megabytes one at a time", () => {
  // A file of a megabyte that says names of half a gigabyte.
  const count = 1000;
  const refs = Array.from(
    { length: count },
    (_, i) => record(1000 * i, "x".repeat(1000), 1, concat([0], oid(1))),
  );
  using opened = Table.openSync(refTable(refs));
  let expected = 0;
  const growth = memoryFor(() => {
    for (const { refname } of opened.refs()) {
      expected += 1000;
      if (refname.length !== expected) assertEquals(refname.length, expected);
    }
  });
  assertEquals(expected, 1000 * count);
  assertLess(growth, 300 << 20);
  assertEquals(opened.ref("x".repeat(1000 * count))?.kind, "direct");
  assertEquals(opened.ref("x".repeat(1000 * count - 1)), undefined);
});

Deno.test("Table reads keys that grow byte by byte", () => {
  const refs = Array.from({ length: 5000 }, (_, i) => record(i, "x", 0, [0]));
  using opened = Table.openSync(refTable(refs));
  assertEquals(
    opened.refs().reduce((sum, { refname }) => sum + refname.length, 0),
    5000 * 5001 / 2,
  );
  assertEquals(opened.ref("x".repeat(4321))?.kind, "deletion");
  assertEquals(opened.blocks().next().value?.entries, 5000);
});

Deno.test("Table inflates a log block no further than its length", () => {
  // A stream of zeros whose middle can be repeated: 1 MiB takes about 1 KiB.
  const zeros = deflateRawSync(new Uint8Array(1 << 20), { finishFlush: constants.Z_SYNC_FLUSH });
  const bomb = concat([0x78, 0x9c], ...Array.from({ length: 1024 }, () => zeros), [3, 0]);
  const head = concat("g", [0, 0, 0]);
  putUint24(head, 1, 4096);
  const bytes = table([head, bomb]);
  assertLess(bytes.length, 2 << 20);
  using opened = Table.openSync(new CountingSource(bytes));
  const growth = memoryFor(() => {
    for (const read of [() => opened.logs(), () => opened.blocks(), () => [opened.log("HEAD")]]) {
      const error = assertThrows(() => [...read()], ReftableError, "it inflates to more bytes");
      assertEquals(error.code, "zlib");
    }
  });
  assertLess(growth, 300 << 20);
});

Deno.test("Table ends a search in blocks that name each other", () => {
  // Every index block leads to the one before it, in the middle of the keys: no search goes on for ever.
  const first = block("r", [directRef("m")], { headerSize: 24 });
  const blocks: Bytes[] = [first];
  const offsets = [0];
  let end = 24 + first.length;
  for (let i = 0; i < 2000; i++) {
    const lower = offsets[i]!;
    const level = block("i", [
      record(0, "a", 0, varint(lower)),
      record(0, "m", 0, varint(offsets[i >> 1]!)),
      record(0, "z", 0, varint(end)),
    ]);
    offsets.push(end);
    end += level.length;
    blocks.push(level);
  }
  const source = new CountingSource(table(blocks, { refIndex: offsets.at(-1)! }));
  using opened = Table.openSync(source);
  source.reset();
  assertEquals(opened.ref("m")?.refname, "m");
  assertLess(source.reads, 20);
  assertThrows(() => opened.ref("z"), ReftableError, "expected one before");
  source.reset();
  assertEquals(opened.ref("a"), undefined);
  assertGreater(source.reads, 1900);
  assertLess(source.reads, 2100);
});
