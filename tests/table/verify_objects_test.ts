/**
 * What is wrong between refs and the object section, whose blocks are sound by themselves.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "../../src/bytes/hex.ts";
import { BlockType } from "../../src/format/block.ts";
import { decodeObjectPositions } from "../../src/table/objects.ts";
import { blocksOf, keyOf, layoutOf, walk } from "../blocks.ts";
import { fixture, type FixtureName } from "../fixtures.ts";
import { block, type Bytes, concat, directRef, oid, record, table, varint } from "../hand_made.ts";
import { assertOnly, assertSound, blocksOfType, problemsOf, withBytes } from "./verifying.ts";

/** What an object record says: the beginning of an id, and the positions of ref blocks. */
type Said = readonly [key: readonly number[], positions: readonly number[]];

/** A table with two ref blocks of one ref each, and an object section. */
function withObjects(
  ids: readonly Bytes[],
  said: (second: number) => readonly Said[],
  objectIdLength?: number,
): { bytes: Bytes; second: number; objects: number } {
  const first = block("r", [directRef("a", ids[0])], { headerSize: 24 });
  const rest = block("r", ids.slice(1).map((id, i) => directRef(`b${1000 + i}`, id)));
  const second = 24 + first.length;
  const objects = second + rest.length;
  const records = said(second).map(([key, positions]) => {
    const distances = positions.map((position, i) => position - (positions[i - 1] ?? 0));
    const count = positions.length;
    const type = count < 8 ? count : 0;
    return record(0, key, type, concat(type === 0 ? varint(count) : [], ...distances.map(varint)));
  });
  const bytes = table([first, rest, block("o", records)], {
    object: objects,
    objectIdLength: objectIdLength ?? said(0)[0]![0].length,
  });
  return { bytes, second, objects };
}

const ONE = oid(1);
const TWO = oid(2);

Deno.test("verifyTable() takes an object section that says what refs hold", async () => {
  const one = [1, 1];
  const two = [2, 2];
  await assertSound(withObjects([ONE, TWO], (second) => [[one, [0]], [two, [second]]]).bytes);
  await assertSound(withObjects([ONE, ONE], (second) => [[one, [0, second]]]).bytes);
  await assertSound(
    withObjects([ONE, TWO, ONE, TWO], (second) => [[one, [0, second]], [two, [second]]]).bytes,
  );
  // Ids may be longer than they must be, and a record without positions says that all refs count.
  const long = new Array(20).fill(1);
  await assertSound(withObjects([ONE, ONE], (second) => [[long, [0, second]]]).bytes);
  await assertSound(withObjects([ONE, TWO], (second) => [[one, []], [two, [second]]]).bytes);
});

Deno.test("verifyTable() tells objects that the object section lacks, and those it should not have", async () => {
  const one = [1, 1];
  const two = [2, 2];
  const three = [3, 3];
  const cases: readonly {
    readonly said: (second: number) => readonly Said[];
    readonly at: "first" | "second" | "objects";
    readonly message: string;
  }[] = [
    {
      said: () => [[one, [0]]],
      at: "second",
      message: "object 0202 is not said to be in the ref block",
    },
    {
      said: (second) => [[two, [second]]],
      at: "first",
      message: "object 0101 is not said to be in the ref block at offset 0",
    },
    {
      said: () => [[one, [0]], [two, [0]]],
      at: "objects",
      message: "object 0202 is said to be in the ref block at offset 0, where it is not",
    },
    {
      said: (second) => [[one, [0, second]], [two, [second]]],
      at: "second",
      message: "object 0101 is said to be in the ref block",
    },
    {
      said: (second) => [[one, [0]], [two, [second]], [three, [second]]],
      at: "second",
      message: "object 0303 is said to be in the ref block",
    },
    {
      said: (second) => [[one, [0]], [two, [second]], [three, []]],
      at: "objects",
      message: "object 0303 is not mentioned by any ref",
    },
    {
      said: (second) => [[one, [0]], [three, [second]]],
      at: "second",
      message: "object 0202 is not said to be in the ref block",
    },
    {
      said: (second) => [[one, [0]], [two, [second + 1]]],
      at: "objects",
      message: "object 0202 is said to be in a ref block at offset",
    },
    {
      said: () => [[one, [0]], [two, [1_000_000_000]]],
      at: "objects",
      message: "object 0202 is said to be in a ref block at offset 1000000000, where there is none",
    },
  ];
  for (const { said, at, message } of cases) {
    const { bytes, second, objects } = withObjects([ONE, TWO], said);
    await assertOnly(bytes, "object", { first: 0, second, objects }[at], message);
  }
});

Deno.test("verifyTable() tells ids that are shortened too much", async () => {
  const [a, b] = [oid(1), concat([1, 1], new Uint8Array(18).fill(9))] as [Bytes, Bytes];
  const { bytes, objects } = withObjects([a, b], (second) => [[[1, 1], [0, second]]]);
  await assertOnly(bytes, "object", objects, "object id 0101 in the object block");
  // In one block, and in two that different ranges begin with.
  const same = withObjects([oid(2), a, b], (second) => [[[1, 1], [second]], [[2, 2], [0]]]);
  await assertOnly(same.bytes, "object", same.objects, "stands for several objects");
  const apart = withObjects([a, b], (second) => [[[1, 1, 1], [0]], [[1, 1, 9], [second]]]);
  await assertSound(apart.bytes);
});

