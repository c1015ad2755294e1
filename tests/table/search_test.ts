import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError, Table } from "@reftable/reftable";
import {
  block,
  type Bytes,
  concat,
  directRef,
  logUpdate,
  oid,
  type Part,
  record,
  table,
  varint,
} from "../hand_made.ts";

interface Places {
  /** Where the second ref block begins; the first begins at 0. */
  readonly second: number;
  /** Where the index begins. */
  readonly index: number;
  /** Where the log block behind the index begins. */
  readonly log: number;
}

/**
 * Two ref blocks with a, b and c, d, an index, and a log block.
 *
 * @param levels Makes the blocks of the index. Its length must not depend on the places.
 */
function indexed(...levels: ((places: Places) => Part)[]): Bytes {
  const first = block("r", [directRef("a"), directRef("b")], { headerSize: 24 });
  const second = 24 + first.length;
  const refs = concat(first, block("r", [directRef("c"), directRef("d")]));
  const index = 24 + refs.length;
  const make = (log: number) => levels.map((level) => concat(level({ second, index, log })));
  const log = index + concat(...make(200)).length;
  const blocks = make(log);
  return table([refs, ...blocks, block("g", [logUpdate("a", 1, "")])], {
    refIndex: log - blocks.at(-1)!.length,
    log,
  });
}

const entry = (key: string, position: number) => record(0, key, 0, varint(position));

function lookups(bytes: Uint8Array): (string | undefined)[] {
  using opened = Table.openSync(bytes);
  return ["a", "aa", "b", "c", "d", "e"].map((name) => opened.ref(name)?.refname);
}

const FOUND = ["a", undefined, "b", "c", "d", undefined];

Deno.test("Table.ref() follows an index", () => {
  const bytes = indexed(({ second }) => block("i", [entry("b", 0), entry("d", second)]));
  assertEquals(lookups(bytes), FOUND);
});

Deno.test("Table.ref() follows an index whose last level has several blocks", () => {
  const bytes = indexed(({ second }) =>
    concat(block("i", [entry("b", 0)]), block("i", [entry("d", second)]))
  );
  assertEquals(lookups(bytes), FOUND);
});

Deno.test("Table.ref() follows an index of several levels", () => {
  const lower = (key: string, position: number) => block("i", [entry(key, position)]);
  const { length } = lower("b", 0);
  const bytes = indexed(
    ({ second }) => concat(lower("b", 0), lower("d", second)),
    ({ index }) => block("i", [entry("b", index), entry("d", index + length)]),
  );
  assertEquals(lookups(bytes), FOUND);
});

Deno.test("Table.ref() needs no index", () => {
  const blocks = ["ab", "cd", "ef"].map((names, i) =>
    block("r", Array.from(names, (name) => directRef(name)), { headerSize: i === 0 ? 24 : 0 })
  );
  using opened = Table.openSync(table(blocks));
  const names = Array.from("abcdef");
  assertEquals(names.map((name) => opened.ref(name)?.refname), names);
  assertEquals(["A", "bb", "cc", "g"].map((name) => opened.ref(name)), Array(4).fill(undefined));
  assertEquals(
    opened.refs({ from: "bb" }).map(({ refname }) => refname).toArray().join(""),
    "cdef",
  );
});

Deno.test("Table.ref() refuses an index that does not lead to what it names", () => {
  const cases: Record<string, readonly [(places: Places) => Part, string]> = {
    "to itself": [({ index }) => entry("d", index), "leads to offset 138, expected one before 138"],
    forward: [({ log }) => entry("d", log), "leads to offset 156, expected one before 138"],
    outside: [() => entry("d", 2 ** 45), "leads to offset 35184372088832, expected one before 138"],
    "into the header": [() => entry("d", 5), "expected a block at offset 5, found byte 0"],
    "into a block": [({ second }) => entry("d", second + 4), "expected a block at offset"],
    "to lower names": [() => entry("d", 0), "leads to offset 0, where all keys are below"],
    nowhere: [() => record(0, "d", 0, varint(2n ** 60n)), "its value does not fit"],
    "by a value type": [() => record(0, "d", 1, [0]), "index value type 1 is unknown"],
    "in disorder": [() => entry("a", 0), "its key is not above the key before it"],
  };
  for (const [name, [damage, message]] of Object.entries(cases)) {
    using opened = Table.openSync(
      indexed((places) => block("i", [entry("b", 0), damage(places)])),
    );
    assertEquals(opened.ref("b")?.refname, "b", name);
    const error = assertThrows(() => opened.ref("d"), ReftableError, message, name);
    assertEquals([error.code, error.file], ["format", "(bytes)"], name);
  }
});

Deno.test("Table.ref() refuses an index that leads to blocks of another kind", () => {
  const objects = block("o", [record(0, [1, 1], 1, [0])]);
  const first = block("r", [directRef("a", oid(1))], { headerSize: 24 });
  const object = 24 + first.length;
  const objectIndex = object + objects.length;
  const index = (position: number) => block("i", [record(0, [1, 1], 0, varint(position))]);
  const options = { object, objectIdLength: 2, objectIndex };
  using sound = Table.openSync(table([first, objects, index(object)], options));
  assertEquals(sound.refsFor("01".repeat(20)).toArray().length, 1);
  // The ref block lies before the object section.
  using outside = Table.openSync(table([first, objects, index(0)], options));
  assertThrows(
    () => outside.refsFor("01".repeat(20)).toArray(),
    ReftableError,
    "leads to offset 0, expected one",
  );
});

Deno.test("Table.ref() refuses an index that leads to a block which does not belong to the section", () => {
  const first = block("r", [directRef("a")], { headerSize: 24 });
  const objects = block("o", [record(0, "b", 1, [0])]);
  const second = 24 + first.length;
  const index = block("i", [entry("a", 0), entry("b", second)]);
  using opened = Table.openSync(
    table([first, objects, index], { refIndex: second + objects.length }),
  );
  assertEquals(opened.ref("a")?.refname, "a");
  assertThrows(
    () => opened.ref("b"),
    ReftableError,
    `leads to a block of type 111 at offset ${second}`,
  );
});

Deno.test("Table.ref() refuses an index where none is", () => {
  const first = block("r", [directRef("a")], { headerSize: 24 });
  const second = block("r", [directRef("b")]);
  using opened = Table.openSync(table([first, second], { refIndex: 24 + first.length }));
  assertThrows(() => opened.ref("a"), ReftableError, 'has type "r", expected "i"');
  // A list needs to know where to begin only.
  assertThrows(() => opened.refs().toArray(), ReftableError);
});

Deno.test("Table.ref() comes to an end however deep an index is", () => {
  // Each of 500 index blocks leads to the one before it.
  const first = block("r", [directRef("a")], { headerSize: 24 });
  const blocks: Bytes[] = [first];
  let offset = 24 + first.length;
  let below = 0;
  for (let i = 0; i < 500; i++) {
    const level = block("i", [entry("a", below)]);
    below = offset;
    offset += level.length;
    blocks.push(level);
  }
  using opened = Table.openSync(table(blocks, { refIndex: below }));
  assertEquals(opened.ref("a")?.refname, "a");
  assertEquals(opened.ref("b"), undefined);
});
