/**
 * Random records and options for a writer, and what must come of them.
 *
 * @module
 */

import fc from "fast-check";
import type { LogRecord, RefRecord } from "@reftable/reftable";
import { compareBytes } from "../../src/bytes/bytes.ts";
import { decodeText, encodeText } from "../../src/bytes/text.ts";
import { varint } from "../hand_made.ts";

/** What to write, and how. */
export interface Order {
  readonly options: {
    readonly hash: "sha1" | "sha256";
    readonly blockSize: number;
    readonly restartInterval: number;
    readonly unpadded: boolean;
    readonly skipIndexObjects: boolean;
    readonly exactLogMessage: boolean;
  };
  readonly minUpdateIndex: number;
  readonly maxUpdateIndex: number;
  /** In table order. */
  readonly refs: readonly RefRecord[];
  /** In table order. */
  readonly logs: readonly LogRecord[];
}

const MAX_INDEX = Number.MAX_SAFE_INTEGER;

/** Bytes as a name: whatever is neither empty nor has a NUL, UTF-8 or not. */
const anyName = fc.uint8Array({ min: 1, minLength: 1, maxLength: 40 }).map((b) => decodeText(b));

/** Names of which many begin alike, a few are long, and some are no UTF-8. */
export const refname: fc.Arbitrary<string> = fc.oneof(
  { weight: 80, arbitrary: fc.integer({ min: 0, max: 999 }).map((n) => `refs/heads/topic-${n}`) },
  { weight: 20, arbitrary: anyName.map((name) => decodeText(encodeText(`refs/tags/${name}`))) },
  { weight: 20, arbitrary: anyName },
  { weight: 10, arbitrary: fc.constantFrom("\u{1d4b3}", "\uffee", "a", "a/b", "a\udc80", "é") },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 400 }).map((n) => `${"long/".repeat(n)}x`) },
);

/** Makes an object id of some bytes, of which so many at most are the same as in others. */
type MakeOid = (size: number, alike: number) => string;

/** An object id of either hash: few of them, so that objects and beginnings repeat. */
const oid: fc.Arbitrary<MakeOid> = fc.tuple(
  fc.integer({ min: 0, max: 3 }),
  fc.boolean(),
  fc.integer({ min: 0, max: 40 }),
).map(([lead, isAlike, rest]) => (size, alike) => {
  const bytes = new Uint8Array(size).fill(lead);
  const start = isAlike ? Math.min(alike, size - 1) : 0;
  for (let i = start; i < size; i++) bytes[i] = (rest + 1) * (i + 1) * 37;
  return bytes.toHex();
});

const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 30 }), anyName);

/** Gives an update index between limits. */
const place: fc.Arbitrary<(min: number, max: number) => number> = fc.oneof(
  fc.constantFrom(0, 0, 1, 127, 128, 16511, 16512, 2 ** 32, Infinity),
  fc.maxSafeNat(),
).map((n) => (min, max) => n === Infinity ? max : min + n % (max - min + 1));

const ref = fc.record({
  kind: fc.constantFrom("deletion", "direct", "direct", "peeled", "symref"),
  refname,
  place,
  oid,
  peeled: oid,
  target: refname,
});

const log = fc.record({
  kind: fc.constantFrom("deletion", "update", "update", "update"),
  refname,
  place,
  oldOid: oid,
  newOid: oid,
  name: text,
  email: text,
  time: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 }), fc.maxSafeNat()),
  tzOffset: fc.integer({ min: -0x8000, max: 0x7fff }),
  message: text,
  newlines: fc.integer({ min: 0, max: 2 }),
});

/** As likely many as few. */
const UP_TO_80 = { maxLength: 80, size: "max" } as const;

/** Anything that can be written. The blocks are large enough for every record and for an index. */
export const order: fc.Arbitrary<Order> = fc.record({
  hash: fc.constantFrom("sha1", "sha256"),
  blockSize: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 100, max: 1000 }) },
    { weight: 1, arbitrary: fc.constantFrom(4096, 65536, 0xffffff) },
  ),
  restartInterval: fc.oneof(
    fc.constantFrom(1, 2, 16, 65535),
    fc.integer({ min: 1, max: 65535 }),
  ),
  unpadded: fc.boolean(),
  skipIndexObjects: fc.constantFrom(false, false, true),
  exactLogMessage: fc.boolean(),
  min: fc.oneof(fc.constantFrom(0, 1, 2 ** 32, MAX_INDEX - 200, MAX_INDEX), fc.maxSafeNat()),
  range: fc.oneof(fc.constantFrom(0, 1, 200, MAX_INDEX), fc.maxSafeNat()),
  alike: fc.constantFrom(0, 1, 2, 3, 4, 5, 11, 19, 28),
  refs: fc.uniqueArray(ref, { ...UP_TO_80, selector: ({ refname }) => refname }),
  logs: fc.array(log, UP_TO_80),
}).map(({ hash, blockSize, min, range, alike, refs, logs, ...options }) => {
  const max = min + Math.min(range, MAX_INDEX - min);
  const makeOid = (make: MakeOid) => make(hash === "sha1" ? 20 : 32, alike);
  const made = {
    refs: refs.map((ref) => makeRef(ref, ref.place(min, max), makeOid))
      .sort((a, b) => compareBytes(encodeText(a.refname), encodeText(b.refname))),
    // Entries of a log may be older than the table.
    logs: inLogOrder(logs.map((log) => makeLog(log, log.place(0, max), makeOid))),
  };
  if (!options.exactLogMessage) {
    made.logs = made.logs.map((log) =>
      log.kind === "update"
        ? { ...log, message: log.message.replace(/\n(?=[^]*[^\n])/g, " ") }
        : log
    );
  }
  const enough = Math.max(blockSize, leastBlockSize(made, hash), leastIndexBlockSize(made));
  return {
    options: { ...options, hash, blockSize: enough },
    minUpdateIndex: min,
    maxUpdateIndex: max,
    ...made,
  };
});

