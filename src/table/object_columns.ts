import { getUint32 } from "../bytes/bytes.ts";
import { Column, doubled } from "./range_report.ts";

/**
 * Objects with the positions of ref blocks, in the order of their ids and again in the order of the blocks. Ids are
 * words of 32 bits, the first byte highest, so that they are compared a word at a time.
 */
export interface ObjectColumns {
  /** The ids, or what they are shortened to, each filled with NULs to whole words. */
  readonly words: Uint32Array;
  /** How many positions there are up to the last one of each. */
  readonly ends: Uint32Array;
  /** How many have no positions. */
  readonly unplaced: number;
  /** The blocks at the positions of each in ascending order. */
  readonly blocks: Uint32Array;
  /** The positions of the blocks in ascending order. */
  readonly positions: Float64Array;
  /** The ids that each block has, in ascending order. */
  readonly blockWords: Uint32Array;
  /** How many ids there are up to the last one of each block. */
  readonly blockEnds: Uint32Array;
  /** Where among these are the ids that several blocks have: one behind the other those of one object. */
  readonly repeated: Uint32Array;
}

/** Objects with positions, which grow. Appending one is a few stores: there may be millions. */
export class ObjectBuilder {
  /** How many objects there are. */
  count = 0;
  readonly #idLength: number;
  readonly #idWords: number;
  #words: Uint32Array<ArrayBuffer>;
  #ends: Uint32Array<ArrayBuffer>;
  /** The number of the position of each block. */
  #blocks: Uint32Array<ArrayBuffer>;
  readonly #positions = new PositionNumbers();
  /** How many positions there are, with those of the object that comes next. */
  #positionCount = 0;
  #unplaced = 0;
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
    this.#blocks = new Uint32Array(capacity);
  }

  /** Appends a position, which belongs to the object that comes next. */
  addPosition(position: number): void {
    if (this.#positionCount === this.#blocks.length) this.#blocks = doubled(this.#blocks);
    this.#blocks[this.#positionCount++] = this.#positions.get(position);
  }

  /** Forgets positions whose object does not come. */
  dropPositions(): void {
    this.#positionCount = this.#positionsEnd;
  }

  /** Appends an object, whose id the bytes begin with, and the positions that were appended since the last. */
  add(bytes: Uint8Array): void {
    const { count } = this;
    if (count === this.#ends.length) {
      this.#words = doubled(this.#words);
      this.#ends = doubled(this.#ends);
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
    if (this.#positionCount === this.#positionsEnd) this.#unplaced++;
    this.#ends[count] = this.#positionsEnd = this.#positionCount;
    this.count = count + 1;
  }

  /** Gives all objects; nothing can be appended afterwards. */
  finish(): ObjectColumns {
    const words = this.#words.subarray(0, this.count * this.#idWords);
    const ends = this.#ends.subarray(0, this.count);
    const blocks = this.#blocks.subarray(0, this.#positionsEnd);
    const { positions, ranks } = this.#positions.ranked();
    const counts = new Uint32Array(positions.length);
    for (let i = 0; i < blocks.length; i++) {
      const block = blocks[i] = ranks[blocks[i]!]!;
      counts[block]!++;
    }
    const byBlock = sortByBlock(words, ends, blocks, counts);
    return { words, ends, unplaced: this.#unplaced, blocks, positions, ...byBlock };
  }
}

/** Puts the ids of objects into the order of their blocks: where each block's are is known beforehand. */
function sortByBlock(
  words: Uint32Array,
  ends: Uint32Array,
  blocks: Uint32Array,
  counts: Uint32Array,
): Pick<ObjectColumns, "blockWords" | "blockEnds" | "repeated"> {
  const idWords = words.length / ends.length;
  /** Where the next id of each block comes, and in the end behind its last. */
  const blockEnds = counts;
  for (let block = 0, end = 0; block < counts.length; block++) {
    const count = counts[block]!;
    counts[block] = end;
    end += count;
  }
  const blockWords = new Uint32Array(idWords * blocks.length);
  const repeated = new Column(Uint32Array);
  for (let object = 0, i = 0; object < ends.length; object++) {
    const end = ends[object]!;
    const isRepeated = end - i > 1;
    const from = object * idWords;
    for (; i < end; i++) {
      const place = blockEnds[blocks[i]!]!++;
      if (isRepeated) repeated.push(place);
      const to = place * idWords;
      for (let word = 0; word < idWords; word++) blockWords[to + word] = words[from + word]!;
    }
  }
  return { blockWords, blockEnds, repeated: repeated.finish() };
}

/** What positions are multiplied by: the highest bits of the products are spread evenly. */
const FACTOR = 0x9e3779b1;

/**
 * Numbers positions of blocks from 0 as they come: millions, of which few differ. It is a hash table with open
 * addressing, since a look into a `Map` takes longer than all else that is done with a position.
 */
export class PositionNumbers {
  /** The position of each number. */
  #positions = new Float64Array(512);
  #count = 0;
  /** Numbers, each increased by one, where the hash of their position leads to or behind that; 0 where none is. */
  #table = new Uint32Array(1024);
  /** The hash is what such a shift leaves of a product. */
  #shift = 22;

  /** Gives the number of a position. */
  get(position: number): number {
    const table = this.#table;
    let place = Math.imul(position, FACTOR) >>> this.#shift;
    for (;;) {
      const number = table[place]! - 1;
      if (number < 0) return this.#add(position, place);
      if (this.#positions[number] === position) return number;
      place = (place + 1) & (table.length - 1);
    }
  }

  /** Gives all positions in ascending order, and which place of that order each number has. */
  ranked(): { readonly positions: Float64Array; readonly ranks: Uint32Array } {
    const positions = this.#positions.slice(0, this.#count).sort();
    const ranks = new Uint32Array(this.#count);
    for (let rank = 0; rank < positions.length; rank++) ranks[this.get(positions[rank]!)] = rank;
    return { positions, ranks };
  }

  #add(position: number, place: number): number {
    const number = this.#count++;
    this.#positions[number] = position;
    this.#table[place] = number + 1;
    // At least half of the places stay free, so that hardly any position is far from its own.
    if (this.#count === this.#positions.length) this.#grow();
    return number;
  }

  #grow(): void {
    const { buffer } = this.#positions;
    this.#positions = new Float64Array(buffer.transfer(2 * buffer.byteLength));
    const table = this.#table = new Uint32Array(2 * this.#table.length);
    this.#shift--;
    for (let number = 0; number < this.#count; number++) {
      let place = Math.imul(this.#positions[number]!, FACTOR) >>> this.#shift;
      while (table[place] !== 0) place = (place + 1) & (table.length - 1);
      table[place] = number + 1;
    }
  }
}
