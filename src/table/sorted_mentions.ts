/** How many mentions lie together, as a power of two; more do not fit into the caches of a processor. */
export const CHUNK_BITS = 15;

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