Deno.test("verifyTable() tells keys of objects that are not as long as the footer says", async () => {
  const { bytes } = withObjects(
    [ONE, TWO],
    (second) => [[[1, 1, 1], [0]], [[2, 2, 2], [second]]],
    2,
  );
  const { end } = layoutOf(bytes);
  await assertOnly(bytes, "object", end + 32, "have 3 bytes, the footer says 2");
  const mixed = withObjects([ONE, TWO], (second) => [[[1, 1], [0]], [[2, 2, 2], [second]]]);
  const second = mixed.objects + 4 + 5;
  await assertOnly(mixed.bytes, "object", second, "its key has 3 bytes, that before it 2");
  for (const length of [0, 1, 21]) {
    const wrong = withObjects([ONE, TWO], (second) => [[[1, 1], [0]], [[2, 2], [second]]], length);
    await assertOnly(wrong.bytes, "object", wrong.bytes.length - 68 + 32, `have ${length} bytes`);
  }
});

Deno.test("verifyTable() tells one of several object blocks with keys of another length", async () => {
  const first = block("r", [directRef("a", ONE), directRef("b", TWO)], { headerSize: 24 });
  const one = block("o", [record(0, [1, 1], 1, [0])]);
  const two = block("o", [record(0, [2, 2, 2], 1, [0])]);
  const object = 24 + first.length;
  const bytes = table([first, one, two], { object, objectIdLength: 2 });
  const offset = object + one.length;
  await assertOnly(bytes, "object", offset, `of the object block at offset ${offset} have 3 bytes`);
});

Deno.test("verifyTable() tells positions of an object that do not ascend", async () => {
  const first = block("r", [directRef("a", ONE)], { headerSize: 24 });
  const objects = block("o", [record(0, [1, 1], 2, [0, 0])]);
  const object = 24 + first.length;
  const bytes = table([first, objects], { object, objectIdLength: 2 });
  await assertOnly(bytes, "object", object + 8, "its positions do not ascend");
});

Deno.test("verifyTable() tells which ref block an object id was damaged in", async () => {
  const names: readonly FixtureName[] = [
    "git/restart-4-1k.ref",
    "git/sha256.ref",
    "git/unpadded-4k.ref",
    "jgit/unaligned-1k.ref",
    "jgit/aligned-4k.ref",
  ];
  for (const name of names) {
    const { bytes } = fixture(name);
    const { hashSize, objectIdLength } = layoutOf(bytes);
    const blocks = blocksOfType(bytes, "ref");
    for (const block of [blocks[0]!, blocks[blocks.length >> 1]!, blocks.at(-1)!]) {
      const ids = [
        ...walk(block, hashSize).flatMap(({ valueType, valueEnd }) => {
          if (valueType === 1) return [valueEnd - hashSize];
          return valueType === 2 ? [valueEnd - hashSize, valueEnd - 2 * hashSize] : [];
        }),
      ];
      for (const id of [ids[0]!, ids.at(-1)!]) {
        for (const byte of [0, objectIdLength - 1]) {
          const place = block.offset + id + byte;
          const damaged = withBytes(bytes, place, [bytes[place]! ^ 0x81]);
          const [problem, ...others] = await problemsOf(damaged);
          assertEquals([problem?.code, others.length], ["object", 0], name);
          assertEquals(problem!.offset, block.offset, name);
        }
      }
    }
  }
});

Deno.test("verifyTable() tells once what is wrong with an object record", async () => {
  const names: readonly FixtureName[] = ["git/restart-1-512.ref", "git/same-object-512.ref"];
  for (const name of names) {
    const { bytes } = fixture(name);
    const refs = blocksOfType(bytes, "ref").map(({ offset }) => offset);
    for (const block of blocksOfType(bytes, "object").slice(0, 20)) {
      const records = [
        ...walk(block).map((cursor) => ({
          positions: decodeObjectPositions(cursor) ?? [],
          end: cursor.valueEnd,
          key: encodeHex(keyOf(cursor)),
        })),
      ];
      const { positions, end, key } = records.find(({ positions }) => positions.length > 0)!;
      assert(positions.every((position) => refs.includes(position)));
      const place = block.offset + end - 1;
      const problems = await problemsOf(withBytes(bytes, place, [bytes[place]! ^ 1]));
      assertEquals(problems.map(({ code }) => code), ["object"], name);
      assertEquals(problems[0]!.offset, block.offset);
      assert(problems[0]!.message.includes(`object ${key} `), problems[0]!.message);
    }
  }
});

Deno.test("verifyTable() asks nothing of the object section about a block that is damaged", async () => {
  const { bytes } = fixture("git/restart-1-512.ref");
  for (const { offset, type } of blocksOf(bytes)) {
    if (type === BlockType.index) continue;
    // The first block has the file's header before its own.
    const length = (offset === 0 ? 24 : offset) + 1;
    await assertOnly(withBytes(bytes, length, [0, 0, 0]), "block-length", offset);
  }
});

Deno.test("verifyTable() sums up an object section that is another table's", async () => {
  const ids = Array.from({ length: 1500 }, (_, i) => {
    const id = oid(7);
    id.set([i >> 8, i & 255]);
    return id;
  });
  const other = ids.map((id): Said => [[id[0]!, id[1]!, 8], [0]]);
  const { bytes, objects } = withObjects(ids, () => other);
  await assertOnly(bytes, "object", objects, "object section and refs differ in 3000 places");
});
