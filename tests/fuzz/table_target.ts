import { assert, assertEquals } from "@std/assert";
import { Table } from "@reftable/reftable";
import { crc32 } from "../../src/format/header_footer.ts";
import { BytesSource } from "../../src/io/block_source.ts";
import { isDamage } from "../../src/stack/repair_tables.ts";
import { rewriteSalvage } from "../../src/table/rewrite_salvage.ts";
import { salvageTable } from "../../src/table/salvage_table.ts";
import { verifySource } from "../../src/table/verify_table.ts";
import { BASES, mutateTable } from "./tables.ts";
import { attempt, type Target } from "./target.ts";

/** Reads a table in all ways, and counts its records. */
function readAll(bytes: Uint8Array): number {
  using table = Table.openSync(bytes);
  const refs = table.refs().toArray();
  const logs = table.logs().toArray();
  for (const ref of refs.slice(0, 5)) assertEquals(table.ref(ref.refname), ref);
  for (const log of logs.slice(0, 3)) assert(table.log(log.refname));
  for (const ref of refs.slice(-3)) {
    if (!("oid" in ref)) continue;
    const found = table.refsFor(ref.oid).map(({ refname }) => refname).toArray();
    assert(found.includes(ref.refname), ref.refname);
  }
  for (const _ of table.blocks());
  return refs.length + logs.length;
}

/** A table: any bytes. */
export const tableTarget: Target = {
  name: "table",
  weight: 10,
  make: (random) => ({ table: mutateTable(random.pick(BASES), random) }),
  async check({ table = new Uint8Array() }) {
    const { header, problems } = await verifySource(new BytesSource(table, "x.ref"));
    const isSound = !problems.some(({ severity }) => severity === "error");
    // What is damaged may answer wrongly, but not otherwise than it may.
    const reading = await attempt(() => isSound ? readAll(table) : readDamaged(table));
    if (isSound) assertEquals(reading.error, undefined);
    const hasBlocks = table.length > (header?.version === 2 ? 28 + 72 : 24 + 68);
    assert(reading.value !== 0 || !hasBlocks, "it is silently empty");
    const salvage = salvageTable(table, "x.ref", undefined);
    if (!salvage || salvage.refs.length + salvage.logs.length === 0) return;
    if (isSound) assertEquals(salvage.refs.length + salvage.logs.length, reading.value);
    // To write it again takes longest.
    if (crc32(table) % 3 > 0) return;
    const rewritten = await verifySource(new BytesSource(rewriteSalvage(salvage, {}), "y.ref"));
    assertEquals(rewritten.problems.filter(isDamage), []);
  },
};

/** Reads of a damaged table what can be read. */
function readDamaged(bytes: Uint8Array): number {
  using table = Table.openSync(bytes);
  let count = 0;
  for (const _ of table.refs()) count++;
  for (const _ of table.logs()) count++;
  table.ref("refs/heads/topic-1007");
  table.refsFor("00".repeat(table.hash === "sha1" ? 20 : 32)).toArray();
  for (const _ of table.blocks());
  return count;
}
