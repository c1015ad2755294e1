import { startsWithBytes } from "../../bytes/compare.ts";
import { decodeHexDigits } from "../../bytes/hex.ts";
import { decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { BlockCursor } from "../../format/block_cursor.ts";
import { hashSize } from "../../format/hash.ts";
import { type RefRecord, RefValueType } from "../../format/ref_record.ts";
import { advance, type RecordCursor } from "../../table/record_cursors.ts";
import { formatLogLine } from "../log_line.ts";
import { REFS_PREFIX } from "../names.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import { cutMessage } from "../reftable/cut_message.ts";
import type { Repository } from "../repository.ts";
import type { StoredRef } from "../stored_ref.ts";
import { NestedNames, refuse } from "./collisions.ts";
import type { Pace } from "./context.ts";
import type { FileRefsWalk, PackedRefsCursor } from "./file_refs.ts";
import type { PlaceLogs } from "./place_logs.ts";

const REFS = encodeText(REFS_PREFIX);

/**
 * Checks that a stack and files hold the same refs.
 *
 * @param cursor A cursor before the first ref of the stack.
 * @param accepts Tells whether a ref of the stack must be among the files; in the main working tree all below
 * `refs/` must.
 * @returns How many there are.
 * @throws {ReftableError} With code `"io"` when they do not; `"name-conflict"` when refs have the names of
 * directories of others.
 */
export async function checkRefs(
  cursor: RecordCursor<RefRecord>,
  walk: FileRefsWalk,
  { hash, isLinked }: Pick<Repository, "hash" | "isLinked">,
  accepts: (refname: string) => boolean,
  pace: Pace,
): Promise<number> {
  pace.begin("check");
  const oid = new Uint8Array(hashSize(hash));
  const nesting = new NestedNames();
  const collisions: string[] = [];
  let count = 0;
  for (;;) {
    const isStored = nextLive(cursor, isLinked, accepts);
    if (walk.next() !== isStored) throw differs(isStored ? cursor.record() : nameIn(walk));
    if (!isStored) break;
    count++;
    const { records } = cursor;
    const isSame = walk.loose
      ? isSameRef(cursor.record(), walk.loose)
      : isSameLine(records, walk.packed, oid);
    if (!isSame) throw differs(cursor.record());
    const directory = nesting.add(records.key, records.keyLength);
    if (directory !== undefined) collisions.push(`'${directory}' and '${cursor.record().refname}'`);
    if (pace.step()) await pace.pass();
  }
  if (collisions.length === 0) return count;
  throw refuse("name-conflict", "refs that cannot exist beside each other", collisions);
}

/** Goes to the next ref that was not deleted. */
function nextLive(
  cursor: RecordCursor<RefRecord>,
  isLinked: boolean,
  accepts: (refname: string) => boolean,
): boolean {
  while (advance(cursor)) {
    const { key, keyLength, valueType } = cursor.records;
    if (valueType === RefValueType.deletion) continue;
    if (!isLinked && startsWithBytes(key, keyLength, REFS)) return true;
    if (accepts(decodeText(key, 0, keyLength))) return true;
  }
  return false;
}

function isSameLine(
  { key, keyLength, block, valueType, valueStart }: BlockCursor,
  { bytes, nameStart, nameEnd, oidStart, peeledStart }: PackedRefsCursor,
  oid: Uint8Array,
): boolean {
  if (nameEnd - nameStart !== keyLength) return false;
  for (let i = keyLength - 1; i >= 0; i--) if (key[i] !== bytes[nameStart + i]) return false;
  if (valueType !== (peeledStart < 0 ? RefValueType.direct : RefValueType.peeled)) return false;
  // The update index before the object id takes a byte or more; the last one has its highest bit not set.
  let start = valueStart;
  while (block.bytes[start++]! >= 0x80);
  if (!isSameOid(block.bytes, start, bytes, oidStart, oid)) return false;
  return peeledStart < 0 ||
    isSameOid(block.bytes, start + oid.length, bytes, peeledStart, oid);
}

/** @param oid Room for an object id. */
function isSameOid(
  block: Uint8Array,
  start: number,
  digits: Uint8Array,
  digitStart: number,
  oid: Uint8Array,
): boolean {
  if (!decodeHexDigits(digits, digitStart, oid, 0, oid.length)) return false;
  for (let i = 0; i < oid.length; i++) if (oid[i] !== block[start + i]) return false;
  return true;
}

/** A file holds the id of a tag, not what it leads to. */
function isSameRef(record: RefRecord, ref: StoredRef): boolean {
  if (record.refname !== ref.refname || record.kind === "deletion" || ref.kind === "broken") {
    return false;
  }
  if (record.kind === "symref") return ref.kind === "symref" && record.target === ref.target;
  return ref.kind !== "symref" && record.oid === ref.oid;
}

function nameIn({ loose, packed }: FileRefsWalk): { refname: string } {
  return loose ?? { refname: decodeText(packed.bytes, packed.nameStart, packed.nameEnd) };
}

function differs({ refname }: { readonly refname: string }): ReftableError {
  const message = `Cannot migrate refs: the copy of '${refname}' is not what it was made from`;
  return new ReftableError("io", message, { ref: { refname } });
}

/**
 * Checks that logs were copied.
 *
 * @param blockSize The size of a block of the stack, which sets a limit to messages.
 * @returns How many entries there are.
 * @throws {ReftableError} With code `"io"` when they were not.
 */
export async function checkLogs(
  original: PlaceLogs,
  copy: PlaceLogs,
  blockSize: number | undefined,
  pace: Pace,
): Promise<number> {
  pace.begin("check");
  let count = 0;
  const names = new Set(copy.names);
  for (const refname of original.names) {
    if (!names.delete(refname)) throw differs({ refname });
    const before = comparable(await original.read(refname), blockSize);
    const after = comparable(await copy.read(refname), blockSize);
    if (before.length !== after.length) throw differs({ refname });
    if (before.some((line, i) => line !== after[i])) throw differs({ refname });
    count += before.length;
    if (pace.step()) await pace.pass();
  }
  for (const refname of names) throw differs({ refname });
  return count;
}

/** What both ways of storing logs can tell of entries. */
function comparable(entries: readonly ReflogEntry[], blockSize: number | undefined): string[] {
  return entries.filter(isStorable).map((entry) => {
    const message = cutMessage(entry.message.replace(/\n$/, ""), blockSize);
    return formatLogLine({ ...entry, message });
  });
}

/**
 * Tells whether an entry can be read back: in files not when it is of the first second of 1970, in tables not when it
 * has no object ids.
 */
export function isStorable({ time, oldOid, newOid }: ReflogEntry): boolean {
  return time !== 0 && !/^0+$/.test(oldOid + newOid);
}
