/**
 * What is wrong with a single block: each table is sound but for one damage.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { ProblemCode } from "@reftable/reftable";
import { deflateSync } from "node:zlib";
import { putUint16, putUint24 } from "../../src/bytes/bytes.ts";
import { blocksOf, keyOf, walk } from "../blocks.ts";
import { fixture, type FixtureName } from "../fixtures.ts";
import {
  block,
  type BlockOptions,
  concat,
  directRef,
  logKey,
  logUpdate,
  oid,
  type Part,
  record,
  table,
  type TableFields,
  uint64,
  varint,
} from "../hand_made.ts";
import {
  assertOnly,
  assertSound,
  blocksOfType,
  problemsOf,
  withBytes,
  withLastLog,
} from "./verifying.ts";

/** With padding, an index of every section, and objects. */
const PADDED = fixture("git/restart-4-1k.ref").bytes;

/** The same without padding. */
const UNPADDED = fixture("git/unpadded-4k.ref").bytes;

/** Without an index. */
const SMALL = fixture("git/exact-messages.ref").bytes;

const refTable = (records: readonly Part[], options: BlockOptions = {}, fields: TableFields = {}) =>
  table([block("r", records, { headerSize: 24, ...options })], fields);

const logTable = (records: readonly Part[], options: BlockOptions = {}) =>
  table([block("g", records, { headerSize: 24, ...options })]);

const symref = (refname: string, target: string) =>
  record(0, refname, 3, concat([0], varint(target.length), target));

/** Bytes with NULs behind them. */
function padded(bytes: Uint8Array, length: number): Uint8Array {
  return concat(bytes, new Uint8Array(length - bytes.length));
}

/** Where the records of a small hand-made table begin. */
const FIRST = 28;

Deno.test("verifyTable() tells a block that is none", async () => {
  const tables: readonly (readonly [Uint8Array, "ref" | "object" | "index" | "log", number])[] = [
    [PADDED, "ref", 1],
    [PADDED, "ref", 20],
    [PADDED, "object", 0],
    [PADDED, "object", 5],
    [PADDED, "index", 0],
    [PADDED, "index", 2],
    [PADDED, "log", 0],
    [PADDED, "log", 3],
    [UNPADDED, "ref", 3],
    [UNPADDED, "object", 0],
    [UNPADDED, "log", 1],
    [SMALL, "log", 0],
  ];
  for (const [bytes, type, index] of tables) {
    const { offset } = blocksOfType(bytes, type)[index]!;
    const damaged = withBytes(bytes, offset, "x");
    await assertOnly(damaged, "block-type", offset, `expected a block at offset ${offset}, found`);
  }
});

Deno.test("verifyTable() tells a block of a kind that does not belong where it is", async () => {
  const letters = { ref: "r", object: "o", log: "g", index: "i" };
  for (const [from, letter] of Object.entries(letters) as [keyof typeof letters, string][]) {
    for (const other of Object.values(letters)) {
      const { offset } = blocksOfType(PADDED, from).at(-2)!;
      // Blocks of an index may lie before its last level.
      if (other === letter || other === "i") continue;
      const message = `has type "${other}", expected "${letter}"`;
      await assertOnly(withBytes(PADDED, offset, other), "block-type", offset, message);
    }
  }
});

Deno.test("verifyTable() tells a block whose length cannot be", async () => {
  for (const type of ["ref", "object", "index"] as const) {
    const { offset } = blocksOfType(PADDED, type)[1]!;
    for (const length of [0, 5, 0xffffff]) {
      const changed = new Uint8Array(3);
      putUint24(changed, 0, length);
      const damaged = withBytes(PADDED, offset + 1, changed);
      await assertOnly(damaged, "block-length", offset, `is ${length}`);
    }
  }
  const records = Array.from("abcdef", (name) => directRef(name));
  const { length } = block("r", records, { headerSize: 24 });
  const message = `block at offset 0 has ${24 + length} bytes, the size of a block is 128`;
  await assertOnly(refTable(records, {}, { blockSize: 128 }), "block-length", 0, message);
  await assertSound(refTable(records, {}, { blockSize: 24 + length }));
  // JGit makes an index as large as it takes.
  const names = Array.from("abcdefghijklmnopqrst");
  const blocks = names.map((name, i) => {
    const first = i === 0 ? { headerSize: 24 } : {};
    return padded(block("r", [directRef(name)], first), i === 0 ? 40 : 64);
  });
  const entries = names.map((name, i) => record(0, name, 0, varint(64 * i)));
  const index = block("i", entries);
  assert(index.length > 64);
  await assertSound(table([...blocks, index], { blockSize: 64, refIndex: 64 * names.length }));
});

