/**
 * What is wrong with a table as a whole: its header and footer, and where its sections lie.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { putUint24, putUint32 } from "../../src/bytes/bytes.ts";
import { blocksOf, layoutOf, walk } from "../blocks.ts";
import { fixture, fixtures } from "../fixtures.ts";
import {
  block,
  concat,
  directRef,
  logUpdate,
  oid,
  record,
  table,
  uint64,
  varint,
} from "../hand_made.ts";
import {
  assertOnly,
  assertSound,
  blocksOfType,
  mended,
  problemsOf,
  withBytes,
  withPosition,
} from "./verifying.ts";

const PADDED = fixture("git/restart-4-1k.ref").bytes;
const UNPADDED = fixture("git/unpadded-4k.ref").bytes;
const SMALL = fixture("git/exact-messages.ref").bytes;
const SHA256 = fixture("git/sha256.ref").bytes;

/** Where a footer begins. */
const footerOf = (bytes: Uint8Array) => bytes.length - (bytes[4] === 1 ? 68 : 72);

Deno.test("verifyTable() finds nothing wrong with any fixture", async () => {
  for (const { name, bytes } of fixtures()) await assertSound(bytes, name);
});

Deno.test("verifyTable() tells a file that is no table", async () => {
  await assertOnly(new Uint8Array(), "magic", 0, 'no "REFT" at offset 0');
  await assertOnly(new Uint8Array(500), "magic", 0);
  await assertOnly(withBytes(SMALL, 1, "x"), "magic", 0);
  await assertOnly(withBytes(SMALL, footerOf(SMALL), "x"), "magic", footerOf(SMALL));
  await assertOnly(SMALL.subarray(0, -1), "magic", footerOf(SMALL) - 1);
  await assertOnly(SMALL.subarray(0, 20), "header", 0, "the header ends after 20 bytes");
  await assertOnly(SMALL.subarray(0, 80), "header", 80, "the file has 80 bytes, too few");
});

Deno.test("verifyTable() tells an unknown version and an unknown hash", async () => {
  await assertOnly(withBytes(SMALL, 4, [3]), "version", 4, "version is 3, expected 1 or 2");
  await assertOnly(withBytes(SHA256, 24, "s512"), "hash-id", 24, "hash id is 0x73353132");
});

Deno.test("verifyTable() tells a header that the footer does not repeat", async () => {
  for (const offset of [6, 8, 15, 20, 23]) {
    await assertOnly(withBytes(SMALL, offset, [SMALL[offset]! ^ 1]), "header", offset);
  }
  const large = withBytes(SMALL, 16, uint64(2n ** 53n));
  await assertOnly(mended(large), "header", 16, "update index at offset 16 is above 2^53 - 1");
});

Deno.test("verifyTable() tells a range of update indices that is none", async () => {
  const refs = Array.from("abc", (name) => directRef(name));
  const logs = [logUpdate("HEAD", 7, "")];
  const blocks = [block("r", refs, { headerSize: 24 }), block("g", logs)];
  const log = 24 + blocks[0]!.length;
  const bytes = table(blocks, { log, minUpdateIndex: 9, maxUpdateIndex: 3 });
  await assertOnly(bytes, "header", 8, "update indices are said to be 9 to 3");
});

Deno.test("verifyTable() tells a checksum that does not fit", async () => {
  const { bytes } = fixture("git/mixed-4k.ref");
  for (const back of [1, 4, 5, 20, 44]) {
    const damaged = withBytes(bytes, bytes.length - back, [bytes.at(-back)! ^ 0x80]);
    await assertOnly(damaged, "checksum", bytes.length - 4, "has checksum 0x");
  }
});

Deno.test("verifyTable() tells sections that the footer puts in a wrong order", async () => {
  const end = footerOf(PADDED);
  for (const index of [0, 1, 2, 3, 4]) {
    const far = withPosition(PADDED, index, () => BigInt(end) << (index === 1 ? 5n : 0n));
    // The length of the ids of objects stands beside the position.
    if (index === 1) continue;
    await assertOnly(far, "section", end, "is said to be at offset");
  }
  const swapped = withPosition(PADDED, 3, () => 1n);
  await assertOnly(swapped, "section", end, "log section is said to be at offset 1");
});

