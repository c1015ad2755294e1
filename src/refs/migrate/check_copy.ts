import { commonPrefixLength, startsWithBytes } from "../../bytes/bytes.ts";
import { decodeHexDigits } from "../../bytes/hex.ts";
import { compareText, decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { BlockCursor } from "../../format/block_cursor.ts";
import { hashSize } from "../../format/hash.ts";
import { type RefRecord, RefValueType } from "../../format/ref_record.ts";
import { advance, type RecordCursor } from "../../table/record_cursors.ts";
import { formatLogLine } from "../log_line.ts";
import { isSafeRefname, REFS_PREFIX } from "../names.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import { cutMessage } from "../reftable/cut_message.ts";
import type { Repository } from "../repository.ts";
import type { StoredRef } from "../stored_ref.ts";
import type { Pace } from "./context.ts";
import type { FileRefsWalk, PackedRefsCursor, PlaceLogs } from "./file_refs.ts";

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

/** How many findings an error tells one by one. */
const TOLD = 20;

/**
 * Checks that names can all be paths of files.
 *
 * @param names The names.
 * @param ignoresCase Whether the file system takes names for the same that differ in case only.
 * @returns What is wrong, name by name.
 */
export function findCollisions(names: readonly string[], ignoresCase: boolean): string[] {
  const findings: string[] = [];
  const nesting = new NestedNames();
  for (const name of names.toSorted(compareText)) {
    if (!isSafeRefname(name)) findings.push(`'${name}' cannot be the name of a file`);
    const bytes = encodeText(name);
    const directory = nesting.add(bytes, bytes.length);
    if (directory !== undefined) findings.push(`'${directory}' and '${name}'`);
  }
  return ignoresCase ? [...findings, ...findCaseCollisions(names)] : findings;
}

/** Finds names, and directories of names, that differ in case only. */
function findCaseCollisions(names: readonly string[]): string[] {
  const findings: string[] = [];
  const spelled = new Map<string, string>();
  for (const name of names) {
    for (let end = name.indexOf("/"); end !== 0; end = name.indexOf("/", end + 1)) {
      const path = end < 0 ? name : name.slice(0, end);
      const folded = path.normalize("NFC").toLowerCase();
      const other = spelled.get(folded);
      if (other === undefined) spelled.set(folded, path);
      else if (other !== path) findings.push(`'${other}' and '${path}' differ in case only`);
      if (end < 0) break;
    }
  }
  return [...new Set(findings)];
}

/**
 * Refuses to migrate.
 *
 * @param what What the findings are.
 */
export function refuse(
  code: "name-conflict" | "format",
  what: string,
  findings: readonly string[],
): ReftableError {
  const told = findings.slice(0, TOLD).map((finding) => `\n\t${finding}`).join("");
  const more = findings.length > TOLD ? `\n\tand ${findings.length - TOLD} more` : "";
  return new ReftableError(code, `Cannot migrate refs: ${what}:${told}${more}`);
}

const SLASH = 0x2f;

/** Finds names that are directories of others, as `a` is of `a/b`, in names that come in the order of their bytes. */
class NestedNames {
  #last = new Uint8Array(64);
  #lastLength = 0;
  /** The lengths of those names that the last one begins with. */
  readonly #open: number[] = [];

  /**
   * Takes the next name.
   *
   * @returns The name that is a directory of it, if one is.
   */
  add(name: Uint8Array, length: number): string | undefined {
    const shared = commonPrefixLength(this.#last, this.#lastLength, name, length);
    while ((this.#open.at(-1) ?? 0) > shared) this.#open.pop();
    if (shared === this.#lastLength && shared > 0) this.#open.push(shared);
    if (this.#last.length < length) this.#last = new Uint8Array(2 * length);
    for (let i = shared; i < length; i++) this.#last[i] = name[i]!;
    this.#lastLength = length;
    for (const end of this.#open) {
      if (name[end] === SLASH) return decodeText(name, 0, end);
    }
    return undefined;
  }
}
