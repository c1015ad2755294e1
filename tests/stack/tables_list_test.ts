import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { encodeText } from "../../src/bytes/text.ts";
import { parseTablesList } from "../../src/stack/tables_list.ts";

Deno.test("parseTablesList() gives the names line by line", () => {
  const cases: readonly [string, readonly string[]][] = [
    ["", []],
    ["0x000000000001-0x000000000002-1234abcd.ref\n", [
      "0x000000000001-0x000000000002-1234abcd.ref",
    ]],
    // Names as they were before they had a random part, and the tables of logs.
    ["0x000000000001-0x000000000002.ref\n0x000000000003-0x000000000003.log\n", [
      "0x000000000001-0x000000000002.ref",
      "0x000000000003-0x000000000003.log",
    ]],
    ["a\nb", ["a", "b"]],
    ["..a\n.b\nc..\n...\n", ["..a", ".b", "c..", "..."]],
    ["ü\n", ["ü"]],
  ];
  for (const [text, names] of cases) {
    assertEquals(parseTablesList(encodeText(text), "tables.list"), names, JSON.stringify(text));
  }
});

Deno.test("parseTablesList() refuses names that could lead out of the directory", () => {
  const names = [
    ...["", ".", "..", "../x.ref", "a/b.ref", "/etc/passwd", "a/", "a/../b", "./a"],
    ...["..\\x.ref", "a\\b", "C:x.ref", "file:x", "a\0.ref", "\0"],
  ];
  for (const name of names) {
    for (const [line, text] of [[1, `${name}\nb\n`], [2, `a\n${name}\nb\n`]] as const) {
      const error = assertThrows(
        () => parseTablesList(encodeText(text), "dir/tables.list"),
        ReftableError,
        `Cannot read "dir/tables.list": line ${line} is ${
          JSON.stringify(name)
        }, expected a file name`,
        JSON.stringify(text),
      );
      assertEquals([error.code, error.file], ["format", "dir/tables.list"]);
    }
  }
});

Deno.test("parseTablesList() refuses names that no file can have", () => {
  assertEquals(parseTablesList(encodeText("a".repeat(255)), "tables.list").length, 1);
  for (const name of ["ü\udcff", "a".repeat(256), "ü".repeat(128), "a".repeat(1e6)]) {
    const error = assertThrows(() => parseTablesList(encodeText(name), "tables.list"));
    assert(error instanceof ReftableError && error.code === "format");
    assertLess(error.message.length, 500);
  }
});