Deno.test("verifyTable() tells sections that do not begin where the footer says", async () => {
  const { refs, objects, logs, end } = layoutOf(PADDED);
  const objectAt = (offset: number) =>
    withPosition(PADDED, 1, (old) => (BigInt(offset) << 5n) | (old & 31n));
  const message = (what: string, said: number, found: number) =>
    `${what} is said to be at offset ${said}, it is at offset ${found}`;
  // At another block of the section, at a block of another one, inside of a block.
  for (const offset of [objects!.start + 1024, objects!.start - 1024, objects!.start + 100]) {
    const expected = message("object section", offset, objects!.start);
    await assertOnly(objectAt(offset), "section", end, expected);
  }
  for (
    const offset of [logs!.start - 100, logs!.start + 3, blocksOfType(PADDED, "log")[2]!.offset]
  ) {
    const damaged = withPosition(PADDED, 3, () => BigInt(offset));
    await assertOnly(damaged, "section", end, message("log section", offset, logs!.start));
  }
  const indexes = [[0, refs!], [2, objects!], [4, logs!]] as const;
  const names = { 0: "ref", 2: "object", 4: "log" } as const;
  for (const [index, section] of indexes) {
    const first = blocksOf(PADDED).find(({ type, offset }) =>
      type === 0x69 && offset >= section.start
    );
    for (
      const offset of [
        section.index - 1,
        section.index + 1,
        section.start + (section.start ? 0 : 1024),
      ]
    ) {
      if (offset === section.start) continue;
      const damaged = withPosition(PADDED, index, () => BigInt(offset));
      const expected = message(`${names[index]} index`, offset, first!.offset);
      await assertOnly(damaged, "section", end, expected);
    }
    const none = withPosition(PADDED, index, () => 0n);
    const expected = `${names[index]} index is said to be nowhere, it is at offset ${
      first!.offset
    }`;
    await assertOnly(none, "section", end, expected);
  }
  const noObjects = withPosition(withPosition(PADDED, 2, () => 0n), 1, () => 0n);
  const nowhere = `object section is said to be nowhere, it is at offset ${objects!.start}`;
  await assertOnly(noObjects, "section", end, nowhere);
  const { end: smallEnd, logs: smallLogs } = layoutOf(SMALL);
  const noLogs = withPosition(SMALL, 3, () => 0n);
  const where = `log section is said to be nowhere, it is at offset ${smallLogs!.start}`;
  await assertOnly(noLogs, "section", smallEnd, where);
});

Deno.test("verifyTable() tells a section that the footer knows and the file does not have", async () => {
  const refs = block("r", [directRef("a")], { headerSize: 24 });
  const more = block("r", [directRef("b")]);
  const log = 24 + refs.length;
  const bytes = table([refs, more], { log });
  const message = `log section is said to be at offset ${log}, it is nowhere`;
  await assertOnly(bytes, "section", footerOf(bytes), message);
  const refIndex = table([refs, more], { refIndex: log });
  const index = `ref index is said to be at offset ${log}, it is nowhere`;
  await assertOnly(refIndex, "section", footerOf(refIndex), index);
});

Deno.test("verifyTable() tells blocks that lie behind those they should precede", async () => {
  const refs = block("r", [directRef("a")], { headerSize: 24 });
  const logs = block("g", [logUpdate("HEAD", 1, "")]);
  const at = 24 + refs.length;
  const late = table([refs, logs, block("r", [directRef("b")])], { log: at });
  const end = at + logs.length;
  await assertOnly(late, "section", end, `ref block at offset ${end} lies behind the log blocks`);
  const index = block("i", [record(0, "a", 0, varint(0))]);
  const behind = at + index.length;
  const indexed = table([refs, index, block("r", [directRef("b")])], { refIndex: at });
  await assertOnly(indexed, "section", behind, "lies behind the ref index");
  const first = block("g", [logUpdate("HEAD", 1, "")], { headerSize: 24 });
  const second = table([first, block("r", [directRef("a")])]);
  await assertOnly(second, "section", 24 + first.length, "lies behind the log blocks");
});

