import { getUint32 } from "../bytes/big_endian.ts";

/** The shortest abbreviation that Git uses. */
const MIN_ID_LENGTH = 2;

/** How many bits of the sort key each pass of the radix sort looks at. */
const DIGIT_BITS = 11;

/** How many different values such a digit has. */
const RADIX = 1 << DIGIT_BITS;

/** So many mentions do not fit into the caches of a processor any more. */
const MANY = 0x8000;

/** What is known of all objects once they are sorted. */
export interface SortedObjects {
  /** How many bytes of an id tell it from all others, at least 2. */
  readonly idLength: number;
  /** How many times something was added: there are no more objects, and no more positions of all together. */
  readonly mentions: number;
  /**
   * Goes through the objects in the order of their ids.
   *
   * @param visit Is given where the id's bytes are, and the positions of the blocks that mention the
   * object, in ascending order.
   */
  forEach(visit: (ids: Uint8Array, start: number, positions: readonly number[]) => void): void;
}

/**
 * Gathers which ref block mentions which object while refs are written, and then gives it in the
 * order of the object ids.
 *
 * A mention takes the bytes of its id and 4 more, and while sorting as many again or another 16, whichever
 * are more.
 */
export class ObjectIndex {
  readonly #idSize: number;
  #ids: Uint8Array<ArrayBuffer>;
  #blocks: Uint32Array<ArrayBuffer>;
  #count = 0;
  /** The position of each ref block by its number. */
  readonly #positions: number[] = [];

  /** @param idSize The length of an object id in bytes. */
  constructor(idSize: number) {
    this.#idSize = idSize;
    this.#ids = new Uint8Array(32 * idSize);
    this.#blocks = new Uint32Array(32);
  }

  /**
   * Notes that a block mentions an object.
   *
   * @param bytes Where the id's bytes are.
   * @param position The block's position in the file, which is not below that of the last call.
   */
  add(bytes: Uint8Array, start: number, position: number): void {
    const positions = this.#positions;
    if (positions.at(-1) !== position) positions.push(position);
    if (this.#count === this.#blocks.length) {
      this.#ids = new Uint8Array(this.#ids.buffer.transfer(2 * this.#ids.byteLength));
      this.#blocks = new Uint32Array(this.#blocks.buffer.transfer(2 * this.#blocks.byteLength));
    }
    const ids = this.#ids;
    const offset = this.#count * this.#idSize;
    for (let i = 0; i < this.#idSize; i++) ids[offset + i] = bytes[start + i]!;
    this.#blocks[this.#count++] = positions.length - 1;
  }

  /** Sorts what was added; nothing can be added afterwards. */
  sort(): SortedObjects {
    if (this.#count > MANY) this.#moveTogether();
    const { keys, order } = this.#sortByBeginning();
    let shared = 0;
    for (let start = 0, end; start < order.length; start = end) {
      end = start + 1;
      while (end < order.length && keys[end] === keys[start]) end++;
      if (end < order.length) {
        // Ids that differ in their first 32 bits share the whole bytes before the first bit that differs.
        shared = Math.max(shared, Math.clz32(keys[start]! ^ keys[end]!) >>> 3);
      }
      if (end > start + 1) shared = Math.max(shared, this.#sortRun(order.subarray(start, end)));
    }
    return {
      idLength: Math.max(shared + 1, MIN_ID_LENGTH),
      mentions: order.length,
      forEach: (visit) => this.#visit(keys, order, visit),
    };
  }

  /**
   * Moves ids with the same first byte together, in the order in which they were added, so that who goes
   * through them in order goes through the memory nearly in order too.
   */
  #moveTogether(): void {
    const size = this.#idSize;
    const ids = this.#ids;
    const blocks = this.#blocks;
    const ends = new Uint32Array(256);
    for (let i = 0; i < this.#count; i++) ends[ids[i * size]!]!++;
    let start = 0;
    for (let byte = 0; byte < 256; byte++) {
      const count = ends[byte]!;
      ends[byte] = start;
      start += count;
    }
    const movedIds = new Uint8Array(this.#count * size);
    const movedBlocks = new Uint32Array(this.#count);
    for (let i = 0; i < this.#count; i++) {
      const from = i * size;
      const place = ends[ids[from]!]!++;
      const to = place * size;
      for (let byte = 0; byte < size; byte++) movedIds[to + byte] = ids[from + byte]!;
      movedBlocks[place] = blocks[i]!;
    }
    this.#ids = movedIds;
    this.#blocks = movedBlocks;
  }

  /**
   * Sorts the mentions by the first four bytes of their ids, those with the same bytes in the order in
   * which they were added. A radix sort takes three passes over arrays for that, however many there are.
   */
  #sortByBeginning(): { keys: Uint32Array; order: Uint32Array } {
    const count = this.#count;
    let keys = new Uint32Array(count);
    let order = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      keys[i] = getUint32(this.#ids, i * this.#idSize);
      order[i] = i;
    }
    let otherKeys = new Uint32Array(count);
    let otherOrder = new Uint32Array(count);
    const ends = new Uint32Array(RADIX);
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      ends.fill(0);
      for (let i = 0; i < count; i++) ends[(keys[i]! >>> shift) & (RADIX - 1)]!++;
      let start = 0;
      for (let digit = 0; digit < RADIX; digit++) {
        const size = ends[digit]!;
        ends[digit] = start;
        start += size;
      }
      for (let i = 0; i < count; i++) {
        const key = keys[i]!;
        const place = ends[(key >>> shift) & (RADIX - 1)]!++;
        otherKeys[place] = key;
        otherOrder[place] = order[i]!;
      }
      [keys, otherKeys] = [otherKeys, keys];
      [order, otherOrder] = [otherOrder, order];
    }
    return { keys, order };
  }

  /**
   * Sorts mentions whose ids begin with the same four bytes.
   *
   * @returns How many bytes two different ids among them share at most.
   */
  #sortRun(run: Uint32Array): number {
    const first = run[0]!;
    // Mostly they are one object that many refs hold, and in order already.
    if (run.every((mention) => this.#sharedLength(first, mention) === this.#idSize)) return 0;
    run.sort((a, b) => this.#compare(a, b) || a - b);
    let longest = 0;
    for (let i = 1; i < run.length; i++) {
      const shared = this.#sharedLength(run[i - 1]!, run[i]!);
      if (shared < this.#idSize) longest = Math.max(longest, shared);
    }
    return longest;
  }

  #sharedLength(a: number, b: number): number {
    const size = this.#idSize;
    const ids = this.#ids;
    let i = 0;
    while (i < size && ids[a * size + i] === ids[b * size + i]) i++;
    return i;
  }

  #compare(a: number, b: number): number {
    const size = this.#idSize;
    const shared = this.#sharedLength(a, b);
    return shared === size ? 0 : this.#ids[a * size + shared]! - this.#ids[b * size + shared]!;
  }

  #visit(
    keys: Uint32Array,
    order: Uint32Array,
    visit: (ids: Uint8Array, start: number, positions: readonly number[]) => void,
  ): void {
    const positions: number[] = [];
    for (let i = 0; i < order.length;) {
      const first = order[i]!;
      const key = keys[i]!;
      let block = -1;
      positions.length = 0;
      do {
        const next = this.#blocks[order[i]!]!;
        if (next !== block) positions.push(this.#positions[next]!);
        block = next;
        i++;
      } while (
        i < order.length && keys[i] === key &&
        this.#sharedLength(first, order[i]!) === this.#idSize
      );
      visit(this.#ids, first * this.#idSize, positions);
    }
  }
}
