import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import {
  headerSize,
  MAX_HEADER_SIZE,
  parseHeader,
  putHeader,
  type TableHeader,
} from "../../src/format/header_footer.ts";
import { fixture, fixtures, writerOptions } from "../fixtures.ts";

Deno.test("parseHeader() reads what git was told to write", () => {
  for (const table of fixtures()) {
    if (!table.name.startsWith("git/")) continue;
    const { hash, blockSize, minUpdateIndex, maxUpdateIndex } = writerOptions(table);
    const version = hash === "sha1" ? 1 : 2;
    assertEquals(
      parseHeader(table.bytes, table.name),
      { version, blockSize, minUpdateIndex, maxUpdateIndex, hash },
      table.name,
    );
  }
});

Deno.test("putHeader() writes the headers of git and JGit", () => {
  for (const { name, bytes } of fixtures()) {
    const target = new Uint8Array(MAX_HEADER_SIZE + 1);
    const end = putHeader(target, 1, parseHeader(bytes, name));
    assertEquals(target.subarray(1, end), bytes.subarray(0, end - 1), name);
    assertEquals(end, 1 + (name.includes("sha256") ? 28 : 24), name);
  }
});

Deno.test("putHeader() writes any version, hash and number", () => {
  const headers: readonly TableHeader[] = [
    { version: 2, blockSize: 0, minUpdateIndex: 0, maxUpdateIndex: 0, hash: "sha1" },
    { version: 2, blockSize: 1, minUpdateIndex: 1, maxUpdateIndex: 2 ** 32, hash: "sha256" },
    {
      version: 1,
      blockSize: 0xffffff,
      minUpdateIndex: 2 ** 53 - 2,
      maxUpdateIndex: 2 ** 53 - 1,
      hash: "sha1",
    },
  ];
  for (const header of headers) {
    const target = new Uint8Array(headerSize(header.version));
    assertEquals(putHeader(target, 0, header), target.length);
    assertEquals(parseHeader(target, "x.ref"), header);
  }
});

Deno.test("parseHeader() tells what is wrong and where", () => {
  const version1 = fixture("git/one-ref.ref").bytes;
  const version2 = fixture("git/sha256.ref").bytes;
  const cases: readonly (readonly [Uint8Array, number, readonly number[], number, string])[] = [
    [version1, 0, [0x72], 0, 'no "REFT" at offset 1000: this is no reftable'],
    [version1, 3, [0x74], 0, 'no "REFT" at offset 1000'],
    [version1, 4, [0], 4, "version is 0, expected 1 or 2"],
    [version1, 4, [3], 4, "version is 3, expected 1 or 2"],
    [version1, 8, [0, 0x20], 8, "update index at offset 1008 is above 2^53 - 1"],
    [version1, 16, [0xff], 16, "update index at offset 1016 is above 2^53 - 1"],
    [
      version2,
      24,
      [0x73, 0x68, 0x61, 0x32],
      24,
      'hash id is 0x73686132, expected "sha1" or "s256"',
    ],
    [version2, 24, [0, 0, 0, 1], 24, "hash id is 0x00000001"],
  ];
  for (const [bytes, position, damage, offset, message] of cases) {
    const copy = bytes.slice(0, MAX_HEADER_SIZE);
    copy.set(damage, position);
    const error = assertThrows(() => parseHeader(copy, "x.ref", 1000), ReftableError, message);
    assertEquals([error.code, error.file, error.offset], ["format", "x.ref", 1000 + offset]);
    assertEquals(error.message.startsWith('Cannot read table "x.ref": '), true);
  }
});

Deno.test("parseHeader() takes a whole header only", () => {
  for (const name of ["git/one-ref.ref", "git/sha256.ref"] as const) {
    const { bytes } = fixture(name);
    const size = name === "git/one-ref.ref" ? 24 : 28;
    parseHeader(bytes.subarray(0, size), name);
    for (let length = 0; length < size; length++) {
      const error = assertThrows(() => parseHeader(bytes.subarray(0, length), name), ReftableError);
      assertEquals(error.code, "format");
    }
  }
});
