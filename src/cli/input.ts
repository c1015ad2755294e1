import { decodeText } from "../bytes/text.ts";
import type { System } from "./system.ts";

/** How many bytes to read at once. */
const CHUNK = 0x10000;

/**
 * The lines of standard input, where names that are not UTF-8 may stand as their bytes.
 */
export async function* readLines(system: System): AsyncGenerator<string, void> {
  for await (const line of readRecords(system, "\n")) {
    yield line.endsWith("\n") ? line.slice(0, -1) : line;
  }
}

/**
 * What stands on standard input, each part with the character that ends it, but perhaps the last. Parts
 * come as soon as they are there, so that another program can wait for the answer to each.
 */
export async function* readRecords(
  system: System,
  terminator: "\n" | "\0",
): AsyncGenerator<string, void> {
  const end = terminator.charCodeAt(0);
  const buffer = new Uint8Array(CHUNK);
  let rest = new Uint8Array();
  for (let count; (count = await system.read(buffer)) !== null;) {
    const bytes = new Uint8Array(rest.length + count);
    bytes.set(rest);
    bytes.set(buffer.subarray(0, count), rest.length);
    let start = 0;
    for (let next; (next = bytes.indexOf(end, start) + 1) > 0; start = next) {
      yield decodeText(bytes, start, next);
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield decodeText(rest);
}