Deno.test("verifyTable() tells padding that is more than NULs", async () => {
  const blocks = blocksOf(PADDED).filter((block) => {
    return block.type !== 0x67 && block.offset + block.bytes.length + 3 < block.nextOffset;
  });
  assert(blocks.length > 10);
  for (const { offset, bytes, nextOffset } of [blocks[0]!, blocks[7]!, blocks.at(-1)!]) {
    const end = offset + bytes.length;
    const inside = withBytes(PADDED, end + 2, [7]);
    await assertOnly(inside, "padding", end + 2, `padding has byte 7 at offset ${end + 2}`);
    await assertOnly(withBytes(PADDED, nextOffset - 1, "r"), "padding", nextOffset - 1);
    // What does not begin with a NUL is no padding; then a block should begin there.
    await assertOnly(withBytes(PADDED, end, [7]), "padding", end, "found byte 7");
  }
});

Deno.test("verifyTable() tells bytes between blocks", async () => {
  const first = block("r", [directRef("a")], { headerSize: 24 });
  const end = 24 + first.length;
  const second = block("r", [directRef("b")]);
  const logs = block("g", [logUpdate("HEAD", 1, "")]);
  const padding = new Uint8Array(256 - end);
  await assertSound(table([first, padding, second], { blockSize: 256 }));
  await assertSound(table([first, logs], { blockSize: 256, log: end }));
  // The last block before the footer, and that before the logs, has no padding.
  await assertOnly(table([first, padding], { blockSize: 256 }), "gap", end, "bytes lie behind");
  await assertOnly(table([first, padding, logs], { blockSize: 256, log: 256 }), "gap", end);
  const short = table([first, [0, 0], logs], { blockSize: 256, log: end + 2 });
  await assertOnly(short, "gap", end, "2 bytes lie behind");
  await assertOnly(table([first, [0], second]), "block-type", end, "found byte 0");
  // An index tells what is no block at all.
  const index = block("i", [
    record(0, "a", 0, varint(0)),
    record(0, "b", 0, varint(end + 3)),
  ]);
  const refIndex = end + 3 + second.length;
  for (const gap of ["xyz", "rst", [0, 0, 0]]) {
    await assertOnly(table([first, gap, second, index], { refIndex }), "gap", end);
  }
});

Deno.test("verifyTable() tells restarts that do not fit the records", async () => {
  const records = Array.from("abcdef", (name) => directRef(name));
  const at = (i: number) => FIRST + i * directRef("a").length;
  const shared = record(1, "b", 1, concat([0], oid(1)));
  const size = FIRST + 6 * directRef("a").length;
  await assertSound(refTable(records, { restarts: [at(0), at(2), at(4)] }));
  const cases: readonly (readonly [readonly number[], number, string])[] = [
    [[at(1)], 0, `restart 0 points to ${at(1)}, expected ${FIRST}`],
    [[at(0), at(2) + 1], 1, `restart 1 points to ${at(2) + 1}, where no record begins`],
    [[at(0), at(4), at(2)], 2, `restart 2 is ${at(2)}, that before it ${at(4)}`],
    [[at(0), at(2), at(2)], 2, `restart 2 is ${at(2)}, that before it ${at(2)}`],
    [[at(0), 4], 1, "restart 1 points to 4, expected 28 to"],
    [[at(0), size], 1, `restart 1 points to ${size}, expected 28 to`],
    [[at(0), size - 1], 1, `restart 1 points to ${size - 1}, where no record begins`],
  ];
  for (const [restarts, index, message] of cases) {
    await assertOnly(refTable(records, { restarts }), "restart", size + 3 * index, message);
  }
  const whole = refTable([directRef("a"), shared], { restarts: [FIRST, at(1)] });
  const offset = FIRST + directRef("a").length + shared.length + 3;
  await assertOnly(whole, "restart", offset, "restart 1 points to a record whose key is not whole");
  for (const restartCount of [0, 0xffff]) {
    const damaged = refTable(records, { restartCount });
    await assertOnly(damaged, "restart", 0, `claims ${restartCount} restarts`);
  }
  // In a table that is indexed, in every section.
  for (const type of ["ref", "object", "index"] as const) {
    const { offset, bytes, restartStart } = blocksOfType(PADDED, type)[2]!;
    await assertOnly(withBytes(PADDED, offset + bytes.length - 2, [0, 0]), "restart", offset);
    const second = offset + restartStart + 3;
    const changed = withBytes(PADDED, second, [0, 0, 5]);
    await assertOnly(changed, "restart", second, "restart 1 points to 5");
  }
});

