import { getUint32 } from "../bytes/big_endian.ts";
import type { Problem } from "../format/problem.ts";
import type { SortedMentions } from "./sorted_mentions.ts";

/** How far a block can be trusted. */
export const BlockState = {
  /** It could not be walked through to its end. */
  damaged: 0,
  /** It could, but something in it is wrong, so its keys may be too. */
  flawed: 1,
  /** Nothing is wrong with it. */
  sound: 2,
} as const;

/** How far a block can be trusted. */
export type BlockState = (typeof BlockState)[keyof typeof BlockState];

/** Byte strings, one behind the other. */
export interface KeyColumn {
  /** The bytes of all. */
  readonly bytes: Uint8Array;
  /** Where each ends. */
  readonly ends: Uint32Array;
}

/** The blocks of a range, in the order of the file. */
export interface BlockColumns {
  /** The kind of each; 0 where no block could be recognized. */
  readonly types: Uint8Array;
  /** How far each can be trusted. */
  readonly states: Uint8Array;
  /** Where each begins. The next one begins where it and its padding end. */
  readonly offsets: Float64Array;
  /** Where each ends without its padding. */
  readonly ends: Float64Array;
  /** The first and the last key of each; both are empty where it is damaged. */
  readonly keys: KeyColumn;
  /** How many bytes of an object id the keys of each object block have. */
  readonly idLengths: Uint8Array;
  /** How many index entries were found up to the end of each. */
  readonly entryEnds: Uint32Array;
  /** How many objects were found up to the end of each. */
  readonly objectEnds: Uint32Array;
}

/** What index blocks say: the last key of a block, and where that block is. */
export interface EntryColumns {
  /** How many bytes each key shares with the one before it in its block. */
  readonly shared: Uint32Array;
  /** The rest of each key. */
  readonly suffixes: KeyColumn;
  /** Where each says that the block is. */
  readonly positions: Float64Array;
}

/**
 * Objects with the positions of ref blocks. Ids are words of 32 bits, the first byte highest, so that they
 * are compared a word at a time.
 */
export interface ObjectColumns {
  /** The ids, or what they are shortened to, each filled with NULs to whole words. */
  readonly words: Uint32Array;
  /** Where the positions of each end. */
  readonly ends: Uint32Array;
  /** The positions of each in ascending order. */
  readonly positions: Float64Array;
}

/**
 * What was found in a range of a table. It consists of plain objects and typed arrays, so that it can be
 * sent to another thread.
 */
export interface RangeReport {
  /** Where the range begins. */
  readonly start: number;
  /** Where the walk ended: where the block behind the range begins. */
  readonly end: number;
  /** What is wrong with single blocks: the first problems, if there are very many. */
  readonly problems: readonly Problem[];
  /** How many problems are left out. */
  readonly omitted: number;
  /** The blocks. */
  readonly blocks: BlockColumns;
  /** What the index blocks say, in their order. */
  readonly entries: EntryColumns;
  /** What the object blocks say, in their order. */
  readonly objects: ObjectColumns;
  /** What the ref blocks hold. */
  readonly mentions: SortedMentions;
}

type NumberArray = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** A typed array that grows. */
export class Column<T extends NumberArray> {
  /** How many numbers it has. */
  length = 0;
  readonly #type: new (buffer: ArrayBuffer) => T;
  #array: T;

  constructor(type: new (buffer: ArrayBuffer) => T) {
    this.#type = type;
    this.#array = new type(new ArrayBuffer(512));
  }

  /** Appends a number. */
  push(value: number): void {
    if (this.length === this.#array.length) this.#grow(this.length + 1);
    this.#array[this.length++] = value;
  }

  /** Appends bytes, to a column of bytes. */
  pushBytes(bytes: Uint8Array, start: number, end: number): void {
    if (this.length + end - start > this.#array.length) this.#grow(this.length + end - start);
    const array = this.#array;
    let length = this.length;
    for (let i = start; i < end; i++) array[length++] = bytes[i]!;
    this.length = length;
  }

  /** Gives all numbers; nothing can be appended afterwards. */
  finish(): T {
    return this.#array.subarray(0, this.length) as T;
  }

  #grow(length: number): void {
    const { BYTES_PER_ELEMENT, buffer } = this.#array;
    const bytes = Math.max(2 * buffer.byteLength, length * BYTES_PER_ELEMENT);
    this.#array = new this.#type(buffer.transfer(bytes));
  }
}

/** A column of byte strings that grows. */
export class KeyBuilder {
  readonly #bytes = new Column(Uint8Array);
  readonly #ends = new Column(Uint32Array);

  /** Appends a part of a key. */
  push(key: Uint8Array, start: number, end: number): void {
    this.#bytes.pushBytes(key, start, end);
    this.#ends.push(this.#bytes.length);
  }

  finish(): KeyColumn {
    return { bytes: this.#bytes.finish(), ends: this.#ends.finish() };
  }
}

/** Objects with positions, which grow. Appending one is a few stores: there may be millions. */
export class ObjectBuilder {
  /** How many objects there are. */
  count = 0;
  readonly #idLength: number;
  readonly #idWords: number;
  #words: Uint32Array<ArrayBuffer>;
  #ends: Uint32Array<ArrayBuffer>;
  #positions: Float64Array<ArrayBuffer>;
  /** How many positions there are, with those of the object that comes next. */
  #positionCount = 0;
  /** How many belong to objects. */
  #positionsEnd = 0;

  /**
   * @param idLength How many bytes each id has.
   * @param expected About how many objects there will be.
   */
  constructor(idLength: number, expected: number) {
    const capacity = Math.max(64, expected);
    this.#idLength = idLength;
    this.#idWords = Math.ceil(idLength / 4);
    this.#words = new Uint32Array(capacity * this.#idWords);
    this.#ends = new Uint32Array(capacity);
    this.#positions = new Float64Array(capacity);
  }

  /** Appends a position, which belongs to the object that comes next. */
  addPosition(position: number): void {
    if (this.#positionCount === this.#positions.length) {
      this.#positions = new Float64Array(grown(this.#positions));
    }
    this.#positions[this.#positionCount++] = position;
  }

  /** Forgets positions whose object does not come. */
  dropPositions(): void {
    this.#positionCount = this.#positionsEnd;
  }

  /** Appends an object, whose id the bytes begin with, and the positions that were appended since the last. */
  add(bytes: Uint8Array): void {
    const { count } = this;
    if (count === this.#ends.length) {
      this.#words = new Uint32Array(grown(this.#words));
      this.#ends = new Uint32Array(grown(this.#ends));
    }
    const words = this.#words;
    const length = this.#idLength;
    let target = count * this.#idWords;
    let i = 0;
    while (i + 4 <= length) {
      words[target++] = getUint32(bytes, i);
      i += 4;
    }
    for (let shift = 24; i < length; shift -= 8) words[target]! |= bytes[i++]! << shift;
    this.#ends[count] = this.#positionsEnd = this.#positionCount;
    this.count = count + 1;
  }

  /** Gives all objects; nothing can be appended afterwards. */
  finish(): ObjectColumns {
    return {
      words: this.#words.subarray(0, this.count * this.#idWords),
      ends: this.#ends.subarray(0, this.count),
      positions: this.#positions.subarray(0, this.#positionsEnd),
    };
  }
}

function grown({ buffer }: NumberArray): ArrayBuffer {
  return buffer.transfer(2 * buffer.byteLength);
}

/** Gives a key of a column, which is a part of it. */
export function keyAt({ bytes, ends }: KeyColumn, index: number): Uint8Array {
  return bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
}
