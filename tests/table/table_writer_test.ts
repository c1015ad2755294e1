import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  BytesSink,
  type LogRecord,
  type LogUpdate,
  type RefRecord,
  ReftableError,
  Table,
  TableWriter,
  type TableWriterOptions,
} from "@reftable/reftable";
import { BlockType } from "../../src/format/block.ts";
import { hashSize } from "../../src/format/hash.ts";
import { decodeObjectPositions } from "../../src/table/objects.ts";
import { RecordBuffer } from "../../src/format/record_buffer.ts";
import { encodeRef } from "../../src/format/encode_records.ts";
import { advance } from "../../src/table/record_cursors.ts";
import { blocksOf, keyOf, oidsOf, walk } from "../blocks.ts";
import { assertRecords, fixture, fixtures, seeded } from "../fixtures.ts";
import { varint } from "../hand_made.ts";
import { expectedLogs, type Order, order } from "./random_records.ts";
import { countedStatistics, jobOf, numbered, write, writeWith, type Written } from "./written.ts";

const OF_GIT = fixtures().filter(({ name }) => name.startsWith("git/"));
const MAX = Number.MAX_SAFE_INTEGER;
const OID = "0123456789abcdef0123456789abcdef01234567";

/** Asserts that bytes are the same without showing all of them. */
function assertBytes(actual: Uint8Array, expected: Uint8Array, message: string): void {
  const end = Math.max(actual.length, expected.length);
  let same = 0;
  while (same < end && actual[same] === expected[same]) same++;
  assertEquals([same, actual.length], [expected.length, expected.length], message);
}

/** The same records in an order that is none. */
function shuffled<T>(records: Iterable<T> = []): T[] {
  const random = seeded(1);
  return [...records].map((record) => [random(1e9), record] as const)
    .sort(([a], [b]) => a - b).map(([, record]) => record);
}

/** Adds all records of a table as they are encoded there. */
function copyAll(bytes: Uint8Array, writer: TableWriter): void {
  using table = Table.openSync(bytes);
  const refs = table.refCursor();
  while (advance(refs)) writer.copyRef(refs.records, table.minUpdateIndex);
  const logs = table.logCursor();
  while (advance(logs)) writer.copyLog(logs.records);
}

Deno.test("TableWriter writes the tables of git byte for byte", () => {
  assertEquals(OF_GIT.length, 14);
  for (const given of OF_GIT) {
    const job = jobOf(given);
    const [ordered, singly, mixed] = [
      write(job),
      writeWith(job, (writer) => {
        for (const ref of given.refs) writer.addRef(ref);
        for (const log of given.logs) writer.addLog(log);
      }),
      write({ ...job, refs: shuffled(given.refs), logs: shuffled(given.logs) }),
    ];
    assertBytes(ordered.bytes, given.bytes, given.name);
    assertBytes(singly.bytes, given.bytes, `${given.name}, one by one`);
    assertBytes(mixed.bytes, given.bytes, `${given.name}, in any order`);
  }
});

Deno.test("TableWriter copies the encoded records of git's tables byte for byte", () => {
  for (const given of OF_GIT) {
    const job = jobOf(given);
    const copied = writeWith(job, (writer) => copyAll(given.bytes, writer));
    assertBytes(copied.bytes, given.bytes, given.name);
    // A table whose update indices count from elsewhere has the same refs in other bytes.
    for (const minUpdateIndex of [0, job.minUpdateIndex - 1]) {
      const wider = { ...job, minUpdateIndex, maxUpdateIndex: job.maxUpdateIndex + 3 };
      const { bytes } = write(wider);
      const there = writeWith(wider, (writer) => copyAll(given.bytes, writer));
      assertBytes(there.bytes, bytes, `${given.name}, from ${minUpdateIndex}`);
      const back = writeWith(job, (writer) => copyAll(bytes, writer));
      assertBytes(back.bytes, given.bytes, `${given.name}, back from ${minUpdateIndex}`);
    }
  }
});

