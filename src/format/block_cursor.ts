import { ByteReader, commonPrefixLength } from "../bytes/bytes.ts";
import type { ProblemCode } from "../errors.ts";
import { type Block, BlockType, damagedRecord, restartPosition } from "./block.ts";

/** What a cursor stands in at first: a block without records. */
const NO_BLOCK: Block = {
  file: "",
  offset: 0,
  type: BlockType.ref,
  bytes: new Uint8Array(),
  start: 0,
  restartStart: 0,
  restartCount: 0,
  nextOffset: 0,
};

/**
 * Walks the records of one block after another without allocating anything per record: it keeps the
 * current key in a buffer and knows where the encoded value lies. What a value means is the business of
 * the record files.
 *
 * Going from block to block with {@linkcode BlockCursor.enter}, it also checks that keys ascend from
 * one block to the next.
 */
export class BlockCursor {
  /** The block walked through. */
  block: Block = NO_BLOCK;
  /**
   * The current key in its first {@linkcode BlockCursor.keyLength} bytes, once it was put together. Its own length is a multiple of 4, so that
   * keys can be copied four bytes at a time.
   */
  key: Uint8Array = new Uint8Array(64);
  /** The length of the current key. */
  keyLength = 0;
  /** How many bytes the current key shares with the one before it, once it was put together. */
  sharedLength = 0;
  /** The three bits stored beside the key: what kind of value follows. */
  valueType = 0;
  /** Where in the block's bytes the current value begins; the key's bytes end here. */
  valueStart = 0;
  /** Where in the block's bytes the current value ends. */
  valueEnd = 0;
  /** How many bytes the key that was sought last shares with the one that was found. */
  matchedLength = 0;
  /** How many bytes the key that was sought last shares with all keys between the one found and the one before it. */
  commonLength = 0;

  readonly #hashSize: number;
  readonly #reader = new ByteReader(NO_BLOCK.bytes);
  /** The bytes of the block. */
  #bytes: Uint8Array = NO_BLOCK.bytes;
  /** Views that are made when they are asked for: to make one takes as long as a look into a block. */
  #view: DataView | undefined;
  #keyView: DataView | undefined;
  /** Where its records end. */
  #end = 0;
  /** Whether it is a ref block. */
  #refs = false;
  /** The longest prefix that the next record may share: none for the first of a block. */
  #prefixLimit = 0;
  /** Where the current record begins, and how many bytes of its key it takes from the one before it. */
  #start = 0;
  #prefixLength = 0;
  /** How long the key is that was put together last, and where its record ends. */
  #putLength = 0;
  #putEnd = 0;

  /**
   * Makes a cursor that stands nowhere until it enters a block.
   *
   * @param hashSize The length of an object id in bytes.
   */
  constructor(hashSize: number) {
    this.#hashSize = hashSize;
  }

  /** Goes before the first record of a block. Its keys must be above the current key, if that was put together. */
  enter(block: Block): void {
    if (this.#putEnd !== this.valueEnd) this.#putLength = 0;
    this.#prefixLimit = 0;
    this.block = block;
    this.#bytes = block.bytes;
    this.#view = undefined;
    this.#end = block.restartStart;
    this.#refs = block.type === BlockType.ref;
    const reader = this.#reader;
    reader.bytes = block.bytes;
    reader.end = block.restartStart;
    reader.failed = false;
    this.valueEnd = this.#putEnd = block.start;
  }

  /** The block's bytes, for who reads several at a time. */
  get view(): DataView {
    return this.#view ??= viewOf(this.#bytes);
  }

  /** What {@linkcode BlockCursor.key} is in, for who copies several bytes at a time. */
  get keyView(): DataView {
    return this.#keyView ??= viewOf(this.key);
  }

  /**
   * Goes before a record of a block, which may hold any keys.
   *
   * @param position Where the record begins, which has its whole key; by default the first one.
   */
  jump(block: Block, position: number = block.start): void {
    this.enter(block);
    this.#goBefore(position, 0);
  }

  /** Goes before a record of the block, when some bytes are known that its key begins with. */
  #goBefore(position: number, prefixLength: number): void {
    this.valueEnd = this.#putEnd = position;
    this.#putLength = this.#prefixLimit = this.keyLength = prefixLength;
  }

