/** How many mentions lie together, as a power of two; more do not fit into the caches of a processor. */
const CHUNK_BITS = 15;

/**
 * Which ref blocks mention which objects, in the order of the objects' ids, and of the blocks for the same id. Ids are words of 32 bits, the first byte highest, so that they are compared a word at a time.
 */
export interface SortedMentions {
  /** The first word of each id. */
  readonly heads: Uint32Array;
  /** The second word of each id: more are seldom looked at, and lie scattered. */
  readonly seconds: Uint32Array;
  /** By what number each is found among the words. */
  readonly numbers: Uint32Array;
  /** The number of the block of each. */
  readonly blocks: Uint32Array;
  /** All words of the ids by the numbers of the mentions, in chunks. */
  readonly words: readonly Uint32Array[];
  /** How many words an id has. */
  readonly idWords: number;
  /** The position of each block by its number. */
  readonly positions: Float64Array;
}

/** Gives a word of an id by the number of a mention. */
export function wordOf({ words, idWords }: SortedMentions, number: number, word: number): number {
  const place = number & ((1 << CHUNK_BITS) - 1);
  return words[number >>> CHUNK_BITS]![place * idWords + word]!;
}

/** Tells whether two mentions are of the same object. */
export function isSameObject(sorted: SortedMentions, a: number, b: number): boolean {
  const { heads, seconds, numbers, idWords } = sorted;
  if (heads[a] !== heads[b] || seconds[a] !== seconds[b]) return false;
  let i = 2;
  while (i < idWords && wordOf(sorted, numbers[a]!, i) === wordOf(sorted, numbers[b]!, i)) i++;
  return i === idWords;
}

/**
 * Goes through the objects in the order of their ids.
 *
 * @param visit Is given the index of a mention of the object, and the positions of the blocks that mention it, in
 * ascending order.
 */
export function forEachObject(
  sorted: SortedMentions,
  visit: (index: number, positions: readonly number[]) => void,
): void {
  const { heads, blocks } = sorted;
  const positions: number[] = [];
  for (let i = 0; i < heads.length;) {
    const first = i;
    let count = 0;
    let block = -1;
    do {
      const next = blocks[i]!;
      if (next !== block) positions[count++] = sorted.positions[next]!;
      block = next;
      i++;
    } while (
      i < heads.length && heads[i] === heads[first] && isSameObject(sorted, first, i)
    );
    // Mostly it is as long as before, and need not be touched.
    if (positions.length !== count) positions.length = count;
    visit(first, positions);
  }
}

const CHUNK_SIZE = 1 << CHUNK_BITS;

/** The shortest abbreviation that Git uses. */
const MIN_ID_LENGTH = 2;

/** What a mention takes while it is sorted: two words of the id, its number, and that of its block. */
const ENTRY_SIZE = 4;

/** Some mentions as they come. */
interface Chunk {
  /** The words of the ids. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** The number of the block of each. */
  readonly blocks: Uint32Array<ArrayBuffer>;
}

/**
 * Gathers which ref block mentions which object, and then gives it in the order of the object ids, as
 * an object section has it.
 *
 * A mention takes the bytes of its id and 4 more, then 16 more once it is sorted, and another 16 until all are.
 */
export class ObjectIndex {
  readonly #idWords: number;
  /** Chunks that are full, so that nothing is moved to make room. */
  readonly #full: Chunk[] = [];
  #words: Uint32Array<ArrayBuffer>;
  #blocks: Uint32Array<ArrayBuffer>;
  #count = 0;
  /** The position of each ref block by its number. */
  readonly #positions: number[] = [];
  /** What ids were taken from last, to be read word by word. */
  #bytes: Uint8Array = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);

