import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { putUint32 } from "../../src/bytes/bytes.ts";
import {
  crc32,
  footerSize,
  parseFooter,
  parseHeader,
  putFooter,
  type TableFooter,
} from "../../src/format/header_footer.ts";
import { oidsOf } from "../blocks.ts";
import { fixture, fixtures } from "../fixtures.ts";
import { split, uint64 } from "../hand_made.ts";

function parse(bytes: Uint8Array): TableFooter {
  const { header, footer } = split(bytes);
  return parseFooter(footer, header, "x.ref", bytes.length - footer.length);
}

/** A table whose footer, but not its header, is changed, with a checksum that fits. */
function withFooter(bytes: Uint8Array, position: number, change: Iterable<number>): Uint8Array {
  const { header, body, footer } = split(bytes);
  footer.set([...change], position);
  putUint32(footer, footer.length - 4, crc32(footer.subarray(0, -4)));
  return Uint8Array.of(...header, ...body, ...footer);
}

Deno.test("footers have 68 bytes in version 1 and 72 in version 2", () => {
  assertEquals([footerSize(1), footerSize(2)], [68, 72]);
});

Deno.test("putFooter() writes the footers of git and JGit from what parseFooter() reads", () => {
  for (const { name, bytes } of fixtures()) {
    const footer = parse(bytes);
    assertEquals(footer.header, parseHeader(bytes, name));
    const target = new Uint8Array(footerSize(footer.header.version) + 1);
    const length = putFooter(target, footer);
    assertEquals(target.subarray(0, length), split(bytes).footer, name);
  }
});

Deno.test("parseFooter() finds a block of the right kind at every position", () => {
  for (const { name, bytes } of fixtures()) {
    const { positions } = parse(bytes);
    const typeAt = (position: number) =>
      position === 0 ? undefined : String.fromCharCode(bytes[position]!);
    for (const index of [positions.refIndex, positions.objectIndex, positions.logIndex]) {
      assertEquals(typeAt(index) ?? "i", "i", name);
    }
    assertEquals(typeAt(positions.object) ?? "o", "o", name);
    assertEquals(typeAt(positions.log) ?? "g", "g", name);
  }
});

Deno.test("parseFooter() reads the length that tells all object ids apart", () => {
  for (const { name, bytes, refs } of fixtures()) {
    const { positions, objectIdLength } = parse(bytes);
    const oids = [...new Set(refs.flatMap(oidsOf))];
    let length = 2;
    while (new Set(oids.map((oid) => oid.slice(0, 2 * length))).size < oids.length) length++;
    if (positions.object === 0) length = 0;
    // JGit may keep a byte more.
    if (name.startsWith("git/")) assertEquals(objectIdLength, length, name);
    else assertEquals([length, length + 1].includes(objectIdLength), true, name);
  }
});

Deno.test("putFooter() splits an object position and its abbreviation length as git does", () => {
  const { header, positions } = parse(fixture("git/empty.ref").bytes);
  for (const object of [1, 2 ** 27 - 1, 2 ** 27, 2 ** 40 + 3, 2 ** 53 - 1]) {
    const target = new Uint8Array(68);
    putFooter(target, { header, positions: { ...positions, object }, objectIdLength: 31 });
    assertEquals(target.subarray(32, 40), uint64(BigInt(object) * 32n + 31n));
  }
});

Deno.test("parseFooter() takes positions up to 2^53 - 1", () => {
  const { header } = split(fixture("git/empty.ref").bytes);
  const footer: TableFooter = {
    header: parseHeader(header, "x.ref"),
    positions: {
      refIndex: 2 ** 32,
      object: 2 ** 40,
      objectIndex: 2 ** 52,
      log: 2 ** 53 - 3,
      logIndex: 2 ** 53 - 2,
    },
    objectIdLength: 20,
  };
  const bytes = new Uint8Array(68);
  putFooter(bytes, footer);
  assertEquals(parseFooter(bytes, header, "x.ref", 2 ** 53 - 1), footer);
});