type RandomRef = typeof ref extends fc.Arbitrary<infer T> ? T : never;
type RandomLog = typeof log extends fc.Arbitrary<infer T> ? T : never;

function makeRef(
  ref: RandomRef,
  updateIndex: number,
  makeOid: (make: MakeOid) => string,
): RefRecord {
  const { refname, kind, target } = ref;
  const oid = makeOid(ref.oid);
  switch (kind) {
    case "deletion":
      return { kind, refname, updateIndex };
    case "direct":
      return { kind, refname, updateIndex, oid };
    case "peeled":
      return { kind, refname, updateIndex, oid, peeled: makeOid(ref.peeled) };
    default:
      return { kind: "symref", refname, updateIndex, target };
  }
}

function makeLog(
  log: RandomLog,
  updateIndex: number,
  makeOid: (make: MakeOid) => string,
): LogRecord {
  const { kind, refname, name, email, time, tzOffset, newlines } = log;
  if (kind === "deletion") return { kind, refname, updateIndex };
  return {
    kind: "update",
    refname,
    updateIndex,
    oldOid: makeOid(log.oldOid),
    newOid: makeOid(log.newOid),
    name,
    email,
    time,
    tzOffset,
    message: log.message + "\n".repeat(newlines),
  };
}

/** Sorts log entries by name, the newest of a name first, and drops those that are there already. */
function inLogOrder(logs: readonly LogRecord[]): LogRecord[] {
  const byKey = new Map(logs.map((log) => [`${log.refname}\0${log.updateIndex}`, log]));
  return [...byKey.values()].sort((a, b) =>
    compareBytes(encodeText(a.refname), encodeText(b.refname)) || b.updateIndex - a.updateIndex
  );
}

/** What a log comes out as: messages are one line with a newline unless they are kept as they are. */
export function expectedLogs({ logs, options }: Order): LogRecord[] {
  return logs.map((log) =>
    options.exactLogMessage || log.kind === "deletion"
      ? log
      : { ...log, message: log.message.replace(/\n*$/, "\n") }
  );
}

/** The size of a block that takes the largest record and nothing else. */
export function leastBlockSize(
  { refs, logs }: Pick<Order, "refs" | "logs">,
  hash: "sha1" | "sha256",
): number {
  const oids = hash === "sha1" ? 20 : 32;
  const header = hash === "sha1" ? 24 : 28;
  const string = (text: string) => varintLength(encodeText(text).length) + encodeText(text).length;
  const sizes = [
    ...refs.map((ref) => {
      const values = { deletion: 0, direct: oids, peeled: 2 * oids, symref: 0 }[ref.kind];
      const target = ref.kind === "symref" ? string(ref.target) : 0;
      // The update index is counted from the lowest one; eight bytes take any.
      return keySize(encodeText(ref.refname).length) + 8 + values + target;
    }),
    ...logs.map((log) => {
      const key = keySize(encodeText(log.refname).length + 9);
      if (log.kind === "deletion") return key;
      const texts = string(log.name) + string(log.email) + string(`${log.message}\n`);
      return key + 2 * oids + texts + 8 + 2;
    }),
  ];
  // A header, the block's own, the record, a restart and how many there are.
  return header + 4 + Math.max(0, ...sizes) + 3 + 2;
}

/** The size of a block that takes two entries of an index, so that each level is smaller. */
function leastIndexBlockSize({ refs, logs }: Pick<Order, "refs" | "logs">): number {
  const names = [...refs, ...logs].map(({ refname }) => encodeText(refname).length + 9);
  return 4 + 2 * (keySize(Math.max(32, ...names)) + 8 + 3) + 2;
}

/** How many bytes a key that is stored whole takes with its lengths. */
function keySize(length: number): number {
  return 1 + varintLength(8 * length) + length;
}

function varintLength(value: number): number {
  return varint(value).length;
}
