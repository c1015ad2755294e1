import { damaged, type Problem, type ProblemCode, problemOf } from "../errors.ts";
import type { BlockMentions } from "./block_mentions.ts";
import type { ObjectColumns } from "./object_columns.ts";

/** So many problems of a table are told; who has more has no use for them. */
export const MOST_PROBLEMS = 10_000;

/** Gathers the problems of a table, up to {@linkcode MOST_PROBLEMS}. */
export class ProblemList {
  /** The first problems. */
  readonly problems: Problem[] = [];
  /** How many are left out. */
  omitted = 0;
  readonly #file: string;

  /** @param file The table's name. */
  constructor(file: string) {
    this.#file = file;
  }

  /** Adds problems as they are. */
  push(...problems: readonly Problem[]): void {
    const room = MOST_PROBLEMS - this.problems.length;
    this.problems.push(...problems.slice(0, room));
    this.omitted += Math.max(0, problems.length - room);
  }

  /** Adds an error. */
  add(code: ProblemCode, offset: number, finding: string): void {
    this.push(problemOf(damaged(code, this.#file, offset, finding)));
  }
}

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
  readonly mentions: BlockMentions;
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

/** An array with twice as much room and the same numbers, which the old one has no longer. */
export function doubled({ buffer }: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return new Uint32Array(buffer.transfer(2 * buffer.byteLength));
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