Deno.test("verifyTable() tells records that do not fit into their block", async () => {
  const value = concat([0], oid(1));
  const a = directRef("a");
  const second = FIRST + a.length;
  const cases: readonly (readonly [readonly Part[], number, string])[] = [
    [[record(1, "a", 1, value)], FIRST, "it shares 1 bytes with the key before it, which has 0"],
    [[a, record(2, "a", 1, value)], second, "it shares 2 bytes with the key before it"],
    [[record(0, "", 1, value)], FIRST, "its key is empty"],
    [[a, concat([0], varint(2 ** 43 + 1), "b", value)], second, "its key needs 1099511627776"],
    [[a, concat([0, 9], "b", value.subarray(0, 9))], second, "its value ends at"],
    [[a, concat([0, 11], "b", [0, 100], "target")], second, "its value does not fit"],
    [[a, concat([0, 9], "b", new Uint8Array(9).fill(255), oid(1))], second, "does not fit"],
  ];
  for (const [records, offset, message] of cases) {
    await assertOnly(refTable(records), "record", offset, message);
  }
});

Deno.test("verifyTable() tells keys that do not ascend in a block", async () => {
  for (const names of ["ba", "aa"]) {
    const damaged = refTable(Array.from(names, (name) => directRef(name)));
    const offset = FIRST + directRef("a").length;
    await assertOnly(damaged, "key-order", offset, "its key is not above the key before it");
  }
  const logs = [logUpdate("HEAD", 1, ""), logUpdate("HEAD", 2, "")];
  await assertOnly(logTable(logs), "key-order", 0, "of the inflated log block at offset 0");
});

Deno.test("verifyTable() tells values of an unknown kind", async () => {
  for (const type of [4, 5, 6, 7]) {
    const damaged = refTable([directRef("a"), record(0, "b", type, [0, 0])]);
    const offset = FIRST + directRef("a").length;
    await assertOnly(damaged, "value-type", offset, `ref value type ${type} is unknown`);
  }
  const log = record(0, logKey("HEAD", 1), 2);
  await assertOnly(logTable([log]), "value-type", 0, "log value type 2 is unknown");
  const refs = block("r", [directRef("a")], { headerSize: 24 });
  const refIndex = 24 + refs.length;
  const damaged = table([refs, block("i", [record(0, "a", 1, [0])])], { refIndex });
  await assertOnly(damaged, "value-type", refIndex + 4, "index value type 1 is unknown");
});

