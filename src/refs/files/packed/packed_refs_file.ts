import { compareBytes } from "../../../bytes/bytes.ts";
import { compareText, decodeAscii, decodeText, encodeText, isAscii } from "../../../bytes/text.ts";
import { ReftableError } from "../../../errors.ts";
import { type HashName, hashSize } from "../../../format/hash.ts";
import type { FileSystem, ReadableFile } from "../../../io/file_system.ts";
import type { ListRefsOptions } from "../../backend.ts";
import type { StoredDirectRef, StoredPeeledRef } from "../../stored_ref.ts";
import { PackedRefParser, sortPackedRefs } from "./packed_ref_parser.ts";

/** A file up to this size is read at once. */
const SMALL = 0x10000;

/** How much is read at once of what is read from end to end. */
const CHUNK = 0x8000;

/** How much is read at once where a line is looked for, which is mostly enough for it. */
const LINE = 0x100;

const NEWLINE = 0x0a;
const CARET = 0x5e;
const HASH_SIGN = 0x23;

const HEADER = "# pack-refs with: ";

/** What is known about the objects that packed refs lead to: nothing, what tags lead to, or what all lead to. */
export type PeeledTrait = "none" | "tags" | "fully";

/**
 * The file `packed-refs` as it was at one moment: a line for each ref, in the order of their names, and one more for the
 * object that an annotated tag leads to. Of a large file only what is asked for is read.
 *
 * It is kept open as long as somebody uses it.
 */
export class PackedRefsFile {
  /** What the file says it tells about the objects that refs lead to. */
  readonly peeled: PeeledTrait;
  readonly #path: string;
  readonly #digits: number;
  readonly #file: ReadableFile;
  readonly #bytes: RandomBytes;
  /** Where the first ref is. */
  readonly #start: number;
  readonly #parser: PackedRefParser;
  #users = 1;

  private constructor(path: string, hash: HashName, file: ReadableFile) {
    this.#path = path;
    this.#digits = 2 * hashSize(hash);
    this.#parser = new PackedRefParser(path, this.#digits, this.#damaged);
    this.#file = file;
    const whole = () => new FileBytes(file).at(0, file.size);
    this.#bytes = file.size <= SMALL ? memoryBytes(whole()) : new FileBytes(file);
    const { start, traits } = this.#readHeader();
    this.#start = start;
    this.peeled = traits.includes("fully-peeled")
      ? "fully"
      : traits.includes("peeled")
      ? "tags"
      : "none";
    this.#checkEnd();
    if (!traits.includes("sorted")) {
      this.#bytes = memoryBytes(sortPackedRefs(whole(), start, this.#digits, this.#damaged));
    }
  }

