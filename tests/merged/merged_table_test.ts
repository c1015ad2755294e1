import { assert, assertEquals, assertThrows } from "@std/assert";
import { MergedTable, ReftableError, Table } from "@reftable/reftable";
import {
  assertRecords,
  type Fixture,
  fixture,
  type FixtureName,
  fixtures,
  seeded,
} from "../fixtures.ts";
import { block, directRef, oid, record, table } from "../hand_made.ts";
import { CountingSource } from "../sources.ts";
import { Model } from "./model.ts";
import { OIDS, type RandomTable, randomTable, REFNAMES } from "./random_tables.ts";

/** What a merged view is made of: tables of git and JGit, or of ours. */
type Given = Pick<RandomTable, "bytes" | "refs" | "logs">;

function merge(tables: readonly Given[]): { merged: MergedTable; model: Model } {
  const opened = tables.map(({ bytes }, i) => Table.openSync(bytes, { name: `table ${i}` }));
  return { merged: new MergedTable(opened), model: new Model(tables) };
}

const sha1Fixtures = fixtures().filter(({ name }) => name !== "git/sha256.ref");

function select(random: ReturnType<typeof seeded>): Fixture[] {
  const count = random(5);
  return Array.from({ length: count }, () => sha1Fixtures[random(sha1Fixtures.length)]!);
}

Deno.test("MergedTable lists the newest record of each key of random tables", () => {
  const random = seeded(1);
  for (let round = 0; round < 150; round++) {
    const { merged, model } = merge(Array.from({ length: random(7) }, () => randomTable(random)));
    const message = `round ${round}`;
    const cut = (name: string) => [...name].slice(0, random(name.length + 1)).join("");
    const refname = REFNAMES[random(REFNAMES.length)]!;
    for (const deletions of [undefined, true, false]) {
      assertRecords(merged.refs({ deletions }), model.refs({ deletions }), message);
      assertRecords(merged.logs({ deletions }), model.logs({ deletions }), message);
      const prefix = cut(refname);
      const from = cut(REFNAMES[random(REFNAMES.length)]!);
      const before = [0, 1, 2, 254, 256, 0xffffffff, 0x1_0000_0000][random(7)]!;
      for (const options of [{ prefix }, { from }, { prefix, from }]) {
        const spelled = `${message}: refs ${JSON.stringify(options)}`;
        assertRecords(
          merged.refs({ ...options, deletions }),
          model.refs({ ...options, deletions }),
          spelled,
        );
      }
      for (
        const options of [
          { refname },
          { prefix },
          { before },
          { refname, before },
          { prefix, before },
          { refname, prefix },
          { refname, prefix: "refs/other" },
        ]
      ) {
        const spelled = `${message}: logs ${JSON.stringify(options)}`;
        assertRecords(
          merged.logs({ ...options, deletions }),
          model.logs({ ...options, deletions }),
          spelled,
        );
      }
    }
  }
});

Deno.test("MergedTable finds refs, logs and objects of random tables", () => {
  const random = seeded(2);
  for (let round = 0; round < 60; round++) {
    const { merged, model } = merge(Array.from({ length: random(7) }, () => randomTable(random)));
    for (const refname of [...REFNAMES, "refs", "refs/heads/missing", "zzz"]) {
      assertEquals<unknown>(merged.ref(refname), model.ref(refname));
      assertEquals(merged.log(refname), model.log(refname));
    }
    for (const oid of [...OIDS, "8".repeat(40)]) {
      assertRecords(merged.refsFor(oid), model.refsFor(oid), `round ${round}, ${oid}`);
    }
  }
});

Deno.test("MergedTable lists the newest record of each key of tables of git and JGit", () => {
  const random = seeded(3);
  for (let round = 0; round < 24; round++) {
    const chosen = select(random);
    // A small table on top, of names that are below it.
    const names = chosen.flatMap(({ refs }) => refs.slice(0, 20).map(({ refname }) => refname));
    const tables = [...chosen, randomTable(random, [...new Set([...names, ...REFNAMES])])];
    const { merged, model } = merge(tables);
    const message = `round ${round}: ${chosen.map(({ name }) => name)}`;
    const refs = model.refs();
    const logs = model.logs();
    assertRecords(merged.refs(), refs, message);
    assertRecords(merged.logs({ deletions: true }), model.logs({ deletions: true }), message);
    for (let i = 0; i < 4 && refs.length > 0 && logs.length > 0; i++) {
      const ref = refs[random(refs.length)]!;
      const { refname, updateIndex: before } = logs[random(logs.length)]!;
      const prefix = ref.refname.slice(0, 12);
      assertRecords(merged.refs({ prefix }), model.refs({ prefix }), message);
      const from = ref.refname;
      assertRecords(merged.refs({ from, prefix: "refs/" }), model.refs({ from, prefix: "refs/" }));
      assertRecords(merged.logs({ refname, before }), model.logs({ refname, before }), message);
      assertRecords(merged.logs({ prefix, before }), model.logs({ prefix, before }), message);
      assertEquals<unknown>(merged.ref(from), ref);
      assertEquals(merged.log(refname), model.log(refname));
      if (ref.kind === "direct") assertRecords(merged.refsFor(ref.oid), model.refsFor(ref.oid));
    }
  }
});