Deno.test("verifyTable() tells a table that begins with anything but refs and logs", async () => {
  const objects = block("o", [record(0, [1, 1], 1, [0])], { headerSize: 24 });
  await assertOnly(table([objects]), "block-type", 24, "the first block has type 111");
  await assertOnly(withBytes(PADDED, 24, [0]), "block-type", 24);
  // A table of logs begins with its logs.
  const logs = block("g", [logUpdate("HEAD", 1, "")], { headerSize: 24 });
  const two = table([logs, block("g", [logUpdate("a", 1, "")])], { log: 24 + logs.length });
  await assertOnly(two, "section", footerOf(two), "the file begins with one");
});

Deno.test("verifyTable() tells keys that do not ascend from block to block", async () => {
  const first = block("r", [directRef("b")], { headerSize: 24 });
  for (const name of ["a", "b"]) {
    const offset = 24 + first.length;
    const bytes = table([first, block("r", [directRef(name)])]);
    const message = `is not above the last key of the block at offset 0`;
    await assertOnly(bytes, "key-order", offset, message);
  }
  // The last key of a block that an index names, and the first of the one behind it.
  for (const bytes of [PADDED, UNPADDED]) {
    for (const type of ["ref", "object"] as const) {
      const block = blocksOfType(bytes, type).at(-1)!;
      const [key] = walk(block).map(({ valueStart, keyLength }) => valueStart - keyLength);
      const changed = withBytes(bytes, block.offset + key!, type === "ref" ? "A" : [0]);
      await assertOnly(changed, "key-order", block.offset);
    }
  }
  const logs = [
    block("g", [logUpdate("b", 1, "")], { headerSize: 24 }),
    block("g", [logUpdate("a", 1, "")]),
  ];
  await assertOnly(table(logs), "key-order", 24 + logs[0]!.length);
});

Deno.test("verifyTable() goes on behind damage as far as it knows where", async () => {
  // In an indexed table two damages give two problems.
  const [, one, , two] = blocksOfType(PADDED, "ref");
  let damaged = withBytes(PADDED, one!.offset, "x");
  const length = new Uint8Array(3);
  putUint24(length, 0, 5);
  damaged = withBytes(damaged, two!.offset + 1, length);
  const problems = await problemsOf(damaged);
  assertEquals(problems.map(({ code, offset }) => [code, offset]), [
    ["block-type", one!.offset],
    ["block-length", two!.offset],
  ]);
  // Blocks that are padded have their places.
  const blocks = ["a", "b", "c"].map((name, i) => {
    const bytes = block("r", [directRef(name)], i === 0 ? { headerSize: 24 } : {});
    return concat(bytes, new Uint8Array((i === 0 ? 40 : 64) - bytes.length));
  });
  const bad = table([...blocks, block("r", [directRef("b")])], { blockSize: 64 });
  const both = await problemsOf(withBytes(bad, 64, [1]));
  assertEquals(both.map(({ code, offset }) => [code, offset]), [["block-type", 64], [
    "key-order",
    192,
  ]]);
});

Deno.test("verifyTable() does not care in what an empty table is empty", async () => {
  await assertSound(table([]));
  await assertSound(table([], { version: 2, hash: "sha256" }));
  await assertSound(table([], { version: 2, hash: "sha1" }));
  await assertSound(mended(withBytes(table([]), 5, [1, 2, 3])));
  const bytes = table([], { objectIdLength: 7 });
  await assertSound(bytes);
  putUint32(bytes, bytes.length - 4, 0);
  await assertOnly(bytes, "checksum", bytes.length - 4);
});

Deno.test("verifyTable() takes a version 2 table of SHA-1 and a log section behind the header", async () => {
  const refs = block("r", [directRef("a", oid(1))], { headerSize: 28 });
  await assertSound(table([refs], { version: 2, hash: "sha1" }));
  await assertSound(table([block("g", [logUpdate("HEAD", 1, "")])], { log: 24 }));
});
