import { encodeHex } from "../../bytes/hex.ts";
import { ReftableError } from "../../errors.ts";
import type { FileSystem, ReadableFile } from "../../io/file_system.ts";

/** What the index of a pack begins with since its second version. */
const MAGIC = 0xff744f63;

/** Where the ids begin, in the first version and since the second. */
const STARTS = [1024, 1032] as const;

/** A place that is told in eight bytes elsewhere. */
const FAR = 0x80000000;

/** The sorted object ids of a pack and their places; read in pieces, ids with the same first byte together. */
export class PackIndex implements Disposable {
  readonly #reader: RangeReader;
  readonly #size: number;
  readonly #isOld: boolean;
  /** How many ids there are up to each first byte. */
  readonly #fanout: DataView;
  readonly #pieces = new Map<number, Uint8Array>();

  /**
   * Opens an index.
   *
   * @param size How many bytes an object id has.
   */
  constructor(fileSystem: FileSystem, path: string, size: number) {
    this.#size = size;
    this.#reader = new RangeReader(fileSystem, path);
    const head = this.#reader.view(0, STARTS[1]);
    this.#isOld = head.getUint32(0) !== MAGIC;
    this.#fanout = new DataView(head.buffer, this.#isOld ? 0 : 8, 1024);
  }

  /** How many objects there are. */
  get count(): number {
    return this.#countUpTo(255);
  }

  /** Tells whether there is an object. */
  has(oid: Uint8Array): boolean {
    const { ids, index } = this.#search(oid);
    return this.#compare(ids, index, oid) === 0;
  }

  /** Tells where in the pack an object is; `undefined` when it is not there. */
  find(oid: Uint8Array): number | undefined {
    const { ids, index } = this.#search(oid);
    if (this.#compare(ids, index, oid) !== 0) return undefined;
    const ordinal = this.#countUpTo(oid[0]! - 1) + index;
    const { count } = this;
    if (this.#isOld) {
      return this.#reader.view(STARTS[0] + ordinal * (this.#size + 4), 4).getUint32(0);
    }
    // Behind the ids there is a checksum of four bytes for each object.
    const places = STARTS[1] + count * (this.#size + 4);
    const place = this.#reader.view(places + 4 * ordinal, 4).getUint32(0);
    if (place < FAR) return place;
    return Number(this.#reader.view(places + 4 * count + 8 * (place - FAR), 8).getBigUint64(0));
  }

  /** The ids before and after one that may be there itself. */
  neighbours(oid: Uint8Array): string[] {
    const { ids, index } = this.#search(oid);
    const next = this.#compare(ids, index, oid) === 0 ? index + 1 : index;
    return [index - 1, next].map((i) => this.#name(ids, i)).filter((name) => name !== undefined);
  }

  /** The ids that begin with some digits, of which there must be two at least. */
  withPrefix(prefix: string): string[] {
    const ids = this.#piece(parseInt(prefix.slice(0, 2), 16));
    const names: string[] = [];
    for (let i = 0; i * this.#size < ids.length; i++) {
      const name = this.#name(ids, i)!;
      if (name.startsWith(prefix)) names.push(name);
    }
    return names;
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }

  #countUpTo(first: number): number {
    return first < 0 ? 0 : this.#fanout.getUint32(4 * first);
  }

  /** Finds the first id that is not below one. */
  #search(oid: Uint8Array): { ids: Uint8Array; index: number } {
    const ids = this.#piece(oid[0]!);
    let [low, high] = [0, ids.length / this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(ids, middle, oid) < 0) low = middle + 1;
      else high = middle;
    }
    return { ids, index: low };
  }

  #compare(ids: Uint8Array, index: number, oid: Uint8Array): number {
    const start = index * this.#size;
    if (start >= ids.length) return 1;
    for (let i = 0; i < this.#size; i++) {
      const difference = ids[start + i]! - oid[i]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }

  #name(ids: Uint8Array, index: number): string | undefined {
    const start = index * this.#size;
    if (start < 0 || start >= ids.length) return undefined;
    return encodeHex(ids, start, start + this.#size);
  }

  #piece(first: number): Uint8Array {
    let ids = this.#pieces.get(first);
    if (!ids) {
      const [start, end] = [this.#countUpTo(first - 1), this.#countUpTo(first)];
      ids = this.#readIds(start, end - start);
      this.#pieces.set(first, ids);
    }
    return ids;
  }

  #readIds(start: number, count: number): Uint8Array {
    const size = this.#size;
    if (!this.#isOld) return this.#reader.bytes(STARTS[1] + start * size, count * size);
    // Each id stands behind its place in the pack.
    const entries = this.#reader.bytes(STARTS[0] + start * (size + 4), count * (size + 4));
    const ids = new Uint8Array(count * size);
    for (let i = 0; i < count; i++) {
      const at = i * (size + 4) + 4;
      ids.set(entries.subarray(at, at + size), i * size);
    }
    return ids;
  }
}

/** Reads ranges of a file. */
export class RangeReader implements Disposable {
  readonly #file: ReadableFile;
  readonly #path: string;

  /** Opens a file. */
  constructor(fileSystem: FileSystem, path: string) {
    this.#file = fileSystem.openSync(path);
    this.#path = path;
  }

  /**
   * Reads a range.
   *
   * @throws {ReftableError} With code `"format"` when the file ends before it.
   */
  bytes(position: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.upTo(position, length);
    if (bytes.length === length) return bytes;
    const message = `Cannot read "${this.#path}": it ends at ${this.#file.size}`;
    throw new ReftableError("format", message, { file: this.#path, offset: position });
  }

  /** Reads a range, or what there is of it. */
  upTo(position: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.#file.size - position)));
    let done = 0;
    while (done < bytes.length) {
      const count = this.#file.readSync(position + done, bytes.subarray(done));
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  }

  /** Reads a range as numbers. */
  view(position: number, length: number): DataView<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = this.bytes(position, length);
    return new DataView(buffer, byteOffset, byteLength);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
