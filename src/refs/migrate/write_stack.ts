import { type HashName, hashSize } from "../../format/hash.ts";
import { RecordBuffer } from "../../format/record_buffer.ts";
import { RefValueType } from "../../format/ref_record.ts";
import { Stack, type StackOptions } from "../../stack/stack.ts";
import type { TableWriter } from "../../table/table_writer.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import { cutMessage } from "../reftable/cut_message.ts";
import type { Pace } from "./context.ts";
import { type FileRefs, FileRefsWalk, type PackedRefsCursor, type PlaceLogs } from "./file_refs.ts";

/** How to write a new stack. */
export interface NewStackOptions extends StackOptions {
  /** The hash of the object ids. */
  readonly hash: HashName;
}

/** The update index that all refs get, and the first entry of the first log. */
const FIRST = 1;

/**
 * Writes refs and logs as the one table of a new stack. As git does it, all refs have the first update index, and the
 * entries of the logs are numbered in the order of the names, from the oldest to the newest.
 *
 * @param directory The directory of the tables, which is there and empty.
 */
export async function writeStack(
  directory: string,
  options: NewStackOptions,
  refs: FileRefs,
  logs: PlaceLogs,
  pace: Pace,
): Promise<void> {
  const counts: number[] = [];
  for (const refname of logs.names) counts.push(sizeInTable(await logs.read(refname)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  await using stack = await Stack.open(directory, options);
  await using addition = await stack.beginAddition();
  await addition.add(async (writer) => {
    writer.setLimits(FIRST, Math.max(FIRST, total));
    await writeRefs(writer, new FileRefsWalk(refs, options.hash), options.hash, pace);
    await writeLogs(writer, logs, options, pace);
  });
  await addition.commit();
}

/** A log without entries takes one that marks it. */
function sizeInTable(entries: readonly ReflogEntry[]): number {
  return Math.max(1, entries.length);
}

async function writeRefs(
  writer: TableWriter,
  walk: FileRefsWalk,
  hash: HashName,
  pace: Pace,
): Promise<void> {
  pace.begin("refs");
  const record = new RecordBuffer();
  const size = hashSize(hash);
  while (walk.next()) {
    const { loose } = walk;
    if (!loose) writePacked(writer, walk.packed, record, size);
    else if (loose.kind !== "broken") writer.addRef({ ...loose, updateIndex: FIRST });
    if (pace.step()) await pace.pass();
  }
}

function writePacked(
  writer: TableWriter,
  packed: PackedRefsCursor,
  record: RecordBuffer,
  size: number,
): void {
  const { bytes, nameStart, nameEnd, oidStart, peeledStart } = packed;
  record.setKeyBytes(bytes, nameStart, nameEnd - nameStart);
  record.putVarint(0);
  record.valueType = peeledStart < 0 ? RefValueType.direct : RefValueType.peeled;
  const isSound = record.putHexDigits(bytes, oidStart, size) &&
    (peeledStart < 0 || record.putHexDigits(bytes, peeledStart, size));
  if (!isSound) packed.refuse();
  writer.addEncodedRef(record);
}

async function writeLogs(
  writer: TableWriter,
  logs: PlaceLogs,
  { hash, blockSize }: NewStackOptions,
  pace: Pace,
): Promise<void> {
  pace.begin("logs");
  const noOid = "0".repeat(2 * hashSize(hash));
  let next = FIRST;
  for (const refname of logs.names) {
    const entries = await logs.read(refname);
    next += sizeInTable(entries);
    let updateIndex = next;
    if (entries.length === 0) {
      writer.addLog({ kind: "update", refname, updateIndex: --updateIndex, ...marker(noOid) });
    }
    for (const entry of entries.toReversed()) {
      const message = `${cutMessage(entry.message.replace(/\n$/, ""), blockSize)}\n`;
      writer.addLog({ kind: "update", refname, updateIndex: --updateIndex, ...entry, message });
    }
    if (pace.step()) await pace.pass();
  }
}

/** What marks that there is a log. */
function marker(noOid: string): ReflogEntry {
  const nobody = { name: "", email: "", time: 0, tzOffset: 0 };
  return { oldOid: noOid, newOid: noOid, ...nobody, message: "\n" };
}
