import { decodeText } from "../bytes/text.ts";
import type { System } from "./system.ts";

/** How many bytes to read at once. */
const CHUNK = 0x10000;

const NEWLINE = 0x0a;

/**
 * The lines of standard input, where names that are not UTF-8 may stand as their bytes. They come as
 * soon as they are there, so that another program can wait for the answer to each.
 *
 * @param terminator The byte that ends a line; the last line may lack it.
 */
export async function* readLines(
  system: System,
  terminator: number = NEWLINE,
): AsyncGenerator<string, void> {
  const buffer = new Uint8Array(CHUNK);
  let rest = new Uint8Array();
  for (let count; (count = await system.read(buffer)) !== null;) {
    const bytes = new Uint8Array(rest.length + count);
    bytes.set(rest);
    bytes.set(buffer.subarray(0, count), rest.length);
    let start = 0;
    for (let end; (end = bytes.indexOf(terminator, start)) >= 0; start = end + 1) {
      yield decodeText(bytes, start, end);
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield decodeText(rest);
}
