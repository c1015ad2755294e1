import { decodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import { type HashName, hashSize } from "../../format/hash.ts";
import type { FileSystem, ReadableFile } from "../../io/file_system.ts";
import type { LogOrder } from "../backend.ts";
import { parseLogLine } from "../log_line.ts";
import type { ReflogEntry } from "../reflog_entry.ts";

/** How much of a log is read at once at least, in bytes; more when a line is longer. */
const CHUNK = 0x8000;

const NEWLINE = 0x0a;

/** Reads the entries of a log from a file; nothing when there is none. From the end, no more is read than it takes. */
export function* readLog(
  fileSystem: FileSystem,
  path: string,
  order: LogOrder,
  hash: HashName,
): Generator<ReflogEntry, void> {
  using file = openLog(fileSystem, path);
  if (!file) return;
  const lines = order === "newest-first" ? linesBackwards(file) : linesForwards(file);
  const digits = 2 * hashSize(hash);
  for (const line of lines) {
    // What was cut off is no entry.
    if (line.at(-1) !== NEWLINE) continue;
    const entry = parseLogLine(decodeText(line, 0, line.length - 1), digits);
    if (entry) yield entry;
  }
}

function openLog(fileSystem: FileSystem, path: string): ReadableFile | undefined {
  // Where there was a log, there may be a directory by now.
  if (fileSystem.statSync(path)?.kind !== "file") return undefined;
  try {
    return fileSystem.openSync(path);
  } catch (error) {
    if (error instanceof ReftableError && error.code === "not-exist") return undefined;
    throw error;
  }
}

/** Gives the lines of a file with their newlines, the last one perhaps without. */
function* linesForwards(file: ReadableFile): Generator<Uint8Array, void> {
  let rest = new Uint8Array();
  for (let position = 0; position < file.size;) {
    const bytes = join(rest, readAt(file, position, Math.max(CHUNK, rest.length)));
    if (bytes.length === rest.length) break;
    position += bytes.length - rest.length;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      yield bytes.subarray(start, end + 1);
      start = end + 1;
    }
    rest = bytes.slice(start);
  }
  if (rest.length > 0) yield rest;
}

/** Gives the same lines from the last to the first. */
function* linesBackwards(file: ReadableFile): Generator<Uint8Array, void> {
  let rest = new Uint8Array();
  for (let position = file.size; position > 0;) {
    const length = Math.min(Math.max(CHUNK, rest.length), position);
    position -= length;
    const bytes = join(readAt(file, position, length), rest);
    let end = bytes.length;
    // The newline at the end of a line does not begin the next one.
    while (end > 1) {
      const newline = bytes.lastIndexOf(NEWLINE, end - 2);
      if (newline < 0) break;
      yield bytes.subarray(newline + 1, end);
      end = newline + 1;
    }
    rest = bytes.slice(0, end);
  }
  if (rest.length > 0) yield rest;
}

function readAt(file: ReadableFile, position: number, length: number): Uint8Array {
  const buffer = new Uint8Array(length);
  return buffer.subarray(0, file.readSync(position, buffer));
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
