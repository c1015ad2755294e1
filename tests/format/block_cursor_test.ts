import { assert, assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { compareBytes } from "../../src/bytes/bytes.ts";
import { type Block, BlockType } from "../../src/format/block.ts";
import { BlockCursor } from "../../src/format/block_cursor.ts";
import { blocksOf, expectedKeys, framed, keyOf, layoutOf, walk } from "../blocks.ts";
import { fixtures } from "../fixtures.ts";
import {
  concat,
  directRef,
  logKey,
  logUpdate,
  oid,
  type Part,
  record,
  varint,
} from "../hand_made.ts";

const SECTIONS = { ref: BlockType.ref, object: BlockType.object, log: BlockType.log } as const;

function assertKeys(actual: readonly Uint8Array[], expected: readonly Uint8Array[], name: string) {
  const different = expected.findIndex((key, i) => compareBytes(key, actual[i] ?? oid(0)) !== 0);
  if (different >= 0) assertEquals(actual[different], expected[different], `${name} ${different}`);
  assertEquals(actual.length, expected.length, name);
}

function assertDamaged(
  block: Block,
  message: string | RegExp,
  action: (c: BlockCursor) => unknown,
) {
  const cursor = new BlockCursor(20);
  cursor.jump(block);
  const error = assertThrows(() => action(cursor), ReftableError);
  assertEquals([error.code, error.file], ["format", "hand-made"]);
  assert(error.message.match(message), `"${error.message}" does not match ${message}`);
  return error;
}

/** Seeks a key that lies in an array with other bytes behind it. */
function seek(cursor: BlockCursor, target: Uint8Array): boolean {
  return cursor.seek(concat(target, [0xff, 0]), target.length);
}

/** All that a cursor tells of its record. */
function stateOf(cursor: BlockCursor) {
  const { valueStart, valueEnd, valueType, keyLength, sharedLength } = cursor;
  return [valueStart, valueEnd, valueType, keyLength, sharedLength, keyOf(cursor)] as const;
}

function nextUntilEnd(cursor: BlockCursor): void {
  while (cursor.next());
}

Deno.test("BlockCursor.next() walks all keys of every fixture, block after block", () => {
  for (const table of fixtures()) {
    const { hashSize, objectIdLength } = layoutOf(table.bytes);
    const blocks = blocksOf(table.bytes);
    for (const [section, type] of Object.entries(SECTIONS)) {
      const cursor = new BlockCursor(hashSize);
      const keys: Uint8Array[] = [];
      for (const block of blocks.filter((block) => block.type === type)) {
        cursor.enter(block);
        for (let end = block.start; cursor.next(); end = cursor.valueEnd) {
          assert(cursor.valueStart > end && cursor.valueEnd <= block.restartStart);
          keys.push(keyOf(cursor));
        }
        assertEquals(cursor.valueEnd, block.restartStart);
        assert(!cursor.next(), "the end is left");
      }
      const name = section as keyof typeof SECTIONS;
      const expected = name === "object" && keys.length === 0
        ? []
        : expectedKeys(table, name, objectIdLength);
      assertKeys(keys, expected, `${table.name} ${section}`);
    }
  }
});

Deno.test("BlockCursor.seek() finds the first key that is not below the target", () => {
  for (const { name, bytes } of fixtures()) {
    const cursor = new BlockCursor(layoutOf(bytes).hashSize);
    // One block of each kind and level, the last: it is the one that may be short.
    const blocks = blocksOf(bytes).filter((block, i, all) => block.type !== all[i + 1]?.type);
    for (const block of blocks) {
      const keys = [...walk(block, layoutOf(bytes).hashSize)].length;
      const sorted = [...walk(block, layoutOf(bytes).hashSize).map(keyOf)];
      assertEquals(sorted.length, keys);
      cursor.jump(block);
      assert(cursor.seek(Uint8Array.of(), 0), name);
      assertEquals(keyOf(cursor), sorted[0]);
      for (const [i, key] of sorted.entries()) {
        const found = (target: Uint8Array) => seek(cursor, target) ? keyOf(cursor) : undefined;
        // The key itself; what is just above it; it cut short; and a neighbour of the same length.
        assertEquals(found(key), key, name);
        assertEquals(found(concat(key, [0])), sorted[i + 1], name);
        const cut = key.subarray(0, -1);
        assertEquals(found(cut), sorted.find((other) => compareBytes(other, cut) >= 0), name);
        const higher = key.slice();
        higher[higher.length >> 1] = 0xff;
        assertEquals(found(higher), sorted.find((other) => compareBytes(other, higher) >= 0), name);
      }
      assert(!seek(cursor, concat(sorted.at(-1)!, [0])));
      assert(!cursor.next(), "beyond the last key");
    }
  }
});

Deno.test("BlockCursor.next() walks on from where seek() found a key", () => {
  const [block] = blocksOf(fixtures().find(({ name }) => name === "git/mixed-4k.ref")!.bytes);
  const sorted = [...walk(block!).map(keyOf)];
  const cursor = new BlockCursor(20);
  cursor.jump(block!);
  for (const [i, key] of sorted.entries()) {
    assert(seek(cursor, key));
    const rest = [key];
    while (cursor.next()) rest.push(keyOf(cursor));
    assertKeys(rest, sorted.slice(i), "from the key on");
  }
});

Deno.test("BlockCursor.next() tells how much of a key is the same as before, restart or not", () => {
  const records = [
    directRef("refs/heads/a"),
    record(11, "b", 1, concat([0], oid(1))),
    directRef("refs/heads/bc"),
  ];
  const restart = 4 + records[0]!.length + records[1]!.length;
  const block = framed(BlockType.ref, records, [4, restart]);
  assertEquals([...walk(block).map((cursor) => cursor.sharedLength)], [0, 11, 12]);
});

Deno.test("BlockCursor.follow() walks on without moving the other", () => {
  const blocks = blocksOf(fixtures().find(({ name }) => name === "git/same-object-512.ref")!.bytes);
  const sorted = [...walk(blocks[0]!).map(keyOf)];
  for (const start of [0, 1, sorted.length - 1]) {
    const cursor = new BlockCursor(20);
    const other = new BlockCursor(20);
    other.jump(blocks[1]!);
    other.next();
    cursor.jump(blocks[0]!);
    for (let i = 0; i <= start; i++) cursor.next();
    other.follow(cursor);
    assertEquals(keyOf(other), sorted[start]);
    assertEquals(
      [other.valueType, other.valueStart, other.valueEnd, other.sharedLength],
      [cursor.valueType, cursor.valueStart, cursor.valueEnd, cursor.sharedLength],
    );
    while (other.next());
    assertEquals(keyOf(other), sorted.at(-1));
    assertEquals(keyOf(cursor), sorted[start]);
  }
});

Deno.test("BlockCursor.pass() goes where next() goes, and putKey() gives the key of any record", () => {
  for (const { name, bytes } of fixtures()) {
    const { hashSize } = layoutOf(bytes);
    for (const block of blocksOf(bytes).slice(0, 6)) {
      const states = [...walk(block, hashSize).map(stateOf)];
      for (const put of [1, 2, 3, 17, states.length]) {
        const cursor = new BlockCursor(hashSize);
        cursor.jump(block);
        for (let i = 0; cursor.pass(); i++) {
          const { valueStart, valueEnd, valueType, keyLength } = cursor;
          assertEquals([valueStart, valueEnd, valueType, keyLength], states[i]!.slice(0, 4), name);
          if (i % put !== put - 1) continue;
          cursor.putKey();
          cursor.putKey();
          assertEquals(stateOf(cursor), states[i], name);
        }
        assertEquals(cursor.valueEnd, block.restartStart);
      }
    }
  }
});

Deno.test("BlockCursor.next() and follow() go on behind records that were passed", () => {
  const [first, second] = blocksOf(
    fixtures().find(({ name }) => name === "git/same-object-512.ref")!.bytes,
  );
  const sorted = [...walk(first!).map(keyOf)];
  const cursor = new BlockCursor(20);
  cursor.jump(first!);
  cursor.next();
  cursor.pass();
  cursor.pass();
  const other = new BlockCursor(20);
  other.follow(cursor);
  for (const one of [cursor, other]) {
    assert(one.next());
    assertEquals(keyOf(one), sorted[3]);
  }
  // Where the last key of a block is not known, any key may follow.
  while (cursor.pass());
  cursor.enter(second!);
  assert(cursor.next());
  assertEquals(keyOf(cursor), [...walk(second!).map(keyOf)][0]);
  while (other.next());
  other.enter(first!);
  assert(other.pass());
  assertThrows(() => other.putKey(), ReftableError, "its key is not above the key before it");
});

Deno.test("BlockCursor.putKey() refuses a key that was passed and does not ascend", () => {
  const records = [directRef("b"), directRef("a"), directRef("c"), directRef("d")];
  const error = assertDamaged(framed(BlockType.ref, records), "is not above", (cursor) => {
    while (cursor.pass());
    cursor.putKey();
  });
  assertEquals(error.offset, 4 + records[0]!.length);
});

Deno.test("BlockCursor keeps keys longer than its buffer", () => {
  const long = "x".repeat(1000);
  const block = framed(BlockType.ref, [
    directRef("refs/a"),
    record(6, long, 1, concat([0], oid(1))),
    record(1006, `${long}${long}`, 1, concat([0], oid(1))),
  ]);
  const lengths = [...walk(block).map((cursor) => keyOf(cursor).length)];
  assertEquals(lengths, [6, 1006, 3006]);
  const cursor = new BlockCursor(20);
  for (const last of walk(block)) {
    cursor.follow(last);
    assertEquals(keyOf(cursor), keyOf(last));
  }
});

Deno.test("BlockCursor.enter() wants keys above those of the block before, jump() does not", () => {
  const first = framed(BlockType.ref, [directRef("b")]);
  for (const name of ["a", "b"]) {
    const second = framed(BlockType.ref, [directRef(name)]);
    const cursor = new BlockCursor(20);
    cursor.jump(first);
    nextUntilEnd(cursor);
    cursor.jump(second);
    assert(cursor.next());
    cursor.jump(first);
    nextUntilEnd(cursor);
    cursor.enter(second);
    assertThrows(() => cursor.next(), ReftableError, "its key is not above the key before it");
  }
});

Deno.test("BlockCursor.next() refuses keys that do not ascend", () => {
  const value = concat([0], oid(1));
  const cases: readonly (readonly Part[])[] = [
    [directRef("b"), directRef("a")],
    [directRef("b"), directRef("b")],
    [directRef("bc"), directRef("b")],
    [directRef("b"), record(1, "", 1, value)],
    [directRef("bc"), record(1, "c", 1, value)],
    [directRef("bc"), record(1, "b", 1, value)],
    [directRef("bc"), record(1, "", 1, value)],
    [directRef("\u{1d4b3}"), directRef("\uffff")],
  ];
  for (const records of cases) {
    const error = assertDamaged(framed(BlockType.ref, records), "is not above", nextUntilEnd);
    assertEquals(error.offset, 4 + (records[0] as Uint8Array).length);
  }
  assertDamaged(framed(BlockType.ref, [directRef("")]), "its key is empty", nextUntilEnd);
});

Deno.test("BlockCursor.next() refuses a prefix longer than the key before it", () => {
  const first = directRef("abc");
  for (const prefixLength of [4, 127, 128, 2 ** 20, 2 ** 40, 2 ** 53 - 1]) {
    const records = [first, record(prefixLength, "x", 1, concat([0], oid(1)))];
    assertDamaged(
      framed(BlockType.ref, records),
      `it shares ${prefixLength} bytes with the key before it, which has 3`,
      nextUntilEnd,
    );
  }
  // The first record of a block has none before it, whatever the cursor saw elsewhere.
  const cursor = new BlockCursor(20);
  cursor.jump(framed(BlockType.ref, [first]));
  nextUntilEnd(cursor);
  cursor.enter(framed(BlockType.ref, [record(1, "z", 1, concat([0], oid(1)))]));
  assertThrows(() => cursor.next(), ReftableError, "which has 0");
});

Deno.test("BlockCursor.next() refuses a key that is cut off or too long", () => {
  const cases: readonly (readonly [Part, RegExp])[] = [
    [concat([0], varint(2 ** 40 * 8 + 1), "refs"), /its key needs 1099511627776 bytes, 4 are left/],
    [concat([0], varint(5 * 8 + 1), "refs"), /its key needs 5 bytes, 4 are left/],
    [concat([0], varint(2n ** 60n), "refs"), /its key lengths do not fit/],
    [concat(varint(2n ** 60n), "refs"), /its key lengths do not fit/],
    [[0x80, 0x80, 0x80], /its key lengths do not fit/],
    [[0, 0x80], /its key lengths do not fit/],
  ];
  for (const [start, message] of cases) {
    assertDamaged(framed(BlockType.ref, [start]), message, nextUntilEnd);
  }
  // Only one of the two lengths is there: what follows is the restart table.
  assertDamaged(framed(BlockType.ref, [[0]]), /its key/, nextUntilEnd);
});

Deno.test("BlockCursor.next() refuses every kind of record that ends too early", () => {
  const symref = record(0, "HEAD", 3, concat(varint(300), [15], "refs/heads/main"));
  const peeled = record(0, "refs/tags/v1", 2, concat([0], oid(1), oid(2)));
  const cases: readonly (readonly [BlockType, Part])[] = [
    [BlockType.ref, record(0, "refs/heads/gone", 0, varint(300))],
    [BlockType.ref, directRef("refs/heads/main")],
    [BlockType.ref, directRef("refs/heads/main", oid(1), 300)],
    [BlockType.ref, peeled],
    [BlockType.ref, symref],
    [BlockType.log, logUpdate("HEAD", 3, "a message")],
    [BlockType.object, record(0, [1, 2], 3, [...varint(300), 1, ...varint(70000)])],
    [BlockType.object, record(0, [1, 2], 0, [9, 1, 1, 1, 1, 1, 1, 1, 1, 1])],
    [BlockType.index, record(0, "refs/heads/main", 0, varint(70000))],
  ];
  for (const [type, whole] of cases) {
    assertEquals([...walk(framed(type, [whole]))].length, 1);
    for (let length = 1; length < whole.length; length++) {
      assertDamaged(framed(type, [whole.slice(0, length)]), /its (key|value)/, nextUntilEnd);
    }
  }
});

Deno.test("BlockCursor.next() refuses lengths and counts beyond the block", () => {
  const huge = varint(2 ** 50);
  const ids = concat(oid(1), oid(2));
  const cases: readonly (readonly [BlockType, Part])[] = [
    [BlockType.ref, record(0, "HEAD", 3, concat([0], huge, "refs/heads/main"))],
    [BlockType.ref, record(0, "HEAD", 3, concat([0], varint(2n ** 64n - 1n), "refs/heads/main"))],
    [BlockType.log, record(0, logKey("HEAD", 1), 1, concat(ids, huge))],
    [BlockType.log, record(0, logKey("HEAD", 1), 1, concat(ids, [0], huge))],
    [BlockType.log, record(0, logKey("HEAD", 1), 1, concat(ids, [0, 0], varint(2n ** 53n)))],
    [BlockType.log, record(0, logKey("HEAD", 1), 1, concat(ids, [0, 0, 0, 0, 0], huge))],
    [BlockType.object, record(0, [1, 2], 0, concat(huge, [1, 1, 1]))],
    [BlockType.object, record(0, [1, 2], 1, varint(2n ** 53n))],
    [BlockType.index, record(0, "HEAD", 0, varint(2n ** 53n))],
  ];
  for (const [type, damaged] of cases) {
    assertDamaged(framed(type, [damaged]), "its value does not fit", nextUntilEnd);
  }
});

Deno.test("BlockCursor.next() refuses value types that the format does not know", () => {
  const value = new Uint8Array(100);
  for (let valueType = 0; valueType < 8; valueType++) {
    for (
      const [type, kind, known] of [["r", "ref", 4], ["g", "log", 2], ["i", "index", 1]] as const
    ) {
      if (valueType < known) continue;
      const block = framed(type.charCodeAt(0) as BlockType, [record(0, "HEAD", valueType, value)]);
      assertDamaged(block, `${kind} value type ${valueType} is unknown`, nextUntilEnd);
    }
  }
});

Deno.test("BlockCursor.seek() refuses restarts that are none", () => {
  const first = directRef("refs/heads/a");
  const second = record(11, "b", 1, concat([0], oid(1)));
  const [middle, end] = [4 + first.length, 4 + first.length + second.length];
  const cases: readonly (readonly [readonly number[], RegExp])[] = [
    [[4, end], /restart 1 points to \d+, expected 4 to \d+/],
    [[4, 3], /restart 1 points to 3, expected 4 to/],
    [[4, 0xffff], /restart 1 points to 65535/],
    [[4, middle], /a restart points to it, but it shares 11 bytes/],
    [[4, end - 1], /its key does not fit/],
  ];
  const target = new TextEncoder().encode("refs/heads/b");
  for (const [restarts, message] of cases) {
    const block = framed(BlockType.ref, [first, second], restarts);
    assertDamaged(block, message, (cursor) => seek(cursor, target));
    assertEquals([...walk(block)].length, 2, "walking needs no restarts");
  }
});

Deno.test("BlockCursor is not misled by damage it met before", () => {
  const sound = framed(BlockType.ref, [
    directRef("refs/heads/a", oid(1), 300),
    directRef("refs/heads/b", oid(1), 300),
  ]);
  const damages = [
    framed(BlockType.ref, [concat([0], varint(2n ** 60n))]),
    framed(BlockType.ref, [record(0, "HEAD", 3, concat([0], varint(2 ** 50)))]),
    framed(BlockType.ref, [directRef("refs/heads/a")], [4, 20]),
  ];
  for (const damaged of damages) {
    const cursor = new BlockCursor(20);
    cursor.jump(damaged);
    const target = new TextEncoder().encode("refs/heads/b");
    assertThrows(() => seek(cursor, target), ReftableError);
    cursor.jump(sound);
    assert(seek(cursor, target));
    assertEquals(keyOf(cursor), target);
  }
});

Deno.test("BlockCursor.goTo() goes to any record from anywhere", () => {
  for (const { name, bytes } of fixtures()) {
    const { hashSize } = layoutOf(bytes);
    const cursor = new BlockCursor(hashSize);
    const other = new BlockCursor(hashSize);
    for (const block of blocksOf(bytes).slice(0, 6)) {
      cursor.jump(block);
      other.jump(block);
      const all: [start: number, key: Uint8Array, end: number][] = [];
      for (let start = block.start; cursor.next(); start = cursor.valueEnd) {
        all.push([start, keyOf(cursor), cursor.valueEnd]);
      }
      for (const [start, key, end] of [...all.toReversed(), ...all.filter((_, i) => i % 5 === 0)]) {
        other.goTo(start);
        assertEquals([keyOf(other), other.valueEnd], [key, end], name);
      }
    }
  }
  // A restart that does not lead to a record leads nowhere else either.
  const records = [directRef("a"), directRef("b"), directRef("c")];
  const place = 4 + records[0]!.length;
  const block = framed(BlockType.ref, records, [4, place + 1]);
  assertDamaged(
    block,
    /record at offset \d+: /,
    (cursor) => cursor.goTo(place + records[1]!.length),
  );
});
