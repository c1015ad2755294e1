import { assert, assertEquals, assertGreater, assertMatch, assertThrows } from "@std/assert";
import {
  BytesSink,
  type LogRecord,
  type LogUpdate,
  type PeeledRef,
  type RefRecord,
  ReftableError,
  Table,
  TableWriter,
  type TableWriterOptions,
} from "@reftable/reftable";
import { advance } from "../../src/table/record_cursors.ts";
import { assertRecords, fixture } from "../fixtures.ts";
import { type Job, numbered, write } from "./written.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const OID = "0123456789abcdef0123456789abcdef01234567";
const ONE = { minUpdateIndex: 1, maxUpdateIndex: 1 };
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
const REF: RefRecord = { kind: "direct", refname: "refs/heads/main", updateIndex: 7, oid: OID };

/** A call. */
type Call = (writer: TableWriter) => void;

/** A call that is refused, after one that may not be. */
interface Refusal {
  readonly call: Call;
  readonly message: string;
  readonly before?: Call;
  readonly options?: TableWriterOptions;
}

function ref(changes: Partial<Record<keyof PeeledRef | "target", unknown>> = {}): RefRecord {
  return { ...REF, ...changes } as RefRecord;
}

function log(changes: Partial<Record<keyof LogUpdate, unknown>> = {}): LogRecord {
  return { ...LOG, ...changes } as LogRecord;
}

function addRef(...changes: Parameters<typeof ref>): Call {
  return (writer) => writer.addRef(ref(...changes));
}

function addLog(...changes: Parameters<typeof log>): Call {
  return (writer) => writer.addLog(log(...changes));
}

const ORDER = "its key is not above the one before it";

const OUT_OF_ORDER: readonly (readonly [before: Call, call: Call])[] = [
  [addRef(), addRef()],
  [addRef(), addRef({ kind: "deletion" })],
  [addRef(), addRef({ refname: "refs/heads/lower" })],
  [addRef(), addRef({ refname: "refs/heads/mai" })],
  // Higher by code units, lower by bytes.
  [addRef({ refname: "\u{1d4b3}" }), addRef({ refname: "\uffee" })],
  [() => {}, (writer) => writer.addRefs([ref(), ref({ refname: "a" }), ref()])],
  [addRef(), (writer) => writer.addRefs([ref({ refname: "z" }), ref({ refname: "b" })])],
  [addLog(), addLog()],
  [addLog(), addLog({ kind: "deletion" })],
  [addLog(), addLog({ updateIndex: 8 })],
  [addLog(), addLog({ refname: "refs/heads/lower" })],
  [() => {}, (writer) => writer.addLogs([log(), log({ updateIndex: 8 }), log()])],
];

const NO_OIDS = [
  ...["", "0", OID.slice(2), OID.slice(1), `${OID}0`, `${OID}01`, OID + OID.slice(0, 24)],
  ...[OID.replace("0", "g"), OID.replace("f", "\u0130"), OID.replace("1", " "), ` ${OID.slice(1)}`],
];

const NO_RANGES = [
  ...[[1, 0], [-1, 5], [0.5, 5], [0, 5.5], [NaN, 5], [0, NaN], [0, 2 ** 53], [0, Infinity]],
] as const;

