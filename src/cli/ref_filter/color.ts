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
