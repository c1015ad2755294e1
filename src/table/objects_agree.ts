import type { TableLayout } from "./layout.ts";
import type { RangeReport } from "./range_report.ts";
import { isSameObject, type SortedMentions, wordOf } from "./sorted_mentions.ts";

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
 * All of a table's objects come by here on one thread, so each is but a few loads and comparisons.
 *
 * @param reports The reports on all ranges, of whose blocks each is sound.
 */
export function objectsAgree(
  reports: readonly RangeReport[],
  { objectIdLength }: Pick<TableLayout, "objectIdLength">,
): boolean {
  const masks = wordMasks(objectIdLength);
  const idWords = masks.length;
  const [headMask = -1, secondMask = -1] = masks;
  const ranges = reports.map(({ mentions }) => mentions);
  /** Which mention of each range comes next. */
  const next = new Uint32Array(ranges.length);
  for (const { objects: { words, ends, positions } } of reports) {
    let position = 0;
    for (let object = 0; object < ends.length; object++) {
      const start = object * idWords;
      const head = words[start]!;
      const end = ends[object]!;
      const first = position;
      // Which range the last mention was in.
      let known = -1;
      for (let i = 0; i < ranges.length; i++) {
        const range = ranges[i]!;
        const { heads, seconds, blocks } = range;
        for (let mention = next[i]!; mention < heads.length; mention++) {
          if ((heads[mention]! & headMask) >>> 0 !== head) break;
          if (idWords > 1 && (seconds[mention]! & secondMask) >>> 0 !== words[start + 1]) break;
          if (idWords > 2 && !hasRest(range, mention, words, start, masks)) break;
          if (known >= 0) {
            const isSame = isSameObject(ranges[known]!, next[known]! - 1, range, mention);
            if (!isSame) return false;
          }
          next[i] = mention + 1;
          // A block may mention it more than once.
          const isAgain = known === i && blocks[mention] === blocks[mention - 1];
          known = i;
          if (isAgain) continue;
          const found = range.positions[blocks[mention]!];
          if (position === end || positions[position++] !== found) return false;
        }
      }
      if (position === first || position !== end) return false;
    }
  }
  return ranges.every(({ heads }, i) => next[i] === heads.length);
}

/** Tells whether an id, shortened, has the same words behind the first two as another. */
function hasRest(
  mentions: SortedMentions,
  mention: number,
  words: Uint32Array,
  start: number,
  masks: readonly number[],
): boolean {
  const number = mentions.numbers[mention]!;
  for (let i = 2; i < masks.length; i++) {
    if ((wordOf(mentions, number, i) & masks[i]!) >>> 0 !== words[start + i]) return false;
  }
  return true;
}
