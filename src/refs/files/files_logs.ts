import { compareText, decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import { type HashName, hashSize } from "../../format/hash.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { FileMode, FileSystem, ReadableFile } from "../../io/file_system.ts";
import { dirname } from "../../io/path.ts";
import type { LogOrder } from "../backend.ts";
import { within } from "../git_directory.ts";
import { parseLogLine } from "../log_line.ts";
import { isCurrentWorktreeRef } from "../names.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import { removeEmptyDirectories, removeEmptyParents, withDirectories } from "./directories.ts";
import { FileWalk } from "./loose_refs.ts";
import { logPath, type RefPaths } from "./ref_paths.ts";

/** Takes a change back, as long as nobody else could make one. */
export type Undo = () => Promise<unknown>;

/** What logs have in common. */
export interface LogLocation {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** Where the files are. */
  readonly paths: RefPaths;
  /** The hash of the object ids. */
  readonly hash: HashName;
  /** The permissions of new files. */
  readonly mode: FileMode | undefined;
}

/** The logs of refs in files of lines. Whoever changes one has its ref locked. */
export class FilesLogs {
  readonly #fileSystem: FileSystem;
  readonly #paths: RefPaths;
  readonly #mode: FileMode | undefined;
  readonly #hash: HashName;

  constructor({ fileSystem, paths, hash, mode }: LogLocation) {
    this.#fileSystem = fileSystem;
    this.#paths = paths;
    this.#mode = mode;
    this.#hash = hash;
  }

  /** Gives the path of a ref's log; `undefined` where a name leads to no place for refs. */
  path(refname: string): string | undefined {
    const location = this.#paths.locate(refname);
    return location && logPath(location);
  }

  /** Tells whether a ref has a log. */
  has(refname: string): boolean {
    const path = this.path(refname);
    return path !== undefined && this.#fileSystem.lstatSync(path)?.kind === "file";
  }

  /** Gives the entries of a log. */
  read(refname: string, order: LogOrder): IteratorObject<ReflogEntry, void> {
    const path = this.path(refname);
    if (path === undefined) return Iterator.from<ReflogEntry>([]);
    return readLog(this.#fileSystem, path, order, this.#hash);
  }

  /** Lists the refs that have a log, in the order of the bytes of their names. */
  names(): string[] {
    const { shared, own, isLinked } = this.#paths;
    const names = this.#namesIn(shared);
    if (!isLinked) return names;
    const common = names.filter((refname) => !isCurrentWorktreeRef(refname));
    return [...new Set([...this.#namesIn(own), ...common])].sort(compareText);
  }

  #namesIn(root: string): string[] {
    const walk = new FileWalk(this.#fileSystem, { prefix: "", after: undefined });
    walk.enter(within(root, "logs"), "");
    const names = walk.sorted().map(({ refname }) => refname);
    return names.filter((refname) => refnameProblem(refname) === undefined);
  }

  /**
   * Creates a log without entries, unless there is one.
   *
   * @returns What removes it again.
   */
  async create(path: string): Promise<Undo> {
    const fileSystem = this.#fileSystem;
    await this.#clear(path);
    if (fileSystem.lstatSync(path)) return () => Promise.resolve();
    using _file = await withDirectories(fileSystem, path, this.#mode, () => {
      return fileSystem.create(path, this.#mode);
    });
    return () => fileSystem.remove(path);
  }

  /**
   * Writes an entry behind those that a log has. A log that is not there is created.
   *
   * @param line The entry, with its newline.
   * @returns What takes it out again.
   */
  async append(path: string, line: string): Promise<Undo> {
    const fileSystem = this.#fileSystem;
    const info = fileSystem.statSync(path);
    const undo = info?.kind === "file"
      ? () => fileSystem.truncate(path, info.size)
      : await this.create(path);
    try {
      using file = await fileSystem.append(path);
      file.write(encodeText(line));
    } catch (error) {
      await undo();
      throw error;
    }
    return undo;
  }

  /** Sees to it that a log can be at a path: that there is a directory for it, but none in its place. */
  async makePlace(path: string): Promise<void> {
    await this.#clear(path);
    await this.#fileSystem.makeDirectory(dirname(path), this.#mode);
  }

  /** Sees to it that no directory is where a log is to be. */
  async #clear(path: string): Promise<void> {
    if (this.#fileSystem.lstatSync(path)?.kind !== "directory") return;
    if (await removeEmptyDirectories(this.#fileSystem, path)) return;
    throw new ReftableError("io", `there are still logs under '${path}'`, { file: path });
  }

  /** Removes a log, if there is one, and the directories that it leaves empty. */
  async remove(refname: string): Promise<void> {
    const location = this.#paths.locate(refname);
    if (!location) return;
    if (this.has(refname)) await this.#fileSystem.remove(logPath(location));
    await removeEmptyParents(this.#fileSystem, within(location.root, "logs"), [location.name]);
  }
}

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
