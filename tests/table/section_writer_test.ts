import { assertEquals, assertThrows } from "@std/assert";
import { inflateSync } from "node:zlib";
import { BytesSink, ReftableError } from "@reftable/reftable";
import { BlockType } from "../../src/format/block.ts";
import { putHeader, type TableHeader } from "../../src/format/header_footer.ts";
import { RecordBuffer } from "../../src/format/record_buffer.ts";
import { SectionWriter } from "../../src/table/section_writer.ts";
import { block, type Bytes, concat, type Part, record, varint } from "../hand_made.ts";

const HEADER: TableHeader = {
  version: 1,
  blockSize: 100,
  minUpdateIndex: 1,
  maxUpdateIndex: 1,
  hash: "sha1",
};

/** What stands for a footer. */
const FOOTER = concat("the end");

function headerBytes(header: TableHeader): Bytes {
  const bytes = new Uint8Array(header.version === 1 ? 24 : 28);
  putHeader(bytes, 0, header);
  return bytes;
}

/** Makes a record of a name and some bytes. */
function entry(key: string, value: Part = []): RecordBuffer {
  const buffer = new RecordBuffer();
  buffer.setKey(key);
  const bytes = concat(value);
  buffer.putBytes(bytes, 0, bytes.length);
  return buffer;
}

/** A writer and what it has written. */
function makeWriter(
  options: Partial<TableHeader> & { restartInterval?: number; unpadded?: boolean } = {},
): { writer: SectionWriter; finish: () => Bytes } {
  const { restartInterval = 16, unpadded = false, ...changes } = options;
  const sink = new BytesSink();
  const writer = new SectionWriter(sink, { ...HEADER, ...changes }, { restartInterval, unpadded });
  return {
    writer,
    finish: () => {
      writer.finish(FOOTER);
      assertEquals(writer.size, sink.bytes.length);
      return sink.bytes;
    },
  };
}

function padded(bytes: Bytes, size: number): Bytes {
  return concat(bytes, new Uint8Array(size - bytes.length));
}

const FILLING = "v".repeat(50);

/** Adds records of which one takes a block of 150 bytes; an index takes two of their keys in a block. */
function addBlocks(writer: SectionWriter, count: number): string[] {
  const keys = Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i).repeat(60));
  for (const key of keys) assertEquals(writer.add(entry(key, FILLING)), undefined);
  return keys;
}

Deno.test("SectionWriter pads blocks, but not the last one", () => {
  for (const version of [1, 2] as const) {
    const { writer, finish } = makeWriter({ version });
    writer.begin(BlockType.ref);
    const [a, b] = ["a".repeat(30), "b".repeat(50)];
    for (const key of [a, `${a}a`, b]) assertEquals(writer.add(entry(key, "v")), undefined);
    writer.end();
    const header = headerBytes({ ...HEADER, version });
    const first = block("r", [record(0, a, 0, "v"), record(30, "a", 0, "v")], {
      headerSize: header.length,
    });
    const second = block("r", [record(0, b, 0, "v")]);
    assertEquals(finish(), concat(padded(concat(header, first), 100), second, FOOTER));
    assertEquals(writer.counts[BlockType.ref], {
      entries: 3,
      restarts: 2,
      blocks: 2,
      indexBlocks: 0,
      indexDepth: 0,
      offset: 0,
      indexOffset: 0,
    });
  }
});

Deno.test("SectionWriter writes no padding when told not to", () => {
  const { writer, finish } = makeWriter({ unpadded: true, blockSize: 150 });
  writer.begin(BlockType.ref);
  const [a, b] = addBlocks(writer, 2);
  writer.end();
  const header = headerBytes({ ...HEADER, blockSize: 150 });
  const first = concat(header, block("r", [record(0, a!, 0, FILLING)], { headerSize: 24 }));
  const second = block("r", [record(0, b!, 0, FILLING)]);
  const entries = [record(0, a!, 0, varint(0)), record(0, b!, 0, varint(first.length))];
  const index = block("i", entries, { restarts: [4, 4 + entries[0]!.length] });
  assertEquals(finish(), concat(first, second, index, FOOTER));
  assertEquals(writer.counts[BlockType.ref].indexOffset, first.length + second.length);
});