Deno.test("verifyTable() tells update indices that the table cannot have", async () => {
  // The range is 1 to 10.
  await assertSound(refTable([directRef("a", oid(1), 0), directRef("b", oid(1), 9)]));
  const refs = [directRef("a", oid(1), 10), directRef("b"), directRef("c", oid(1), 300)];
  const message =
    "its update index is 11, the table's are 1 to 10, and 1 more like it in this block";
  await assertOnly(refTable(refs), "update-index", FIRST, message);
  const large = [directRef("a", oid(1), Number.MAX_SAFE_INTEGER)];
  await assertOnly(
    refTable(large),
    "update-index",
    FIRST + 3,
    "its update index is above 2^53 - 1",
  );
  // Entries of a log may be older than the table.
  const fields = { minUpdateIndex: 5 };
  await assertSound(
    table(
      [block("g", [logUpdate("HEAD", 10, ""), logUpdate("HEAD", 1, "")], { headerSize: 24 })],
      fields,
    ),
  );
  const log = [logUpdate("HEAD", 11, "")];
  await assertOnly(logTable(log), "update-index", 0, "its update index is 11");
  await assertOnly(logTable([record(0, logKey("HEAD", 11), 0)]), "update-index", 0);
  const huge = [logUpdate("HEAD", 2n ** 60n, "")];
  await assertOnly(logTable(huge), "update-index", 0, "its update index is above 2^53 - 1");
});

Deno.test("verifyTable() tells log blocks that do not inflate to what they should be", async () => {
  const tables: readonly (readonly [FixtureName, number])[] = [
    ["git/restart-4-1k.ref", 0],
    ["git/restart-4-1k.ref", 4],
    ["git/exact-messages.ref", 0],
    ["git/log-only.ref", 0],
    ["git/log-only.ref", 30],
    ["jgit/log-only.log", 0],
    ["jgit/log-only.log", 3],
  ];
  for (const [name, index] of tables) {
    const { bytes } = fixture(name);
    const { offset, start, nextOffset, bytes: inflated } = blocksOfType(bytes, "log")[index]!;
    const middle = (offset + start + nextOffset) >> 1;
    await assertOnly(withBytes(bytes, middle, [bytes[middle]! ^ 0x55]), "deflate", offset);
    await assertOnly(
      withBytes(bytes, nextOffset - 1, [bytes[nextOffset - 1]! ^ 1]),
      "deflate",
      offset,
    );
    for (const length of [inflated.length - 1, inflated.length + 1]) {
      const changed = new Uint8Array(3);
      putUint24(changed, 0, length);
      const damaged = withBytes(bytes, offset + start - 3, changed);
      await assertOnly(damaged, "deflate", offset, "it inflates to");
    }
  }
  const cut = block("g", [logUpdate("HEAD", 1, "a message")], { headerSize: 24 }).slice(0, -1);
  await assertOnly(table([cut]), "deflate", 0, "goes on beyond the footer");
});

Deno.test("verifyTable() tells log keys that are none", async () => {
  for (const key of [concat("HEAD", uint64(1)), concat([0], uint64(2n ** 64n - 2n)), "HEAD"]) {
    const damaged = logTable([record(0, key, 0)]);
    await assertOnly(damaged, "record", 0, "its key is not a name, NUL and 8 bytes");
  }
});

Deno.test("verifyTable() tells names that no ref can have", async () => {
  const bad = ["a b", "a..b", "refs//a", "a/", "/a", ".a", "a.lock", "a@{b", "@", "a\x7f", "x/.y"];
  for (const name of bad) {
    const named = `name "${name}": `;
    await assertOnly(refTable([directRef(name)]), "refname", FIRST, named);
    const ids = concat([0], oid(1), oid(2));
    await assertOnly(refTable([record(0, name, 2, ids)]), "refname", FIRST, named);
    await assertOnly(logTable([logUpdate(name, 1, "")]), "refname", 0, named);
    await assertOnly(
      refTable([symref("HEAD", name)]),
      "symref-target",
      FIRST,
      `target "${name}": `,
    );
    // Git removes such names by tombstones.
    await assertSound(refTable([record(0, name, 0, [0])]));
    await assertSound(logTable([record(0, logKey(name, 1), 0)]));
  }
  await assertOnly(refTable([symref("HEAD", "")]), "symref-target", FIRST, "it is empty");
  // But nobody can ask for one with a NUL in it.
  for (const name of ["a\0", "\0", "a\0b"]) {
    const named = `name "${name}": `;
    await assertOnly(refTable([record(0, name, 0, [0])]), "refname", FIRST, named);
  }
});

