import { getUint32 } from "../bytes/big_endian.ts";

/** The shortest abbreviation that Git uses. */
const MIN_ID_LENGTH = 2;

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

/** Some mentions: the ids, and the number of the block of each. */
interface Chunk {
  readonly ids: Uint8Array<ArrayBuffer>;
  readonly blocks: Uint32Array<ArrayBuffer>;
}

function makeChunk(capacity: number, idSize: number): Chunk {
  return { ids: new Uint8Array(capacity * idSize), blocks: new Uint32Array(capacity) };
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
  /** Chunks that are full: of {@linkcode MANY} mentions each, so that nothing is moved to make room. */
  readonly #full: Chunk[] = [];
  #ids: Uint8Array<ArrayBuffer>;
  #blocks: Uint32Array<ArrayBuffer>;
  #count = 0;
  /** The position of each ref block by its number. */
  readonly #positions: number[] = [];

  /** @param idSize The length of an object id in bytes. */
  constructor(idSize: number) {
    this.#idSize = idSize;
    ({ ids: this.#ids, blocks: this.#blocks } = makeChunk(32, idSize));
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
    if (this.#count === this.#blocks.length) this.#makeRoom();
    const ids = this.#ids;
    const offset = this.#count * this.#idSize;
    for (let i = 0; i < this.#idSize; i++) ids[offset + i] = bytes[start + i]!;
    this.#blocks[this.#count++] = positions.length - 1;
  }

  #makeRoom(): void {
    if (this.#count < MANY) {
      this.#ids = new Uint8Array(this.#ids.buffer.transfer(2 * this.#ids.byteLength));
      this.#blocks = new Uint32Array(this.#blocks.buffer.transfer(2 * this.#blocks.byteLength));
    } else {
      this.#full.push({ ids: this.#ids, blocks: this.#blocks });
      ({ ids: this.#ids, blocks: this.#blocks } = makeChunk(MANY, this.#idSize));
      this.#count = 0;
    }
  }

  /** Sorts what was added; nothing can be added afterwards. */
  sort(): SortedObjects {
    const bounds = this.#full.length > 0 ? this.#moveTogether() : Uint32Array.of(0, this.#count);
    const count = this.#count;
    // What all ids of a bucket begin with.
    const known = bounds.length > 2 ? 1 : 0;
    const keys = new Uint32Array(count);
    const order = new Uint32Array(count);
    let shared = 0;
    for (let bucket = 1; bucket < bounds.length; bucket++) {
      const start = bounds[bucket - 1]!;
      const end = bounds[bucket]!;
      const bucketKeys = keys.subarray(start, end);
      const bucketOrder = order.subarray(start, end);
      this.#sortBucket(start, known, bucketKeys, bucketOrder);
      shared = Math.max(shared, this.#sortRuns(known, bucketKeys, bucketOrder));
    }
    return {
      idLength: Math.max(shared + 1, MIN_ID_LENGTH),
      mentions: count,
      forEach: (visit) => {
        for (let bucket = 1; bucket < bounds.length; bucket++) {
          const start = bounds[bucket - 1]!;
          const end = bounds[bucket]!;
          this.#visit(keys.subarray(start, end), order.subarray(start, end), visit);
        }
      },
    };
  }

  /**
   * Moves ids with the same first byte together, in the order in which they were added: what is done with
   * one such bucket at a time stays within the caches.
   *
   * @returns Where each bucket begins, and where the last one ends.
   */
  #moveTogether(): Uint32Array {
    const last = {
      ids: this.#ids.subarray(0, this.#count * this.#idSize),
      blocks: this.#blocks.subarray(0, this.#count),
    };
    const chunks = [...this.#full, last];
    const bounds = new Uint32Array(257);
    for (const { ids } of chunks) {
      for (let id = 0; id < ids.length; id += this.#idSize) bounds[ids[id]! + 1]!++;
    }
    for (let byte = 0; byte < 256; byte++) bounds[byte + 1]! += bounds[byte]!;
    const places = bounds.slice();
    const together = makeChunk(bounds[256]!, this.#idSize);
    for (const chunk of chunks) this.#move(chunk, places, together);
    this.#full.length = 0;
    ({ ids: this.#ids, blocks: this.#blocks } = together);
    this.#count = bounds[256]!;
    return bounds;
  }

  #move({ ids, blocks }: Chunk, places: Uint32Array, target: Chunk): void {
    const size = this.#idSize;
    for (let i = 0; i < blocks.length; i++) {
      const from = i * size;
      const place = places[ids[from]!]!++;
      const to = place * size;
      for (let byte = 0; byte < size; byte++) target.ids[to + byte] = ids[from + byte]!;
      target.blocks[place] = blocks[i]!;
    }
  }

  /**
   * Sorts mentions by four bytes of their ids, those with the same bytes in the order in which they
   * were added. A radix sort takes four passes over arrays for that, however many there are.
   *
   * @param start The first mention.
   * @param known How many bytes before those are the same in all.
   * @param keys Receives the four bytes of each as a number.
   * @param order Receives the mentions in their order.
   */
  #sortBucket(start: number, known: number, keys: Uint32Array, order: Uint32Array): void {
    const count = keys.length;
    for (let i = 0; i < count; i++) {
      keys[i] = getUint32(this.#ids, (start + i) * this.#idSize + known);
      order[i] = start + i;
    }
    const otherKeys = new Uint32Array(count);
    const otherOrder = new Uint32Array(count);
    for (let shift = 0; shift < 32; shift += 16) {
      sortByDigit(shift, keys, order, otherKeys, otherOrder);
      sortByDigit(shift + 8, otherKeys, otherOrder, keys, order);
    }
  }

  /**
   * Sorts mentions of a bucket that have the same four bytes.
   *
   * @returns How many bytes two different ids of the bucket share at most.
   */
  #sortRuns(known: number, keys: Uint32Array, order: Uint32Array): number {
    let shared = 0;
    for (let start = 0, end; start < order.length; start = end) {
      const key = keys[start]!;
      end = start + 1;
      while (end < order.length && keys[end] === key) end++;
      if (end < order.length) {
        // Ids that differ in these 32 bits share the whole bytes before the first bit that differs.
        shared = Math.max(shared, known + (Math.clz32(key ^ keys[end]!) >>> 3));
      }
      if (end > start + 1) shared = Math.max(shared, this.#sortRun(order.subarray(start, end)));
    }
    return shared;
  }

  /**
   * Sorts mentions whose ids begin with the same bytes.
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
      let count = 0;
      do {
        const next = this.#blocks[order[i]!]!;
        if (next !== block) positions[count++] = this.#positions[next]!;
        block = next;
        i++;
      } while (
        i < order.length && keys[i] === key &&
        this.#sharedLength(first, order[i]!) === this.#idSize
      );
      // Mostly it is as long as before, and need not be touched.
      if (positions.length !== count) positions.length = count;
      visit(this.#ids, first * this.#idSize, positions);
    }
  }
}

/** Moves keys and what belongs to them into the order of eight bits of the keys, and else keeps their order. */
function sortByDigit(
  shift: number,
  keys: Uint32Array,
  order: Uint32Array,
  sortedKeys: Uint32Array,
  sortedOrder: Uint32Array,
): void {
  const count = keys.length;
  const places = new Uint32Array(256);
  for (let i = 0; i < count; i++) places[(keys[i]! >>> shift) & 255]!++;
  let start = 0;
  for (let digit = 0; digit < 256; digit++) {
    const size = places[digit]!;
    places[digit] = start;
    start += size;
  }
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    const place = places[(key >>> shift) & 255]!++;
    sortedKeys[place] = key;
    sortedOrder[place] = order[i]!;
  }
}