  /**
   * Opens the file.
   *
   * @returns `undefined` when there is none.
   * @throws {ReftableError} With code `"format"` when its beginning or its end is damaged.
   */
  static open(fileSystem: FileSystem, path: string, hash: HashName): PackedRefsFile | undefined {
    let file: ReadableFile;
    try {
      file = fileSystem.openSync(path);
    } catch (error) {
      if (error instanceof ReftableError && error.code === "not-exist") return undefined;
      throw error;
    }
    try {
      return new PackedRefsFile(path, hash, file);
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
  }

  /** Keeps the file open until {@linkcode PackedRefsFile.release} is called once more. */
  retain(): this {
    this.#users++;
    return this;
  }

  /** Says that one user is done; after the last one the file is closed. */
  release(): void {
    if (--this.#users === 0) this.#file[Symbol.dispose]();
  }

  #readHeader(): { start: number; traits: readonly string[] } {
    if (this.#bytes.at(0, 1)[0] !== HASH_SIGN) return { start: 0, traits: [] };
    const end = this.#findNewline(0);
    if (end === undefined) throw this.#damaged(0);
    const line = decodeText(this.#bytes.at(0, end));
    if (!line.startsWith(HEADER)) throw this.#damaged(0);
    return { start: end + 1, traits: line.slice(HEADER.length).split(" ") };
  }

  /** Makes sure that the last line is a whole one. */
  #checkEnd(): void {
    const { size } = this.#bytes;
    if (size === this.#start) return;
    let last = size - 1;
    const isStart = (position: number) => {
      const [before, first] = this.#bytes.at(position - 1, 2);
      return before === NEWLINE && first !== CARET;
    };
    while (last > this.#start && !isStart(last)) last--;
    const isWhole = this.#bytes.at(size - 1, 1)[0] === NEWLINE && size - last >= this.#digits + 2;
    if (!isWhole) throw this.#damaged(last);
  }

  /** Where the refs begin, in bytes from the start of the file, as it would be in order. */
  get start(): number {
    return this.#start;
  }

  /** Where the refs end. */
  get end(): number {
    return this.#bytes.size;
  }

  /** Gives the bytes of all refs at once. */
  lines(): Uint8Array {
    return this.#bytes.at(this.#start, this.#bytes.size - this.#start);
  }

  /** Gives the bytes of refs, piece by piece. */
  *copy(start: number, end: number): Generator<Uint8Array> {
    for (let position = start; position < end; position += CHUNK) {
      yield this.#bytes.at(position, Math.min(CHUNK, end - position));
    }
  }

  /** Finds a ref. */
  find(refname: string): StoredDirectRef | StoredPeeledRef | undefined {
    const name = encodeText(refname);
    const position = this.lowerBound(name);
    if (position === this.end || compareBytes(this.#nameAt(position), name) !== 0) return undefined;
    return this.#records(position, 3 * LINE).next().value ?? undefined;
  }

  /** Tells whether there is a ref of a name at a position. */
  isAt(position: number, name: Uint8Array): boolean {
    return position < this.end && compareBytes(this.#nameAt(position), name) === 0;
  }

  /** Gives the position of the ref behind the one at a position. */
  next(position: number): number {
    return this.#refAtOrAfter(position + 1);
  }

  /** Lists refs in the order of their names. */
  *list(
    { prefix = "", after }: Pick<ListRefsOptions, "prefix" | "after">,
  ): Generator<StoredDirectRef | StoredPeeledRef, void> {
    // No name has a NUL in it, so nothing comes between.
    const first = after !== undefined && compareText(after, prefix) >= 0 ? `${after}\0` : prefix;
    for (const ref of this.#records(this.lowerBound(encodeText(first)), CHUNK)) {
      if (!ref.refname.startsWith(prefix)) return;
      yield ref;
    }
  }

  /** Gives the name of the ref at a position. */
  nameAt(position: number): string {
    return decodeText(this.#nameAt(position));
  }

  /**
   * Finds the first ref whose name is not below another one.
   *
   * @param from The position of a ref that is known not to come after it.
   * @returns Its position, or that of the end.
   */
  lowerBound(name: Uint8Array, from: number = this.#start): number {
    let low = from;
    let high = this.end;
    // What is near is found faster than in the middle of all.
    for (let step = 4 * LINE; low + step < high; step *= 2) {
      const position = this.#refAtOrAfter(low + step);
      if (position >= high) break;
      if (compareBytes(this.#nameAt(position), name) >= 0) {
        high = low + step;
        break;
      }
      low = position;
    }
    // All refs before `low` are below the name, all that begin at or behind `high` are not.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const position = this.#refAtOrAfter(middle);
      if (position >= high || compareBytes(this.#nameAt(position), name) >= 0) {
        // The one that `middle` is in may be the one at `low`.
        if (middle === low) break;
        high = middle;
      } else {
        low = this.next(position);
      }
    }
    return low;
  }

  /** Finds the position of the first ref that begins at a position or behind it, or the end. */
  #refAtOrAfter(position: number): number {
    if (position <= this.#start) return this.#start;
    for (let at = position - 1;;) {
      const newline = this.#findNewline(at);
      if (newline === undefined) return this.end;
      at = newline + 1;
      if (this.#bytes.at(at, 1)[0] !== CARET) return at;
    }
  }

  #nameAt(position: number): Uint8Array {
    const start = position + this.#digits + 1;
    const end = this.#findNewline(position);
    if (end === undefined || end < start) throw this.#damaged(position);
    return this.#bytes.at(start, end - start);
  }

  /** Finds the first newline at a position or behind it. */
  #findNewline(position: number): number | undefined {
    for (let length = LINE;; length *= 2) {
      const bytes = this.#bytes.at(position, length);
      const place = bytes.indexOf(NEWLINE);
      if (place >= 0) return position + place;
      if (bytes.length < length) return undefined;
    }
  }

  /**
   * Reads all refs from a position on.
   *
   * @param size How many bytes to read at once.
   */
  *#records(from: number, size: number): Generator<StoredDirectRef | StoredPeeledRef, void> {
    let length = size;
    for (let position = from; position < this.end;) {
      const bytes = this.#bytes.at(position, length);
      // It is also the last when somebody has cut the file off.
      const isLast = bytes.length < length || position + length >= this.end;
      const text = isAscii(bytes, 0, bytes.length) ? decodeAscii(bytes) : undefined;
      let start = 0;
      for (;;) {
        const newline = bytes.indexOf(NEWLINE, start);
        // Whether a line about the object follows must be known as well.
        if (newline < 0 || newline + 1 === bytes.length && !isLast) break;
        const end = bytes[newline + 1] === CARET ? bytes.indexOf(NEWLINE, newline + 1) : newline;
        if (end < 0) break;
        yield this.#parser.parse(bytes, text, { position, start, newline, end });
        start = end + 1;
      }
      if (start === 0 && isLast) throw this.#damaged(position);
      // A line may be longer than what was read.
      length = start === 0 ? 2 * length : size;
      position += start;
      if (isLast && start < bytes.length) throw this.#damaged(position);
    }
  }

  /** Says in Git's words that a line makes no sense. */
  readonly #damaged = (offset: number): ReftableError => {
    const newline = this.#findNewline(offset);
    const line = decodeText(this.#bytes.at(offset, (newline ?? this.end) - offset));
    const shown = line.length < 80 ? line : `${line.slice(0, 75)}...`;
    const kind = newline === undefined ? "unterminated" : "unexpected";
    return new ReftableError("format", `${kind} line in ${this.#path}: ${shown}`, {
      file: this.#path,
      offset,
    });
  };
}

/** How much of a file is read at once, in bytes. */
const WINDOW = 0x2000;

/** How many windows are kept at most. */
const MAX_WINDOWS = 2048;

/** Bytes of which a few are wanted here and there. */
interface RandomBytes {
  /** How many there are. */
  readonly size: number;
  /** Gives a range, which the caller does not change; less of it at the end. */
  at(position: number, length: number): Uint8Array;
}

/** Takes bytes that are in memory. */
function memoryBytes(bytes: Uint8Array): RandomBytes {
  return {
    size: bytes.length,
    at: (position, length) => bytes.subarray(position, position + length),
  };
}

/** Takes the bytes of an open file, and keeps what was read. */
class FileBytes implements RandomBytes {
  readonly #file: ReadableFile;
  readonly #windows = new Map<number, Uint8Array>();

  constructor(file: ReadableFile) {
    this.#file = file;
  }

  get size(): number {
    return this.#file.size;
  }

  at(position: number, length: number): Uint8Array {
    if (length > WINDOW) return this.#read(position, length);
    const number = Math.floor(position / WINDOW);
    const offset = position - number * WINDOW;
    const window = this.#window(number);
    const end = offset + length;
    if (end <= WINDOW) return window.subarray(offset, end);
    const next = this.#window(number + 1);
    const joined = new Uint8Array(length);
    joined.set(window.subarray(offset));
    joined.set(next.subarray(0, end - WINDOW), WINDOW - offset);
    return joined.subarray(0, WINDOW - offset + Math.min(next.length, end - WINDOW));
  }

  #window(number: number): Uint8Array {
    let window = this.#windows.get(number);
    if (!window) {
      if (this.#windows.size === MAX_WINDOWS) this.#windows.clear();
      this.#windows.set(number, window = this.#read(number * WINDOW, WINDOW));
    }
    return window;
  }

  #read(position: number, length: number): Uint8Array {
    const buffer = new Uint8Array(Math.min(length, Math.max(0, this.size - position)));
    return buffer.length === 0 ? buffer : buffer.subarray(0, this.#file.readSync(position, buffer));
  }
}