Deno.test("SectionWriter writes an index for more than 3 blocks, without padding for more than 1", () => {
  for (const type of [BlockType.ref, BlockType.object, BlockType.log]) {
    for (const [unpadded, most] of [[false, 3], [true, 1]] as const) {
      for (let blocks = 0; blocks <= 16; blocks++) {
        const { writer } = makeWriter({ unpadded, blockSize: 150 });
        writer.begin(type);
        addBlocks(writer, blocks);
        writer.end();
        const expected = { indexDepth: 0, indexBlocks: 0 };
        for (let level = blocks; level > most; expected.indexDepth++) {
          level = Math.ceil(level / 2);
          expected.indexBlocks += level;
        }
        const { indexOffset, offset, restarts, ...counts } = writer.counts[type];
        assertEquals(counts, { ...expected, blocks, entries: blocks }, `${blocks} ${unpadded}`);
        assertEquals([offset, restarts], [0, blocks]);
        assertEquals(indexOffset > 0, blocks > most);
      }
    }
  }
});

Deno.test("SectionWriter writes levels of an index until one has no more than 3 blocks", () => {
  const { writer, finish } = makeWriter({ restartInterval: 1 });
  writer.begin(BlockType.ref);
  // Two keys take a block; of the index as well, as positions are short.
  const names = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(30, "0"));
  for (const name of names) assertEquals(writer.add(entry(name)), undefined);
  writer.end();
  const { position } = writer;
  const bytes = finish();
  // The first block has room for one only.
  const levels = [21, 11, 6, 3];
  const { counts } = writer;
  assertEquals(counts[BlockType.ref], {
    entries: 40,
    restarts: 40,
    blocks: levels[0]!,
    indexBlocks: 11 + 6 + 3,
    indexDepth: 3,
    offset: 0,
    indexOffset: 100 * (21 + 11 + 6),
  });
  assertEquals(counts[BlockType.index], {
    entries: 21 + 11 + 6,
    restarts: 21 + 11 + 6,
    blocks: 20,
    indexBlocks: 0,
    indexDepth: 0,
    offset: 2100,
    indexOffset: 0,
  });
  assertEquals(position, 100 * (21 + 20));
  // The first block of each level leads to the first two of the level below.
  const lastKeys = [names[0]!, names[2]!, names[6]!, names[14]!];
  const entries = (i: number) => [
    record(0, lastKeys[i]!, 0, varint([0, 2100, 3200][i]!)),
    record(0, names[[2, 6, 14][i]!]!, 0, varint([100, 2200, 3300][i]!)),
  ];
  for (const [i, start] of [2100, 3200, 3800].entries()) {
    const records = entries(i);
    const restarts = [4, 4 + records[0]!.length];
    const expected = padded(block("i", records, { restarts }), 100);
    assertEquals(bytes.slice(start, start + 100), expected, `level ${i}`);
  }
});

Deno.test("SectionWriter lets logs follow without padding, other sections with it", () => {
  const { writer, finish } = makeWriter();
  writer.begin(BlockType.ref);
  writer.add(entry("refs", "r"));
  writer.end();
  assertEquals(writer.position, 100);
  writer.begin(BlockType.object);
  // Lower than the last key: sections are in order each by itself.
  assertEquals(writer.add(entry("objects", "o")), undefined);
  writer.end();
  assertEquals(writer.position, 200);
  writer.begin(BlockType.log);
  const object = block("o", [record(0, "objects", 0, "o")]);
  assertEquals(writer.position, 100 + object.length);
  writer.add(entry("logs", "l"));
  writer.end();
  const bytes = finish();
  const ref = concat(
    headerBytes(HEADER),
    block("r", [record(0, "refs", 0, "r")], { headerSize: 24 }),
  );
  const start = 100 + object.length;
  assertEquals(bytes.slice(0, start), concat(padded(ref, 100), object));
  const log = block("g", [record(0, "logs", 0, "l")]);
  assertEquals(bytes.slice(start, start + 4), log.slice(0, 4));
  const end = bytes.length - FOOTER.length;
  assertEquals(
    new Uint8Array(inflateSync(bytes.slice(start + 4, end))),
    new Uint8Array(inflateSync(log.slice(4))),
  );
  assertEquals(writer.position, end);
  assertEquals(writer.counts[BlockType.log].offset, start);
});