  /** Goes to the position of another cursor, to walk on from there without moving that one. */
  follow(other: BlockCursor): void {
    this.enter(other.block);
    if (this.key.length < other.#putLength) this.#growKey(other.#putLength);
    for (let i = 0; i < other.#putLength; i++) this.key[i] = other.key[i]!;
    this.keyLength = other.keyLength;
    this.sharedLength = other.sharedLength;
    this.valueType = other.valueType;
    this.valueStart = other.valueStart;
    this.valueEnd = other.valueEnd;
    this.#prefixLimit = other.#prefixLimit;
    this.#start = other.#start;
    this.#prefixLength = other.#prefixLength;
    this.#putLength = other.#putLength;
    this.#putEnd = other.#putEnd;
  }

  /**
   * Goes to the next record of the block.
   *
   * @returns False at the block's end.
   * @throws {ReftableError} With code `"format"` when the record is damaged or its key does not ascend.
   */
  next(): boolean {
    if (!this.pass()) return false;
    this.putKey();
    return true;
  }

  /**
   * Goes to the next record of the block without putting its key together, which takes half of the time. Of the key,
   * only the length is known then.
   *
   * @returns False at the block's end.
   * @throws {ReftableError} With code `"format"` when the record is damaged.
   */
  pass(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let position = this.valueEnd;
    if (position >= end) return false;
    this.#start = position;
    // Most lengths fit into one byte or two; the general decoder is called for the others only.
    let prefixLength = bytes[position++]!;
    let suffix = bytes[position++]!;
    if ((prefixLength | suffix) >= 0x80) {
      if (prefixLength < 0x80 && position < end && bytes[position]! < 0x80) {
        suffix = (((suffix & 0x7f) + 1) << 7) | bytes[position++]!;
      } else {
        const reader = this.#reader;
        reader.position = position - 2;
        prefixLength = reader.varint();
        suffix = reader.varint();
        position = reader.position;
        if (reader.failed) throw this.#damage("its key lengths do not fit");
        // Numbers that may have more than 32 bits would make all that follows slower.
        if (suffix > 0x7fffffff) throw this.#keyTooLong(Math.floor(suffix / 8), end - position);
      }
    }
    const suffixLength = suffix >>> 3;
    if (prefixLength > this.#prefixLimit) {
      throw this.#damage(
        `it shares ${prefixLength} bytes with the key before it, which has ${this.#prefixLimit}`,
      );
    }
    if (position + suffixLength > end) throw this.#keyTooLong(suffixLength, end - position);
    position += suffixLength;
    const valueType = suffix & 7;
    this.valueType = valueType;
    this.#prefixLength = prefixLength;
    this.keyLength = this.#prefixLimit = prefixLength + suffixLength;
    this.valueStart = position;
    if (this.#refs && valueType < 3 && bytes[position]! < 0x80) {
      // A plain ref: one byte for the update index, then none, one or two object ids.
      position += 1 + valueType * this.#hashSize;
    } else {
      position = this.#skipValue(position);
    }
    if (position > end) throw this.#damage(`its value ends at ${position}, the records at ${end}`);
    this.valueEnd = position;
    return true;
  }

  /**
   * Puts the key of the current record together, as {@linkcode BlockCursor.pass} does not.
   *
   * @throws {ReftableError} With code `"format"` when it, or a key that was passed, does not ascend.
   */
  putKey(): void {
    if (this.#putEnd === this.#start) this.#putKey();
    else if (this.#putEnd !== this.valueEnd) this.#putPassedKeys();
  }

  /** Puts keys together up to the current one: each is made of the one before it. */
  #putPassedKeys(): void {
    const start = this.#start;
    this.valueEnd = this.#putEnd;
    this.#prefixLimit = this.#putEnd === this.block.start ? 0 : this.#putLength;
    do {
      this.pass();
      this.#putKey();
    } while (this.#start < start);
  }

  #putKey(): void {
    const bytes = this.#bytes;
    const keyLength = this.keyLength;
    if (keyLength > this.key.length) this.#growKey(keyLength);
    const key = this.key;
    const previousLength = this.#putLength;
    let shared = this.#prefixLength;
    let position = this.valueStart - (keyLength - shared);
    // Mostly the first byte that is stored tells that the key is above the one before it.
    if (shared === keyLength || (shared < previousLength && key[shared]! >= bytes[position]!)) {
      // A restart repeats the whole key, so the keys may share more than the record says.
      while (shared < previousLength && shared < keyLength && key[shared] === bytes[position]) {
        shared++;
        position++;
      }
      if (shared === keyLength || (shared < previousLength && key[shared]! > bytes[position]!)) {
        throw this.#notAscending();
      }
    }
    this.sharedLength = shared;
    this.#putLength = keyLength;
    this.#putEnd = this.valueEnd;
    while (shared < keyLength) key[shared++] = bytes[position++]!;
  }

  #keyTooLong(length: number, left: number): Error {
    return this.#damage(`its key needs ${length} bytes, ${left} are left`);
  }

  #notAscending(): Error {
    const start = this.#start;
    if (this.keyLength === 0) return this.#damage("its key is empty", undefined, start);
    return this.#damage("its key is not above the key before it", "key-order", start);
  }

