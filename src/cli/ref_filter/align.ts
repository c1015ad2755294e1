import { encodeText } from "../../bytes/text.ts";

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