Deno.test("TableWriter writes what is in JGit's tables", () => {
  const others = fixtures().filter(({ name }) => name.startsWith("jgit/"));
  assertEquals(others.length, 7);
  for (const { name, bytes, refs, logs } of others) {
    using source = Table.openSync(bytes);
    const { minUpdateIndex, maxUpdateIndex } = source;
    const job = { minUpdateIndex, maxUpdateIndex, options: { exactLogMessage: true } };
    const written = write({ ...job, refs, logs });
    using table = Table.openSync(written.bytes);
    assertRecords(table.refs(), refs, name);
    assertRecords(table.logs(), logs, name);
    const copied = writeWith(job, (writer) => copyAll(bytes, writer));
    assertBytes(copied.bytes, written.bytes, name);
  }
});

Deno.test("TableWriter.finish() tells of git's tables what their blocks and footers say", () => {
  for (const given of OF_GIT) {
    assertEquals(write(jobOf(given)).statistics, countedStatistics(given.bytes), given.name);
  }
  // Some of it in numbers, so that not only our own reader says so.
  const { objects, indexes, ...rest } = write(jobOf(fixture("git/same-object-512.ref"))).statistics;
  assertEquals([rest.objectIdLength, objects.indexBlocks, objects.indexOffset], [2, 0, 0]);
  assertEquals(rest.size, 53527);
  assertEquals(rest.blocks, rest.refs.blocks + objects.blocks + indexes.blocks);
  assertEquals(rest.refs.indexDepth, 2);
});

Deno.test("TableWriter writes random records so that they read back", () => {
  fc.assert(
    fc.property(order, (given) => {
      const { bytes, statistics } = write(given);
      using table = Table.openSync(bytes);
      assertRecords(table.refs(), given.refs);
      assertRecords(table.logs(), expectedLogs(given));
      for (const oid of new Set(given.refs.flatMap(oidsOf))) {
        const holding = given.refs.filter((ref) => oidsOf(ref).includes(oid));
        assertRecords(table.refsFor(oid), holding, oid);
      }
      for (const ref of given.refs) assertEquals<unknown>(table.ref(ref.refname), ref);
      assertEquals(statistics, countedStatistics(bytes));
      const { blockSize, hash } = given.options;
      assertEquals([table.hash, table.blockSize], [hash, blockSize]);
      for (const { length } of table.blocks()) assert(length <= blockSize, `${length}`);

      const other = write({
        ...given,
        refs: given.refs.toReversed(),
        logs: given.logs.toReversed(),
      });
      assertBytes(other.bytes, bytes, "in the opposite order");
      assertBytes(writeWith(given, (w) => copyAll(bytes, w)).bytes, bytes, "copied");
    }),
    { numRuns: 250 },
  );
});

/** The positions of the ref blocks that mention each object, by the beginnings of the ids. */
function expectedPositions({ refs }: Order, { bytes, statistics }: Written): Map<string, number[]> {
  using table = Table.openSync(bytes);
  const positions = new Map<string, number[]>();
  const rest = refs.values();
  for (const { offset, entries } of table.blocks().filter(({ type }) => type === "ref")) {
    const oids = new Set([...rest.take(entries)].flatMap(oidsOf));
    for (const oid of oids) {
      const beginning = oid.slice(0, 2 * statistics.objectIdLength);
      positions.set(beginning, [...positions.get(beginning) ?? [], offset]);
    }
  }
  return new Map([...positions].sort(([a], [b]) => a < b ? -1 : 1));
}

/** How large a block with nothing but the record of an object would be. */
function objectBlockSize(idLength: number, positions: readonly number[]): number {
  const count = positions.length > 7 ? varint(positions.length).length : 0;
  const distances = positions.map((position, i) => varint(position - (positions[i - 1] ?? 0)));
  const suffix = varint(8 * idLength + (count > 0 ? 0 : positions.length)).length;
  return 4 + 1 + suffix + idLength + count + distances.flat().length + 3 + 2;
}

