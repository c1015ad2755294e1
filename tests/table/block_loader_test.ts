import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { ReftableError, Table } from "@reftable/reftable";
import { BlockType } from "../../src/format/block.ts";
import { inflate } from "../../src/io/inflate.ts";
import { runSync } from "../../src/io/io.ts";
import { BlockLoader } from "../../src/table/block_loader.ts";
import { blocksOf, layoutOf } from "../blocks.ts";
import { assertRecords, fixture, fixtures } from "../fixtures.ts";
import {
  block,
  concat,
  directRef,
  logUpdate,
  split,
  table,
  type TableFields,
} from "../hand_made.ts";
import { CountingSource } from "../sources.ts";

const loaderFor = (bytes: Uint8Array) =>
  new BlockLoader(new CountingSource(bytes, "x.ref"), layoutOf(bytes), 0x100000, inflate);

function load(bytes: Uint8Array, offset: number) {
  return runSync(loaderFor(bytes).load(offset));
}

Deno.test("BlockLoader.load() and sequence() give the same blocks", () => {
  for (const { name, bytes } of fixtures()) {
    const sequence = loaderFor(bytes).sequence();
    for (const expected of blocksOf(bytes)) {
      // The bytes of a sequence are good until the next block is asked for.
      const { file: _, ...block } = runSync(sequence.load(expected.offset));
      assertEquals({ ...block, file: expected.file }, expected, name);
    }
  }
});

Deno.test("BlockLoader.load() keeps a block for the next time", () => {
  const { bytes } = fixture("git/mixed-4k.ref");
  const source = new CountingSource(bytes);
  const loader = new BlockLoader(source, layoutOf(bytes), 0x100000, inflate);
  assertEquals(loader.cached(4096), undefined);
  const block = runSync(loader.load(4096));
  source.reset();
  assert(runSync(loader.load(4096)) === block && loader.cached(4096) === block);
  assertEquals(source.reads, 0);
});

Deno.test("BlockLoader expects no log block where it cannot inflate any", () => {
  const { bytes } = fixture("git/mixed-4k.ref");
  const loader = new BlockLoader(new CountingSource(bytes, "x.ref"), layoutOf(bytes), 0);
  for (const { type, offset } of blocksOf(bytes)) {
    if (type !== BlockType.log) {
      assertEquals(runSync(loader.load(offset)).type, type);
      continue;
    }
    const error = assertThrows(() => runSync(loader.load(offset)), ReftableError);
    assertEquals(error.problem, "block-type");
    assert(error.message.endsWith(`expected no log block at offset ${offset}`), error.message);
  }
});

Deno.test("BlockLoader finds the next block behind padding, or at once", () => {
  const first = block("r", [directRef("a")], { headerSize: 24 });
  const second = block("r", [directRef("b")]);
  const padding = (blockSize: number) => new Uint8Array(blockSize - 24 - first.length);
  const cases: readonly (readonly [Uint8Array, number, number])[] = [
    [table([first, second], { blockSize: 256 }), 24 + first.length, 1],
    [table([first, second], { blockSize: 0 }), 24 + first.length, 2],
    [table([first, padding(256), second], { blockSize: 256 }), 256, 3],
  ];
  for (const [bytes, offset, number] of cases) {
    using opened = Table.openSync(bytes);
    const [one, two] = opened.blocks();
    assertEquals([one?.size, two?.offset], [offset, offset], `case ${number}`);
    assertEquals(opened.refs().map(({ refname }) => refname).toArray(), ["a", "b"]);
  }
  // Without a block size there is no padding.
  using odd = Table.openSync(table([first, [0], second], { blockSize: 0 }));
  assertThrows(
    () => odd.blocks().toArray(),
    ReftableError,
    `expected a block at offset ${24 + first.length}, found byte 0`,
  );
  // An index that is longer than a block is padded to a multiple of its size.
  const long = block("r", Array.from("abcdefghijkl", (name) => directRef(name)), {
    headerSize: 24,
  });
  assert(24 + long.length > 256 && 24 + long.length < 512);
  const bytes = table(
    [long, new Uint8Array(512 - 24 - long.length), block("r", [directRef("z")])],
    {
      blockSize: 256,
    },
  );
  assertEquals(blocksOf(bytes).map(({ offset }) => offset), [0, 512]);
});

