import { compareText, decodeText } from "../../../bytes/text.ts";

const NEWLINE = 0x0a;
const CARET = 0x5e;

/**
 * Puts the refs of a file `packed-refs` in order that says nothing about it.
 *
 * @param bytes The file, which ends with a newline.
 * @param first Where the first ref is.
 * @param digits How many digits object ids have.
 * @param damaged Makes the error for a line that is too short, by where it begins.
 * @returns The same bytes when they are in order.
 */
export function sortPackedRefs(
  bytes: Uint8Array,
  first: number,
  digits: number,
  damaged: (offset: number) => Error,
): Uint8Array {
  const records: { name: string; start: number; end: number }[] = [];
  let isSorted = true;
  for (let start = first; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline - start < digits + 2) throw damaged(start);
    const name = decodeText(bytes, start + digits + 1, newline);
    const end = bytes[newline + 1] === CARET ? bytes.indexOf(NEWLINE, newline + 1) : newline;
    const last = records.at(-1);
    if (last && compareText(last.name, name) >= 0) isSorted = false;
    records.push({ name, start, end: end + 1 });
    start = end + 1;
  }
  if (isSorted) return bytes;
  const sorted = bytes.slice();
  let position = first;
  for (const { start, end } of records.sort((a, b) => compareText(a.name, b.name))) {
    sorted.set(bytes.subarray(start, end), position);
    position += end - start;
  }
  return sorted;
}