  /**
   * Goes to the first record of the current block whose key is not below `target`, wherever the cursor stands. As
   * with {@linkcode BlockCursor.pass}, its key is not put together.
   *
   * @param target The key to look for, in its first `targetLength` bytes.
   * @param commonLength How many bytes of it all keys of the block are known to begin with.
   * @returns False when all keys of the block are below it; the cursor is then at the block's end.
   * @throws {ReftableError} With code `"format"` on damage met on the way.
   */
  seek(target: Uint8Array, targetLength: number, commonLength = 0): boolean {
    this.commonLength = commonLength;
    const start = this.#lastRestartBelow(target, targetLength);
    const found = this.block.type === BlockType.log
      ? -1
      : this.#passBelow(start, target, targetLength);
    this.#goBefore(found < 0 ? start : found, 0);
    if (found < 0) return this.#seekFrom(target, targetLength);
    if (found === this.#end) return false;
    // What it shares with the keys that were passed, it shares with the target.
    const prefixLength = this.#bytes[found]!;
    if (prefixLength > this.key.length) this.#growKey(prefixLength);
    for (let i = 0; i < prefixLength; i++) this.key[i] = target[i]!;
    this.#goBefore(found, prefixLength);
    return this.pass();
  }

  /**
   * Goes to the record of the current block that begins at a position.
   *
   * @throws {ReftableError} With code `"format"` on damage met on the way.
   */
  goTo(position: number): void {
    const { block } = this;
    let low = 0;
    let high = block.restartCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (restartPosition(block, middle) <= position) low = middle + 1;
      else high = middle;
    }
    this.#goBefore(low === 0 ? block.start : restartPosition(block, low - 1), 0);
    while (this.valueEnd < position) this.next();
    if (this.valueEnd !== position) {
      throw this.#damage("a restart leads past it", "restart", position);
    }
    this.next();
  }

