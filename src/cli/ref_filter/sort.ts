import { compareText } from "../../bytes/text.ts";
import { fatal } from "../failure.ts";
import { parseAtom, type ValueAtom } from "./atoms.ts";
import { compareVersions } from "./compare_versions.ts";
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
