import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { Table } from "@reftable/reftable";
import { rewriteSalvage } from "../../src/table/rewrite_salvage.ts";
import { type Salvage, salvageTable } from "../../src/table/salvage_table.ts";
import { fixture, fixtures } from "../fixtures.ts";
import { block, concat, directRef, oid, record, table } from "../hand_made.ts";

/** Salvages a table that must not be hopeless. */
function salvage(bytes: Uint8Array): Salvage {
  const found = salvageTable(bytes, "x.ref", undefined);
  assert(found);
  return found;
}

/** A copy with other bytes at a place, from the end if that is below 0. */
function withBytes(bytes: Uint8Array, place: number, other: readonly number[]): Uint8Array {
  const changed = bytes.slice();
  changed.set(other, (place + bytes.length) % bytes.length);
  return changed;
}

Deno.test("salvageTable() reads all of sound tables, and so it is written again", () => {
  for (const { name, bytes } of fixtures()) {
    using sound = Table.openSync(bytes);
    const { refs, logs, lost } = salvage(bytes);
    assertEquals(refs, [...sound.refs()], name);
    assertEquals(logs, [...sound.logs()], name);
    assertEquals(lost, [], name);
    // To deflate the largest ones again takes its time.
    if (bytes.length > 200_000) continue;
    using again = Table.openSync(rewriteSalvage(salvage(bytes), {}));
    assertEquals([...again.refs()], refs, name);
    assertEquals([...again.logs()], logs, name);
    assertEquals([again.minUpdateIndex, again.hash], [sound.minUpdateIndex, sound.hash], name);
  }
});

Deno.test("salvageTable() needs no header, or no footer", () => {
  for (const name of ["git/mixed-4k.ref", "git/sha256.ref", "git/log-only.ref"] as const) {
    const { bytes } = fixture(name);
    const whole = salvage(bytes);
    const damaged = {
      "no magic": withBytes(bytes, 0, [0]),
      "another range": withBytes(bytes, 15, [9, 9, 9]),
      "a wrong checksum": withBytes(bytes, -1, [bytes.at(-1)! ^ 1]),
      "wrong positions": withBytes(bytes, -30, [1, 2, 3, 4, 5]),
      "no footer": bytes.subarray(0, -72),
      "half a footer": bytes.subarray(0, -20),
    };
    for (const [what, bad] of Object.entries(damaged)) {
      const { header, refs, logs } = salvage(bad);
      assertEquals(header, whole.header, `${name}: ${what}`);
      assertEquals([refs.length, logs.length], [whole.refs.length, whole.logs.length], what);
    }
  }
  // With neither, it must be told.
  const { bytes, refs } = fixture("git/one-ref.ref");
  const neither = withBytes(bytes, 0, [0]).subarray(0, -60);
  assertEquals(salvageTable(neither, "x.ref", undefined), undefined);
  const likely = {
    version: 1,
    blockSize: 0,
    minUpdateIndex: 1,
    maxUpdateIndex: 1,
    hash: "sha1",
  } as const;
  assertEquals(salvageTable(neither, "x.ref", likely)?.refs.length, refs.length);
  for (const length of [0, 1, 24, 68]) {
    assertEquals(salvageTable(new Uint8Array(length), "x.ref", undefined), undefined);
  }
});

Deno.test("salvageTable() loses no more than the records that are damaged", () => {
  const { bytes } = fixture("git/mixed-4k.ref");
  const whole = salvage(bytes);
  // In the middle of a block of refs: what lies up to the next key that is stored whole.
  const values = salvage(withBytes(bytes, 3 * 4096 + 2000, Array(30).fill(0xff)));
  assertEquals(values.lost, [{ start: 3 * 4096, end: 4 * 4096 }]);
  assertGreater(values.refs.length, whole.refs.length - 33);
  assertLess(values.refs.length, whole.refs.length);
  // Its length, which hides where it ends.
  for (const length of [[0, 0, 7], [0, 1, 0], [0, 0x20, 0], [0xff, 0xff, 0xff]]) {
    const { refs, logs, lost } = salvage(withBytes(bytes, 3 * 4096 + 1, length));
    assertEquals(lost, [{ start: 3 * 4096, end: 4 * 4096 }]);
    assertEquals([refs.length, logs.length], [whole.refs.length, whole.logs.length], `${length}`);
  }
  // How many restarts it has.
  const restarts = salvage(withBytes(bytes, 4 * 4096 - 60, Array(60).fill(0xff)));
  assertGreater(restarts.refs.length, whole.refs.length - 17);
  // What it is.
  const type = salvage(withBytes(bytes, 3 * 4096, [0]));
  assertEquals(type.logs.length, whole.logs.length);
  assertGreater(type.refs.length, whole.refs.length - 200);
  // A block that was overwritten.
  const gone = salvage(withBytes(bytes, 3 * 4096, Array(4096).fill(0x72)));
  assertEquals(gone.lost, [{ start: 3 * 4096, end: 4 * 4096 }]);
  assertEquals(gone.logs.length, whole.logs.length);
});

Deno.test("salvageTable() takes only what can be written again", () => {
  const refs = block("r", [
    directRef("a"),
    record(0, concat("b", [0], "c"), 1, concat([0], oid(1))),
    record(0, "d", 3, [0, 0]),
    directRef("e", oid(2), 99),
    directRef("f"),
  ], { headerSize: 24 });
  const bytes = table([refs], { minUpdateIndex: 1, maxUpdateIndex: 10 });
  const found = salvage(bytes);
  assertEquals(found.refs.map(({ refname }) => refname), ["a", "f"]);
  assertEquals(found.lost, [{ start: 0, end: bytes.length - 68 }]);
  assertEquals([...Table.openSync(rewriteSalvage(found, {})).refs()].length, 2);
});

Deno.test("salvageTable() keeps the newest of refs that are there twice, in order", () => {
  const first = block("r", [directRef("b", oid(1), 1), directRef("d")], { headerSize: 24 });
  const second = block("r", [directRef("a"), directRef("b", oid(2), 2), directRef("c")]);
  const { refs } = salvage(table([first, second]));
  assertEquals(refs.map(({ refname, updateIndex }) => `${refname}${updateIndex}`), [
    ...["a1", "b3", "c1", "d1"],
  ]);
});

Deno.test("salvageTable() writes records that are larger than blocks should be", () => {
  const large = record(0, "x".repeat(3000), 1, concat([0], oid(1)));
  const bytes = table([block("r", [large], { headerSize: 24 })], { blockSize: 512 });
  using again = Table.openSync(rewriteSalvage(salvage(bytes), {}));
  assertEquals([...again.refs()].length, 1);
});

Deno.test("salvageTable() comes to an end with what looks like blocks everywhere", () => {
  const first = block("r", [directRef("a")], { headerSize: 24 });
  const letters = new Uint8Array(0x80000).fill("r".charCodeAt(0));
  // A block at every fourth byte that begins well.
  const nested = new Uint8Array(0x40000);
  for (let i = 0; i + 4 < nested.length; i += 4) nested.set([0x72, 0, 4, 0], i);
  // And streams that begin at every other byte.
  const streams = new Uint8Array(0x40000);
  for (let i = 0; i + 8 < streams.length; i += 8) streams.set([0x67, 0, 4, 0, 0x78, 0x9c, 1, 1], i);
  for (const filling of [letters, nested, streams]) {
    const { refs } = salvage(table([first, [0xff], filling]));
    assertEquals(refs[0]?.refname, "a");
  }
});
