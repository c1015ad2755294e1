import { startsWithBytes } from "../../bytes/bytes.ts";
import { encodeHexInto } from "../../bytes/hex.ts";
import { decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { BlockCursor } from "../../format/block_cursor.ts";
import { hashSize } from "../../format/hash.ts";
import { type RefRecord, RefValueType } from "../../format/ref_record.ts";
import type { WritableFile } from "../../io/file_system.ts";
import { advance, type RecordCursor } from "../../table/record_cursors.ts";
import { formatLogLine } from "../log_line.ts";
import { isPerWorktreeRef, REFS_PREFIX } from "../names.ts";
import type { Repository } from "../repository.ts";
import { isStorable } from "./check_copy.ts";
import type { Pace } from "./context.ts";
import type { PlaceLogs } from "./file_refs.ts";
import type { TreeWriter } from "./tree_writer.ts";

const REFS = encodeText(REFS_PREFIX);

/**
 * The first line of `packed-refs`. It does not say that tags are peeled, so that Git looks where a line does not tell:
 * a stack may hold tags without what they lead to.
 */
const HEADER = encodeText("# pack-refs with: sorted \n");

/** A ref that exists. */
export type LiveRef = Exclude<RefRecord, { readonly kind: "deletion" }>;

/**
 * Writes the refs of a stack that can be lines of `packed-refs`: those below `refs/` that hold an object and are
 * shared by all working trees.
 *
 * @returns The other refs, in the order of the bytes of their names.
 */
export async function writePackedRefs(
  cursor: RecordCursor<RefRecord>,
  tree: TreeWriter,
  { hash, isLinked }: Pick<Repository, "hash" | "isLinked">,
  pace: Pace,
): Promise<LiveRef[]> {
  pace.begin("refs");
  const others: LiveRef[] = [];
  const lines = new PackedLines(hashSize(hash));
  using cleanup = new DisposableStack();
  let file: WritableFile | undefined;
  while (advance(cursor)) {
    const { records } = cursor;
    if (records.valueType === RefValueType.deletion) continue;
    if (!isLinked && isPacked(records)) {
      file ??= cleanup.use(await tree.create("packed-refs"));
      lines.add(records, file);
    } else {
      others.push(cursor.record() as LiveRef);
    }
    if (pace.step()) await pace.pass();
  }
  if (file) lines.flush(file);
  return others;
}

/** What the names of refs begin with, behind `refs/`, that each working tree has for itself. */
const OWN_INITIALS: ReadonlySet<number | undefined> = new Set(encodeText("bwr"));

function isPacked({ key, keyLength, valueType }: BlockCursor): boolean {
  if (valueType === RefValueType.symref || !startsWithBytes(key, keyLength, REFS)) return false;
  return !OWN_INITIALS.has(key[REFS.length]) || !isPerWorktreeRef(decodeText(key, 0, keyLength));
}

/** How many bytes to gather before they are written. */
const CHUNK = 0x100000;

/** Formats lines of `packed-refs`. */
class PackedLines {
  readonly #oidSize: number;
  #bytes = new Uint8Array(CHUNK);
  #length = 0;

  constructor(oidSize: number) {
    this.#oidSize = oidSize;
    this.#bytes.set(HEADER);
    this.#length = HEADER.length;
  }

  /** Adds the ref that a cursor stands on. */
  add({ key, keyLength, block, valueType, valueStart }: BlockCursor, file: WritableFile): void {
    const size = this.#oidSize;
    const needed = keyLength + 4 * size + 4;
    if (this.#length + needed > this.#bytes.length) this.flush(file);
    if (needed > this.#bytes.length) this.#bytes = new Uint8Array(needed);
    const bytes = this.#bytes;
    // The update index before the object id takes a byte or more; the last one has its highest bit not set.
    let oid = valueStart;
    while (block.bytes[oid++]! >= 0x80);
    let end = encodeHexInto(block.bytes, oid, oid + size, bytes, this.#length);
    bytes[end++] = 0x20;
    let isGood = true;
    for (let i = 0; i < keyLength; i++) {
      const byte = bytes[end++] = key[i]!;
      if (byte <= 0x20) isGood = false;
    }
    if (!isGood) throw unstorable(decodeText(key, 0, keyLength));
    bytes[end++] = 0x0a;
    if (valueType === RefValueType.peeled) {
      bytes[end++] = 0x5e;
      end = encodeHexInto(block.bytes, oid + size, oid + 2 * size, bytes, end);
      bytes[end++] = 0x0a;
    }
    this.#length = end;
  }

  flush(file: WritableFile): void {
    file.write(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
  }
}

function unstorable(refname: string): ReftableError {
  const message = `Cannot migrate refs: ${JSON.stringify(refname)} cannot be stored as a file`;
  return new ReftableError("refname", message, { ref: { refname } });
}

/**
 * Writes refs as files of their own.
 *
 * @param prefix The directory that they are below, which ends with a slash unless it is empty.
 */
export async function writeLooseRefs(
  refs: readonly LiveRef[],
  tree: TreeWriter,
  prefix: string,
): Promise<void> {
  for (const ref of refs) {
    const text = ref.kind === "symref" ? `ref: ${ref.target}\n` : `${ref.oid}\n`;
    await tree.write(prefix + ref.refname, text);
  }
}

/**
 * Writes logs as files.
 *
 * @param prefix The directory that they are below, which ends with a slash unless it is empty.
 */
export async function writeFileLogs(
  logs: PlaceLogs,
  tree: TreeWriter,
  prefix: string,
  pace: Pace,
): Promise<void> {
  pace.begin("logs");
  for (const refname of logs.names) {
    const entries = (await logs.read(refname)).filter(isStorable);
    await tree.write(`${prefix}logs/${refname}`, entries.map(formatLogLine).join(""));
    if (pace.step()) await pace.pass();
  }
}