const REFUSALS: readonly Refusal[] = [
  ...OUT_OF_ORDER.map(([before, call]) => ({ before, call, message: ORDER })),

  ...[4, 10, -1, 7.5, NaN, Infinity, 2 ** 53, "7", undefined].map((updateIndex) => ({
    call: addRef({ updateIndex }),
    message: `its update index is ${updateIndex}, the limits are 5 to 9`,
  })),
  ...[10, -1, 7.5, NaN, Infinity, 2 ** 53, "7", undefined].flatMap((updateIndex) =>
    ["update", "deletion"].map((kind) => ({
      call: addLog({ kind, updateIndex }),
      message: `its update index is ${updateIndex}, the limit is 9`,
    }))
  ),
  ...NO_RANGES.map(([min, max]) => ({
    call: (writer: TableWriter) => writer.setLimits(min, max),
    message: `${min} to ${max} is no range`,
  })),

  ...[addRef, addLog].flatMap((add) => [
    { call: add({ refname: "" }), message: "its name is empty" },
    { call: add({ refname: "a\0b" }), message: "its name has a NUL in it" },
    { call: add({ refname: "a\0" }), message: "its name has a NUL in it" },
    { call: add({ refname: "a\ud800" }), message: "its name has a lone surrogate in it" },
    // Two bytes that are valid UTF-8 together have another spelling.
    { call: add({ refname: "\udcc3\udca9" }), message: "its name has a lone surrogate in it" },
    { call: add({ refname: undefined }), message: "its name is no string" },
  ]),
  { call: addRef({ kind: "symref", target: "" }), message: "its target is empty" },
  { call: addRef({ kind: "tag" }), message: 'its kind is "tag"' },

  ...NO_OIDS.flatMap((oid) =>
    [
      addRef({ oid }),
      addRef({ kind: "peeled", oid, peeled: OID }),
      addRef({ kind: "peeled", peeled: oid }),
      addLog({ oldOid: oid }),
      addLog({ newOid: oid }),
    ].map((call) => ({
      call,
      message: `object id ${JSON.stringify(oid)} is not 40 hexadecimal digits`,
    }))
  ),
  ...[addRef(), addLog()].map((call) => ({
    call,
    message: `object id "${OID}" is not 64 hexadecimal digits`,
    options: { hash: "sha256" } as const,
  })),

  ...["a\nb", "a\nb\n", "\na", "a\n\nb\n"].map((message) => ({
    call: addLog({ message }),
    message: "its message has more than one line",
  })),
  ...[-1, 0.5, NaN, Infinity, 2 ** 53].map((time) => ({
    call: addLog({ time }),
    message: `its time is ${time}`,
  })),
  ...[-32769, 32768, 0.5, NaN, Infinity].map((tzOffset) => ({
    call: addLog({ tzOffset }),
    message: `its time zone is ${tzOffset}`,
  })),

  ...[addRef(), (writer: TableWriter) => writer.addRefs([ref()])].map((call) => ({
    before: addLog(),
    call,
    message: "the logs have begun already",
  })),
  ...[addRef(), addLog()].map((before) => ({
    before,
    call: (writer: TableWriter) => writer.setLimits(5, 9),
    message: "they must be set before the first record",
  })),
];

/** Tells what a sink gets, and counts it. */
class CountedSink extends BytesSink {
  writes = 0;
  override write(bytes: Uint8Array): void {
    this.writes++;
    super.write(bytes);
  }
}

/** Asserts that a writer does nothing any more. */
function assertRefusesAll(writer: TableWriter, sink: CountedSink, reason: string): void {
  const { writes } = sink;
  using table = Table.openSync(fixture("git/mixed-4k.ref").bytes);
  const refs = table.refCursor();
  const logs = table.logCursor();
  assert(advance(refs) && advance(logs));
  const calls = [
    () => writer.addRef(ref({ refname: "z" })),
    () => writer.addRefs([ref({ refname: "z" })]),
    () => writer.addLog(log({ refname: "z" })),
    () => writer.addLogs([log({ refname: "z" })]),
    () => writer.copyRef(refs.records, table.minUpdateIndex),
    () => writer.copyLog(logs.records),
    () => writer.setLimits(5, 9),
    () => writer.finish(),
    () => writer.finish(),
  ];
  for (const call of calls) {
    const error = assertThrows(call, ReftableError);
    assertEquals([error.code, error.message], ["api", `Cannot write table: ${reason}`]);
  }
  assertEquals(sink.writes, writes);
}

Deno.test("TableWriter refuses what no table may have, and everything after that", () => {
  for (const [i, { call, message, before, options }] of REFUSALS.entries()) {
    const sink = new CountedSink();
    const writer = new TableWriter(sink, options);
    writer.setLimits(5, 9);
    before?.(writer);
    const error = assertThrows(() => call(writer), ReftableError, undefined, `${i}: ${message}`);
    assertEquals(error.code, "api", message);
    assertMatch(error.message, /^Cannot write (ref|log of|limits)/);
    assert(error.message.endsWith(`: ${message}`), error.message);
    assertRefusesAll(writer, sink, "an earlier call failed");
    assertEquals(sink.writes, 0, message);
  }
});

Deno.test("TableWriter refuses keys out of order from block to block", () => {
  // Every record takes a block of its own.
  const options = { blockSize: 100 };
  const name = (letter: string) => letter.repeat(40);
  const cases: readonly (readonly [string[], string])[] = [
    [["b"], "b"],
    [["b"], "a"],
    // Git compares with the first key of a block only what is in that block.
    [["a", "c"], "b"],
    [["a", "b", "d"], "c"],
    [["a", "b", "d"], "d"],
  ];
  for (const [letters, last] of cases) {
    for (const isLog of [false, true]) {
      const sink = new CountedSink();
      const writer = new TableWriter(sink, options);
      writer.setLimits(1, 1);
      const add = (letter: string) => {
        const record = { kind: "deletion", refname: name(letter), updateIndex: 1 } as const;
        if (isLog) writer.addLog(record);
        else writer.addRef(record);
      };
      for (const letter of letters) add(letter);
      assertThrows(() => add(last), ReftableError, ORDER);
      assertRefusesAll(writer, sink, "an earlier call failed");
    }
  }
});

