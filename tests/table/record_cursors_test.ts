import { assert, assertEquals } from "@std/assert";
import { BytesSink, type LogRecord, type RefRecord, Table, TableWriter } from "@reftable/reftable";
import { compareBytes } from "../../src/bytes/bytes.ts";
import { decodeText, encodeText } from "../../src/bytes/text.ts";
import { runSync } from "../../src/io/io.ts";
import { advance, type RecordCursor } from "../../src/table/record_cursors.ts";
import { fixture, seeded } from "../fixtures.ts";
import { logKey } from "../hand_made.ts";
import { CountingSource } from "../sources.ts";

/** Goes here and there with a cursor, and looks at some records on the way only. */
function assertWanders<T extends RefRecord | LogRecord>(
  cursor: RecordCursor<T>,
  expected: readonly T[],
  keyOf: (record: T) => Uint8Array,
  name: string,
): void {
  const random = seeded(expected.length);
  assert(!runSync(cursor.seek(Uint8Array.of(0xff))) && !advance(cursor), name);
  const keys = expected.map(keyOf);
  for (let round = 0; round < 200; round++) {
    const key = keys[random(keys.length)]!.slice(0, random(60) + 1);
    let position = keys.findIndex((other) => compareBytes(other, key) >= 0);
    assertEquals(runSync(cursor.seek(key)), position >= 0, name);
    if (position < 0) {
      assert(!advance(cursor), name);
      continue;
    }
    for (let steps = random(40); steps >= 0; steps--) {
      if (random(3) > 0) assertEquals(cursor.record(), expected[position], name);
      const more = advance(cursor);
      assertEquals(more, ++position < expected.length, name);
      if (!more) break;
    }
  }
}

Deno.test("RefCursor and LogCursor go from any record to any other", () => {
  const names = [
    "git/restart-4-1k.ref",
    "git/exact-messages.ref",
    "git/logs-heavy.ref",
    "jgit/unaligned-1k.ref",
  ] as const;
  for (const name of names) {
    const { bytes, refs, logs } = fixture(name);
    using table = Table.openSync(new CountingSource(bytes));
    assertWanders(table.refCursor(), refs, ({ refname }) => encodeText(refname), name);
    assertWanders(
      table.logCursor(),
      logs,
      ({ refname, updateIndex }) => logKey(encodeText(refname), updateIndex),
      name,
    );
  }
});

Deno.test("RefCursor.batch() decodes records up to the one that it goes to", () => {
  const random = seeded(7);
  const long = (length: number, i: number) => `refs/heads/${"x".repeat(length)}${1000 + i}`;
  const tables = [
    fixture("git/restart-4-1k.ref"),
    fixture("git/mixed-4k.ref"),
    // Names that have no room in one batch, alone or together.
    made(Array.from({ length: 300 }, (_, i) => long(200, i))),
    made(Array.from({ length: 20 }, (_, i) => long(9000, i))),
    // More records than one batch takes.
    made(Array.from({ length: 1000 }, (_, i) => long(0, i))),
  ];
  for (const { bytes, refs } of tables) {
    using table = Table.openSync(bytes);
    for (let round = 0; round < 20; round++) {
      const cursor = table.refCursor();
      const found: RefRecord[] = [];
      while (advance(cursor)) {
        if (random(3) === 0) found.push(cursor.record());
        else found.push(...cursor.batch());
        assertEquals(cursor.record(), found.at(-1));
        const { key, keyLength } = cursor.records;
        assertEquals(decodeText(key, 0, keyLength), found.at(-1)!.refname);
      }
      assertEquals(found, refs);
    }
  }
});

/** Writes refs into blocks that are as large as can be. */
function made(names: readonly string[]): { bytes: Uint8Array; refs: readonly RefRecord[] } {
  const refs = names.toSorted().map((refname, i): RefRecord => {
    const oid = i.toString(16).padStart(40, "0");
    return { kind: "direct", refname, updateIndex: 1, oid };
  });
  const sink = new BytesSink();
  const writer = new TableWriter(sink, { blockSize: 0xffffff });
  writer.setLimits(1, 1);
  for (const ref of refs) writer.addRef(ref);
  writer.finish();
  return { bytes: sink.bytes, refs };
}

Deno.test("RefCursor shows a record's key and value type without decoding it", () => {
  const { bytes, refs } = fixture("git/mixed-4k.ref");
  using table = Table.openSync(bytes);
  const cursor = table.refCursor();
  const kinds = ["deletion", "direct", "peeled", "symref"];
  for (const { refname, kind } of refs) {
    assert(advance(cursor));
    const { key, keyLength, valueType } = cursor.records;
    assertEquals([decodeText(key, 0, keyLength), kinds[valueType]], [refname, kind]);
  }
  assert(!advance(cursor));
  assert(!advance(cursor), "the end is left");
});

Deno.test("RefCursor and LogCursor find nothing where there is no section", () => {
  using empty = Table.openSync(fixture("git/empty.ref").bytes);
  for (const cursor of [empty.refCursor(), empty.logCursor()]) {
    assert(!advance(cursor));
    assert(!runSync(cursor.seek(new Uint8Array())));
  }
});
