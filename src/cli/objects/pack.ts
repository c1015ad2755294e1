import { encodeHex } from "../../bytes/hex.ts";
import { ReftableError } from "../../errors.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { inflate } from "../../io/inflate.ts";
import type { GitObject, ObjectType } from "../../refs/object_reader.ts";
import { RangeReader } from "./pack_index.ts";

/** The kinds of entries by number; those of the last two are made from others. */
const TYPES: readonly (ObjectType | undefined)[] = [undefined, "commit", "tree", "blob", "tag"];
const OFFSET_DELTA = 6;
const ID_DELTA = 7;

/** How long the head of an entry can be: its kind and size, and what it is made from. */
const LONGEST_HEAD = 64;

/** How many entries may be made from each other; Git makes no more than this. */
const MAX_CHAIN = 4095;

/** An entry of a pack, without its contents. */
interface Entry {
  /** Where its deflated contents begin. */
  readonly start: number;
  /** How long these are when they are inflated. */
  readonly size: number;
  /** What it is, or what it is made from: a place in the pack, or another object. */
  readonly base: ObjectType | number | { readonly oid: string };
}

/** The kind and the size of an object. */
export interface ObjectInfo {
  /** Its kind. */
  readonly type: ObjectType;
  /** How many bytes its contents are. */
  readonly size: number;
}

/** The objects of a repository, for entries that are made from objects elsewhere. */
export interface ObjectLookup {
  /** Reads an object. */
  readSync(oid: string): GitObject | undefined;
  /** Tells what an object is. */
  info(oid: string): ObjectInfo | undefined;
}

/** A file with many objects, some of which are made from others. */
export class Pack implements Disposable {
  readonly #reader: RangeReader;
  readonly #path: string;
  readonly #size: number;
  readonly #others: ObjectLookup;

  /**
   * Opens a pack.
   *
   * @param size How many bytes an object id has.
   */
  constructor(fileSystem: FileSystem, path: string, size: number, others: ObjectLookup) {
    this.#reader = new RangeReader(fileSystem, path);
    this.#path = path;
    this.#size = size;
    this.#others = others;
  }

