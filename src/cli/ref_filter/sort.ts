import { compareText } from "../../bytes/text.ts";
import { fatal } from "../failure.ts";
import { parseAtom, type ValueAtom } from "./atoms.ts";
import type { RefItem, RefSurroundings } from "./item.ts";

/** What refs are sorted by. */
export interface SortKey {
  /** The value that is compared. */
  readonly atom: ValueAtom;
  /** Whether the largest comes first. */
  readonly reverse: boolean;
  /** Whether numbers in names count. */
  readonly version: boolean;
}

/**
 * Parses the value of `--sort`: `-` turns the order round, `version:` has numbers in names count.
 *
 * @throws {Failure} When there is no such value.
 */
export function parseSortKey(text: string, around: RefSurroundings): SortKey {
  const [, minus = "", version, name = ""] = /^(-?)(version:|v:)?(.*)$/s.exec(text) ?? [];
  const atom = parseAtom(name, around);
  if (atom.kind !== "value") throw fatal(`cannot sort by %(${name})`);
  return { atom, reverse: minus !== "", version: version !== undefined };
}

/** How refs are compared. */
export interface SortOptions {
  /** Whether `a` and `A` are the same. */
  readonly ignoreCase: boolean;
  /** Endings of versions in their order. */
  readonly suffixes: readonly string[];
}

/** Sorts refs by several keys, the first of which counts most; what is equal in all goes by name. */
export function sortItems(
  items: RefItem[],
  keys: readonly SortKey[],
  { ignoreCase, suffixes }: SortOptions,
): RefItem[] {
  const compareTexts = ignoreCase ? compareIgnoringCase : compareText;
  const columns = keys.map(({ atom, reverse, version }) => {
    const sign = reverse ? -1 : 1;
    const { number } = atom;
    if (number && !version) {
      return (a: RefItem, b: RefItem) => sign * (number(a) - number(b));
    }
    const texts = new Map<RefItem, string>();
    const textOf = (item: RefItem) => {
      let text = texts.get(item);
      if (text === undefined) texts.set(item, text = atom.value(item));
      return text;
    };
    const compare = version
      ? (a: string, b: string) => compareVersions(a, b, suffixes)
      : compareTexts;
    return (a: RefItem, b: RefItem) => sign * compare(textOf(a), textOf(b));
  });
  return items.sort((a, b) => {
    for (const compare of columns) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return compareTexts(a.refname, b.refname);
  });
}

function compareIgnoringCase(a: string, b: string): number {
  return compareText(lower(a), lower(b));
}

/** Turns the capital letters of English small: those of others are bytes. */
function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * Compares two names so that numbers in them count: `v1.9` comes before `v1.10`. As in the C library's `strverscmp`,
 * digits behind a leading zero are read as a fraction.
 *
 * @param suffixes Endings in their order, as `versionsort.suffix` has them: with `-rc`, `v1-rc1` comes before `v1`.
 * @returns A number below, equal to or above 0.
 */
function compareVersions(a: string, b: string, suffixes: readonly string[] = []): number {
  let difference = 0;
  while (difference < a.length && a[difference] === b[difference]) difference++;
  if (difference === a.length && difference === b.length) return 0;
  const order = compareSuffixes(a, b, difference, suffixes);
  if (order !== 0) return order;
  const [isDigitA, isDigitB] = [isDigit(a, difference), isDigit(b, difference)];
  const plain = unitAt(a, difference) - unitAt(b, difference);
  let start = difference;
  while (isDigit(a, start - 1)) start--;
  const shared = a.slice(start, difference);
  if (shared === "") {
    // A number begins here.
    if (!isDigitA || !isDigitB || a[difference] === "0" || b[difference] === "0") return plain;
    return compareLengths(a, b, difference) || plain;
  }
  if (!shared.startsWith("0")) {
    if (isDigitA && isDigitB) return compareLengths(a, b, difference) || plain;
    // The longer number is the larger one.
    return isDigitA === isDigitB ? plain : isDigitA ? 1 : -1;
  }
  // Only zeros so far: more of them make it smaller. Behind other digits it is a fraction.
  const isFraction = /[1-9]/.test(shared);
  return isFraction || isDigitA === isDigitB ? plain : isDigitA ? -1 : 1;
}

function unitAt(text: string, position: number): number {
  return position < text.length ? text.charCodeAt(position) : 0;
}

function isDigit(text: string, position: number): boolean {
  const unit = text.charCodeAt(position);
  return unit >= 0x30 && unit <= 0x39;
}

/** Compares how many digits there are from a position on. */
function compareLengths(a: string, b: string, position: number): number {
  let end = position;
  while (isDigit(a, end) && isDigit(b, end)) end++;
  return Number(isDigit(a, end)) - Number(isDigit(b, end));
}

/** Compares by the endings that two names have where they differ; 0 when these say nothing. */
function compareSuffixes(
  a: string,
  b: string,
  difference: number,
  suffixes: readonly string[],
): number {
  const [first, second] = [a, b].map((text) => findSuffix(text, difference, suffixes));
  if (first === second) return 0;
  if (first === undefined) return 1;
  if (second === undefined) return -1;
  return first - second;
}

/** The ending that covers a place, or begins there: the one that begins first, then the longest. */
function findSuffix(
  text: string,
  difference: number,
  suffixes: readonly string[],
): number | undefined {
  let found: number | undefined;
  let start = difference;
  let length = -1;
  for (const [index, suffix] of suffixes.entries()) {
    for (let at = Math.max(0, difference - suffix.length); at <= start; at++) {
      if (!text.startsWith(suffix, at)) continue;
      if (at < start || (at === start && suffix.length > length)) {
        [found, start, length] = [index, at, suffix.length];
      }
      break;
    }
  }
  return found;
}
