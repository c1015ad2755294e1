import { assert, assertEquals, assertThrows } from "@std/assert";
import { ReftableError, Table } from "@reftable/reftable";
import { commonPrefixLength } from "../../src/bytes/bytes.ts";
import { encodeText } from "../../src/bytes/text.ts";
import { runSync } from "../../src/io/io.ts";
import { MergedCursor } from "../../src/merged/merged_table.ts";
import { advance } from "../../src/table/record_cursors.ts";
import { assertRecords, fixture, seeded } from "../fixtures.ts";
import { CountingSource } from "../sources.ts";
import { Model, sortKey } from "./model.ts";
import { randomTable, REFNAMES } from "./random_tables.ts";

Deno.test("MergedCursor.seek() goes to any key from anywhere", () => {
  const random = seeded(4);
  for (let round = 0; round < 200; round++) {
    const tables = Array.from({ length: random(7) }, () => randomTable(random));
    const cursors = tables.map(({ bytes }) => Table.openSync(bytes).refCursor());
    using cursor = new MergedCursor(cursors);
    const refs = new Model(tables).refs({ deletions: true });
    for (let seeks = 0; seeks < 6; seeks++) {
      const from = REFNAMES[random(REFNAMES.length)]!.slice(0, 1 + random(20));
      const expected = refs.filter(({ refname }) => sortKey(refname) >= sortKey(from));
      let found = runSync(cursor.seek(encodeText(from)));
      for (const ref of expected.slice(0, random(30))) {
        assert(found, `round ${round}: nothing from ${from} on, expected ${ref.refname}`);
        assertEquals(cursor.record(), ref);
        // Asked again, it says the same.
        assertEquals(cursor.record(), ref);
        found = advance(cursor);
      }
      if (expected.length === 0) assertEquals(found, false);
    }
  }
});

Deno.test("MergedCursor tells what a key shares with the one before it", () => {
  const random = seeded(6);
  for (let round = 0; round < 300; round++) {
    const tables = Array.from({ length: 1 + random(6) }, () => randomTable(random));
    const cursors = tables.map(({ bytes }) => Table.openSync(bytes).refCursor());
    using cursor = new MergedCursor(cursors);
    let last = new Uint8Array();
    for (let found = advance(cursor); found; found = advance(cursor)) {
      const { key, keyLength } = cursor.records;
      assertEquals(cursor.sharedLength, commonPrefixLength(last, last.length, key, keyLength));
      last = key.slice(0, keyLength);
    }
    const from = REFNAMES[random(REFNAMES.length)]!.slice(0, 1 + random(20));
    if (runSync(cursor.seek(encodeText(from)))) assertEquals(cursor.sharedLength, 0);
  }
});

Deno.test("MergedCursor begins at the first key", () => {
  const random = seeded(5);
  for (let round = 0; round < 100; round++) {
    const tables = Array.from({ length: random(7) }, () => randomTable(random));
    using cursor = new MergedCursor(tables.map(({ bytes }) => Table.openSync(bytes).logCursor()));
    const logs = [];
    while (advance(cursor)) logs.push(cursor.record());
    assertRecords(logs, new Model(tables).logs({ deletions: true }), `round ${round}`);
  }
});

Deno.test("MergedCursor.next() stays at the end until a seek", () => {
  const { bytes, refs } = fixture("jgit/small-mixed.ref");
  using cursor = new MergedCursor([Table.openSync(bytes).refCursor()]);
  let count = 0;
  while (advance(cursor)) count++;
  assertEquals(count, refs.length);
  assertEquals([advance(cursor), advance(cursor)], [false, false]);
  assertEquals(runSync(cursor.seek(encodeText(""))), true);
  assertEquals(cursor.record(), refs[0]);
});

Deno.test("MergedCursor passes damage of one table on", () => {
  const bytes = fixture("git/restart-1-512.ref").bytes.slice();
  bytes.fill(0xff, 1024, 1040);
  const tables = [fixture("jgit/small-mixed.ref").bytes, bytes].map((bytes) =>
    Table.openSync(new CountingSource(bytes))
  );
  using cursor = new MergedCursor(tables.map((table) => table.refCursor()));
  const error = assertThrows(() => {
    while (advance(cursor));
  }, ReftableError);
  assertEquals([error.code, error.offset], ["format", 1024]);
});
