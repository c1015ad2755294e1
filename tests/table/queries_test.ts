import { assert, assertEquals } from "@std/assert";
import { type LogsOptions, Table } from "@reftable/reftable";
import { compareBytes, startsWithBytes } from "../../src/bytes/bytes.ts";
import { decodeText, encodeText } from "../../src/bytes/text.ts";
import { assertRecords, fixture, fixtures, seeded } from "../fixtures.ts";
import { block, concat, logUpdate, oid, record, table as tableOf } from "../hand_made.ts";

const named = <T extends { readonly refname: string }>(records: readonly T[]) =>
  records.map((record) => ({ record, bytes: encodeText(record.refname) }));

const startsWith = (bytes: Uint8Array, prefix: string) =>
  startsWithBytes(bytes, bytes.length, encodeText(prefix));

/** Texts around the names of a table: some of them, cut at any byte, and what lies beyond. */
function texts(names: readonly string[], count: number): (string | undefined)[] {
  const random = seeded(names.length);
  const cut = Array.from({ length: names.length === 0 ? 0 : count }, (_, i) => {
    const bytes = encodeText(names[random(names.length)]!);
    return decodeText(bytes, 0, i === 0 ? bytes.length : random(bytes.length + 1));
  });
  return [undefined, "refs/tags/", "refs/heads0", "\udcff", ...cut];
}

Deno.test("Table.refs() lists what a filter over the records finds", () => {
  for (const { name, bytes, refs } of fixtures()) {
    using table = Table.openSync(bytes);
    const all = named(refs);
    const candidates = texts(refs.map(({ refname }) => refname), refs.length > 5000 ? 1 : 6);
    for (const prefix of candidates) {
      for (const from of candidates) {
        const least = encodeText(from ?? "");
        const expected = all.filter(({ bytes }) =>
          startsWith(bytes, prefix ?? "") && compareBytes(bytes, least) >= 0
        );
        assertRecords(
          table.refs({ prefix, from }),
          expected.map(({ record }) => record),
          `${name}, prefix ${JSON.stringify(prefix)}, from ${JSON.stringify(from)}`,
        );
      }
    }
  }
});

Deno.test("Table.logs() lists what a filter over the records finds", () => {
  for (const { name, bytes, logs } of fixtures()) {
    using table = Table.openSync(bytes);
    const all = named(logs);
    const indices = logs.map(({ updateIndex }) => updateIndex).sort((a, b) => a - b);
    const middle = indices[indices.length >> 1] ?? 1;
    const befores = [undefined, 0, indices[0] ?? 1, middle, middle - 1, table.maxUpdateIndex];
    const candidates = texts(logs.map(({ refname }) => refname), 3);
    const lists: LogsOptions[] = candidates.flatMap((
      text,
    ) => [{ prefix: text }, { refname: text }]);
    const names = candidates.slice(-3);
    lists.push(...names.map((refname) => ({ refname, prefix: "refs/" })));
    lists.push(...names.map((refname) => ({ refname, prefix: refname })));
    lists.push(...names.map((refname) => ({ refname, prefix: `${refname}x` })));
    for (const list of lists) {
      for (const before of befores) {
        const expected = all.filter(({ record, bytes }) =>
          startsWith(bytes, list.prefix ?? "") &&
          (list.refname === undefined || record.refname === list.refname) &&
          record.updateIndex <= (before ?? Infinity)
        );
        assertRecords(
          table.logs({ ...list, before }),
          expected.map(({ record }) => record),
          `${name}, ${JSON.stringify({ ...list, before })}`,
        );
      }
    }
  }
});

Deno.test("Table.logs() takes any number for the update index before which to begin", () => {
  const { bytes, logs } = fixture("git/log-only.ref");
  using table = Table.openSync(bytes);
  const { refname, updateIndex } = logs[0]!;
  const own = logs.filter((log) => log.refname === refname);
  assert(own.length > 5);
  const count = (before: number) => table.logs({ refname, before }).reduce((sum) => sum + 1, 0);
  for (const before of [updateIndex, updateIndex + 0.5, 2 ** 32, 2 ** 53 - 1, 2 ** 53, Infinity]) {
    assertEquals(count(before), own.length, `${before}`);
  }
  assertEquals(count(updateIndex - 0.5), own.length - 1);
  for (const before of [0, -1, -0.5, -(2 ** 40), -Infinity, NaN]) {
    assertEquals(count(before), 0, `${before}`);
  }
});

Deno.test("Table.logs() takes numbers that no update index reaches", () => {
  const { bytes, logs } = fixture("git/log-only.ref");
  using table = Table.openSync(bytes);
  const { refname } = logs[0]!;
  const own = logs.filter((log) => log.refname === refname);
  for (const before of [2 ** 64, 2 ** 64 + 2 ** 33, 1e21, Number.MAX_VALUE]) {
    assertRecords(table.logs({ refname, before }), own, `${before}`);
  }
});

Deno.test("Table lists names by their bytes, and those that are not UTF-8", () => {
  // By UTF-16 code units U+FF21 would come after U+1D4B3, by their bytes it comes before.
  const names = ["refs/\udc80", "refs/é", "refs/日", "refs/\uff21", "refs/𝒳", "refs/\udcff"];
  const refs = block(
    "r",
    names.map((name) => record(0, encodeText(name), 1, concat([0], oid(1)))),
    {
      headerSize: 24,
    },
  );
  const logs = block("g", names.map((name) => logUpdate(encodeText(name), 3, name)));
  using table = Table.openSync(tableOf([refs, logs], { log: 24 + refs.length }));
  const namesOf = (records: Iterable<{ refname: string }>) => [...records].map((r) => r.refname);
  assertEquals(namesOf(table.refs()), names);
  assertEquals(namesOf(table.logs()), names);
  for (const [i, name] of names.entries()) {
    assertEquals(table.ref(name)?.refname, name);
    assertEquals(table.log(name)?.refname, name);
    assertEquals(namesOf(table.refs({ from: name })), names.slice(i));
    assertEquals(namesOf(table.refs({ prefix: name })), [name]);
  }
});

Deno.test("Table.refs() and Table.logs() give nothing once they were ended", () => {
  using table = Table.openSync(fixture("git/exact-messages.ref").bytes);
  for (const records of [table.refs(), table.logs()]) {
    for (let i = 0; i < 3; i++) assertEquals(records.next().done, false);
    records.return?.();
    assertEquals(records.next(), { done: true, value: undefined });
  }
});
