import type { BlockMentions } from "./block_mentions.ts";
import type { TableLayout } from "./layout.ts";
import type { ObjectColumns } from "./object_columns.ts";
import type { RangeReport } from "./range_report.ts";

/** Which bits of each word an id of some bytes has. */
export function wordMasks(idLength: number): number[] {
  const count = Math.ceil(idLength / 4);
  return [...Array<number>(count - 1).fill(-1), -1 << (8 * (4 * count - idLength))];
}

/**
 * Tells whether the object section says exactly what the refs do: all objects, with ids that stand for one
 * object each, and all their positions. It does not find out what else is wrong, and takes an object whose
 * positions are left out for a difference.
 *
 * All of a table's objects come by here on one thread, so each is but a few loads and comparisons, of what
 * lies one behind the other.
 *
 * @param reports The reports on all ranges, of whose blocks each is sound, and has keys above those before it.
 */
export function objectsAgree(
  reports: readonly Pick<RangeReport, "mentions" | "objects">[],
  { objectIdLength }: Pick<TableLayout, "objectIdLength">,
): boolean {
  const masks = wordMasks(objectIdLength);
  const lists: ListedObjects[] = [];
  for (const { objects } of reports) {
    if (objects.unplaced > 0) return false;
    if (objects.ends.length > 0) lists.push(new ListedObjects(objects, masks));
  }
  for (const { mentions } of reports) {
    let next = 0;
    for (let block = 0; block < mentions.ends.length; block++) {
      const end = mentions.ends[block]!;
      const position = mentions.positions[block]!;
      // Ids of one list are all above those of the list before it.
      for (const list of lists) {
        const count = list.countAt(position);
        if (count === 0) continue;
        if (!list.match(mentions, next)) return false;
        next += count;
      }
      if (next !== end) return false;
    }
  }
  return lists.every((list) => list.isComplete());
}

/** Goes through the objects of a range, block by block. */
class ListedObjects {
  readonly #objects: ObjectColumns;
  readonly #masks: readonly number[];
  /** The next block, and its first object. */
  #block = 0;
  #start = 0;
  /** What each block was compared with: the range, and the first mention. */
  readonly #ranges: BlockMentions[] = [];
  readonly #mentions: number[] = [];

  constructor(objects: ObjectColumns, masks: readonly number[]) {
    this.#objects = objects;
    this.#masks = masks;
  }

  /** How many objects there are of the block at a position; none if it is not the next one. */
  countAt(position: number): number {
    const { positions, blockEnds } = this.#objects;
    return positions[this.#block] === position ? blockEnds[this.#block]! - this.#start : 0;
  }

  /** Compares the objects of the next block with as many mentions, and goes behind it. */
  match(range: BlockMentions, first: number): boolean {
    const { blockWords, blockEnds } = this.#objects;
    const masks = this.#masks;
    const start = this.#start;
    const end = this.#start = blockEnds[this.#block]!;
    this.#block++;
    this.#ranges.push(range);
    this.#mentions.push(first);
    for (let i = 0; i < masks.length; i++) {
      const mask = masks[i]!;
      const mentioned = range.words[i]!;
      let mention = first;
      for (let word = start * masks.length + i; word < end * masks.length; word += masks.length) {
        if ((mentioned[mention++]! & mask) !== (blockWords[word]! | 0)) return false;
      }
    }
    return true;
  }

  /** Tells whether all blocks were compared, and ids that several of them have stand for one object each. */
  isComplete(): boolean {
    const { positions, repeated } = this.#objects;
    if (this.#block < positions.length) return false;
    for (let i = 1; i < repeated.length; i++) {
      const [a, b] = [repeated[i - 1]!, repeated[i]!];
      if (this.#isAlike(a, b) && !this.#isSame(a, b)) return false;
    }
    return true;
  }

  /** Tells whether two objects have the same shortened id. */
  #isAlike(a: number, b: number): boolean {
    const { blockWords } = this.#objects;
    const count = this.#masks.length;
    let i = 0;
    while (i < count && blockWords[a * count + i] === blockWords[b * count + i]) i++;
    return i === count;
  }

  /** Tells whether two objects have been mentioned by the same id. */
  #isSame(a: number, b: number): boolean {
    const { blockEnds } = this.#objects;
    const [aBlock, bBlock] = [blockOf(blockEnds, a), blockOf(blockEnds, b)];
    const aWords = this.#ranges[aBlock]!.words;
    const bWords = this.#ranges[bBlock]!.words;
    const aMention = this.#mentions[aBlock]! + a - (blockEnds[aBlock - 1] ?? 0);
    const bMention = this.#mentions[bBlock]! + b - (blockEnds[bBlock - 1] ?? 0);
    let i = 0;
    while (i < aWords.length && aWords[i]![aMention] === bWords[i]![bMention]) i++;
    return i === aWords.length;
  }
}

/** The block that an object belongs to. */
function blockOf(ends: Uint32Array, object: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! <= object) low = middle + 1;
    else high = middle;
  }
  return low;
}
