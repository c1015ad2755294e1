import { decodeHexInto, encodeHex } from "../bytes/hex.ts";
import { decodeText } from "../bytes/text.ts";
import { hashSize } from "../format/hash.ts";
import type { FileSystem, ReadableFile } from "../io/file_system.ts";
import type { Repository } from "../refs/repository.ts";
import type { Context } from "./context.ts";

/** The digits that people like to see at least. */
const USUAL_DIGITS = 7;

/** How deep object directories may borrow from each other. */
const MAX_DEPTH = 5;

/**
 * The ids of the objects of a repository, without the objects themselves: which there are, and how
 * many digits tell one from the others.
 */
export class ObjectNames implements Disposable {
  readonly #fileSystem: FileSystem;
  readonly #size: number;
  readonly #configured: string | undefined;
  readonly #directories: readonly string[];
  readonly #loose = new Map<string, readonly string[]>();
  #indexes: readonly PackIndex[] | undefined;

  private constructor(repository: Repository, directories: readonly string[]) {
    this.#fileSystem = repository.fileSystem;
    this.#size = hashSize(repository.hash);
    this.#configured = repository.config.string("core.abbrev");
    this.#directories = directories;
  }

  /** Finds the directories of objects; what is in them is looked at when it is asked for. */
  static open(repository: Repository, { system }: Context): ObjectNames {
    const { fileSystem, commonDir } = repository;
    const own = system.env("GIT_OBJECT_DIRECTORY") || `${commonDir}/objects`;
    const others = (system.env("GIT_ALTERNATE_OBJECT_DIRECTORIES") ?? "").split(":");
    const directories: string[] = [];
    for (const directory of [own, ...others]) {
      if (directory !== "") addAlternates(fileSystem, directory, directories, 0);
    }
    return new ObjectNames(repository, directories);
  }

