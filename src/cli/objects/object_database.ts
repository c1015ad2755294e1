import { decodeHexInto } from "../../bytes/hex.ts";
import { decodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import { hashSize } from "../../format/hash.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { nodeZlib } from "../../io/inflate.ts";
import { isAbsolute } from "../../io/path.ts";
import {
  type GitObject,
  makeObjectReader,
  type ObjectReader,
  type ObjectType,
} from "../../refs/object_reader.ts";
import type { Repository } from "../../refs/repository.ts";
import type { Context } from "../context.ts";
import { type ObjectInfo, type ObjectLookup, Pack } from "./pack.ts";
import { PackIndex } from "./pack_index.ts";

/** The digits that people like to see at least. */
const USUAL_DIGITS = 7;

/** How deep object directories may borrow from each other. */
const MAX_DEPTH = 5;

/** A pack, opened when an object of it is read. */
interface PackedObjects {
  readonly index: PackIndex;
  readonly path: string;
  pack?: Pack;
}

/**
 * The objects of a repository, loose and packed, of either hash. They are read without waiting, and nothing is loaded
 * for that but what a command needs anyway.
 */
export class ObjectDatabase implements ObjectLookup, Disposable {
  readonly #fileSystem: FileSystem;
  readonly #size: number;
  readonly #configured: string | undefined;
  readonly #directories: readonly string[];
  readonly #loose = new Map<string, readonly string[]>();
  #packs: readonly PackedObjects[] | undefined;

  private constructor(repository: Repository, directories: readonly string[]) {
    this.#fileSystem = repository.fileSystem;
    this.#size = hashSize(repository.hash);
    this.#configured = repository.config.string("core.abbrev");
    this.#directories = directories;
  }

  /** Finds the directories of objects; what is in them is looked at when it is asked for. */
  static open(repository: Repository, { system }: Context): ObjectDatabase {
    const { fileSystem, commonDir } = repository;
    const own = system.env("GIT_OBJECT_DIRECTORY") || `${commonDir}/objects`;
    const others = (system.env("GIT_ALTERNATE_OBJECT_DIRECTORIES") ?? "").split(":");
    const directories: string[] = [];
    for (const directory of [own, ...others]) {
      if (directory !== "") addAlternates(fileSystem, directory, directories, 0);
    }
    return new ObjectDatabase(repository, directories);
  }

  /** What the library reads objects with. */
  get reader(): ObjectReader {
    return {
      ...makeObjectReader((oid) => Promise.try(() => this.readSync(oid))),
      type: (oid) => Promise.try(() => this.info(oid)?.type),
      has: (oid) => Promise.try(() => this.has(oid)),
    };
  }

  /** Tells whether there is an object. */
  has(oid: string): boolean {
    const bytes = this.#bytes(oid);
    if (!bytes) return false;
    return this.#packed().some(({ index }) => index.has(bytes)) ||
      this.#looseFile(oid) !== undefined;
  }

  /** Tells what an object is; `undefined` when there is none. */
  info(oid: string): ObjectInfo | undefined {
    const found = this.#find(oid);
    if (found) return found.pack.info(found.position);
    const object = this.#readLoose(oid);
    return object && { type: object.type, size: object.content.length };
  }

  /** Reads an object; `undefined` when there is none. */
  readSync(oid: string): GitObject | undefined {
    const found = this.#find(oid);
    return found ? found.pack.read(found.position) : this.#readLoose(oid);
  }

  /**
   * Cuts an object id to so many digits, or more where fewer would mean another object too.
   *
   * @param length How many at least; as many as is usual in a repository of this size by default.
   */
  abbreviate(oid: string, length: number = this.#usualLength()): string {
    let needed = length;
    const bytes = this.#bytes(oid);
    if (!bytes) return oid;
    for (const { index } of this.#packed()) {
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
    for (const { index } of this.#packed()) {
      for (const oid of index.withPrefix(prefix)) found.add(oid);
    }
    return [...found].sort();
  }

  /** Closes what was opened. */
  [Symbol.dispose](): void {
    for (const { index, pack } of this.#packs ?? []) {
      index[Symbol.dispose]();
      pack?.[Symbol.dispose]();
    }
  }

  #bytes(oid: string): Uint8Array | undefined {
    const bytes = new Uint8Array(this.#size);
    return decodeHexInto(oid, bytes, 0, this.#size) ? bytes : undefined;
  }

  #find(oid: string): { pack: Pack; position: number } | undefined {
    const bytes = this.#bytes(oid);
    if (!bytes) return undefined;
    for (const packed of this.#packed()) {
      const position = packed.index.find(bytes);
      if (position === undefined) continue;
      packed.pack ??= new Pack(this.#fileSystem, packed.path, this.#size, this);
      return { pack: packed.pack, position };
    }
    return undefined;
  }

  /** So many that a collision is unlikely, as Git reckons. */
  #usualLength(): number {
    const configured = Number(this.#configured);
    if (/^(?:no|off|false)$/i.test(this.#configured ?? "")) return 2 * this.#size;
    if (configured >= 4) return Math.min(configured, 2 * this.#size);
    const count = this.#packed().reduce((sum, { index }) => sum + index.count, 0);
    const bits = count === 0 ? 0 : Math.floor(Math.log2(count)) + 1;
    return Math.max(USUAL_DIGITS, Math.ceil(bits / 2));
  }

  #packed(): readonly PackedObjects[] {
    return this.#packs ??= this.#directories.flatMap((directory) =>
      listNames(this.#fileSystem, `${directory}/pack`)
        .filter((name) => name.endsWith(".idx"))
        .map((name) => {
          const path = `${directory}/pack/${name.slice(0, -".idx".length)}`;
          const index = new PackIndex(this.#fileSystem, `${path}.idx`, this.#size);
          return { index, path: `${path}.pack` };
        })
    );
  }

  #looseFile(oid: string): string | undefined {
    return this.#directories.map((directory) => `${directory}/${oid.slice(0, 2)}/${oid.slice(2)}`)
      .find((file) => this.#fileSystem.statSync(file) !== undefined);
  }

  #readLoose(oid: string): GitObject | undefined {
    const file = this.#bytes(oid) && this.#looseFile(oid);
    if (file === undefined) return undefined;
    const damage = (finding: string, cause?: unknown) =>
      new ReftableError("format", `Cannot read object "${file}": ${finding}`, { file, cause });
    let bytes: Uint8Array;
    try {
      bytes = nodeZlib().inflateSync(this.#fileSystem.readFileSync(file));
    } catch (cause) {
      throw damage("it does not inflate", cause);
    }
    const end = bytes.indexOf(0);
    const [, type, size] = /^(blob|commit|tag|tree) ([0-9]+)$/.exec(decodeText(bytes, 0, end)) ??
      [];
    const content = bytes.subarray(end + 1);
    if (Number(size) !== content.length) throw damage("its header does not fit");
    return { type: type as ObjectType, content };
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
    const other = isAbsolute(line) ? line : `${directory}/${line}`;
    addAlternates(fileSystem, other, directories, depth + 1);
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
