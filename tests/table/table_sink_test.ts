import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import {
  BytesSink,
  type LogRecord,
  type RefRecord,
  Table,
  type TableSink,
  TableWriter,
  type TableWriterOptions,
} from "@reftable/reftable";
import { decodeText } from "../../src/bytes/text.ts";
import { assertRecords, fixture, seeded } from "../fixtures.ts";
import { concat } from "../hand_made.ts";
import { numbered } from "./written.ts";

Deno.test("BytesSink keeps what is written, whatever its size", () => {
  const random = seeded(1);
  const pieces = [0, 1, 0x1fff, 1, 0x2000, 0, 100_000, 3, 500_000].map((length) =>
    Uint8Array.from({ length }, () => random(256))
  );
  const sink = new BytesSink();
  assertEquals(sink.bytes, new Uint8Array());
  for (const [i, piece] of pieces.entries()) {
    const memory = piece.slice();
    sink.write(memory);
    // Whoever writes uses the memory again.
    memory.fill(0xff);
    assert(sameBytes(sink.bytes, concat(...pieces.slice(0, i + 1))), `${i}`);
  }
});

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A sink that tells the sizes of the pieces it is given, and keeps them. */
class PiecesSink implements TableSink {
  readonly sizes: number[] = [];
  readonly kept = new BytesSink();
  /** The largest memory that a piece was in. */
  memory = 0;

  write(bytes: Uint8Array): void {
    this.sizes.push(bytes.length);
    this.memory = Math.max(this.memory, bytes.buffer.byteLength);
    this.kept.write(bytes);
  }
}

const OID = "0123456789abcdef0123456789abcdef01234567";

function refs(count: number): RefRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const oid = `${numbered(i)}${OID.slice(6)}`;
    return { kind: "direct", refname: numbered(i), updateIndex: 1, oid };
  });
}

function logs(count: number): LogRecord[] {
  return refs(count).map(({ refname }) => ({
    kind: "update",
    refname,
    updateIndex: 1,
    oldOid: OID,
    newOid: OID,
    name: "C O Mitter",
    email: "c@example.com",
    time: 1,
    tzOffset: 0,
    message: "message",
  }));
}

const CASES: readonly TableWriterOptions[] = [
  {},
  { blockSize: 512 },
  { unpadded: true },
  { blockSize: 0x10000 },
  { blockSize: 100_000 },
  { blockSize: 100_000, unpadded: true },
];

for (const options of CASES) {
  Deno.test(`TableWriter gives its sink large pieces early: ${JSON.stringify(options)}`, () => {
    const sink = new PiecesSink();
    const writer = new TableWriter(sink, options);
    writer.setLimits(1, 1);
    const received: number[] = [];
    for (const ref of refs(30_000)) {
      writer.addRef(ref);
      received.push(sink.kept.bytes.length);
    }
    for (const log of logs(5_000)) writer.addLog(log);
    const { size } = writer.finish();
    assertEquals(size, sink.kept.bytes.length);

    const { blockSize = 4096 } = options;
    const chunk = Math.max(blockSize, 0x10000);
    // All but the last piece have no room for another block, the first one for another of the usual size.
    const [first, ...rest] = sink.sizes;
    assertGreaterOrEqual(first!, blockSize / 2);
    for (const piece of rest.slice(0, -1)) assertGreaterOrEqual(piece, chunk - blockSize);
    for (const piece of sink.sizes) assertLessOrEqual(piece, chunk);
    assertLessOrEqual(sink.memory, chunk);

    // What is held back is less than a piece and the block under way.
    using table = Table.openSync(sink.kept.bytes);
    let ordinal = 0;
    for (const { offset, entries } of table.blocks().filter(({ type }) => type === "ref")) {
      assertGreaterOrEqual(received[ordinal]!, offset - chunk);
      ordinal += entries;
    }
    assertEquals(ordinal, received.length);
  });
}

Deno.test("TableWriter gives its sink a small table in one piece", () => {
  for (const name of ["git/one-ref.ref", "git/empty.ref"] as const) {
    const given = fixture(name);
    const sink = new PiecesSink();
    const writer = new TableWriter(sink);
    writer.setLimits(1, 1);
    writer.addRefs(given.refs);
    assertEquals(sink.sizes, []);
    writer.finish();
    assertEquals(sink.sizes, [given.bytes.length]);
    assertEquals(sink.kept.bytes, given.bytes);
  }
});

const QUIET = { name: "n", email: "e", time: 1, tzOffset: 0 };

Deno.test("TableWriter gives its sink blocks of logs that deflating has made larger", () => {
  const random = seeded(11);
  for (const blockSize of [300, 0x10000, 100_000]) {
    // Bytes by chance; each message is so long that it takes a block.
    const bytes = (length: number) => Uint8Array.from({ length }, () => random(256));
    const given = logs(5).map((log): LogRecord => {
      const [oldOid, newOid] = [bytes(20).toHex(), bytes(20).toHex()];
      const message = decodeText(bytes(blockSize - 110));
      return { ...log, kind: "update", oldOid, newOid, ...QUIET, message };
    });
    const sink = new PiecesSink();
    const writer = new TableWriter(sink, { blockSize, exactLogMessage: true });
    writer.setLimits(1, 1);
    writer.addLogs(given);
    const { size } = writer.finish();
    assertEquals(size, sink.kept.bytes.length);
    using table = Table.openSync(sink.kept.bytes);
    assertRecords(table.logs(), given);
    const larger = table.blocks().filter(({ type, size, length }) =>
      type === "log" && size > length
    );
    assertEquals(larger.toArray().length, 5);
  }
});