Deno.test("parseFooter() notices every changed byte", () => {
  for (const name of ["git/one-ref.ref", "git/sha256.ref"] as const) {
    const { bytes } = fixture(name);
    const start = bytes.length - footerSize(name === "git/one-ref.ref" ? 1 : 2);
    for (let position = start; position < bytes.length; position++) {
      const copy = bytes.slice();
      copy[position]! ^= 0x01;
      // A version 1 footer with the number 2 is too short for what it claims to be.
      const error = assertThrows(
        () => parseFooter(copy.subarray(start), copy, "x.ref", start),
        ReftableError,
      );
      assertEquals([error.code, error.file], ["format", "x.ref"], `byte ${position}`);
    }
  }
});

Deno.test("parseFooter() tells the checksums that differ", () => {
  const copy = fixture("git/empty.ref").bytes.slice();
  copy.set([0, 0, 0, 0x0f], copy.length - 4);
  const error = assertThrows(() => parse(copy), ReftableError);
  assertEquals(error.offset, copy.length - 4);
  const [, found, computed] = /checksum (0x[0-9a-f]{8}), its bytes give (0x[0-9a-f]{8})$/
    .exec(error.message) ?? [];
  assertEquals([found, Number(computed)], ["0x0000000f", crc32(copy.subarray(-68, -4))]);
});

Deno.test("parseFooter() compares its header with the file's", () => {
  const { bytes } = fixture("git/one-ref.ref");
  for (const position of [5, 7, 15, 23]) {
    const copy = bytes.slice();
    copy[position]! ^= 0x01;
    const error = assertThrows(() => parse(copy), ReftableError, `differ in byte ${position}`);
    assertEquals([error.code, error.offset], ["format", position]);
  }
});

Deno.test("parseFooter() refuses sections out of place", () => {
  const { bytes } = fixture("git/restart-4-1k.ref");
  const { positions, objectIdLength } = parse(bytes);
  const footer = bytes.length - 68;
  const object = (position: bigint, length = objectIdLength) =>
    uint64(position << 5n | BigInt(length));
  const cases: readonly (readonly [number, Uint8Array, string])[] = [
    [24, uint64(23), `ref index is said to be at offset 23, expected it behind the header (24)`],
    [24, uint64(positions.object), `object section is said to be at offset ${positions.object}`],
    [24, uint64(2n ** 53n), "ref index is said to be at offset above 2^53 - 1"],
    [24, uint64(2n ** 64n - 1n), "ref index is said to be at offset above 2^53 - 1"],
    [32, object(BigInt(footer)), `before the footer (${footer})`],
    [32, object(2n ** 53n), "object section is said to be at offset above 2^53 - 1"],
    [40, uint64(positions.object), "object index is said to be at"],
    [48, uint64(positions.objectIndex), "log section is said to be at"],
    [56, uint64(positions.log), "log index is said to be at"],
    [56, uint64(footer), "log index is said to be at"],
    [32, object(BigInt(positions.object), 0), "have 0 bytes, expected 2 to"],
    [32, object(BigInt(positions.object), 1), "have 1 bytes, expected 2 to"],
  ];
  for (const [position, change, message] of cases) {
    const damaged = withFooter(bytes, position, change);
    const error = assertThrows(() => parse(damaged), ReftableError, message);
    assertEquals([error.code, error.file], ["format", "x.ref"], message);
  }
});

Deno.test("parseFooter() refuses abbreviations longer than the object ids", () => {
  const { bytes } = fixture("git/restart-4-1k.ref");
  const object = BigInt(parse(bytes).positions.object);
  parse(withFooter(bytes, 32, uint64(object << 5n | 20n)));
  for (const length of [21n, 31n]) {
    const damaged = withFooter(bytes, 32, uint64(object << 5n | length));
    assertThrows(() => parse(damaged), ReftableError, `have ${length} bytes, expected 2 to 20`);
  }
});