  /** Tells what the object at a place is, without reading it. */
  info(position: number): ObjectInfo {
    const entry = this.#entry(position);
    if (typeof entry.base === "string") return { type: entry.base, size: entry.size };
    const { result } = deltaSizes(this.#contents(entry));
    return { type: this.#type(entry, position), size: result };
  }

  /** Reads the object at a place. */
  read(position: number): GitObject {
    const deltas: Uint8Array[] = [];
    let entry = this.#entry(position);
    for (let count = 0; count < MAX_CHAIN; count++) {
      const contents = this.#contents(entry);
      const { base } = entry;
      if (typeof base === "string") return { type: base, content: patch(contents, deltas) };
      deltas.push(contents);
      if (typeof base === "object") {
        const object = this.#others.readSync(base.oid);
        if (!object) throw this.#damage(position, `object ${base.oid}, which it needs, is missing`);
        return { type: object.type, content: patch(object.content, deltas) };
      }
      entry = this.#entry(base);
    }
    throw this.#damage(position, "it is made from too many others");
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }

  #type(entry: Entry, position: number): ObjectType {
    let { base } = entry;
    for (let count = 0; count < MAX_CHAIN; count++) {
      if (typeof base === "string") return base;
      if (typeof base === "object") {
        const type = this.#others.info(base.oid)?.type;
        if (type === undefined) break;
        return type;
      }
      base = this.#entry(base).base;
    }
    throw this.#damage(position, "what it is made from cannot be found");
  }

  #entry(position: number): Entry {
    const head = this.#reader.upTo(position, LONGEST_HEAD);
    let at = 0;
    const next = () => {
      const byte = head[at++];
      if (byte === undefined) throw this.#damage(position, "the pack ends in it");
      return byte;
    };
    let byte = next();
    const kind = (byte >> 4) & 7;
    let size = byte & 15;
    for (let factor = 16; byte >= 0x80; factor *= 128) {
      byte = next();
      size += (byte & 127) * factor;
    }
    const type = TYPES[kind];
    if (type !== undefined) return { start: position + at, size, base: type };
    if (kind === ID_DELTA) {
      const oid = encodeHex(head, at, at + this.#size);
      return { start: position + at + this.#size, size, base: { oid } };
    }
    if (kind !== OFFSET_DELTA) throw this.#damage(position, `its kind ${kind} is unknown`);
    byte = next();
    let distance = byte & 127;
    while (byte >= 0x80) {
      byte = next();
      distance = (distance + 1) * 128 + (byte & 127);
    }
    if (distance === 0 || distance > position) {
      throw this.#damage(position, "it is made from what is not before it");
    }
    return { start: position + at, size, base: position - distance };
  }

  #contents({ start, size }: Entry): Uint8Array {
    if (size === 0) return new Uint8Array();
    // What cannot be deflated grows by a few bytes; most shrinks, and less needs to be read.
    const limit = size + Math.ceil(size / 1000) + 64;
    for (let length = Math.min(limit, 4096);; length = limit) {
      const inflated = inflate(this.#reader.upTo(start, length), size);
      if (inflated) return inflated.bytes;
      if (length === limit) throw this.#damage(start, "the pack ends in it");
    }
  }

  #damage(position: number, finding: string): ReftableError {
    const message = `Cannot read the object at offset ${position} of "${this.#path}": ${finding}`;
    return new ReftableError("format", message, { file: this.#path, offset: position });
  }
}

/** Applies changes, the last of which is the first to be applied. */
function patch(base: Uint8Array, deltas: readonly Uint8Array[]): Uint8Array {
  return deltas.reduceRight((contents, delta) => applyDelta(contents, delta), base);
}

/** The sizes of what a delta is applied to, and of what comes out. */
export interface DeltaSizes {
  /** How long the base must be. */
  readonly base: number;
  /** How long the result is. */
  readonly result: number;
  /** Where the instructions begin. */
  readonly start: number;
}

/** Reads the head of a delta. */
function deltaSizes(delta: Uint8Array): DeltaSizes {
  let at = 0;
  const size = () => {
    let size = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = delta[at++];
      if (byte === undefined) throw bad("it ends in its head");
      size += (byte & 127) * factor;
      if (byte < 0x80) return size;
    }
  };
  const [base, result] = [size(), size()];
  return { base, result, start: at };
}

/**
 * Makes an object from another one: a delta says which ranges of it to copy, and what to insert.
 *
 * @throws {ReftableError} With code `"format"` when the delta does not fit.
 */
function applyDelta(base: Uint8Array, delta: Uint8Array): Uint8Array {
  const sizes = deltaSizes(delta);
  if (sizes.base !== base.length) {
    throw bad(`it is for ${sizes.base} bytes, there are ${base.length}`);
  }
  const result = new Uint8Array(sizes.result);
  let done = 0;
  for (let at = sizes.start; at < delta.length;) {
    const instruction = delta[at++]!;
    let part: Uint8Array;
    if (instruction < 0x80) {
      part = delta.subarray(at, at + instruction);
      at += instruction;
      if (instruction === 0 || part.length < instruction) throw bad("it ends in what it inserts");
    } else {
      // Each of seven bits tells whether a byte of the position or the length is there.
      const numbers = [0, 0];
      for (let bit = 0; bit < 7; bit++) {
        if ((instruction & (1 << bit)) === 0) continue;
        numbers[bit < 4 ? 0 : 1]! += (delta[at++] ?? 0) * 2 ** (8 * (bit < 4 ? bit : bit - 4));
      }
      const [position, length] = [numbers[0]!, numbers[1]! || 0x10000];
      part = base.subarray(position, position + length);
      if (part.length < length) throw bad("it copies what is not there");
    }
    if (done + part.length > result.length) throw bad("more comes out than it says");
    result.set(part, done);
    done += part.length;
  }
  if (done < result.length) throw bad("less comes out than it says");
  return result;
}

function bad(finding: string): ReftableError {
  return new ReftableError("format", `Cannot apply a delta: ${finding}`);
}
