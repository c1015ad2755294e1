import { assertEquals, assertThrows } from "@std/assert";
import { MergedTable, type RefRecord, Table, TableWriter } from "@reftable/reftable";
import { encodeText } from "../../src/bytes/text.ts";
import { refnameProblem } from "../../src/format/refname.ts";
import { type RefLinesOptions, writeRefLines } from "../../src/merged/ref_lines.ts";
import { BytesSink } from "../../src/table/table_sink.ts";
import { fixture, fixtures, seeded } from "../fixtures.ts";
import { concat } from "../hand_made.ts";
import { randomTable, REFNAMES } from "./random_tables.ts";

/** What is listed of refs that are not plain; nothing of those that lead to `HEAD`. */
const special: RefLinesOptions["special"] = (ref) => {
  if (ref.kind !== "symref") return `<bad ${ref.oid}>`;
  return ref.target === "HEAD" ? undefined : `<${ref.refname} to ${ref.target}>`;
};

function isPlain(ref: RefRecord): boolean {
  return (ref.kind === "direct" || ref.kind === "peeled") && !/^0+$/.test(ref.oid) &&
    refnameProblem(ref.refname) === undefined;
}

/** The lines of refs as they are listed one by one. */
function expected(merged: MergedTable, prefix = ""): Uint8Array {
  const lines = merged.refs({ prefix }).map((ref) => {
    if (ref.kind === "deletion") throw new Error("a tombstone is no ref");
    const oid = isPlain(ref) && ref.kind !== "symref" ? ref.oid : special(ref);
    return oid === undefined ? [] : [encodeText(`${oid} ${ref.refname}\n`)];
  });
  return concat(...lines.toArray().flat());
}

function written(merged: MergedTable, prefix?: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  writeRefLines(merged, { prefix, special, write: (bytes) => void chunks.push(bytes.slice()) });
  return concat(...chunks);
}

Deno.test("writeRefLines() lists the refs of a table, of either hash, whatever their names are", () => {
  for (const { name, bytes } of fixtures()) {
    using table = Table.openSync(bytes);
    const merged = new MergedTable([table]);
    for (const prefix of ["", "refs/heads/", "refs/tags/v1", "zzz"]) {
      assertEquals(written(merged, prefix), expected(merged, prefix), name);
    }
  }
  assertEquals(written(new MergedTable([])).length, 0);
});

Deno.test("writeRefLines() lists refs that are not hidden by newer tables", () => {
  const random = seeded(21);
  for (let round = 0; round < 200; round++) {
    const tables = Array.from(
      { length: random(5) },
      () => Table.openSync(randomTable(random).bytes),
    );
    const merged = new MergedTable(tables);
    const name = REFNAMES[random(REFNAMES.length)]!;
    for (const prefix of ["", name, name.slice(0, random(name.length))]) {
      assertEquals(written(merged, prefix), expected(merged, prefix), `round ${round} ${prefix}`);
    }
  }
});

Deno.test("writeRefLines() takes names of any length", () => {
  const sink = new BytesSink();
  const writer = new TableWriter(sink, { blockSize: 0xffffff });
  writer.setLimits(1, 1);
  const oid = "83baae61804e65cc73a7201a7252750c76066a30";
  for (let i = 0; i < 60; i++) {
    const refname = `refs/${100 + i}${"é\udcff".repeat(i)}${
      i % 20 === 7 ? "x".repeat(2 ** 17 + i) : ""
    }`;
    writer.addRef({ kind: "direct", refname, updateIndex: 1, oid });
  }
  writer.finish();
  using table = Table.openSync(sink.bytes);
  const merged = new MergedTable([table]);
  assertEquals(written(merged), expected(merged));
});

Deno.test("writeRefLines() writes whole lines, many at a time, and stops when that fails", () => {
  const { bytes } = fixture("jgit/two-level-index.ref");
  using table = Table.openSync(bytes);
  const merged = new MergedTable([table]);
  let writes = 0;
  writeRefLines(merged, {
    special,
    write(lines) {
      writes++;
      assertEquals(lines.at(-1), 0x0a);
    },
  });
  const total = expected(merged).length;
  assertEquals(writes, Math.ceil(total / 0x20000));
  const full = new Error("no space");
  const fail = () => {
    throw full;
  };
  assertEquals(assertThrows(() => writeRefLines(merged, { special, write: fail })), full);
});

Deno.test("writeRefLines() asks about names that are bad, and ids of zeros", () => {
  const oid = (digit: string) => digit.repeat(40);
  const names = [
    "a",
    "a..b",
    "a/.b",
    "a/b",
    "a/b.lock",
    "a/b.locks",
    "a/b.locks/",
    "b@",
    "b@{",
    "c",
  ];
  for (const tables of [1, 2]) {
    const opened = Array.from({ length: tables }, (_, table) => {
      const sink = new BytesSink();
      const writer = new TableWriter(sink);
      writer.setLimits(1, 1);
      for (const [i, refname] of names.entries()) {
        if (i % 3 === 0 && table === 1) {
          writer.addRef({ kind: "deletion", refname, updateIndex: 1 });
        } else if (table === i % tables) {
          const [kind, peeled] = ["peeled", oid("5")] as const;
          writer.addRef({ kind, refname, updateIndex: 1, oid: oid(`${i % 5 && 7}`), peeled });
        }
      }
      writer.finish();
      return Table.openSync(sink.bytes);
    });
    const merged = new MergedTable(opened);
    assertEquals(written(merged), expected(merged));
  }
});
