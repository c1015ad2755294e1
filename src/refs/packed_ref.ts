import { compareBytes } from "../bytes/compare.ts";
import { decodeText, encodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { type HashName, hashSize } from "../format/hash.ts";
import type { FileSystem, ReadableFile } from "../io/file_system.ts";
import { type Io, perform } from "../io/io.ts";
import type { StoredDirectRef } from "./stored_ref.ts";

/** How much of the file is read at once, in bytes. */
const WINDOW = 0x1000;

/**
 * Looks one ref up in a `packed-refs` file, of which no more is read than it takes.
 *
 * @returns `undefined` when there is no such file or no such ref in it.
 * @throws {ReftableError} With code `"format"` when a line on the way is damaged.
 */
export function* findPackedRef(
  fileSystem: FileSystem,
  path: string,
  refname: string,
  hash: HashName,
): Io<StoredDirectRef | undefined> {
  let file: ReadableFile;
  try {
    file = yield* perform({
      sync: () => fileSystem.openSync(path),
      async: () => fileSystem.open(path),
    });
  } catch (error) {
    if (error instanceof ReftableError && error.code === "not-exist") return undefined;
    throw error;
  }
  using _ = file;
  const digits = 2 * hashSize(hash);
  const [start, end] = yield* narrow(file, encodeText(refname), digits);
  const text = decodeText(yield* read(file, start, end - start));
  for (const line of text.split("\n").slice(0, -1)) {
    if (line.startsWith("#") || line.startsWith("^")) continue;
    const oid = line.slice(0, digits).toLowerCase();
    if (!/^[0-9a-f]+$/.test(oid) || oid.length < digits || line[digits] !== " ") {
      throw new ReftableError("format", `unexpected line in ${path}: ${line}`, { file: path });
    }
    if (line.slice(digits + 1) === refname) return { kind: "direct", refname, oid };
  }
  return undefined;
}

/** Finds the range of whole lines in which a name must be; all of them where they are in no order. */
function* narrow(
  file: ReadableFile,
  name: Uint8Array,
  digits: number,
): Io<[start: number, end: number]> {
  let [start, end] = [0, file.size];
  if (end <= 4 * WINDOW) return [start, end];
  const header = decodeText(yield* read(file, 0, WINDOW)).split("\n")[0]!;
  if (!/^# pack-refs with:.* sorted(?: |$)/.test(header)) return [start, end];
  while (end - start > 4 * WINDOW) {
    const middle = Math.floor((start + end) / 2);
    const bytes = yield* read(file, middle, WINDOW);
    const line = nextRef(bytes);
    // A name that is longer than what was read is not worth more trouble.
    if (!line) break;
    const order = compareBytes(name, bytes.subarray(line.start + digits + 1, line.end));
    if (order < 0) end = middle + line.start;
    else start = middle + line.start;
    if (order === 0) return [start, middle + line.end + 1];
  }
  return [start, end];
}

const NEWLINE = 0x0a;
const CARET = 0x5e;

/** Finds the first whole line with a ref; `undefined` when there is none. */
function nextRef(bytes: Uint8Array): { start: number; end: number } | undefined {
  for (let end = bytes.indexOf(NEWLINE); end >= 0;) {
    const start = end + 1;
    end = bytes.indexOf(NEWLINE, start);
    if (end >= 0 && bytes[start] !== CARET) return { start, end };
  }
  return undefined;
}

function* read(file: ReadableFile, position: number, length: number): Io<Uint8Array> {
  const buffer = new Uint8Array(length);
  const count = yield* perform({
    sync: () => file.readSync(position, buffer),
    async: () => file.read(position, buffer),
  });
  return buffer.subarray(0, count);
}