Deno.test("TableWriter writes nothing more once it has refused a record", () => {
  const sink = new CountedSink();
  const writer = new TableWriter(sink);
  writer.setLimits(5, 9);
  for (let i = 0; i < 5000; i++) writer.addRef(ref({ refname: numbered(i) }));
  const { writes, bytes: { length } } = sink;
  assertGreater(writes, 1);
  assertThrows(() => writer.addRef(ref({ refname: numbered(4000) })), ReftableError);
  assertRefusesAll(writer, sink, "an earlier call failed");
  assertEquals([sink.writes, sink.bytes.length], [writes, length]);
});

Deno.test("TableWriter refuses records that are too big for a block, and everything after that", () => {
  const long = "x".repeat(4096);
  const calls: readonly ((writer: TableWriter) => void)[] = [
    (w) => w.addRef(ref({ refname: long })),
    (w) => w.addRef({ kind: "deletion", refname: long, updateIndex: 7 }),
    (w) => w.addRef({ kind: "symref", refname: "HEAD", updateIndex: 7, target: long }),
    (w) => w.addLog(log({ refname: long })),
    (w) => w.addLog(log({ message: long })),
    (w) => w.addLog(log({ name: long })),
    (w) => w.addLog(log({ kind: "deletion", refname: long })),
  ];
  for (const call of calls) {
    const sink = new CountedSink();
    const writer = new TableWriter(sink);
    writer.setLimits(5, 9);
    const error = assertThrows(
      () => call(writer),
      ReftableError,
      "does not fit into a block of 4096",
    );
    assertEquals(error.code, "entry-too-big");
    assertRefusesAll(writer, sink, "an earlier call failed");
  }
  // Blocks that have no room for a header.
  for (let blockSize = 1; blockSize < 40; blockSize++) {
    const writer = new TableWriter(new BytesSink(), { blockSize });
    writer.setLimits(5, 9);
    assertThrows(() => writer.addRef(REF), ReftableError, `into a block of ${blockSize} bytes`);
    const { bytes } = write({ ...ONE, options: { blockSize } });
    assertEquals(bytes.length, 92);
  }
});

Deno.test("TableWriter refuses an index whose levels would not become smaller", () => {
  // One key takes more than half a block, so each block of the index has one entry.
  for (const unpadded of [false, true]) {
    for (const isLog of [false, true]) {
      const sink = new CountedSink();
      const writer = new TableWriter(sink, { blockSize: 100, unpadded });
      writer.setLimits(1, 1);
      for (const letter of "abcdefgh") {
        const record = { kind: "deletion", refname: letter.repeat(50), updateIndex: 1 } as const;
        if (isLog) writer.addLog(record);
        else writer.addRef(record);
      }
      const error = assertThrows(() => writer.finish(), ReftableError, "too small for its keys");
      assertEquals(error.code, "entry-too-big");
      assertRefusesAll(writer, sink, "an earlier call failed");
    }
  }
  // The index of the refs is due before the first log.
  const sink = new CountedSink();
  const writer = new TableWriter(sink, { blockSize: 100 });
  writer.setLimits(1, 1);
  for (const letter of "abcdefgh") {
    writer.addRef({ kind: "deletion", refname: letter.repeat(50), updateIndex: 1 });
  }
  assertThrows(() => writer.addLog(log({ updateIndex: 1 })), ReftableError, "Cannot write index");
  assertRefusesAll(writer, sink, "an earlier call failed");
});

Deno.test("TableWriter refuses an index with a key that does not fit", () => {
  // A tombstone takes a byte behind its key, the position of its block takes two.
  const longest = "x".repeat(100 - 4 - 5 - 1 - 2 - 1);
  for (const [refname, fits] of [[longest, false], [longest.slice(1), true]] as const) {
    const writer = new TableWriter(new BytesSink(), { blockSize: 100, skipIndexObjects: true });
    writer.setLimits(1, 1);
    for (const refname of ["aa", "bb", "cc", "dd"]) {
      writer.addRef({ kind: "peeled", refname, updateIndex: 1, oid: OID, peeled: OID });
    }
    writer.addRef({ kind: "deletion", refname, updateIndex: 1 });
    if (fits) {
      assertEquals(writer.finish().refs.indexBlocks, 2);
    } else {
      const error = assertThrows(() => writer.finish(), ReftableError, "Cannot write index");
      assertEquals(error.code, "entry-too-big");
    }
  }
});

Deno.test("TableWriter is of no use once it has finished", () => {
  for (
    const add of [() => {}, (w: TableWriter) => w.addRef(REF), (w: TableWriter) => w.addLog(LOG)]
  ) {
    const sink = new CountedSink();
    const writer = new TableWriter(sink);
    writer.setLimits(5, 9);
    add(writer);
    writer.finish();
    assertRefusesAll(writer, sink, "it is finished");
  }
});

