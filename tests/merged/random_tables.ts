/**
 * Small tables at random, whose names meet each other far more often than those of real ones.
 *
 * @module
 */

import type { LogRecord, RefRecord } from "@reftable/reftable";
import { putUint16 } from "../../src/bytes/bytes.ts";
import type { seeded } from "../fixtures.ts";
import { block, type Bytes, concat, logKey, record, table, varint } from "../hand_made.ts";
import { logSortKey, type Records, sortKey } from "./model.ts";

/** Gives a whole number below the limit. */
export type Random = ReturnType<typeof seeded>;

/** A table and what is in it. */
export interface RandomTable extends Records {
  readonly bytes: Bytes;
}

/** Names that are each other's beginnings, that differ early and late, and that are not ASCII. */
export const REFNAMES: readonly string[] = [
  ..."a,aa,aaa,aab,ab,b,HEAD,refs/heads/main,refs/heads/main-2,refs/heads/main/x".split(","),
  ..."refs/heads/m,refs/heads/mä,refs/heads/m￿,refs/heads/m😀,refs/stash,refs/tags/v1".split(","),
  ...Array.from({ length: 30 }, (_, i) => `refs/tags/v1.${i}`),
  `refs/${"long/".repeat(60)}name`,
  `refs/${"long/".repeat(60)}namesake`,
];

/** A few object ids, so that several refs hold the same. */
export const OIDS: readonly string[] = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(40));

/** Makes a table of a few of the names, in blocks of a few records; one in eight is empty. */
export function randomTable(random: Random, refnames: readonly string[] = REFNAMES): RandomTable {
  const kinds = random(8);
  const refs = kinds === 1 || kinds === 2 ? [] : randomRefs(random, refnames);
  const logs = kinds === 1 || kinds === 3 ? [] : randomLogs(random, refnames);
  return { refs, logs, bytes: encodeTable({ refs, logs }, random) };
}

function randomRefs(random: Random, refnames: readonly string[]): RefRecord[] {
  const oid = () => OIDS[random(OIDS.length)]!;
  return some(random, refnames).map((refname) => {
    const base = { refname, updateIndex: 1 + random(300) };
    switch (random(4)) {
      case 0:
        return { kind: "deletion", ...base };
      case 1:
        return { kind: "direct", ...base, oid: oid() };
      case 2:
        return { kind: "peeled", ...base, oid: oid(), peeled: oid() };
      default:
        return { kind: "symref", ...base, target: refnames[random(refnames.length)]! };
    }
  });
}

function randomLogs(random: Random, refnames: readonly string[]): LogRecord[] {
  const logs = some(random, refnames).flatMap((refname) =>
    some(random, [1, 2, 3, 255, 256, 0x1_0000_0000]).map((updateIndex): LogRecord => {
      if (random(4) === 0) return { kind: "deletion", refname, updateIndex };
      return {
        kind: "update",
        refname,
        updateIndex,
        oldOid: OIDS[random(OIDS.length)]!,
        newOid: OIDS[random(OIDS.length)]!,
        name: "C O Mitter",
        email: "c@example.com",
        time: random(0x7fffffff),
        tzOffset: random(2000) - 1000,
        message: `message ${random(1000)}\n`,
      };
    })
  );
  return logs.sort((a, b) => logSortKey(a) < logSortKey(b) ? -1 : 1);
}

/** Picks about a third, at least one, in the order of their bytes. */
function some<T extends string | number>(random: Random, all: readonly T[]): T[] {
  const picked = all.filter(() => random(3) === 0);
  if (picked.length === 0) picked.push(all[random(all.length)]!);
  return picked.sort((a, b) => sortKey(`${a}`) < sortKey(`${b}`) ? -1 : 1);
}

/** Encodes records, which must be in order, with two in a block unless chance decides. */
export function encodeTable({ refs, logs }: Records, random: Random = () => 1): Bytes {
  const refBlocks = encodeBlocks(
    random,
    "r",
    refs.map((ref) => ({ key: concat(ref.refname), ...refValue(ref) })),
    24,
  );
  const logBlocks = encodeBlocks(
    random,
    "g",
    logs.map((log) => ({ key: logKey(log.refname, log.updateIndex), ...logValue(log) })),
    refs.length > 0 ? 0 : 24,
  );
  const log = refs.length > 0 && logs.length > 0 ? 24 + concat(...refBlocks).length : 0;
  const fields = { minUpdateIndex: 1, maxUpdateIndex: 0x1_0000_0000, log };
  return table([...refBlocks, ...logBlocks], fields);
}

interface Entry {
  readonly key: Bytes;
  readonly type: number;
  readonly value: Bytes;
}

function refValue(ref: RefRecord): Omit<Entry, "key"> {
  const delta = varint(ref.updateIndex - 1);
  switch (ref.kind) {
    case "deletion":
      return { type: 0, value: concat(delta) };
    case "direct":
      return { type: 1, value: concat(delta, Uint8Array.fromHex(ref.oid)) };
    case "peeled":
      return {
        type: 2,
        value: concat(delta, Uint8Array.fromHex(ref.oid), Uint8Array.fromHex(ref.peeled)),
      };
    case "symref":
      return { type: 3, value: concat(delta, text(ref.target)) };
  }
}

function logValue(log: LogRecord): Omit<Entry, "key"> {
  if (log.kind === "deletion") return { type: 0, value: concat() };
  const zone = new Uint8Array(2);
  putUint16(zone, 0, log.tzOffset & 0xffff);
  const value = concat(
    Uint8Array.fromHex(log.oldOid),
    Uint8Array.fromHex(log.newOid),
    text(log.name),
    text(log.email),
    varint(log.time),
    zone,
    text(log.message),
  );
  return { type: 1, value };
}

function text(value: string): Bytes {
  const bytes = concat(value);
  return concat(varint(bytes.length), bytes);
}

/** Cuts records into blocks; restarts come at random, and prefixes are shorter than they could be. */
function encodeBlocks(
  random: Random,
  type: "r" | "g",
  entries: readonly Entry[],
  firstHeader: number,
): Bytes[] {
  const blocks: Bytes[] = [];
  for (let start = 0; start < entries.length;) {
    const before = blocks.length === 0 ? firstHeader : 0;
    const end = start + 1 + random(8);
    const records: Bytes[] = [];
    const restarts: number[] = [];
    let position = before + 4;
    for (const [i, { key, type, value }] of entries.slice(start, end).entries()) {
      const shared = i === 0 || random(4) === 0
        ? 0
        : sharedLength(entries[start + i - 1]!.key, key);
      const prefix = random(3) === 0 ? random(shared + 1) : shared;
      const encoded = record(prefix, key.subarray(prefix), type, value);
      if (i === 0 || prefix === 0) restarts.push(position);
      records.push(encoded);
      position += encoded.length;
    }
    blocks.push(block(type, records, { headerSize: before, restarts }));
    start = end;
  }
  return blocks;
}

function sharedLength(a: Bytes, b: Bytes): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
