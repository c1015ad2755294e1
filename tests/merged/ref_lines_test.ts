import { assertEquals, assertThrows } from "@std/assert";
import { MergedTable, Table, TableWriter } from "@reftable/reftable";
import { encodeText } from "../../src/bytes/text.ts";
import { writeRefLines } from "../../src/merged/ref_lines.ts";
import { BytesSink } from "../../src/table/table_sink.ts";
import { fixture, fixtures, seeded } from "../fixtures.ts";
import { concat } from "../hand_made.ts";
import { randomTable, REFNAMES } from "./random_tables.ts";

/** What symbolic refs lead to, those to `HEAD` nowhere. */
function resolve(refname: string, target: string): string | undefined {
  return target === "HEAD" ? undefined : `<${refname} to ${target}>`;
}

/** The lines of refs as they are listed one by one. */
function expected(merged: MergedTable, prefix = ""): Uint8Array {
  const lines = merged.refs({ prefix }).map((ref) => {
    if (ref.kind === "deletion") throw new Error("a tombstone is no ref");
    const oid = ref.kind === "symref" ? resolve(ref.refname, ref.target) : ref.oid;
    return oid === undefined ? [] : [encodeText(`${oid} ${ref.refname}\n`)];
  });
  return concat(...lines.toArray().flat());
}

function written(merged: MergedTable, prefix?: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  writeRefLines(merged, { prefix, resolve, write: (bytes) => void chunks.push(bytes.slice()) });
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
    resolve,
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
  assertEquals(assertThrows(() => writeRefLines(merged, { resolve, write: fail })), full);
});
