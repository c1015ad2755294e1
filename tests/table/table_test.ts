import { assert, assertEquals, assertLessOrEqual, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import {
  type BlockSource,
  type RefRecord,
  ReftableError,
  Table,
  type TableInput,
} from "@reftable/reftable";
import { encodeHex } from "../../src/bytes/hex.ts";
import { parseHeader } from "../../src/format/header_footer.ts";
import { layoutOf, oidsOf } from "../blocks.ts";
import { assertRecords, type Fixture, fixture, fixtures } from "../fixtures.ts";
import { block, directRef, oid, table as tableOf } from "../hand_made.ts";
import { CountingSource } from "../sources.ts";

/** The refs that hold each object id or peel to it. */
function refsByOid({ refs }: Fixture): Map<string, RefRecord[]> {
  const byOid = new Map<string, RefRecord[]>();
  for (const ref of refs) {
    for (const id of new Set(oidsOf(ref))) {
      const found = byOid.get(id);
      if (found) found.push(ref);
      else byOid.set(id, [ref]);
    }
  }
  return byOid;
}

/** Asserts that a table answers every kind of question as it should. */
function assertAnswers(table: Table, expected: Fixture, sample = 1): void {
  const { name, refs, logs } = expected;
  assertRecords(table.refs(), refs, `${name} refs`);
  assertRecords(table.logs(), logs, `${name} logs`);
  for (let i = 0; i < refs.length; i += sample) {
    const found = table.ref(refs[i]!.refname);
    assertRecords(found ? [found] : [], [refs[i]!], `${name} ref`);
  }
  let newest = "";
  for (const log of logs) {
    if (log.refname === newest) continue;
    newest = log.refname;
    const found = table.log(newest);
    assertRecords(found ? [found] : [], [log], `${name} log`);
  }
  let count = 0;
  for (const [id, mentioned] of refsByOid(expected)) {
    if (count++ % sample === 0) assertRecords(table.refsFor(id), mentioned, `${name} ${id}`);
  }
}

Deno.test("Table says what its header says", () => {
  for (const { name, bytes } of fixtures()) {
    using table = Table.openSync(bytes, { name });
    const { version, hash, blockSize, minUpdateIndex, maxUpdateIndex } = table;
    assertEquals(
      { version, hash, blockSize, minUpdateIndex, maxUpdateIndex },
      parseHeader(bytes, name),
      name,
    );
    assertEquals([table.name, table.size], [name, bytes.length]);
  }
});

Deno.test("Table.refs() and logs() list the records of every fixture", () => {
  for (const { name, bytes, refs, logs } of fixtures()) {
    using table = Table.openSync(bytes);
    assertRecords(table.refs(), refs, name);
    assertRecords(table.logs(), logs, name);
  }
});

Deno.test("Table.ref() finds every name of every fixture", () => {
  for (const { name, bytes, refs } of fixtures()) {
    using table = Table.openSync(bytes);
    assertRecords(refs.map(({ refname }) => table.ref(refname)!), refs, name);
  }
});

Deno.test("Table.ref() finds no name before, between and behind those that are there", () => {
  for (const { name, bytes, refs } of fixtures()) {
    using table = Table.openSync(bytes);
    const names = new Set(refs.map(({ refname }) => refname));
    const absent = ["", "\0", "A", "refs", "refs/", "refs/heads", "zzz", "\u{10ffff}", "\udcff"];
    for (const { refname } of refs) {
      absent.push(`${refname}\0`, `${refname}\udcff`, refname.slice(0, -1), `${refname}/x`);
    }
    for (const refname of absent) {
      if (names.has(refname)) continue;
      const found = table.ref(refname);
      if (found !== undefined) assertEquals(found, undefined, `${name} has no ${refname}`);
    }
  }
});

Deno.test("Table.ref() spells a name as a list does, however it was asked for", () => {
  // The bytes of "é", each as one that is no part of a character.
  using table = Table.openSync(
    tableOf([block("r", [directRef("refs/é")], { headerSize: 24 })]),
  );
  const [listed] = table.refs();
  assertEquals(table.ref("refs/\udcc3\udca9"), listed);
});

Deno.test("Table.log() gives the newest entry of every name", () => {
  for (const { name, bytes, logs, refs } of fixtures()) {
    using table = Table.openSync(bytes);
    const newest = logs.filter(({ refname }, i) => refname !== logs[i - 1]?.refname);
    assertRecords(newest.map(({ refname }) => table.log(refname)!), newest, name);
    const logged = new Set(logs.map(({ refname }) => refname));
    const absent = ["", "HEA", "HEAD\0", "refs/heads/none", "zzz", "\u{10ffff}"];
    for (const refname of [...absent, ...refs.slice(0, 100).map(({ refname }) => refname)]) {
      if (!logged.has(refname)) assertEquals(table.log(refname), undefined, `${name} ${refname}`);
    }
  }
});

Deno.test("Table.refsFor() finds every object id of every fixture as a scan does", () => {
  for (const expected of fixtures()) {
    using table = Table.openSync(expected.bytes);
    for (const [id, refs] of refsByOid(expected)) {
      assertRecords(table.refsFor(id), refs, `${expected.name} ${id}`);
    }
  }
});

Deno.test("Table.refsFor() finds no unknown object id, however it begins", () => {
  for (const expected of fixtures()) {
    using table = Table.openSync(expected.bytes);
    const byOid = refsByOid(expected);
    const size = table.hash === "sha1" ? 20 : 32;
    const unknown = [0x00, 0x7f, 0xff].map((byte) => encodeHex(oid(byte, size)));
    // These have an abbreviation that the object section knows.
    for (const id of [...byOid.keys()].slice(0, 300)) {
      unknown.push(`${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`);
      unknown.push(`${id.slice(0, 10)}${"0".repeat(2 * size - 10)}`);
    }
    for (const id of unknown) {
      if (!byOid.has(id)) assertRecords(table.refsFor(id), [], `${expected.name} ${id}`);
    }
  }
});

Deno.test("Table.refsFor() takes whole object ids of the table's hash, in either case", () => {
  const { bytes, refs } = fixture("git/one-ref.ref");
  using table = Table.openSync(bytes);
  const [id] = oidsOf(refs[0]!);
  assertEquals(table.refsFor(id!.toUpperCase()).toArray(), [...refs]);
  for (
    const wrong of ["", id!.slice(1), id!.slice(2), `${id}00`, `${id!.slice(1)}x`, "a".repeat(64)]
  ) {
    const error = assertThrows(() => table.refsFor(wrong), ReftableError, `"${wrong}"`);
    assertEquals(error.code, "api");
  }
});

Deno.test("Table lists tombstones unless told otherwise", () => {
  const { bytes, refs, logs } = fixture("git/large-indices.ref");
  using table = Table.openSync(bytes);
  const shown = refs.filter(({ kind }) => kind !== "deletion");
  assert(shown.length > 0 && shown.length < refs.length);
  assertRecords(table.refs({ deletions: true }), refs);
  assertRecords(table.refs({ deletions: false }), shown);
  assertRecords(table.logs({ deletions: false }), logs.filter(({ kind }) => kind !== "deletion"));
  const tombstone = refs.find(({ kind }) => kind === "deletion")!;
  assertEquals(table.ref(tombstone.refname), tombstone);
});

Deno.test({
  name: "Table.open() and openSync() take whatever holds a table",
  sanitizeResources: true,
  async fn() {
    for (const name of ["git/one-ref.ref", "git/sha256.ref", "jgit/log-only.log"] as const) {
      const expected = fixture(name);
      const { url, bytes } = expected;
      const path = fromFileUrl(url);
      const offCenter = new Uint8Array(bytes.length + 20);
      offCenter.set(bytes, 10);
      const inputs: readonly (readonly [TableInput, string])[] = [
        [path, path],
        [url, url.href],
        [bytes, "(bytes)"],
        [offCenter.subarray(10, -10), "(bytes)"],
        [new CountingSource(bytes, "mine"), "mine"],
      ];
      for (const [input, known] of inputs) {
        for (const opened of [Table.openSync(input), await Table.open(input)]) {
          using table = opened;
          assertEquals(table.name, known);
          assertAnswers(table, expected, 10);
        }
      }
      for (
        const [blob, known] of [
          [new Blob([bytes]), "(bytes)"],
          [new File([bytes], "x.ref"), "x.ref"],
        ] as const
      ) {
        using table = await Table.open(blob);
        assertEquals(table.name, known);
        assertAnswers(table, expected, 10);
      }
    }
  },
});

Deno.test("Table.open() and openSync() call a table as they are told", async () => {
  const { url, bytes } = fixture("git/one-ref.ref");
  const options = { name: "my table" };
  const inputs = [url, fromFileUrl(url), bytes, new Blob([bytes]), new File([bytes], "x.ref")];
  for (const input of inputs) {
    using table = await Table.open(input, options);
    assertEquals(table.name, "my table");
    if (input instanceof Blob) continue;
    using again = Table.openSync(input, options);
    assertEquals(again.name, "my table");
  }
  const damaged = bytes.slice(0, -1);
  assertThrows(
    () => Table.openSync(damaged, options),
    ReftableError,
    'Cannot read table "my table"',
  );
});

Deno.test("Table.open() waits for a source that cannot answer at once", async () => {
  const { bytes } = fixture("git/mixed-4k.ref");
  const source = new CountingSource(bytes, "slow");
  const slow: BlockSource = {
    name: "slow",
    size: bytes.length,
    readSync() {
      throw new Deno.errors.WouldBlock("not now");
    },
    read: (offset, length) => source.read(offset, length),
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
  assertThrows(() => Table.openSync(slow), Deno.errors.WouldBlock);
  assertEquals(source.disposals, 1);
  {
    using table = await Table.open(slow);
    assertEquals([table.maxUpdateIndex, table.blockSize], [50, 4096]);
  }
  assertEquals(source.disposals, 2);
});

Deno.test({
  name: "Table.open() and openSync() tell what cannot be opened, and close it",
  sanitizeResources: true,
  async fn() {
    const dir = await Deno.makeTempDir({ prefix: "reftable-table-" });
    try {
      const large = fixture("git/mixed-4k.ref").bytes.slice();
      large[large.length - 1]! ^= 1;
      await Deno.writeFile(`${dir}/large.ref`, large);
      await Deno.writeFile(`${dir}/small.ref`, new Uint8Array(10));
      await Deno.writeFile(`${dir}/empty.ref`, new Uint8Array());
      const cases = [["missing.ref", "not-exist"], ["", "io"], ["large.ref", "format"]] as const;
      for (const [name, code] of [...cases, ["small.ref", "format"], ["empty.ref", "format"]]) {
        const path = `${dir}/${name}`;
        for (
          const error of [
            assertThrows(() => Table.openSync(path), ReftableError, `"${path}": `),
            await assertRejects(() => Table.open(path), ReftableError, `"${path}": `),
          ]
        ) {
          assertEquals([error.code, error.file], [code, path]);
        }
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
    const source = new CountingSource(new Uint8Array(200));
    assertThrows(() => Table.openSync(source), ReftableError);
    await assertRejects(() => Table.open(source), ReftableError);
    assertEquals(source.disposals, 2);
    await assertRejects(() => Table.open(new Blob(["x"])), ReftableError, '"(bytes)"');
    for (const url of ["https://example.com/x.ref", "data:,x"]) {
      await assertRejects(() => Table.open(new URL(url)), ReftableError);
    }
  },
});

Deno.test({
  name: "Table closes its file, and its records outlive it",
  sanitizeResources: true,
  async fn() {
    const { url, refs, logs } = fixture("git/mixed-4k.ref");
    const records = [];
    const entries = [];
    const tables = [Table.openSync(url), await Table.open(url)];
    for (const opened of tables) {
      using table = opened;
      records.push(table.refs().toArray());
      entries.push(table.logs().toArray());
      table.refs().next();
    }
    for (const list of records) assertRecords(list, refs);
    for (const list of entries) assertRecords(list, logs);
    for (const table of tables) {
      table[Symbol.dispose]();
      const error = assertThrows(() => table.ref("refs/heads/main"), ReftableError);
      assertEquals(error.code, "api");
    }
  },
});

Deno.test("Table disposes of the source that it owns", () => {
  const source = new CountingSource(fixture("git/one-ref.ref").bytes);
  {
    using _ = Table.openSync(source);
    assertEquals(source.disposals, 0);
  }
  assertEquals(source.disposals, 1);
});

Deno.test("Table answers the same whatever it may keep", () => {
  const names = [
    "git/restart-1-512.ref",
    "jgit/two-level-index.ref",
    "git/restart-4-1k.ref",
  ] as const;
  for (const name of names) {
    const expected = fixture(name);
    for (const cacheSize of [0, 1, 1500, 20_000, Infinity]) {
      using table = Table.openSync(new CountingSource(expected.bytes), { cacheSize });
      assertAnswers(table, expected, 7);
    }
  }
});

Deno.test("Table answers one question while it lists the answers to others", () => {
  const expected = fixture("git/restart-4-1k.ref");
  using table = Table.openSync(new CountingSource(expected.bytes), { cacheSize: 5000 });
  const { refs, logs } = expected;
  const lists = [table.refs(), table.logs(), table.refs()] as const;
  for (const [i, ref] of refs.entries()) {
    assertEquals(lists[0].next().value, ref);
    assertEquals(table.ref(refs.at(-i - 1)!.refname), refs.at(-i - 1));
    assertEquals(lists[1].next().value, logs[i]);
    const [id] = oidsOf(ref);
    if (id !== undefined && i % 10 === 0) {
      assert(table.refsFor(id).some((r) => r.refname === ref.refname));
    }
    if (i % 2 === 0) assertEquals(lists[2].next().value, refs[i / 2]);
  }
  assert(lists[0].next().done);
});

Deno.test("Table lists with the language's own helpers, as often as it is asked", () => {
  const { bytes, refs } = fixture("git/restart-1-512.ref");
  using table = Table.openSync(bytes);
  for (let i = 0; i < 2; i++) {
    const listed = table.refs().drop(2).take(3).map(({ refname }) => refname).toArray();
    assertEquals(listed, refs.slice(2, 5).map(({ refname }) => refname));
  }
  for (const list of [table.refs(), table.refs({ prefix: "" }), table.refs().filter(() => true)]) {
    for (const ref of list) {
      assertEquals(ref, refs[0]!);
      break;
    }
    assert(list.next().done, "a loop that was left has ended the list");
  }
  const unstarted = table.refs();
  unstarted.return?.();
  assert(unstarted.next().done);
});

Deno.test("Table lists read nothing before they are asked, and end with an error", () => {
  const bytes = fixture("git/logs-heavy.ref").bytes.slice();
  const { logs } = layoutOf(bytes);
  bytes[28] = 0xff;
  bytes[logs!.index] = 0x78;
  const source = new CountingSource(bytes);
  using table = Table.openSync(source);
  source.reset();
  const lists = [table.refs(), table.logs(), table.logs({ refname: "HEAD" }), table.blocks()];
  assertEquals(source.reads, 0);
  for (const list of lists) {
    assertThrows(() => list.next(), ReftableError);
    assert(list.next().done);
  }
});

Deno.test("Table.ref() reads a block a level, and nothing when it knows the way", () => {
  for (const { name, bytes, refs } of fixtures()) {
    for (const ref of [refs[0], refs.at(-1), refs[refs.length >> 1]]) {
      const source = new CountingSource(bytes);
      using table = Table.openSync(source);
      assertLessOrEqual(source.reads, 2, `${name}: header and footer`);
      assertLessOrEqual(source.bytesRead, 200, `${name}: header and footer`);
      if (ref === undefined) continue;
      source.reset();
      table.ref(ref.refname);
      assertLessOrEqual(source.reads, 4, name);
      assertLessOrEqual(source.bytesRead, 4 * (table.blockSize || 4096) + 1, name);
      source.reset();
      assertEquals(table.ref(ref.refname), ref);
      assertEquals(source.reads, 0, name);
    }
  }
});

Deno.test("Table.ref() reads a block once, even the last one", () => {
  for (const name of ["git/one-ref.ref", "git/exact-messages.ref", "git/no-objects.ref"] as const) {
    const { bytes, refs } = fixture(name);
    const source = new CountingSource(bytes);
    using table = Table.openSync(source);
    source.reset();
    assertEquals(table.ref(refs[0]!.refname), refs[0]);
    // One block of refs and, where there are more, one of their index.
    assertEquals(source.reads, name === "git/no-objects.ref" ? 2 : 1, name);
  }
});

Deno.test("Table.refs() reads little when it is left early", () => {
  const { bytes, refs } = fixture("jgit/aligned-4k.ref");
  const source = new CountingSource(bytes);
  using table = Table.openSync(source);
  for (const prefix of ["", "refs/heads/", "refs/tags/"]) {
    source.reset();
    const [first] = table.refs({ prefix });
    assertEquals(first, refs.find(({ refname }) => refname.startsWith(prefix)));
    assertLessOrEqual(source.reads, 4, prefix);
    assertLessOrEqual(source.bytesRead, 4 * 4097, prefix);
  }
});

Deno.test("Table.refs() and logs() read each part of the file about once, in few pieces", () => {
  for (const { name, bytes, refs, logs } of fixtures()) {
    const source = new CountingSource(bytes);
    using table = Table.openSync(source);
    source.reset();
    assertRecords(table.refs(), refs);
    assertRecords(table.logs(), logs);
    assertLessOrEqual(source.reads, 20, name);
    // Reading ahead may go on into the next section, and an index is read to find the start.
    assertLessOrEqual(source.bytesRead, 2 * bytes.length + 0x20000, name);
  }
});

Deno.test("Table.refsFor() reads the blocks that mention an object only", () => {
  const expected = fixture("git/mixed-4k.ref");
  for (const [id, refs] of [...refsByOid(expected)].slice(0, 50)) {
    const source = new CountingSource(expected.bytes);
    using table = Table.openSync(source);
    source.reset();
    assertRecords(table.refsFor(id), refs);
    assertLessOrEqual(source.reads, 3 + refs.length);
  }
});

Deno.test("Table answers beside damage as it would without", () => {
  const { bytes, refs } = fixture("git/restart-1-512.ref");
  const damaged = bytes.slice();
  // The first record of the third block needs more bytes than there are.
  damaged.set([0, 0xff, 0xff, 0xff, 0x7f], 1028);
  using table = Table.openSync(damaged);
  let failures = 0;
  for (let round = 0; round < 2; round++) {
    for (const ref of refs) {
      try {
        assertEquals(table.ref(ref.refname), ref);
      } catch (error) {
        assert(error instanceof ReftableError, `${error}`);
        assertEquals(error.code, "format");
        failures++;
      }
    }
  }
  // A block of 512 bytes has no more than a dozen refs.
  assert(failures > 0 && failures < 24, `${failures} failures`);
});

Deno.test("Table reads version 2 with SHA-1", () => {
  using empty = Table.openSync(tableOf([], { version: 2, hash: "sha1" }));
  assertEquals([empty.version, empty.hash], [2, "sha1"]);
  assertEquals([...empty.refs(), ...empty.logs(), ...empty.blocks()], []);
  assertEquals([empty.ref("HEAD"), empty.log("HEAD")], [undefined, undefined]);
  assertEquals([...empty.refsFor(encodeHex(oid(1)))], []);
  const refs = block("r", [directRef("refs/heads/main", oid(0xab))], { headerSize: 28 });
  using table = Table.openSync(tableOf([refs], { version: 2, hash: "sha1" }));
  assertEquals(table.refs().toArray(), [
    { kind: "direct", refname: "refs/heads/main", updateIndex: 1, oid: "ab".repeat(20) },
  ]);
  assertEquals(table.refsFor("ab".repeat(20)).toArray().length, 1);
});
