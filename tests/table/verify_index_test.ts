/**
 * What is wrong with the index of a section, whose blocks are sound by themselves.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { decodeIndexPosition } from "../../src/format/block_cursor.ts";
import { blocksOf, keyOf, layoutOf, walk } from "../blocks.ts";
import { fixture, type FixtureName } from "../fixtures.ts";
import {
  block,
  type Bytes,
  concat,
  directRef,
  logUpdate,
  record,
  table,
  varint,
} from "../hand_made.ts";
import { assertOnly, assertSound, blocksOfType, withBytes, withPosition } from "./verifying.ts";

/** A table of one ref a block, with an index that consists of given entries. */
function indexed(
  names: readonly string[],
  entries: (offsets: readonly number[]) => readonly (readonly [key: string, offset: number])[],
): { bytes: Bytes; offsets: readonly number[]; index: number } {
  const blocks: Bytes[] = [];
  const offsets: number[] = [];
  let end = 0;
  for (const name of names) {
    const first = offsets.length === 0;
    const refs = block("r", [directRef(name)], first ? { headerSize: 24 } : {});
    offsets.push(end);
    blocks.push(refs);
    end += refs.length + (first ? 24 : 0);
  }
  const records = entries(offsets).map(([key, offset]) => record(0, key, 0, varint(offset)));
  const bytes = table([...blocks, block("i", records)], { refIndex: end });
  return { bytes, offsets, index: end };
}

Deno.test("verifyTable() takes an index that leads to every block", async () => {
  const { bytes } = indexed(["a", "b", "c"], ([a, b, c]) => [["a", a!], ["b", b!], ["c", c!]]);
  await assertSound(bytes);
});

Deno.test("verifyTable() tells an index that does not lead to a block", async () => {
  for (const missing of ["a", "b", "c"]) {
    const names = ["a", "b", "c"];
    const { bytes, offsets } = indexed(
      names,
      (offsets) => names.flatMap((name, i) => name === missing ? [] : [[name, offsets[i]!]]),
    );
    const offset = offsets[names.indexOf(missing)]!;
    await assertOnly(
      bytes,
      "index",
      offset,
      `no index entry leads to the block at offset ${offset}`,
    );
  }
  const { bytes, offsets } = indexed(["a", "b", "c"], ([, , c]) => [["c", c!]]);
  await assertOnly(bytes, "index", offsets[0]!, "at offset 0 nor to 1 others");
});

Deno.test("verifyTable() tells an index that leads astray", async () => {
  const names = ["a", "b", "c"];
  const cases: readonly (readonly [
    (offsets: readonly number[]) => readonly (readonly [string, number])[],
    string,
  ])[] = [
    [([a, b, c]) => [["a", a!], ["b", b! + 1], ["c", c!]], "where no block of its section begins"],
    [([a, , c]) => [["a", a!], ["b", a!], ["c", c!]], "has another key for the block at offset 0"],
    [([a, b, c]) => [["a", a!], ["bb", b!], ["c", c!]], "has another key for the block at offset"],
    [([a, b, c]) => [["A", a!], ["b", b!], ["c", c!]], "has another key for the block at offset 0"],
    [([a, b, c]) => [["a", b!], ["b", a!], ["c", c!]], "has another key for the block at offset"],
  ];
  for (const [entries, message] of cases) {
    const { bytes, index } = indexed(names, entries);
    await assertOnly(bytes, "index", index, message);
  }
  const far = indexed(names, ([a, b]) => [["a", a!], ["b", b!], ["c", 5000]]);
  const record = far.index + 4 + 2 * 4;
  await assertOnly(far.bytes, "index", record, "it leads to offset 5000, expected one before");
});

Deno.test("verifyTable() tells a block that an index leads to twice", async () => {
  // Two entries of one key cannot be in a block, but in two.
  const refs = ["a", "b"].map((name, i) => {
    return block("r", [directRef(name)], i === 0 ? { headerSize: 24 } : {});
  });
  const second = 24 + refs[0]!.length;
  const start = second + refs[1]!.length;
  const one = block("i", [record(0, "a", 0, varint(0)), record(0, "b", 0, varint(second))]);
  const two = block("i", [record(0, "b", 0, varint(second))]);
  const bytes = table([...refs, one, two], { refIndex: start });
  const offset = start + one.length;
  await assertOnly(bytes, "index", offset, `leads to offset ${second}, as another entry does`);
});

Deno.test("verifyTable() tells blocks of an index whose keys do not ascend from one to the next", async () => {
  const refs = ["a", "b"].map((name, i) => {
    return block("r", [directRef(name)], i === 0 ? { headerSize: 24 } : {});
  });
  const second = 24 + refs[0]!.length;
  const start = second + refs[1]!.length;
  const a = block("i", [record(0, "a", 0, varint(0))]);
  const b = block("i", [record(0, "b", 0, varint(second))]);
  await assertSound(table([...refs, a, b], { refIndex: start }));
  const message = "has a first key that is not above the last key of the one before it";
  await assertOnly(table([...refs, b, a], { refIndex: start }), "index", start + b.length, message);
  // Two levels may be in any order to each other.
  const root = start + a.length + b.length;
  const top = block("i", [
    record(0, "a", 0, varint(start)),
    record(0, "b", 0, varint(start + a.length)),
  ]);
  await assertSound(table([...refs, a, b, top], { refIndex: root }));
});