  /** @param idSize The length of an object id in bytes, a multiple of 4. */
  constructor(idSize: number) {
    this.#idWords = idSize / 4;
    this.#words = new Uint32Array(32 * this.#idWords);
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
    if (this.#count === this.#blocks.length) this.#makeRoom();
    if (bytes !== this.#bytes) this.#take(bytes);
    const view = this.#view;
    const words = this.#words;
    const count = this.#idWords;
    const first = this.#count * count;
    for (let i = 0; i < count; i++) words[first + i] = view.getUint32(start + 4 * i);
    const block = positions.length - 1;
    if (this.#isKnown(block, first)) return;
    this.#blocks[this.#count++] = block;
  }

  /** Tells whether an id is that of the last mention, in the same block: refs made together often hold the same. */
  #isKnown(block: number, first: number): boolean {
    const count = this.#idWords;
    if (this.#count === 0 || this.#blocks[this.#count - 1] !== block) return false;
    let i = 0;
    while (i < count && this.#words[first + i] === this.#words[first + i - count]) i++;
    return i === count;
  }

  #take(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #makeRoom(): void {
    if (this.#count < CHUNK_SIZE) {
      this.#words = new Uint32Array(this.#words.buffer.transfer(2 * this.#words.byteLength));
      this.#blocks = new Uint32Array(this.#blocks.buffer.transfer(2 * this.#blocks.byteLength));
    } else {
      this.#full.push({ words: this.#words, blocks: this.#blocks });
      this.#words = new Uint32Array(CHUNK_SIZE * this.#idWords);
      this.#blocks = new Uint32Array(CHUNK_SIZE);
      this.#count = 0;
    }
  }

  /** Sorts what was added; nothing can be added afterwards. */
  sort(): SortedMentions {
    const blocks = this.#blocks.subarray(0, this.#count);
    const chunks: Chunk[] = [...this.#full, { words: this.#words, blocks }];
    const count = this.#full.length * CHUNK_SIZE + this.#count;
    const sorted: SortedMentions = {
      heads: new Uint32Array(count),
      seconds: new Uint32Array(count),
      numbers: new Uint32Array(count),
      blocks: new Uint32Array(count),
      words: chunks.map(({ words }) => words),
      idWords: this.#idWords,
      positions: Float64Array.from(this.#positions),
    };
    // Few are not worth to be divided.
    const bounds = chunks.length > 1 ? boundsOf(chunks, this.#idWords) : Uint32Array.of(0, count);
    const entries = makeEntries(chunks, this.#idWords, bounds);
    for (let bucket = 1; bucket < bounds.length; bucket++) {
      sortBucket(entries, bounds[bucket - 1]!, bounds[bucket]!, bounds.length > 2, sorted);
    }
    sortRuns(sorted);
    return sorted;
  }
}

/**
 * Tells how many bytes of an id are needed to tell it from all others, at least 2.
 *
 * @param sorted Mentions as {@linkcode ObjectIndex.sort} gives them.
 */
export function shortestIdLength(sorted: SortedMentions): number {
  const { heads, numbers } = sorted;
  let shared = 0;
  for (let i = 1; i < heads.length; i++) {
    const difference = heads[i]! ^ heads[i - 1]!;
    // Ids share the whole bytes before the first bit that differs.
    const length = difference !== 0
      ? Math.clz32(difference) >>> 3
      : sharedLength(sorted, numbers[i - 1]!, numbers[i]!);
    if (length > shared && length < 4 * sorted.idWords) shared = length;
  }
  return Math.max(shared + 1, MIN_ID_LENGTH);
}

/** Divides mentions into buckets by the first byte of their ids: where each begins, and where the last one ends. */
function boundsOf(chunks: readonly Chunk[], idWords: number): Uint32Array {
  const bounds = new Uint32Array(257);
  for (const { words, blocks } of chunks) {
    const end = blocks.length * idWords;
    for (let id = 0; id < end; id += idWords) bounds[(words[id]! >>> 24) + 1]!++;
  }
  for (let byte = 0; byte < 256; byte++) bounds[byte + 1]! += bounds[byte]!;
  return bounds;
}

/**
 * Makes an entry of each mention and puts it into its bucket, in the order in which they were added: what is
 * done with one bucket at a time stays within the caches.
 */
function makeEntries(chunks: readonly Chunk[], idWords: number, bounds: Uint32Array): Uint32Array {
  const entries = new Uint32Array(ENTRY_SIZE * bounds.at(-1)!);
  const places = bounds.slice(0, -1);
  const isOne = places.length === 1;
  let number = 0;
  for (const { words, blocks } of chunks) {
    for (let i = 0; i < blocks.length; i++) {
      const head = words[i * idWords]!;
      const entry = ENTRY_SIZE * places[isOne ? 0 : head >>> 24]!++;
      entries[entry] = head;
      entries[entry + 1] = words[i * idWords + 1]!;
      entries[entry + 2] = number++;
      entries[entry + 3] = blocks[i]!;
    }
  }
  return entries;
}

/**
 * Sorts a bucket by four bytes of the ids, entries with the same bytes in the order in which they were added. A
 * radix sort takes four passes over arrays for that, however many there are.
 *
 * @param hasOneByte Whether all ids of the bucket have the same first byte.
 */
function sortBucket(
  entries: Uint32Array,
  start: number,
  end: number,
  hasOneByte: boolean,
  sorted: SortedMentions,
): void {
  const count = end - start;
  const keys = new Uint32Array(count);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const entry = ENTRY_SIZE * (start + i);
    keys[i] = hasOneByte ? (entries[entry]! << 8) | (entries[entry + 1]! >>> 24) : entries[entry]!;
    order[i] = entry;
  }
  let from = { keys, order };
  let to = { keys: new Uint32Array(count), order: new Uint32Array(count) };
  for (let shift = 0; shift < 32; shift += 8) {
    if (sortByDigit(shift, from, to)) [from, to] = [to, from];
  }
  const { heads, seconds, numbers, blocks } = sorted;
  for (let i = 0; i < count; i++) {
    const entry = from.order[i]!;
    heads[start + i] = entries[entry]!;
    seconds[start + i] = entries[entry + 1]!;
    numbers[start + i] = entries[entry + 2]!;
    blocks[start + i] = entries[entry + 3]!;
  }
}

/** Keys, and what belongs to each. */
interface Keyed {
  readonly keys: Uint32Array;
  readonly order: Uint32Array;
}

/**
 * Moves keys and what belongs to them into the order of eight bits of the keys, and else keeps their order.
 *
 * @returns False when these bits are the same in all keys, and nothing was moved.
 */
function sortByDigit(shift: number, { keys, order }: Keyed, sorted: Keyed): boolean {
  const count = keys.length;
  const places = new Uint32Array(256);
  for (let i = 0; i < count; i++) places[(keys[i]! >>> shift) & 255]!++;
  if (count > 0 && places[(keys[0]! >>> shift) & 255] === count) return false;
  let start = 0;
  for (let digit = 0; digit < 256; digit++) {
    const size = places[digit]!;
    places[digit] = start;
    start += size;
  }
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    const place = places[(key >>> shift) & 255]!++;
    sorted.keys[place] = key;
    sorted.order[place] = order[i]!;
  }
  return true;
}

/** Puts mentions in order whose ids have the same first word. */
function sortRuns(sorted: SortedMentions): void {
  const { heads } = sorted;
  for (let start = 0, end; start < heads.length; start = end) {
    const head = heads[start]!;
    end = start + 1;
    while (end < heads.length && heads[end] === head) end++;
    if (end > start + 1) sortRun(sorted, start, end);
  }
}

function sortRun(sorted: SortedMentions, start: number, end: number): void {
  const { seconds, numbers, blocks } = sorted;
  // Mostly they are one object that many refs hold, and in order already.
  let next = start + 1;
  while (next < end && isSameObject(sorted, start, next)) next++;
  if (next === end) return;
  const compare = (a: number, b: number) => compareIds(sorted, numbers[a]!, numbers[b]!);
  const order = Array.from({ length: end - start }, (_, i) => start + i);
  order.sort((a, b) => compare(a, b) || a - b);
  for (const column of [seconds, numbers, blocks]) {
    column.set(order.map((place) => column[place]!), start);
  }
}

function compareIds(sorted: SortedMentions, a: number, b: number): number {
  for (let i = 1; i < sorted.idWords; i++) {
    const difference = wordOf(sorted, a, i) - wordOf(sorted, b, i);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many bytes two ids share at their start. */
function sharedLength(sorted: SortedMentions, a: number, b: number): number {
  for (let i = 0; i < sorted.idWords; i++) {
    const difference = wordOf(sorted, a, i) ^ wordOf(sorted, b, i);
    if (difference !== 0) return 4 * i + (Math.clz32(difference) >>> 3);
  }
  return 4 * sorted.idWords;
}