/** Asserts that the object section says where each object is, or that all refs are to be scanned. */
function assertObjects(given: Order, written: Written): void {
  const { bytes, statistics } = written;
  const blocks = blocksOf(bytes).filter(({ type }) => type === BlockType.object);
  const found = blocks.flatMap((block) =>
    walk(block).map((cursor) => [keyOf(cursor).toHex(), decodeObjectPositions(cursor)]).toArray()
  );
  const positions = expectedPositions(given, written);
  if (given.options.skipIndexObjects || statistics.refs.indexBlocks === 0) positions.clear();
  assertEquals(
    found,
    [...positions].map(([beginning, positions]) => {
      const size = objectBlockSize(statistics.objectIdLength, positions);
      return [beginning, size > given.options.blockSize ? undefined : positions];
    }),
  );
  assertEquals(statistics.objects.entries, positions.size);
}

Deno.test("TableWriter lists the ref blocks of every object, where the refs have an index", () => {
  fc.assert(
    fc.property(order, (given) => {
      assertObjects(given, write(given));
    }),
    { numRuns: 150 },
  );
});

function deletions(count: number): RefRecord[] {
  return Array.from(
    { length: count },
    (_, i) => ({ kind: "deletion", refname: numbered(i), updateIndex: 1 }),
  );
}

const ONE = { minUpdateIndex: 1, maxUpdateIndex: 1 };

const DEFAULTS = {
  hash: "sha1",
  blockSize: 4096,
  restartInterval: 16,
  unpadded: false,
  skipIndexObjects: false,
  exactLogMessage: false,
} as const;

Deno.test("TableWriter takes no more than 65535 restarts in a block", () => {
  for (const count of [65535, 65536, 70000]) {
    const refs = deletions(count);
    const options = { blockSize: 0xffffff, restartInterval: 1 };
    const { bytes, statistics } = write({ ...ONE, options, refs });
    assertEquals(statistics.refs.restarts, 65535);
    assertEquals(statistics.refs.blocks, 1);
    using table = Table.openSync(bytes);
    assertRecords(table.refs(), refs);
    for (const i of [0, 1, 65534, count - 1]) {
      assertEquals<unknown>(table.ref(numbered(i)), refs[i]);
    }
    // A record that stands behind the last restart still has its key whole: six bytes and three more.
    assertEquals(statistics.size, 24 + 4 + 9 * count + 3 * 65535 + 2 + 68);
  }
  const logs: LogRecord[] = deletions(65540).map(({ refname }) => {
    return { kind: "deletion", refname, updateIndex: 1 };
  });
  const options = { blockSize: 0xffffff, restartInterval: 1 };
  const { bytes, statistics } = write({ ...ONE, options, logs });
  assertEquals([statistics.logs.restarts, statistics.logs.blocks], [65535, 1]);
  using table = Table.openSync(bytes);
  assertRecords(table.logs(), logs);
});

Deno.test("TableWriter takes a restart for a key that shares nothing, wherever it stands", () => {
  const names = ["a", "ab", "b", "bc", "bd", "c"];
  const refs = names.map((refname) => ({ kind: "deletion", refname, updateIndex: 1 } as const));
  const { statistics } = write({ ...ONE, options: { restartInterval: 5 }, refs });
  // a, b and c share nothing with what is before them; the sixth, which is c, is due besides.
  assertEquals(statistics.refs.restarts, 3);
});

Deno.test("TableWriter has thousands of refs to one object looked through", () => {
  const other = OID.replace("0", "f");
  const refs: RefRecord[] = deletions(5000).map(({ refname, updateIndex }, i) => {
    if (i % 1000 === 7) return { kind: "direct", refname, updateIndex, oid: other };
    return { kind: "peeled", refname, updateIndex, oid: "1".repeat(40), peeled: OID };
  });
  for (const [blockSize, listed] of [[512, 1], [4096, 3]] as const) {
    const options = { ...DEFAULTS, blockSize };
    const given = { ...ONE, options, refs, logs: [] };
    const written = write(given);
    assertObjects(given, written);
    const blocks = blocksOf(written.bytes).filter(({ type }) => type === BlockType.object);
    const positions = blocks.flatMap((block) => [...walk(block).map(decodeObjectPositions)]);
    assertEquals(positions.length, 3);
    assertEquals(positions.filter((list) => list !== undefined).length, listed);
    using table = Table.openSync(written.bytes);
    assertRecords(table.refsFor(OID), refs.filter((ref) => ref.kind === "peeled"));
    assertRecords(table.refsFor(other), refs.filter((ref) => ref.kind === "direct"));
  }
});

