import { assertEquals, assertLess } from "@std/assert";
import { ObjectBuilder, PositionNumbers } from "../../src/table/object_columns.ts";
import { seeded } from "../fixtures.ts";

Deno.test("PositionNumbers numbers positions as they come", () => {
  const random = seeded(3);
  const families: readonly ((i: number) => number)[] = [
    (i) => i,
    (i) => 4096 * i,
    (i) => 2 ** 32 * i,
    (i) => 2 ** 53 - 1 - i,
    () => random(2 ** 32),
  ];
  for (const position of families) {
    const numbers = new PositionNumbers();
    const expected = new Map<number, number>();
    for (let i = 0; i < 5000; i++) {
      const next = position(random(2) === 0 ? i : random(i + 1));
      if (!expected.has(next)) expected.set(next, expected.size);
      assertEquals(numbers.get(next), expected.get(next));
    }
    const { positions, ranks } = numbers.ranked();
    assertEquals([...positions], [...expected.keys()].sort((a, b) => a - b));
    assertEquals(Array.from(ranks, (rank) => positions[rank]), [...expected.keys()]);
  }
});

Deno.test("PositionNumbers does not take long for many positions that differ", () => {
  const numbers = new PositionNumbers();
  const begun = performance.now();
  for (let i = 0; i < 300_000; i++) assertEquals(numbers.get(4096 * i), i);
  // It is less than a second; to compare each with all would take minutes.
  assertLess(performance.now() - begun, 10_000);
});

Deno.test("ObjectBuilder gives objects in their order and in that of their blocks", () => {
  const builder = new ObjectBuilder(5, 0);
  const add = (key: readonly number[], ...positions: readonly number[]) => {
    builder.dropPositions();
    for (const position of positions) builder.addPosition(position);
    builder.add(Uint8Array.from(key));
  };
  add([1, 2, 3, 4, 5], 900);
  add([1, 2, 3, 4, 6], 0, 900);
  // What belongs to an object that does not come.
  for (const position of [0, 700]) builder.addPosition(position);
  add([0xff, 2, 3, 4, 5], 0);
  add([0xff, 2, 3, 4, 6]);
  assertEquals(builder.count, 4);
  const { words, ends, blocks, positions, unplaced, blockWords, blockEnds, repeated } = builder
    .finish();
  const [a, b, c] = [[0x01020304, 0x05000000], [0x01020304, 0x06000000], [0xff020304, 0x05000000]];
  assertEquals([...words], [...a!, ...b!, ...c!, 0xff020304, 0x06000000]);
  assertEquals([...ends], [1, 3, 4, 4]);
  assertEquals(Array.from(blocks, (block) => positions[block]), [900, 0, 900, 0]);
  assertEquals([...positions], [0, 700, 900]);
  assertEquals(unplaced, 1);
  assertEquals([...blockWords], [...b!, ...c!, ...a!, ...b!]);
  assertEquals([...blockEnds], [2, 2, 4]);
  assertEquals([...repeated], [0, 3]);
});

Deno.test("ObjectBuilder takes many objects, and none", () => {
  assertEquals(new ObjectBuilder(20, 0).finish().blockEnds.length, 0);
  const builder = new ObjectBuilder(4, 0);
  const key = new Uint8Array(4);
  for (let i = 0; i < 3000; i++) {
    new DataView(key.buffer).setUint32(0, i);
    builder.addPosition(100 * (i % 7));
    builder.add(key);
  }
  const { words, blockWords, blockEnds } = builder.finish();
  const expected = Array.from({ length: 3000 }, (_, i) => i);
  assertEquals([...words], expected);
  assertEquals([...blockWords], expected.toSorted((a, b) => a % 7 - b % 7 || a - b));
  assertEquals(blockEnds[0], 429);
});
