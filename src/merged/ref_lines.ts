import { startsWithBytes } from "../bytes/bytes.ts";
import { digitsOfPair } from "../bytes/hex.ts";
import { encodeText } from "../bytes/text.ts";
import type { BlockCursor } from "../format/block_cursor.ts";
import { hashSize } from "../format/hash.ts";
import { type RefRecord, RefValueType } from "../format/ref_record.ts";
import { RefnameChecker } from "../format/refname.ts";
import { runSync } from "../io/io.ts";
import { advance } from "../table/record_cursors.ts";
import type { MergedTable } from "./merged_table.ts";

/** How many bytes are written at a time, or somewhat fewer. */
const CHUNK_SIZE = 0x20000;

/** How to list refs as lines. */
export interface RefLinesOptions {
  /** Only refs whose names start with this. */
  readonly prefix?: string | undefined;
  /**
   * Tells what to list a ref with that is symbolic, has a bad name, or holds an object id of zeros.
   *
   * @returns An object id in hexadecimal digits, or `undefined` to leave the ref out.
   */
  special(ref: Exclude<RefRecord, { kind: "deletion" }>): string | undefined;
  /**
   * Takes lines, of which the last one is whole. The memory is used again afterwards.
   *
   * @throws What then ends the listing.
   */
  write(bytes: Uint8Array): void;
}

/**
 * Lists refs in the order of their names as lines `<object id> <name>`, which is how `git for-each-ref` and
 * `git show-ref` list them. Names go from the tables into the lines as they are: no string is made of them, and
 * no object for each ref.
 */
export function writeRefLines(merged: MergedTable, options: RefLinesOptions): void {
  const { prefix = "", special, write } = options;
  const prefixBytes = encodeText(prefix);
  const lines = new LineBuffer(hashSize(merged.hash ?? "sha1"), write);
  const names = new RefnameChecker();
  const [table] = merged.tables;
  // Most of the time is spent here, and there is nothing to merge in a single table.
  const merging = merged.tables.length === 1 ? undefined : merged.refCursor();
  using cursor = merging ?? table!.refCursor();
  let found = runSync(cursor.seek(prefixBytes));
  for (; found; found = advance(cursor)) {
    const { records } = cursor;
    const { key, keyLength, valueType } = records;
    const { sharedLength } = merging ?? records;
    const isInside = sharedLength >= prefixBytes.length ||
      startsWithBytes(key, keyLength, prefixBytes);
    if (!isInside) break;
    if (valueType === RefValueType.deletion) {
      names.reset();
      continue;
    }
    const isGood = names.isGood(key, keyLength, sharedLength);
    if (isGood && valueType !== RefValueType.symref && lines.add(records)) continue;
    const oid = special(cursor.record() as Exclude<RefRecord, { kind: "deletion" }>);
    if (oid !== undefined) lines.addText(oid, records);
  }
  lines.flush();
}

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** Gathers lines. Names and ids are copied four bytes at a time: there may be millions. */
class LineBuffer {
  readonly #hashSize: number;
  readonly #write: (bytes: Uint8Array) => void;
  #bytes = new Uint8Array(CHUNK_SIZE);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(hashSize: number, write: (bytes: Uint8Array) => void) {
    this.#hashSize = hashSize;
    this.#write = write;
  }

  /**
   * Adds the ref that a cursor stands on, which holds an object id.
   *
   * @returns False, and nothing is added, when that is all zeros.
   */
  add(records: BlockCursor): boolean {
    const size = this.#hashSize;
    this.#reserve(2 * size, records.keyLength);
    const view = this.#view;
    const source = records.view;
    // One or two object ids end the value.
    const start = records.valueEnd - records.valueType * size;
    let length = this.#length;
    let seen = 0;
    for (let i = 0; i < size; i += 4) {
      const word = source.getUint32(start + i);
      seen |= word;
      view.setUint32(length, digitsOfPair(word >>> 16));
      view.setUint32(length + 4, digitsOfPair(word & 0xffff));
      length += 8;
    }
    if (seen === 0) return false;
    this.#length = length;
    this.#endLine(records);
    return true;
  }

  /** Adds the ref that a cursor stands on with another object id. */
  addText(oid: string, records: BlockCursor): void {
    const bytes = encodeText(oid);
    this.#reserve(bytes.length, records.keyLength);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#endLine(records);
  }

  #endLine({ keyView, keyLength }: BlockCursor): void {
    const view = this.#view;
    let length = this.#length;
    this.#bytes[length++] = SPACE;
    // What is copied beyond the name's end is written over.
    for (let i = 0; i < keyLength; i += 4) view.setUint32(length + i, keyView.getUint32(i));
    length += keyLength;
    this.#bytes[length++] = NEWLINE;
    this.#length = length;
  }

  /** Makes room for a line, and for what is copied beyond its end. */
  #reserve(idLength: number, nameLength: number): void {
    const count = idLength + nameLength + 8;
    if (this.#length + count <= this.#bytes.length) return;
    this.flush();
    if (count <= this.#bytes.length) return;
    this.#bytes = new Uint8Array(2 * count);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#length > 0) this.#write(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
  }
}
