import { assertEquals, assertThrows } from "@std/assert";
import { type LogRecord, ReftableError } from "@reftable/reftable";
import { compareBytes } from "../../src/bytes/bytes.ts";
import { type Block, BlockType } from "../../src/format/block.ts";
import {
  LogDecoder,
  logKey,
  logKeyPrefix,
  logNameLength,
  logUpdateIndex,
} from "../../src/format/log_record.ts";
import { blocksOf, framed, layoutOf, walk } from "../blocks.ts";
import { assertRecords, fixtures } from "../fixtures.ts";
import { concat, logKey as expectedKey, logUpdate, oid, record, varint } from "../hand_made.ts";

const HEAD = new TextEncoder().encode("HEAD");

function decodeAll(block: Block, hashSize = 20): LogRecord[] {
  const decoder = new LogDecoder(hashSize);
  return [...walk(block, hashSize).map((cursor) => decoder.decode(cursor))];
}

Deno.test("logKey() is the name, a NUL and the update index with all bits inverted", () => {
  const cases: readonly (readonly [number, readonly number[]])[] = [
    [0, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    [1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]],
    [0x80000000, [0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]],
    [0x0102030405, [0xff, 0xff, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa]],
    [2 ** 53 - 1, [0xff, 0xe0, 0, 0, 0, 0, 0, 0]],
  ];
  for (const [updateIndex, tail] of cases) {
    assertEquals(logKey(HEAD, updateIndex), Uint8Array.of(...HEAD, 0, ...tail), `${updateIndex}`);
  }
  assertEquals(logKeyPrefix(HEAD), Uint8Array.of(...HEAD, 0));
});

Deno.test("logKey() puts names in order and the newest entry of a name first", () => {
  const encoder = new TextEncoder();
  const keys = ["HEAD", "HEAD-", "HEAD2", "refs/heads/a", "refs/heads/a/b"].flatMap((name) =>
    [2 ** 53 - 1, 2 ** 32, 2 ** 32 - 1, 256, 255, 1, 0].map((i) => logKey(encoder.encode(name), i))
  );
  assertEquals(keys.toReversed().sort(compareBytes), keys);
});

Deno.test("LogDecoder.decode() decodes the logs of every fixture", () => {
  for (const { name, bytes, logs } of fixtures()) {
    const { hashSize } = layoutOf(bytes);
    const decoder = new LogDecoder(hashSize);
    const blocks = blocksOf(bytes).filter(({ type }) => type === BlockType.log);
    const records = blocks.flatMap((block) => [
      ...walk(block, hashSize).map((cursor) => decoder.decode(cursor)),
    ]);
    assertRecords(records, logs, name);
  }
});

Deno.test("LogDecoder.decode() reads extremes, and tombstones among updates", () => {
  const update = (time: number, zone: readonly number[]) =>
    concat(oid(0xab), oid(0xcd), [0], [1, 0xff], varint(time), zone, [2, 0xc3, 0xa9]);
  const block = framed(BlockType.log, [
    record(0, expectedKey("HEAD", 9), 1, update(0, [0x80, 0x00])),
    record(0, expectedKey("HEAD", 8), 0),
    record(0, expectedKey("HEAD", 7), 1, update(2 ** 53 - 1, [0x7f, 0xff])),
  ]);
  const common = {
    kind: "update",
    refname: "HEAD",
    oldOid: "ab".repeat(20),
    newOid: "cd".repeat(20),
    name: "",
    email: "\udcff",
    message: "é",
  } as const;
  assertEquals(decodeAll(block), [
    { ...common, updateIndex: 9, time: 0, tzOffset: -32768 },
    { kind: "deletion", refname: "HEAD", updateIndex: 8 },
    { ...common, updateIndex: 7, time: 2 ** 53 - 1, tzOffset: 32767 },
  ]);
});

Deno.test("LogDecoder.decode() tells texts of the same length apart", () => {
  const block = framed(BlockType.log, [
    logUpdate("aa", 2, "one"),
    logUpdate("aa", 1, "two"),
    logUpdate("ab", 2, "two"),
    logUpdate("ab", 1, "one"),
    logUpdate("b", 1, ""),
  ]);
  assertEquals(
    decodeAll(block).map((log) => [log.refname, log.kind === "update" && log.message]),
    [["aa", "one"], ["aa", "two"], ["ab", "two"], ["ab", "one"], ["b", ""]],
  );
});

Deno.test("log keys must be a name, a NUL and 8 bytes", () => {
  const tail = new Uint8Array(8).fill(0xff);
  const keys = [concat([0], tail), concat("HEAD", tail), concat("HEAD", [1], tail), tail, "HEAD"];
  for (const key of keys) {
    for (const cursor of walk(framed(BlockType.log, [record(0, key, 0)]))) {
      const error = assertThrows(() => logNameLength(cursor), ReftableError);
      assertEquals(error.code, "format");
      assertThrows(() => new LogDecoder(20).decode(cursor), ReftableError, "its key is not a name");
    }
  }
});

Deno.test("logUpdateIndex() reads up to 2^53 - 1 and no further", () => {
  const indices = [0, 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
  for (const updateIndex of indices) {
    const block = framed(BlockType.log, [record(0, expectedKey("HEAD", updateIndex), 0)]);
    assertEquals([...walk(block).map(logUpdateIndex)], [updateIndex]);
  }
  for (const updateIndex of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    const block = framed(BlockType.log, [record(0, expectedKey("HEAD", updateIndex), 0)]);
    assertThrows(() => [...walk(block).map(logUpdateIndex)], ReftableError, "above 2^53 - 1");
  }
});
