import { compareBytes } from "../../bytes/bytes.ts";
import { decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import { type HashName, hashSize } from "../../format/hash.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { FileSystem } from "../../io/file_system.ts";
import type { Stack } from "../../stack/stack.ts";
import { FilesLogs } from "../files/files_logs.ts";
import { listLooseRefs } from "../files/loose_refs.ts";
import { PackedRefsFile } from "../files/packed/packed_refs_file.ts";
import { RefPaths } from "../files/ref_paths.ts";
import { isCurrentWorktreeRef, isPerWorktreeRef, REFS_PREFIX } from "../names.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import { LogIndex, stackLog } from "../reftable/stack_logs.ts";
import type { Repository } from "../repository.ts";
import type { StoredRef } from "../stored_ref.ts";

/** Where the refs of one working tree are files, or shall be. */
export interface FilePlace {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** The directory that has `HEAD` and `refs`, as if it were all that there is. */
  readonly paths: RefPaths;
  /** Whether the working tree is a linked one, which has only some refs for itself. */
  readonly isLinked: boolean;
  /** The hash of the object ids. */
  readonly hash: HashName;
}

/**
 * Describes the place of the refs of one working tree.
 *
 * @param directory The directory that has `HEAD` and `refs`.
 */
export function filePlace(repository: Repository, directory: string): FilePlace {
  const { fileSystem, isLinked, hash } = repository;
  const alone = { ...repository, storage: directory, worktreeStorage: directory, isLinked: false };
  return { fileSystem, paths: new RefPaths(alone), isLinked, hash };
}

/** The refs of one working tree that are files. */
export interface FileRefs {
  /** Those in files of their own, in the order of the bytes of their names. */
  readonly loose: readonly StoredRef[];
  /** Those in `packed-refs`. */
  readonly packed: PackedRefs;
}

/** The lines of a `packed-refs` file. */
interface PackedRefs {
  /** The bytes of the lines, in the order of the bytes of the names. */
  readonly bytes: Uint8Array;
  /** The file's path, for errors. */
  readonly file: string;
}

/** Reads the refs of one working tree. */
export function readFileRefs(place: FilePlace): FileRefs {
  const { fileSystem, paths, hash, isLinked } = place;
  const all = listLooseRefs(fileSystem, paths, { includeRoot: true }, hash);
  const loose = all.filter(({ refname }) => {
    return !isLinked || !refname.startsWith(REFS_PREFIX) || isPerWorktreeRef(refname);
  });
  return { loose: loose.map(withGoodName), packed: readPackedRefs(place) };
}

/** A name that no ref can have makes a ref broken. */
function withGoodName(ref: StoredRef): StoredRef {
  const problem = refnameProblem(ref.refname);
  if (problem === undefined) return ref;
  return { kind: "broken", refname: ref.refname, finding: `something, but ${problem}` };
}

function readPackedRefs({ fileSystem, paths, hash, isLinked }: FilePlace): PackedRefs {
  const file = `${paths.own}/packed-refs`;
  const packed = isLinked ? undefined : PackedRefsFile.open(fileSystem, file, hash);
  if (!packed) return { bytes: new Uint8Array(), file };
  try {
    return { bytes: packed.lines(), file };
  } finally {
    packed.release();
  }
}

/** Walks the refs of a working tree in the order of the bytes of their names. A file of its own goes before a line. */
export class FileRefsWalk {
  /** The line of `packed-refs`, when the ref is there. */
  readonly packed: PackedRefsCursor;
  /** The ref, when it has a file of its own. */
  loose: StoredRef | undefined;
  readonly #loose: readonly StoredRef[];
  #nextLoose = 0;
  /** The name of the next ref that has a file of its own. */
  #looseName: Uint8Array | undefined;
  /** Whether the line of `packed-refs` is still to come. */
  #isPending = false;

  constructor({ loose, packed }: FileRefs, hash: HashName) {
    this.packed = new PackedRefsCursor(packed.bytes, hash, packed.file);
    this.#loose = loose;
    this.#looseName = nameOf(loose[0]);
  }

  /** Goes to the next ref. */
  next(): boolean {
    const { packed } = this;
    const isPacked = this.#isPending || packed.next();
    const order = this.#looseName === undefined
      ? 1
      : isPacked
      ? compareBytes(this.#looseName, packed.bytes.subarray(packed.nameStart, packed.nameEnd))
      : -1;
    this.#isPending = isPacked && order < 0;
    if (order > 0) {
      this.loose = undefined;
      return isPacked;
    }
    this.loose = this.#loose[this.#nextLoose++];
    this.#looseName = nameOf(this.#loose[this.#nextLoose]);
    return true;
  }
}

function nameOf(ref: StoredRef | undefined): Uint8Array | undefined {
  return ref && encodeText(ref.refname);
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const CARET = 0x5e;

/**
 * Walks the lines of a `packed-refs` file, without its header, and without making anything of them: it knows where each name and each object
 * id is.
 */
export class PackedRefsCursor {
  /** The bytes of the lines. */
  readonly bytes: Uint8Array;
  /** Where the digits of the object id begin. */
  oidStart = 0;
  /** Where the name begins. */
  nameStart = 0;
  /** Where the name ends. */
  nameEnd = 0;
  /** Where the digits of what a tag leads to begin; −1 when they are not told. */
  peeledStart = -1;
  /** Where the ref's line, or the one of what it leads to, ends. */
  end = 0;
  readonly #digits: number;
  readonly #file: string;

  /** @param file The file's path, for errors. */
  constructor(bytes: Uint8Array, hash: HashName, file: string) {
    this.bytes = bytes;
    this.#digits = 2 * hashSize(hash);
    this.#file = file;
  }

  /**
   * Goes to the next ref.
   *
   * @throws {ReftableError} With code `"format"` when its line is damaged. That the digits of object ids are digits is
   * left to whoever reads them.
   */
  next(): boolean {
    const { bytes } = this;
    if (this.end >= bytes.length) return false;
    const digits = this.#digits;
    this.oidStart = this.end;
    this.nameStart = this.oidStart + digits + 1;
    this.nameEnd = this.#lineEnd(this.nameStart);
    if (this.nameEnd === this.nameStart || bytes[this.nameStart - 1] !== SPACE) {
      this.refuse();
    }
    this.end = this.nameEnd + 1;
    this.peeledStart = -1;
    if (bytes[this.end] === CARET) {
      this.peeledStart = this.end + 1;
      const end = this.peeledStart + digits;
      if (bytes[end] !== NEWLINE) this.#refuse(this.end);
      this.end = end + 1;
    }
    return true;
  }

  /** Says that the ref's line is damaged. */
  refuse(): never {
    this.#refuse(this.oidStart);
  }

  /** Finds a newline. Lines are so short that this is faster than to ask for it. */
  #lineEnd(start: number): number {
    const { bytes } = this;
    let end = start;
    while (end < bytes.length && bytes[end] !== NEWLINE) end++;
    if (end >= bytes.length) this.#refuse(start);
    return end;
  }

  #refuse(start: number): never {
    const { bytes } = this;
    const begin = Math.min(start, this.end);
    const end = bytes.indexOf(NEWLINE, begin);
    const line = decodeText(bytes, begin, end < 0 ? bytes.length : end);
    const what = end < 0 ? "unterminated" : "unexpected";
    const message = `${what} line in ${this.#file}: ${line}`;
    throw new ReftableError("format", message, { file: this.#file, offset: begin });
  }
}

/** The logs of one working tree. */
export interface PlaceLogs {
  /** The names of the refs that have a log, in the order of their bytes. */
  readonly names: readonly string[];
  /** Gives the entries of a log from the oldest to the newest. */
  read(refname: string): Promise<readonly ReflogEntry[]>;
}

/** Finds the logs of one working tree that are files. */
export function fileLogs(place: FilePlace): PlaceLogs {
  const logs = new FilesLogs({ ...place, mode: undefined });
  const names = logs.names().filter((refname) => !place.isLinked || isCurrentWorktreeRef(refname));
  const read = (refname: string) => Promise.try(() => logs.read(refname, "oldest-first").toArray());
  return { names, read };
}

/** Finds the logs in the stack of one working tree. */
export function stackLogs(stack: Stack, accepts: (refname: string) => boolean): PlaceLogs {
  using index = new LogIndex(stack);
  const names = index.names().filter(accepts);
  const read = (refname: string) => {
    return Promise.resolve(stackLog(stack, refname, "oldest-first").toArray());
  };
  return { names, read };
}

/** How many entries to keep so that they need not be read twice. */
const KEPT_ENTRIES = 250_000;

/** Keeps entries that were read, as far as they are not too many. */
export function keepEntries(logs: PlaceLogs): PlaceLogs {
  const kept = new Map<string, readonly ReflogEntry[]>();
  let count = 0;
  const read = async (refname: string) => {
    const known = kept.get(refname);
    if (known) return known;
    const entries = await logs.read(refname);
    count += entries.length;
    if (count <= KEPT_ENTRIES) kept.set(refname, entries);
    return entries;
  };
  return { names: logs.names, read };
}