Deno.test("TableWriter leaves the object section out when ids are too much alike", () => {
  // The footer has five bits for the length of the abbreviations.
  const oids = (shared: number) =>
    Array.from({ length: 40 }, (_, i) => {
      return "ab".repeat(shared) + (16 + i).toString(16).repeat(32 - shared);
    });
  for (const [shared, length] of [[29, 30], [30, 31], [31, 0]] as const) {
    const refs = oids(shared).map((oid, i) => {
      return { kind: "direct", refname: numbered(i), updateIndex: 1, oid } as const;
    });
    for (const unpadded of [false, true]) {
      const options = { hash: "sha256", blockSize: 256, unpadded } as const;
      const { bytes, statistics } = write({ ...ONE, options, refs });
      assertEquals([statistics.objectIdLength, statistics.objects.entries > 0], [
        length,
        length > 0,
      ]);
      assertEquals(statistics, countedStatistics(bytes));
      using table = Table.openSync(bytes);
      assertRecords(table.refs(), refs);
      for (const ref of refs) assertRecords(table.refsFor(ref.oid), [ref]);
    }
  }
});

Deno.test("TableWriter writes update indices up to 2^53 - 1", () => {
  for (const [min, max] of [[0, MAX], [MAX, MAX], [MAX - 127, MAX], [2 ** 32, MAX]] as const) {
    const indices = [min, Math.floor((min + max) / 2), max - 1, max].filter((i) => i >= min);
    const refs: RefRecord[] = indices.map((updateIndex, i) => {
      return { kind: "direct", refname: numbered(i), updateIndex, oid: OID };
    });
    const logs: LogRecord[] = [...new Set([0, 1, ...indices])].sort((a, b) => b - a)
      .map((updateIndex) => ({ kind: "deletion", refname: "HEAD", updateIndex }));
    const { bytes } = write({ minUpdateIndex: min, maxUpdateIndex: max, refs, logs });
    using table = Table.openSync(bytes);
    assertEquals([table.minUpdateIndex, table.maxUpdateIndex], [min, max]);
    assertRecords(table.refs(), refs);
    assertRecords(table.logs(), logs);
  }
});

/** A kind of record, and how much room each takes besides its name and two lengths of the key. */
interface Kind {
  readonly value: number;
  /** How many bytes follow the name in the key. */
  readonly tail: number;
  add(writer: TableWriter, refname: string): void;
}

const AT = { updateIndex: 1, oid: OID };
const UPDATE = { updateIndex: 1, oldOid: OID, newOid: OID, name: "n", email: "e" };

const KINDS: readonly Kind[] = [
  { value: 1, tail: 0, add: (w, refname) => w.addRef({ kind: "deletion", refname, ...AT }) },
  { value: 21, tail: 0, add: (w, refname) => w.addRef({ kind: "direct", refname, ...AT }) },
  {
    value: 41,
    tail: 0,
    add: (w, refname) => w.addRef({ kind: "peeled", refname, ...AT, peeled: OID }),
  },
  {
    value: 5,
    tail: 0,
    add: (w, refname) => w.addRef({ kind: "symref", refname, ...AT, target: "abc" }),
  },
  { value: 0, tail: 9, add: (w, refname) => w.addLog({ kind: "deletion", refname, ...AT }) },
  {
    // Two ids, two texts of one byte, time, zone and a newline.
    value: 49,
    tail: 9,
    add: (w, refname) =>
      w.addLog({ kind: "update", refname, ...UPDATE, time: 0, tzOffset: 0, message: "" }),
  },
];

