import { encodeHex } from "../bytes/hex.ts";
import { decodeAscii, decodeText } from "../bytes/text.ts";
import { BlockCursor } from "./block_cursor.ts";
import {
  decodeRef,
  decodeTarget,
  readUpdateIndex,
  type RefRecord,
  RefValueType,
} from "./ref_record.ts";

/** How many bytes of names one batch gathers, so that no block can make it large. */
const BATCH_BYTES = 0x2000;

/** The most records of a batch. */
const BATCH_RECORDS = 256;

/**
 * Decodes the refs of a block many at a time. Turning bytes into a string costs more to begin than
 * to do, so the names of a batch are decoded as one string, as are its object ids, and cut from
 * those: that takes a quarter of the time of decoding each by itself.
 */
export class RefBatch {
  readonly #hashSize: number;
  readonly #minUpdateIndex: number;
  readonly #walker: BlockCursor;
  readonly #names = new Uint8Array(BATCH_BYTES);
  readonly #nameEnds = new Uint32Array(BATCH_RECORDS);
  readonly #updateIndices = new Float64Array(BATCH_RECORDS);
  readonly #types = new Uint8Array(BATCH_RECORDS);
  /** Where each value continues behind its update index. */
  readonly #valueStarts = new Uint32Array(BATCH_RECORDS);
  /** Where each value of the last batch ends, by which its records are told apart. */
  readonly valueEnds: Uint32Array = new Uint32Array(BATCH_RECORDS);

  /**
   * Makes a decoder for the ref blocks of one table.
   *
   * @param hashSize The length of an object id in bytes.
   * @param minUpdateIndex The table's lowest update index.
   */
  constructor(hashSize: number, minUpdateIndex: number) {
    this.#hashSize = hashSize;
    this.#minUpdateIndex = minUpdateIndex;
    this.#walker = new BlockCursor(hashSize);
  }

  /**
   * Decodes the record that a cursor stands on and those behind it, to the end of the block or
   * as many as a batch takes.
   *
   * @returns At least one record.
   */
  decode(cursor: BlockCursor): RefRecord[] {
    const walker = this.#walker;
    walker.follow(cursor);
    const names = this.#names;
    let count = 0;
    let nameEnd = 0;
    let seen = 0;
    do {
      const { key, keyLength } = walker;
      if (nameEnd + keyLength > BATCH_BYTES) break;
      for (let i = 0; i < keyLength; i++) seen |= names[nameEnd++] = key[i]!;
      this.#nameEnds[count] = nameEnd;
      this.#types[count] = walker.valueType;
      const delta = walker.block.bytes[walker.valueStart]!;
      // Nearly every update index takes one byte.
      if (delta < 0x80 && this.#minUpdateIndex <= Number.MAX_SAFE_INTEGER - 0x80) {
        this.#updateIndices[count] = this.#minUpdateIndex + delta;
        this.#valueStarts[count] = walker.valueStart + 1;
      } else {
        const { updateIndex, start } = readUpdateIndex(walker, this.#minUpdateIndex);
        this.#updateIndices[count] = updateIndex;
        this.#valueStarts[count] = start;
      }
      this.valueEnds[count] = walker.valueEnd;
      count++;
    } while (count < BATCH_RECORDS && walker.next());
    // A name that is longer than a batch goes by itself.
    if (count === 0) {
      this.valueEnds[0] = cursor.valueEnd;
      return [decodeRef(cursor, this.#hashSize, this.#minUpdateIndex)];
    }
    const isAscii = seen < 0x80;
    return this.#records(count, isAscii ? decodeAscii(names.subarray(0, nameEnd)) : undefined);
  }

  /** @param names All names in one string, when they are ASCII. */
  #records(count: number, names: string | undefined): RefRecord[] {
    const { bytes } = this.#walker.block;
    const first = this.#valueStarts[0]!;
    const digits = encodeHex(bytes, first, this.valueEnds[count - 1]!);
    const oidAt = (start: number) => {
      return digits.slice(2 * (start - first), 2 * (start - first + this.#hashSize));
    };
    const records: RefRecord[] = new Array(count);
    let nameStart = 0;
    for (let i = 0; i < count; i++) {
      const nameEnd = this.#nameEnds[i]!;
      const refname = names?.slice(nameStart, nameEnd) ??
        decodeText(this.#names, nameStart, nameEnd);
      nameStart = nameEnd;
      const updateIndex = this.#updateIndices[i]!;
      const start = this.#valueStarts[i]!;
      switch (this.#types[i]) {
        case RefValueType.deletion:
          records[i] = { kind: "deletion", refname, updateIndex };
          break;
        case RefValueType.direct:
          records[i] = { kind: "direct", refname, updateIndex, oid: oidAt(start) };
          break;
        case RefValueType.peeled: {
          const peeled = oidAt(start + this.#hashSize);
          records[i] = { kind: "peeled", refname, updateIndex, oid: oidAt(start), peeled };
          break;
        }
        default: {
          const target = decodeTarget(bytes, start, this.valueEnds[i]!);
          records[i] = { kind: "symref", refname, updateIndex, target };
        }
      }
    }
    return records;
  }
}