Deno.test("TableWriter is of no use once its sink has failed", () => {
  for (const failing of [0, 1, 2]) {
    const sink = new CountedSink();
    const writer = new TableWriter({
      write(bytes) {
        sink.write(bytes);
        if (sink.writes > failing) throw new TypeError("the disk is full");
      },
    });
    writer.setLimits(5, 9);
    assertThrows(
      () => {
        for (let i = 0; i < 50_000; i++) writer.addRef(ref({ refname: numbered(i) }));
        writer.finish();
      },
      TypeError,
      "the disk is full",
    );
    assertRefusesAll(writer, sink, "an earlier call failed");
  }
});

Deno.test("TableWriter can go on when what gives the records fails", () => {
  const sink = new BytesSink();
  const writer = new TableWriter(sink);
  writer.setLimits(5, 9);
  const failing = <T>(record: T) =>
    [record, record].values().map((record, i) => {
      if (i === 1) throw new TypeError("no more");
      return record;
    });
  assertThrows(() => writer.addRefs(failing(REF)), TypeError, "no more");
  assertThrows(() => writer.addLogs(failing(LOG)), TypeError, "no more");
  writer.addRef(REF);
  writer.finish();
  using table = Table.openSync(sink.bytes);
  assertRecords(table.refs(), [REF]);
});

Deno.test("TableWriter has limits that can be set again before the first record", () => {
  const sink = new BytesSink();
  const writer = new TableWriter(sink);
  writer.setLimits(5, 9);
  writer.setLimits(0, MAX);
  writer.setLimits(6, 7);
  writer.addRef(REF);
  const { limits } = writer.finish();
  assertEquals(limits, { minUpdateIndex: 6, maxUpdateIndex: 7 });
  using table = Table.openSync(sink.bytes);
  assertEquals([table.minUpdateIndex, table.maxUpdateIndex], [6, 7]);
});

Deno.test("TableWriter.copyRef() and copyLog() refuse what addRef() and addLog() refuse", () => {
  const job: Job = {
    minUpdateIndex: 5,
    maxUpdateIndex: 9,
    refs: [REF, ref({ refname: "refs/heads/next", updateIndex: 9 })],
    logs: [log({ updateIndex: 9 }), LOG],
  };
  const { bytes } = write(job);
  using table = Table.openSync(bytes);
  const refs = table.refCursor();
  const logs = table.logCursor();
  assert(advance(refs) && advance(logs));
  const copyRef = (w: TableWriter) => w.copyRef(refs.records, 5);
  const copyLog = (w: TableWriter) => w.copyLog(logs.records);
  const cases: readonly [number, number, (w: TableWriter) => void, string, typeof copyRef][] = [
    [8, 9, () => {}, "its update index is 7, the limits are 8 to 9", copyRef],
    [1, 6, () => {}, "its update index is 7, the limits are 1 to 6", copyRef],
    [1, 8, () => {}, "its update index is 9, the limit is 8", copyLog],
    [5, 9, copyRef, ORDER, copyRef],
    [5, 9, (w) => w.addRef(ref({ refname: "refs/heads/next" })), ORDER, copyRef],
    [5, 9, copyLog, ORDER, copyLog],
    [5, 9, copyLog, "the logs have begun already", copyRef],
  ];
  for (const [min, max, before, message, call] of cases) {
    const sink = new CountedSink();
    const writer = new TableWriter(sink);
    writer.setLimits(min, max);
    before(writer);
    assertThrows(() => call(writer), ReftableError, message);
    assertRefusesAll(writer, sink, "an earlier call failed");
  }
  const small = new TableWriter(new BytesSink(), { blockSize: 60 });
  small.setLimits(5, 9);
  assertThrows(() => copyRef(small), ReftableError, "does not fit into a block of 60 bytes");
});

Deno.test("TableWriter refuses options out of their range", () => {
  const bad: readonly (readonly [Partial<Record<keyof TableWriterOptions, unknown>>, string])[] = [
    ...[-1, 0.5, 4096.5, 2 ** 24, 2 ** 32, NaN, Infinity, "512"].map((blockSize) =>
      [{ blockSize }, `block size is ${blockSize}, expected 1 to 16777215`] as const
    ),
    ...[-1, 0.5, 1.5, 65536, NaN, Infinity, "16"].map((restartInterval) =>
      [{ restartInterval }, `restart interval is ${restartInterval}, expected 1 to 65535`] as const
    ),
    [{ hash: "md5" }, 'hash is "md5", expected "sha1" or "sha256"'],
    [{ hash: "" }, 'hash is "", expected "sha1" or "sha256"'],
  ];
  for (const [options, message] of bad) {
    const make = () => new TableWriter(new BytesSink(), options as TableWriterOptions);
    const error = assertThrows(make, ReftableError);
    assertEquals([error.code, error.message], ["api", `Cannot write table: ${message}`]);
  }
});