Deno.test("MergedTable reads a table many times over as that table", () => {
  for (const name of ["git/logs-heavy.ref", "git/restart-1-512.ref"] as const) {
    const given = fixture(name);
    const { merged } = merge(Array.from({ length: 9 }, () => given));
    assertRecords(merged.refs({ deletions: true }), given.refs, name);
    assertRecords(merged.logs({ deletions: true }), given.logs, name);
  }
});

Deno.test("MergedTable without records lists none", () => {
  const empty = fixture("git/empty.ref");
  const cases: readonly (readonly Given[])[] = [[], [empty], [empty, empty, empty]];
  for (const tables of cases) {
    const { merged } = merge(tables);
    assertEquals([...merged.refs(), ...merged.logs()], []);
    assertEquals(merged.refs({ prefix: "refs/", from: "x" }).toArray(), []);
    assertEquals(merged.ref("HEAD"), undefined);
    assertEquals(merged.log("HEAD"), undefined);
    assertEquals(merged.refsFor("0".repeat(40)), []);
  }
});

Deno.test("MergedTable knows its tables, its hash and its highest update index", () => {
  assertEquals(new MergedTable([]).tables, []);
  assertEquals(new MergedTable([]).hash, undefined);
  assertEquals(new MergedTable([]).maxUpdateIndex, 0);
  const cases: readonly [FixtureName, "sha1" | "sha256"][] = [
    ["git/logs-heavy.ref", "sha1"],
    ["git/sha256.ref", "sha256"],
  ];
  for (const [name, hash] of cases) {
    const given = fixture(name);
    const { merged } = merge([given]);
    assertEquals(merged.hash, hash);
    const highest = Math.max(...[...given.refs, ...given.logs].map((r) => r.updateIndex));
    assertEquals(merged.maxUpdateIndex, highest);
  }
});

Deno.test("MergedTable.refsFor() leaves out refs of which a newer table says something else", () => {
  const one = "01".repeat(20);
  const two = "02".repeat(20);
  const ref = (bytes: Uint8Array) => {
    const made = table([block("r", [bytes], { headerSize: 24 })]);
    return Table.openSync(made);
  };
  const held = ref(directRef("refs/heads/x"));
  const newer = {
    "points elsewhere": directRef("refs/heads/x", oid(2)),
    "deletes it": record(0, "refs/heads/x", 0, [0]),
    "makes it symbolic": record(0, "refs/heads/x", 3, [0, 4, ..."HEAD".split("").map(code)]),
  };
  assertEquals(new MergedTable([held]).refsFor(one).length, 1);
  for (const [what, bytes] of Object.entries(newer)) {
    assertEquals(new MergedTable([held, ref(bytes)]).refsFor(one), [], what);
    // What is older has no say.
    assertEquals(new MergedTable([ref(bytes), held]).refsFor(one).length, 1, what);
  }
  assertEquals(new MergedTable([held, ref(newer["points elsewhere"])]).refsFor(two).length, 1);
  assertThrows(
    () => new MergedTable([held]).refsFor("0101"),
    ReftableError,
    'Cannot use object id "0101": expected 40 hexadecimal digits for sha1',
  );
});

function code(letter: string): number {
  return letter.charCodeAt(0);
}

Deno.test("MergedTable refuses tables of different hashes", () => {
  const [a, b] = ["git/one-ref.ref", "git/sha256.ref"] as const;
  for (const [older, newer] of [[a, b], [b, a]] as const) {
    const error = assertThrows(
      () => merge([fixture(older), fixture(newer)]),
      ReftableError,
      'Cannot merge table "table 1": its hash is',
    );
    assertEquals([error.code, error.file], ["format", "table 1"]);
  }
});

Deno.test("MergedTable gives iterators that work with the language's helpers", () => {
  const { merged, model } = merge([fixture("git/mixed-4k.ref"), fixture("git/no-objects.ref")]);
  const names = model.refs().map(({ refname }) => refname);
  assertEquals(merged.refs().map(({ refname }) => refname).toArray(), names);
  assertEquals(
    merged.refs().drop(5).take(3).map((ref) => ref.refname).toArray(),
    names.slice(5, 8),
  );
  const tags = names.filter((name) => name.startsWith("refs/tags/"));
  const found = merged.refs().filter(({ refname }) => refname.startsWith("refs/tags/"));
  assertEquals(found.toArray().length, tags.length);
  assertEquals(merged.logs().take(4).toArray(), model.logs().slice(0, 4));
  assert(merged.logs().some(({ updateIndex }) => updateIndex > 1));
});

Deno.test("MergedTable reads no further than it is asked to", () => {
  const given = (["git/64k-restart-64.ref", "jgit/aligned-64k.ref"] as const).map(fixture);
  const sources = given.map(({ bytes }) => new CountingSource(bytes));
  const merged = new MergedTable(sources.map((source) => Table.openSync(source)));
  for (const source of sources) source.reset();
  const listing = merged.refs();
  assertEquals(sources.map(({ reads }) => reads), [0, 0]);
  const model = new Model(given);
  assertRecords(listing.take(3), model.refs().slice(0, 3));
  for (const { size, bytesRead } of sources) assert(bytesRead > 0 && bytesRead < size / 2);
  assertEquals(listing.next(), { done: true, value: undefined });
});

Deno.test("MergedTable.refCursor() and logCursor() tell when they are done with", () => {
  const { merged } = merge([fixture("jgit/small-mixed.ref")]);
  let done = 0;
  for (const cursor of [merged.refCursor(() => done++), merged.logCursor(() => done++)]) {
    cursor.next();
    cursor[Symbol.dispose]();
  }
  assertEquals(done, 2);
});
