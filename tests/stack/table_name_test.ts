import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import {
  formatTableName,
  isTableLock,
  isTableName,
  isTemporaryTable,
  parseTableName,
} from "../../src/stack/tables_list.ts";

Deno.test("formatTableName() tells the range of update indices", () => {
  const cases: readonly [number, number, RegExp][] = [
    [1, 1, /^0x000000000001-0x000000000001-[0-9a-f]{8}\.ref$/],
    [0xabc, 0xdef0, /^0x000000000abc-0x00000000def0-[0-9a-f]{8}\.ref$/],
    [0, 2 ** 53 - 1, /^0x000000000000-0x1fffffffffffff-[0-9a-f]{8}\.ref$/],
  ];
  for (const [min, max, expected] of cases) {
    const name = formatTableName(min, max);
    assertMatch(name, expected);
    assert(isTableName(name));
    assertEquals(parseTableName(name), { minUpdateIndex: min, maxUpdateIndex: max });
  }
});

Deno.test("formatTableName() makes another name each time", () => {
  const names = new Set(Array.from({ length: 1000 }, () => formatTableName(1, 2)));
  assert(names.size >= 999, `${names.size}`);
});

Deno.test("parseTableName() knows the older names too", () => {
  const range = { minUpdateIndex: 0x10, maxUpdateIndex: 0x2f };
  const cases: Readonly<Record<string, typeof range | undefined>> = {
    "0x000000000010-0x00000000002f-0badcafe.ref": range,
    "0x000000000010-0x00000000002f.ref": range,
    "0x000000000010-0x00000000002f.log": range,
    "0x0000000000000010-0x000000000000002f.ref": range,
    "a.ref": undefined,
    "0x000000000010.ref": undefined,
    "0x000000000010-0x00000000002f-0badcafe": undefined,
    "0x000000000010-0x00000000002f-0badcafe.ref.lock": undefined,
    "0x000000000010-0x00000000002f-badcafe.ref": undefined,
    "x0x000000000010-0x00000000002f-0badcafe.ref": undefined,
  };
  for (const [name, expected] of Object.entries(cases)) {
    assertEquals(parseTableName(name), expected, name);
  }
});

Deno.test("parseTableName() knows the names that git gives", () => {
  const path = fromFileUrl(new URL("../fixtures/repository/git/reftable", import.meta.url));
  const names = Deno.readTextFileSync(`${path}/tables.list`).trim().split("\n");
  let last = 0;
  for (const name of names) {
    const range = parseTableName(name)!;
    assertEquals(range.minUpdateIndex, last + 1, name);
    last = range.maxUpdateIndex;
  }
  assert(last > 0);
});

Deno.test("isTableName() knows tables by their ending", () => {
  for (const name of ["a.ref", "b.log", "a.b.ref"]) assert(isTableName(name), name);
  for (const name of ["tables.list", "a.ref.lock", "a.ref.temp.0badcafe", "ref", "a.refs"]) {
    assert(!isTableName(name), name);
  }
});

Deno.test("isTableLock() and isTemporaryTable() know what belongs to a table", () => {
  const name = formatTableName(1, 2);
  assert(isTableLock(`${name}.lock`));
  assert(isTableLock("a.log.lock"));
  for (const other of [name, "tables.list.lock", `${name}.temp.0badcafe`, ".lock"]) {
    assert(!isTableLock(other), other);
  }
  // As we and git call them.
  assert(isTemporaryTable(`${name}.temp.0badcafe`));
  assert(isTemporaryTable(`${name}.temp.aB3xYz`));
  const others = [name, `${name}.temp`, "a.ref.temp.0badcafe", `${name}.lock`, ".temp.0badcafe"];
  for (const other of others) assert(!isTemporaryTable(other), other);
});