Deno.test("verifyTable() tells a bad name behind good ones, and good ones behind it", async () => {
  const refs = ["a/b", "a/b.lock", "a/b.lock/c", "a/b.lockx", "a/c", "a/c..d", "a/c.d"];
  const offset = FIRST + directRef(refs[0]!).length;
  const message =
    'name "a/b.lock": a component ends with ".lock", and 2 more like it in this block';
  await assertOnly(refTable(refs.map((name) => directRef(name))), "refname", offset, message);
  // Names that share what is bad are stored without it.
  const shared = [directRef("a b"), record(3, "c", 1, concat([0], oid(1)))];
  await assertOnly(refTable(shared), "refname", FIRST, "and 1 more like it in this block");
  const logs = ["a b", "a c", "ab"].flatMap((
    name,
  ) => [logUpdate(name, 2, ""), logUpdate(name, 1, "")]);
  await assertOnly(
    logTable(logs),
    "refname",
    0,
    'name "a b": it has " " in it, and 3 more like it',
  );
});

Deno.test("verifyTable() tells one thing of a record, and each thing of a block", async () => {
  const bad = symref("a b", "c d").slice();
  // The update index is behind the lengths and the name.
  bad[5] = 100;
  await assertOnly(refTable([bad]), "update-index", FIRST, "its update index is 101");
  const all = [directRef("a", oid(1), 100), directRef("b c"), symref("c", "d e"), directRef("d")];
  const problems = await problemsOf(refTable(all));
  assertEquals(problems.map(({ code }) => code), ["update-index", "refname", "symref-target"]);
});

Deno.test("verifyTable() reports a block once for what a record of it does to others", async () => {
  const codes: ProblemCode[] = ["record", "key-order", "restart", "value-type", "refname"];
  const { offset, bytes: whole, start } = blocksOfType(PADDED, "ref")[7]!;
  const starts = [start, ...walk(blocksOfType(PADDED, "ref")[7]!).map(({ valueEnd }) => valueEnd)];
  for (const position of starts.slice(0, -1)) {
    for (const byte of [0, 1, 0x7f, 0xff]) {
      if (whole[position] === byte) continue;
      const problems = await problemsOf(withBytes(PADDED, offset + position, [byte]));
      assertEquals(problems.length, 1, `byte ${byte} at ${position}`);
      assert(codes.includes(problems[0]!.code), problems[0]!.code);
    }
  }
});

Deno.test("verifyTable() looks into log blocks", async () => {
  assertEquals(blocksOfType(SMALL, "log").length, 2);
  const { offset, restartStart, start } = blocksOfType(SMALL, "log")[1]!;
  const same = withLastLog(SMALL, (contents) => contents);
  await assertSound(same);
  const damaged = withLastLog(SMALL, (contents) => {
    putUint24(contents, restartStart - start, 5);
    return contents;
  });
  await assertOnly(damaged, "restart", offset, "restart 0 points to 5, expected 4");
  const miscounted = withLastLog(SMALL, (contents) => {
    putUint16(contents, contents.length - 2, 0xffff);
    return contents;
  });
  await assertOnly(miscounted, "restart", offset, "claims 65535 restarts");
  const [first] = walk(blocksOfType(SMALL, "log")[1]!).map(keyOf);
  const renamed = withLastLog(SMALL, (contents) => {
    contents[contents.indexOf(first![0]!)] = 0x20;
    return contents;
  });
  const problems = await problemsOf(renamed);
  assertEquals(problems.map(({ offset }) => offset), [offset]);
});

Deno.test("verifyTable() takes bytes behind a log block for damage", async () => {
  const first = block("g", [logUpdate("a", 1, "")], { headerSize: 24 });
  const second = block("g", [logUpdate("b", 1, "")]);
  await assertSound(table([first, second]));
  const end = 24 + first.length;
  await assertOnly(table([first, [0], second]), "block-type", end);
  await assertOnly(table([first, second, "end"]), "block-type", end + second.length);
  await assertOnly(table([first, deflateSync("a"), second]), "block-type", end);
});
