import { encodeText } from "../../bytes/text.ts";

/** The attributes and their numbers; `no` before one takes it back. */
const ATTRIBUTES: Readonly<Record<string, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  italic: [3, 23],
  ul: [4, 24],
  blink: [5, 25],
  reverse: [7, 27],
  strike: [9, 29],
};

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** What puts an end to all colours. */
export const RESET = "\x1b[m";

/** The first numbers of foreground and background colours. */
const GROUNDS = [30, 40] as const;

/**
 * Turns a description of colours, as Git's configuration has them, into what makes a terminal show them:
 * `red`, `bold red blue`, `#ff8000`, `208`, `reset`.
 *
 * @returns The control sequence, empty for `normal`; `undefined` when it is no description.
 */
export function parseColor(description: string): string | undefined {
  const codes = new Set<number>();
  const colors: ((ground: number) => string)[] = [];
  let reset = false;
  for (const word of description.split(/[ \t\n\v\f\r]+/).filter((word) => word !== "")) {
    if (word.toLowerCase() === "reset") {
      reset = true;
      continue;
    }
    const color = parseGround(word);
    if (color && colors.length < GROUNDS.length) {
      colors.push(color);
      continue;
    }
    const [, no = "", name = ""] = /^(no-?)?(.*)$/.exec(word) ?? [];
    if (!Object.hasOwn(ATTRIBUTES, name)) return undefined;
    codes.add(ATTRIBUTES[name]![no === "" ? 0 : 1]);
  }
  const parts = [
    ...[...codes].sort((a, b) => a - b).map(String),
    ...colors.map((color, i) => color(GROUNDS[i]!)).filter((part) => part !== ""),
  ];
  if (reset) parts.unshift("");
  return parts.length === 0 ? "" : `\x1b[${parts.join(";")}m`;
}

function parseGround(word: string): ((ground: number) => string) | undefined {
  const name = word.toLowerCase();
  if (name === "normal") return () => "";
  if (name === "default") return (ground) => `${ground + 9}`;
  const [, digits] = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(word) ?? [];
  if (digits !== undefined) {
    const pairs = digits.length === 6 ? digits.match(/../g)! : [...digits].map((d) => d + d);
    const levels = pairs.map((pair) => parseInt(pair, 16)).join(";");
    return (ground) => `${ground + 8};2;${levels}`;
  }
  const bright = name.startsWith("bright");
  const index = NAMES.indexOf(bright ? name.slice(6) : name);
  if (index >= 0) return numbered(bright ? index + 8 : index);
  const number = /^[+-]?[0-9]+$/.test(word) ? Number(word) : NaN;
  if (number === -1) return () => "";
  return number >= 0 && number <= 255 ? numbered(number) : undefined;
}

function numbered(number: number): (ground: number) => string {
  if (number < 8) return (ground) => `${ground + number}`;
  if (number < 16) return (ground) => `${ground + 60 + number - 8}`;
  return (ground) => `${ground + 8};5;${number}`;
}

/** Where a text stands in its column. */
export type Position = "left" | "middle" | "right";

/** Puts spaces around a text so that it is at least so many columns wide on a terminal. */
export function alignText(text: string, width: number, position: Position): string {
  const gap = width - columns(text);
  if (gap <= 0) return text;
  if (position === "right") return " ".repeat(gap) + text;
  const left = position === "middle" ? Math.floor(gap / 2) : 0;
  return " ".repeat(left) + text + " ".repeat(gap - left);
}

/** What takes no column: what combines with the character before it, and controls. */
// deno-lint-ignore no-control-regex
const NARROW = /[\x00-\x1f\x7f-\x9f\p{Mn}\p{Me}\u{1160}-\u{11ff}]|(?!\u{ad})\p{Cf}/u;

/** What takes two columns: East Asian characters and pictures. */
const WIDE =
  /[\u{1100}-\u{115f}\u{2329}\u{232a}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{a960}-\u{a97c}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe10}-\u{fe19}\u{fe30}-\u{fe6b}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation}/u;

/** How many columns a text takes on a terminal; as many as it has bytes when it is not UTF-8. */
function columns(text: string): number {
  if (!text.isWellFormed()) return encodeText(text).length;
  let count = 0;
  for (const character of text) {
    if (!NARROW.test(character)) count += WIDE.test(character) ? 2 : 1;
  }
  return count;
}

/** A language whose strings a value is written as. */
export type QuoteStyle = "shell" | "perl" | "python" | "tcl";

/** Writes a value as a string of a language, for scripts that are evaluated. */
export function quoteValue(value: string, style: QuoteStyle): string {
  switch (style) {
    case "shell":
      return `'${value.replace(/['!]/g, (character) => `'\\${character}'`)}'`;
    case "perl":
      return `'${value.replace(/['\\]/g, "\\$&")}'`;
    case "python":
      return `'${value.replace(/['\\]/g, "\\$&").replaceAll("\n", "\\n")}'`;
    case "tcl":
      return `"${value.replace(/[[\]{}$\\"]/g, "\\$&").replace(/[\f\r\n\t\v]/g, escapeControl)}"`;
  }
}

const CONTROL: Readonly<Record<string, string>> = {
  "\f": "\\f",
  "\r": "\\r",
  "\n": "\\n",
  "\t": "\\t",
  "\v": "\\v",
};

function escapeControl(character: string): string {
  return CONTROL[character] ?? character;
}