  /** Tells whether there is an object. */
  has(oid: string): boolean {
    const bytes = new Uint8Array(this.#size);
    if (!decodeHexInto(oid, bytes, 0, this.#size)) return false;
    return this.#packs().some((index) => index.has(bytes)) ||
      this.#directories.some((directory) =>
        this.#fileSystem.statSync(`${directory}/${oid.slice(0, 2)}/${oid.slice(2)}`) !== undefined
      );
  }

  /**
   * Cuts an object id to so many digits, or more where fewer would mean another object too.
   *
   * @param length How many at least; as many as is usual in a repository of this size by default.
   */
  abbreviate(oid: string, length: number = this.#usualLength()): string {
    let needed = length;
    const bytes = new Uint8Array(this.#size);
    if (!decodeHexInto(oid, bytes, 0, this.#size)) return oid;
    for (const index of this.#packs()) {
      for (const other of index.neighbours(bytes)) {
        needed = Math.max(needed, shared(oid, other) + 1);
      }
    }
    for (const other of this.#looseNames(oid.slice(0, 2))) {
      if (other !== oid) needed = Math.max(needed, shared(oid, other) + 1);
    }
    return oid.slice(0, needed);
  }

  /** Finds the objects whose ids begin with some digits, of which there must be two at least. */
  withPrefix(prefix: string): string[] {
    const found = new Set(
      this.#looseNames(prefix.slice(0, 2)).filter((oid) => oid.startsWith(prefix)),
    );
    for (const index of this.#packs()) {
      for (const oid of index.withPrefix(prefix)) found.add(oid);
    }
    return [...found].sort();
  }

  /** Closes what was opened. */
  [Symbol.dispose](): void {
    for (const index of this.#indexes ?? []) index[Symbol.dispose]();
  }

  /** So many that a collision is unlikely, as Git reckons. */
  #usualLength(): number {
    const configured = Number(this.#configured);
    if (/^(?:no|off|false)$/i.test(this.#configured ?? "")) return 2 * this.#size;
    if (configured >= 4) return Math.min(configured, 2 * this.#size);
    const count = this.#packs().reduce((sum, index) => sum + index.count, 0);
    const bits = count === 0 ? 0 : Math.floor(Math.log2(count)) + 1;
    return Math.max(USUAL_DIGITS, Math.ceil(bits / 2));
  }

  #packs(): readonly PackIndex[] {
    return this.#indexes ??= this.#directories.flatMap((directory) =>
      listNames(this.#fileSystem, `${directory}/pack`)
        .filter((name) => name.endsWith(".idx"))
        .map((name) => new PackIndex(this.#fileSystem, `${directory}/pack/${name}`, this.#size))
    );
  }

  #looseNames(first: string): readonly string[] {
    let names = this.#loose.get(first);
    if (!names) {
      const length = 2 * this.#size - 2;
      names = this.#directories.flatMap((directory) =>
        listNames(this.#fileSystem, `${directory}/${first}`)
          .filter((name) => name.length === length && /^[0-9a-f]*$/.test(name))
          .map((name) => first + name)
      );
      this.#loose.set(first, names);
    }
    return names;
  }
}

function addAlternates(
  fileSystem: FileSystem,
  directory: string,
  directories: string[],
  depth: number,
): void {
  if (directories.includes(directory) || depth > MAX_DEPTH) return;
  directories.push(directory);
  const file = `${directory}/info/alternates`;
  if (!fileSystem.statSync(file)) return;
  for (const line of decodeText(fileSystem.readFileSync(file)).split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    addAlternates(
      fileSystem,
      line.startsWith("/") ? line : `${directory}/${line}`,
      directories,
      depth + 1,
    );
  }
}

function listNames(fileSystem: FileSystem, directory: string): string[] {
  if (!fileSystem.statSync(directory)) return [];
  return fileSystem.listSync(directory).map(({ name }) => name);
}

/** How many digits two object ids begin with alike. */
function shared(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** What the index of a pack begins with since its second version. */
const MAGIC = 0xff744f63;

/** The sorted object ids of a pack; read in pieces, those that begin with the same byte together. */
class PackIndex implements Disposable {
  readonly #file: ReadableFile;
  readonly #size: number;
  readonly #isOld: boolean;
  /** How many ids there are up to each first byte. */
  readonly #fanout: DataView;
  readonly #pieces = new Map<number, Uint8Array>();

  constructor(fileSystem: FileSystem, path: string, size: number) {
    this.#size = size;
    this.#file = fileSystem.openSync(path);
    const head = this.#read(0, 1032);
    this.#isOld = head.getUint32(0) !== MAGIC;
    this.#fanout = new DataView(head.buffer, this.#isOld ? 0 : 8, 1024);
  }

  get count(): number {
    return this.#countUpTo(255);
  }

  has(oid: Uint8Array): boolean {
    const { ids, index } = this.#search(oid);
    return this.#compare(ids, index, oid) === 0;
  }

  /** The ids before and after one that may be there itself. */
  neighbours(oid: Uint8Array): string[] {
    const { ids, index } = this.#search(oid);
    const next = this.#compare(ids, index, oid) === 0 ? index + 1 : index;
    return [index - 1, next].map((i) => this.#name(ids, i)).filter((name) => name !== undefined);
  }

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
    this.#file[Symbol.dispose]();
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
    if (!this.#isOld) {
      const { buffer } = this.#read(1032 + start * size, count * size);
      return new Uint8Array(buffer);
    }
    // Each id stands behind its place in the pack.
    const entries = new Uint8Array(
      this.#read(1024 + start * (size + 4), count * (size + 4)).buffer,
    );
    const ids = new Uint8Array(count * size);
    for (let i = 0; i < count; i++) {
      const at = i * (size + 4) + 4;
      ids.set(entries.subarray(at, at + size), i * size);
    }
    return ids;
  }

  #read(position: number, length: number): DataView<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = this.#file.readSync(position + done, bytes.subarray(done));
      if (count === 0) break;
      done += count;
    }
    return new DataView(bytes.buffer);
  }
}