Deno.test("SectionWriter counts the header in the length of a first block of logs", () => {
  const { writer, finish } = makeWriter({ version: 2 });
  writer.begin(BlockType.log);
  writer.add(entry("logs", "l"));
  writer.end();
  assertEquals(writer.counts[BlockType.log].offset, 0);
  const bytes = finish();
  const log = block("g", [record(0, "logs", 0, "l")], { headerSize: 28 });
  assertEquals(bytes.slice(0, 32), concat(headerBytes({ ...HEADER, version: 2 }), log.slice(0, 4)));
  const inflated = new Uint8Array(inflateSync(bytes.slice(32, bytes.length - FOOTER.length)));
  assertEquals(inflated, new Uint8Array(inflateSync(log.slice(4))));
});

Deno.test("SectionWriter pads the index of logs", () => {
  const { writer, finish } = makeWriter({ blockSize: 150 });
  writer.begin(BlockType.log);
  addBlocks(writer, 7);
  writer.end();
  const { indexBlocks, indexOffset, indexDepth } = writer.counts[BlockType.log];
  const { offset } = writer.counts[BlockType.index];
  assertEquals([indexBlocks, indexDepth], [4 + 2, 2]);
  assertEquals([indexOffset, writer.position], [offset + 4 * 150, offset + 6 * 150]);
  const bytes = finish();
  for (let i = 0; i < indexBlocks; i++) assertEquals(bytes[offset + 150 * i], BlockType.index);
});

Deno.test("SectionWriter.add() tells what is wrong and adds nothing then", () => {
  const { writer, finish } = makeWriter();
  writer.begin(BlockType.ref);
  assertEquals(writer.add(entry("")), "order");
  assertEquals(writer.add(entry("b")), undefined);
  for (const key of ["b", "a", "", "abc"]) assertEquals(writer.add(entry(key, "v")), "order", key);
  assertEquals(writer.add(entry("c".repeat(91))), "size");
  // What did not fit has ended the block; something smaller can take its place.
  assertEquals(writer.add(entry("c", "v")), undefined);
  assertEquals(writer.add(entry("b")), "order");
  writer.end();
  const first = concat(headerBytes(HEADER), block("r", [record(0, "b", 0)], { headerSize: 24 }));
  const second = block("r", [record(0, "c", 0, "v")]);
  assertEquals(finish(), concat(padded(first, 100), second, FOOTER));
});

Deno.test("SectionWriter refuses an index that would not become smaller", () => {
  for (const unpadded of [false, true]) {
    const { writer } = makeWriter({ unpadded });
    writer.begin(BlockType.ref);
    for (const letter of "abcd") writer.add(entry(letter.repeat(50)));
    const error = assertThrows(() => writer.end(), ReftableError);
    assertEquals([error.code, error.message], [
      "entry-too-big",
      "Cannot write index: a block of 100 bytes is too small for its keys",
    ]);
  }
  // A first level of pairs with a short key and a long one, and a second of the long ones alone.
  const { writer } = makeWriter({ blockSize: 110, restartInterval: 1 });
  writer.begin(BlockType.ref);
  for (const letter of "abcdefgh") {
    writer.add(entry(letter.repeat(8), "v".repeat(60)));
    writer.add(entry(letter.repeat(70)));
  }
  assertThrows(() => writer.end(), ReftableError, "a block of 110 bytes is too small for its keys");
  const { blocks, indexBlocks, indexDepth } = writer.counts[BlockType.ref];
  assertEquals([blocks, indexBlocks, indexDepth], [16, 8, 2]);
});
