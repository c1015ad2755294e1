/**
 * The tables that git and JGit wrote, with the records that both read from them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { LogRecord, RefRecord } from "@reftable/reftable";

const NAMES = [
  "git/64k-restart-64.ref",
  "git/empty.ref",
  "git/exact-messages.ref",
  "git/large-indices.ref",
  "git/log-only.ref",
  "git/logs-heavy.ref",
  "git/mixed-4k.ref",
  "git/no-objects.ref",
  "git/one-ref.ref",
  "git/restart-1-512.ref",
  "git/restart-4-1k.ref",
  "git/same-object-512.ref",
  "git/sha256.ref",
  "git/unpadded-4k.ref",
  "jgit/aligned-4k.ref",
  "jgit/aligned-64k.ref",
  "jgit/log-only.log",
  "jgit/no-objects.ref",
  "jgit/small-mixed.ref",
  "jgit/two-level-index.ref",
  "jgit/unaligned-1k.ref",
] as const;

/** A fixture by the names of its writer and its file. */
export type FixtureName = typeof NAMES[number];

/** A table, and what is in it. */
export interface Fixture {
  readonly name: FixtureName;
  readonly url: URL;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its refs in table order, tombstones included. */
  readonly refs: readonly RefRecord[];
  /** Its log entries in table order, tombstones included. */
  readonly logs: readonly LogRecord[];
}

const known = new Map<FixtureName, Fixture>();

/** Reads one fixture, once. */
export function fixture(name: FixtureName): Fixture {
  let found = known.get(name);
  if (found === undefined) known.set(name, found = readFixture(name));
  return found;
}

/** All of them. */
export function fixtures(): Fixture[] {
  return NAMES.map(fixture);
}

/** How git was told to write a fixture. */
export interface WriterOptions {
  readonly hash: "sha1" | "sha256";
  readonly blockSize: number;
  readonly restartInterval: number;
  readonly minUpdateIndex: number;
  readonly maxUpdateIndex: number;
}

/** The options of a fixture that git wrote. */
export function writerOptions({ url }: Fixture): WriterOptions {
  return JSON.parse(Deno.readTextFileSync(new URL(`${url}.options.json`)));
}

function readFixture(name: FixtureName): Fixture {
  const url = new URL(`fixtures/${name}`, import.meta.url);
  const refs: RefRecord[] = [];
  const logs: LogRecord[] = [];
  for (const line of Deno.readTextFileSync(new URL(`${url}.ndjson`)).split("\n")) {
    if (line === "") continue;
    const { type, ...record } = JSON.parse(line);
    (type === "ref" ? refs : logs).push(record);
  }
  return { name, url, bytes: Deno.readFileSync(url), refs, logs };
}

/**
 * Asserts that records come as they should. Comparing thousands of them as one value would take
 * long, and much longer to show a difference.
 */
export function assertRecords<T extends object>(
  actual: Iterable<T>,
  expected: readonly T[],
  message?: string,
): void {
  let count = 0;
  for (const record of actual) {
    const wanted = expected[count++];
    if (wanted === undefined || spell(record) !== spell(wanted)) {
      assertEquals<T | undefined>(record, wanted, `${message ?? "records"}, number ${count}`);
    }
  }
  assertEquals(count, expected.length, message);
}

function spell(record: object): string {
  const entries = Object.entries(record).sort(([a], [b]) => a < b ? -1 : 1);
  return entries.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join();
}

/** Random numbers that are the same in every run: mulberry32. */
export function seeded(seed: number): (limit: number) => number {
  return (limit) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
