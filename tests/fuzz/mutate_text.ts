/**
 * Changes of texts by their lines and words.
 *
 * @module
 */

import { decodeText, encodeText } from "../../src/bytes/text.ts";
import { concat, mutateBytes } from "./mutate_bytes.ts";
import type { Random } from "./random.ts";

/** What gets into texts that are to mislead somebody. */
const TROUBLE = [
  ...[
    "",
    " ",
    "\t",
    "\0",
    "\r",
    "\n",
    "\\",
    '"',
    "'",
    "/",
    "..",
    "../x",
    "./",
    ".",
    "-",
    "--",
    "#",
  ],
  ...["\u{1f4a5}", "\udc80", "\u202e", "\x1b[2J", "0", "-1", "1e999", "9007199254740992", "0x"],
  ...["18446744073709551616", "null", "{}", "[]", "true", "refs/heads/main", "HEAD", "@{-1}"],
  ...["0".repeat(40), "f".repeat(40), "a".repeat(300), "A/".repeat(200), "C:\\x", "NUL", "é"],
];

/** Makes some changes. */
export function mutateText(
  bytes: Uint8Array,
  random: Random,
  words: readonly string[] = [],
): Uint8Array {
  let changed = bytes;
  for (let i = 1 + random.size(4); i > 0; i--) changed = mutateOnce(changed, random, words);
  return changed;
}

/** What patterns go over again and again, when it stands in a text many times. */
const RUNS = [
  " ",
  "\t",
  "\n",
  "\r",
  "/",
  "a",
  "a/",
  ".",
  "-",
  "0",
  "\\",
  '"',
  "<",
  "\0",
  "[",
  "\u00e9",
];

function mutateOnce(bytes: Uint8Array, random: Random, words: readonly string[]): Uint8Array {
  if (random.oneIn(3)) return mutateBytes(bytes, random);
  if (random.oneIn(100)) {
    const place = random.below(bytes.length + 1);
    const run = encodeText(random.pick(RUNS).repeat(100_000));
    return concat(bytes.subarray(0, place), run, bytes.subarray(place));
  }
  const lines = decodeText(bytes).split("\n");
  const place = random.below(lines.length);
  const line = lines[place]!;
  const word = random.oneIn(2) && words.length > 0 ? random.pick(words) : random.pick(TROUBLE);
  switch (random.below(7)) {
    case 0:
      lines.splice(place, 1);
      break;
    case 1:
      lines.splice(place, 0, random.pick(lines));
      break;
    case 2: {
      const other = random.below(lines.length);
      [lines[place], lines[other]] = [lines[other]!, line];
      break;
    }
    case 3:
      lines.splice(place, 0, word);
      break;
    case 4: {
      const at = random.below(line.length + 1);
      lines[place] = line.slice(0, at) + word + line.slice(at);
      break;
    }
    case 5: {
      const parts = line.split(/(?<=[^\w])|(?=[^\w])/);
      parts[random.below(parts.length)] = word;
      lines[place] = parts.join("");
      break;
    }
    default:
      // Long, but not so long that to hold it takes more memory than an input may.
      lines[place] = line.repeat(
        Math.min(1 + random.size(200), Math.ceil(200_000 / (line.length + 1))),
      );
  }
  return encodeText(lines.join("\n"));
}