Deno.test("TableWriter gives records the last byte of a block, and no more", () => {
  for (const { value, tail, add } of KINDS) {
    for (const blockSize of [110, 127, 128, 151, 152, 300, 4096, 65536]) {
      for (const first of [true, false]) {
        // A header, the block's own, a restart and how many there are, a prefix of no bytes.
        const room = blockSize - (first ? 24 : 0) - 4 - 5 - 1 - value;
        let length = room - tail;
        while (varint(8 * (length + tail)).length + length + tail > room) length--;
        const write = (refname: string) =>
          writeWith({ ...ONE, options: { blockSize } }, (writer) => {
            // The name of the other block's record leaves no room for this one.
            if (!first) add(writer, "a".repeat(Math.floor((blockSize - 34 - value - tail) * 0.9)));
            add(writer, refname);
          });
        const place = `${value}, ${blockSize}, ${first}`;
        const { statistics } = write("x".repeat(length));
        assertEquals(statistics.refs.blocks + statistics.logs.blocks, first ? 1 : 2, place);
        const error = assertThrows(
          () => write("x".repeat(length + 1)),
          ReftableError,
          "does not fit",
        );
        assertEquals(error.code, "entry-too-big", place);
      }
    }
  }
});

Deno.test("TableWriter writes an empty table", () => {
  const { bytes, statistics } = write(jobOf(fixture("git/empty.ref")));
  assertEquals(bytes, fixture("git/empty.ref").bytes);
  assertEquals([statistics.blocks, statistics.size], [0, 92]);
  // Neither options nor limits are needed.
  const sink = new BytesSink();
  new TableWriter(sink).finish();
  using table = Table.openSync(sink.bytes);
  const { minUpdateIndex, maxUpdateIndex, hash, version, blockSize } = table;
  assertEquals([minUpdateIndex, maxUpdateIndex, hash, version, blockSize], [0, 0, "sha1", 1, 4096]);
  const { bytes: larger } = write({ ...ONE, options: { hash: "sha256" } });
  assertEquals(larger.length, 28 + 72);
});

const LOG: LogUpdate = {
  kind: "update",
  refname: "refs/heads/main",
  updateIndex: 7,
  oldOid: OID,
  newOid: OID,
  name: "C O Mitter",
  email: "c@example.com",
  time: 1700000000,
  tzOffset: -730,
  message: "message",
};
Deno.test("TableWriter stores log messages as one line unless told to keep them", () => {
  const message = (message: string, exactLogMessage: boolean) => {
    const logs: LogRecord[] = [{ ...LOG, message }];
    const { bytes } = write({
      minUpdateIndex: 5,
      maxUpdateIndex: 9,
      options: { exactLogMessage },
      logs,
    });
    using table = Table.openSync(bytes);
    const [log] = table.logs();
    return log?.kind === "update" ? log.message : undefined;
  };
  const cases = [["", "\n"], ["m", "m\n"], ["m\n", "m\n"], ["m\n\n\n", "m\n"], ["\n\n", "\n"]];
  cases.push([" m \r\n", " m \r\n"], ["\udcff\n", "\udcff\n"]);
  for (const [given, expected] of cases) {
    assertEquals([message(given!, false), message(given!, true)], [expected, given]);
  }
  assertEquals(message("two\nlines", true), "two\nlines");
});

Deno.test("TableWriter takes 0 for what git takes by default", () => {
  const given = fixture("git/mixed-4k.ref");
  const { options, ...job } = jobOf(given);
  const defaults: readonly TableWriterOptions[] = [
    {},
    { blockSize: 0, restartInterval: 0 },
    { blockSize: undefined, restartInterval: undefined, hash: undefined, unpadded: undefined },
  ];
  assertEquals([options.blockSize, options.restartInterval], [4096, 16]);
  for (const options of defaults) {
    assertBytes(write({ ...job, options }).bytes, given.bytes, JSON.stringify(options));
  }
});

Deno.test("TableWriter.addEncodedRef() writes what addRef() writes", () => {
  const record = new RecordBuffer();
  for (const given of OF_GIT) {
    const job = jobOf(given);
    const size = hashSize(job.options?.hash ?? "sha1");
    const { bytes } = writeWith(job, (writer) => {
      for (const ref of given.refs) {
        assertEquals(encodeRef(record, ref, size, job.minUpdateIndex), undefined);
        writer.addEncodedRef(record);
      }
      for (const log of given.logs) writer.addLog(log);
    });
    assertBytes(bytes, given.bytes, given.name);
  }
});