Deno.test("BlockLoader tells what is wrong with a block and where", () => {
  const refs = block("r", [directRef("a")], { headerSize: 24 });
  const at = 24 + refs.length;
  const one = (changed: Uint8Array, fields: TableFields = {}) =>
    table([refs, changed], { log: at, ...fields });
  const logs = block("g", [logUpdate("HEAD", 1, "a message")]);
  const claiming = (type: "r" | "g", length: number) => {
    const record = type === "r" ? directRef("b") : logUpdate("HEAD", 1, "a message");
    return block(type, [record], { length });
  };
  const { length } = blocksOf(one(logs))[1]!.bytes;
  const cases: readonly (readonly [Uint8Array, string, string])[] = [
    [one(concat("x", refs)), "format", `expected a block at offset ${at}, found byte 120`],
    [one(claiming("r", 5)), "format", `block length at offset ${at} is 5`],
    [one(claiming("r", 0)), "format", `block length at offset ${at} is 0`],
    [
      one(claiming("r", 0xffffff)),
      "format",
      `block length at offset ${at} is 16777215, the footer`,
    ],
    [one(claiming("g", 5)), "format", `block length at offset ${at} is 5`],
    [one(claiming("g", length + 1)), "zlib", `log block at offset ${at}: it inflates to`],
    [one(claiming("g", length - 1)), "zlib", `it inflates to more bytes, expected ${length - 5}`],
    [one(claiming("g", 0xffffff)), "zlib", `, expected 16777211`],
    [one(logs.slice(0, -1)), "format", `log block at offset ${at} goes on beyond the footer`],
    [one(logs.slice(0, 4)), "format", `log block at offset ${at} goes on beyond the footer`],
    [one(concat(logs.slice(0, 4), "no stream at all")), "zlib", "it does not inflate: "],
    [one(concat("r", [0])), "format", `block length at offset ${at} is`],
  ];
  for (const [bytes, code, message] of cases) {
    const error = assertThrows(() => load(bytes, at), ReftableError, message);
    assertEquals([error.code, error.file, error.offset], [code, "table", at]);
    assert(error.message.startsWith('Cannot read table "table": '));
  }
  for (const offset of [one(logs).length - 68, 2 ** 52]) {
    assertThrows(
      () => load(one(logs), offset),
      ReftableError,
      `expected a block at offset ${offset}, the footer begins at`,
    );
  }
});

Deno.test("BlockLoader inflates a log block whatever the block size says of it", () => {
  // Random letters hardly deflate, so that the stream is much longer than what is read at first.
  let letters = "";
  for (let i = 1; letters.length < 60_000; i = (i * 16807) % 0x7fffffff) letters += i.toString(36);
  const logs = ["a", "b"].map((name, i) =>
    block("g", [logUpdate(name, 1, letters)], { headerSize: i === 0 ? 24 : 0 })
  );
  for (const blockSize of [0, 64, 4096, 0xffffff]) {
    using opened = Table.openSync(new CountingSource(table(logs, { blockSize })));
    const messages = opened.logs().map((log) => log.kind === "update" && log.message).toArray();
    assertEquals(messages, [letters, letters]);
    assertEquals(opened.log("b")?.refname, "b");
  }
});

Deno.test("BlockLoader.load() keeps no more memory than the blocks that it keeps", () => {
  // A header may claim huge blocks where there are only small ones.
  const { body } = split(fixture("git/unpadded-4k.ref").bytes);
  const { refs, objects, logs, objectIdLength } = layoutOf(fixture("git/unpadded-4k.ref").bytes);
  const bytes = table([body], {
    blockSize: 0xffffff,
    maxUpdateIndex: 20,
    refIndex: refs!.index,
    object: objects!.start,
    objectIndex: objects!.index,
    log: logs!.start,
    logIndex: logs!.index,
    objectIdLength,
  });
  using opened = Table.openSync(bytes);
  assertRecords(opened.refs(), fixture("git/unpadded-4k.ref").refs);
  for (const { offset } of blocksOf(bytes)) {
    const block = load(bytes, offset);
    assertLessOrEqual(block.bytes.buffer.byteLength, 2 * block.bytes.length + 8192);
  }
});