Deno.test("verifyTable() tells a last level that is not the last", async () => {
  const names: readonly FixtureName[] = ["git/restart-1-512.ref", "jgit/two-level-index.ref"];
  for (const name of names) {
    const { bytes } = fixture(name);
    const { refs } = layoutOf(bytes);
    const indexes = blocksOf(bytes).filter(({ offset, type }) =>
      type === 0x69 && offset < refs!.end
    );
    const [first, second] = indexes;
    assert(first!.offset < refs!.index, "it has but one level");
    const whole = withPosition(bytes, 0, () => BigInt(first!.offset));
    const message = `leads to offset ${first!.offset}, which is of the last level`;
    await assertOnly(whole, "index", first!.offset, message);
    const part = withPosition(bytes, 0, () => BigInt(second!.offset));
    await assertOnly(part, "index", second!.offset, `which is of the last level`);
  }
  // Where nothing leads to what lies before the last level.
  const refs = block("r", [directRef("a")], { headerSize: 24 });
  const start = 24 + refs.length;
  const entry = block("i", [record(0, "a", 0, varint(0))]);
  const more = block("i", [record(0, "b", 0, varint(start))]);
  const misnamed = table([refs, entry, more], { refIndex: start + entry.length });
  await assertOnly(misnamed, "index", start + entry.length, "has another key for the block");
});

Deno.test("verifyTable() does not say twice what is wrong with an index", async () => {
  const names: readonly FixtureName[] = ["git/restart-4-1k.ref", "jgit/two-level-index.ref"];
  for (const name of names) {
    const { bytes } = fixture(name);
    for (const index of blocksOfType(bytes, "index")) {
      const entries = [
        ...walk(index).map((cursor) => ({
          position: decodeIndexPosition(cursor),
          key: keyOf(cursor).at(-1)!,
          keyEnd: cursor.valueStart,
          valueEnd: cursor.valueEnd,
        })),
      ];
      for (const { keyEnd, key, valueEnd } of [entries[0]!, entries.at(-1)!]) {
        // A larger key need not be above the next one, and a position may be any number.
        const renamed = withBytes(bytes, index.offset + keyEnd - 1, [key + 1]);
        const last = bytes[index.offset + valueEnd - 1]!;
        const moved = withBytes(bytes, index.offset + valueEnd - 1, [last ^ 1]);
        for (const damaged of [renamed, moved]) await assertOnly(damaged, "index", index.offset);
      }
    }
  }
});

Deno.test("verifyTable() asks nothing of an index about a block that is damaged", async () => {
  const names: readonly FixtureName[] = [
    "git/restart-4-1k.ref",
    "git/unpadded-4k.ref",
    "jgit/two-level-index.ref",
    "jgit/unaligned-1k.ref",
  ];
  for (const name of names) {
    const { bytes } = fixture(name);
    const blocks = blocksOf(bytes).filter((block, i, all) =>
      // The first and the last of each kind, whatever follows.
      i > 0 && (block.type !== all[i - 1]!.type || block.type !== all[i + 1]?.type)
    );
    assert(blocks.length > 5, name);
    for (const { offset } of blocks) {
      await assertOnly(withBytes(bytes, offset, [1]), "block-type", offset);
    }
  }
});

Deno.test("verifyTable() checks the index of a table of logs", async () => {
  for (const name of ["git/log-only.ref", "jgit/log-only.log"] as const) {
    const { bytes } = fixture(name);
    const [index] = blocksOfType(bytes, "index");
    const [{ end, key }] = [
      ...walk(index!).map((cursor) => ({
        end: cursor.valueStart,
        key: keyOf(cursor).at(-1)!,
      })),
    ] as [{ end: number; key: number }];
    const damaged = withBytes(bytes, index!.offset + end - 1, [key ^ 1]);
    await assertOnly(damaged, "index", index!.offset, "has another key for the block at offset");
  }
  const logs = ["a", "b"].map((name, i) => {
    return block("g", [logUpdate(name, 1, "")], i === 0 ? { headerSize: 24 } : {});
  });
  assertEquals(blocksOf(table(logs)).length, 2);
  const start = 24 + logs[0]!.length;
  const tail = concat([0], new Uint8Array(7).fill(255), [254]);
  const index = block("i", [
    record(0, concat("a", tail), 0, varint(0)),
    record(0, concat("b", tail), 0, varint(start)),
  ]);
  await assertSound(table([...logs, index], { logIndex: start + logs[1]!.length }));
});