  /**
   * Passes records below the target without putting their keys together, which takes a third of the time.
   *
   * @returns Where the first one that is not below begins, or where the records end; −1 when one is met that must be
   * looked at more closely.
   */
  #passBelow(start: number, target: Uint8Array, targetLength: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    const hashSize = this.#hashSize;
    let position = start;
    const isIndex = this.block.type === BlockType.index;
    let keyLength = 0;
    let matched = 0;
    // Where the last key differs from the target: below every byte when it ended there.
    let last = -1;
    while (position < end) {
      const record = position;
      const prefixLength = bytes[position++]!;
      let suffix = bytes[position++]!;
      if (suffix >= 0x80) {
        if (bytes[position]! >= 0x80) return -1;
        suffix = (((suffix & 0x7f) + 1) << 7) | bytes[position++]!;
      }
      if (prefixLength >= 0x80 || prefixLength > keyLength) return -1;
      const suffixLength = suffix >>> 3;
      const valueType = suffix & 7;
      keyLength = prefixLength + suffixLength;
      const keyEnd = position + suffixLength;
      if (this.#refs) {
        if (valueType > 2 || bytes[keyEnd]! >= 0x80) return -1;
        position = keyEnd + 1 + valueType * hashSize;
      } else {
        // An index record has one number, an object mostly as many as its type says.
        let count = isIndex ? 1 : valueType;
        if (count === 0) return -1;
        for (position = keyEnd; count > 0; count--) while (bytes[position++]! >= 0x80);
      }
      if (!(position <= end)) return -1;
      // While a record shares more with the one before it than the target does, it is below the target too.
      if (prefixLength > matched) continue;
      const before = matched;
      let place = keyEnd - suffixLength;
      matched = prefixLength;
      while (matched < targetLength && place < keyEnd && bytes[place] === target[matched]) {
        matched++;
        place++;
      }
      if (matched === targetLength || (place < keyEnd && bytes[place]! > target[matched]!)) {
        this.commonLength = before < matched ? before : matched;
        this.matchedLength = matched;
        return record;
      }
      const next = place < keyEnd ? bytes[place]! : -1;
      if (matched < before || (matched === before && next <= last)) return -1;
      last = next;
    }
    return end;
  }

  /** Goes on as {@linkcode BlockCursor.seek} does, record by record. */
  #seekFrom(target: Uint8Array, targetLength: number): boolean {
    let matched = 0;
    while (this.next()) {
      if (this.sharedLength > matched) continue;
      const isAbove = this.sharedLength < matched;
      matched = isAbove
        ? this.sharedLength
        : commonPrefixLength(this.key, this.keyLength, target, targetLength, matched);
      this.matchedLength = matched;
      if (isAbove || matched === targetLength) return true;
      if (matched < this.keyLength && this.key[matched]! > target[matched]!) return true;
    }
    return false;
  }

  /** The position of the last restart whose key is below the target, or of the first record. */
  #lastRestartBelow(target: Uint8Array, targetLength: number): number {
    const { block } = this;
    let low = 0;
    let high = block.restartCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBelow(restartPosition(block, middle), target, targetLength)) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? block.start : restartPosition(block, low - 1);
  }

  /** Compares a key that is stored whole with the target, where it lies. */
  #isBelow(recordStart: number, target: Uint8Array, targetLength: number): boolean {
    const bytes = this.#bytes;
    let start = recordStart + 2;
    let suffix = bytes[recordStart + 1]!;
    // Nearly every length takes two bytes at most; what is longer, or wrong, goes the long way.
    if (suffix >= 0x80) suffix = ((suffix & 0x7f) + 1) * 0x80 + bytes[start++]!;
    let length = suffix >>> 3;
    if (bytes[recordStart] !== 0 || bytes[start - 1]! >= 0x80 || start + length > this.#end) {
      length = this.#wholeKeyLength(recordStart);
      start = this.#reader.position - length;
    }
    const end = length < targetLength ? length : targetLength;
    for (let i = this.commonLength; i < end; i++) {
      const difference = bytes[start + i]! - target[i]!;
      if (difference !== 0) return difference < 0;
    }
    return length < targetLength;
  }

  /** Reads the length of a key that is stored whole, and goes behind the key. */
  #wholeKeyLength(recordStart: number): number {
    const reader = this.#reader;
    reader.position = recordStart;
    const prefixLength = reader.varint();
    const length = Math.floor(reader.varint() / 8);
    reader.skip(length);
    if (reader.failed) throw this.#damage("its key does not fit", "record", recordStart);
    if (prefixLength !== 0) {
      const finding = `a restart points to it, but it shares ${prefixLength} bytes`;
      throw this.#damage(finding, "restart", recordStart);
    }
    return length;
  }

  #skipValue(position: number): number {
    const reader = this.#reader;
    reader.position = position;
    switch (this.block.type) {
      case BlockType.ref:
        reader.varint();
        if (this.valueType > 3) this.#throwUnknownType("ref");
        if (this.valueType === 3) reader.skip(reader.varint());
        else reader.skip(this.valueType * this.#hashSize);
        break;
      case BlockType.log:
        if (this.valueType > 1) this.#throwUnknownType("log");
        if (this.valueType === 1) {
          reader.skip(2 * this.#hashSize);
          reader.skip(reader.varint());
          reader.skip(reader.varint());
          reader.varint();
          reader.skip(2);
          reader.skip(reader.varint());
        }
        break;
      case BlockType.object: {
        let count = this.valueType === 0 ? reader.varint() : this.valueType;
        while (count-- > 0 && !reader.failed) reader.varint();
        break;
      }
      case BlockType.index:
        if (this.valueType !== 0) this.#throwUnknownType("index");
        reader.varint();
    }
    if (reader.failed) throw this.#damage("its value does not fit");
    return reader.position;
  }

  #growKey(length: number): void {
    const key = new Uint8Array(4 * length);
    key.set(this.key.subarray(0, this.#putLength));
    this.key = key;
    this.#keyView = undefined;
  }

  #throwUnknownType(kind: string): never {
    throw this.#damage(`${kind} value type ${this.valueType} is unknown`, "value-type");
  }

  /** Makes the error for a record, by default the one behind the current one. */
  #damage(finding: string, problem?: ProblemCode, start: number = this.valueEnd): Error {
    return damagedRecord(this.block, start, finding, problem);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/**
 * Decodes the position of the block whose last key is the one a cursor in an index block
 * stands on.
 *
 * @returns Bytes from the start of the file.
 */
export function decodeIndexPosition(cursor: BlockCursor): number {
  return new ByteReader(cursor.block.bytes, cursor.valueStart, cursor.valueEnd).varint();
}
