import { ReftableError } from "../errors.ts";
import type { FileSystem, ReadableFile } from "./file_system.ts";
import { type Io, perform, type Request } from "./io.ts";

/**
 * Where a table's bytes come from: a file, memory, or something of the caller's own.
 *
 * A source that cannot answer synchronously throws in `readSync`; one that needs no waiting may
 * answer `read` at once.
 */
export interface BlockSource extends Disposable {
  /** What to call the table in errors: a path or a file name. */
  readonly name: string;
  /** How many bytes there are. */
  readonly size: number;
  /**
   * Reads a range of bytes that lies inside the source.
   *
   * @param offset Where it begins.
   * @param length How many bytes to read.
   * @param buffer May be used for the result, if it is long enough, instead of new memory.
   * @returns Exactly `length` bytes, which the caller does not change.
   */
  readSync(offset: number, length: number, buffer?: Uint8Array): Uint8Array;
  /** Reads a range of bytes; see {@linkcode BlockSource.readSync}. */
  read(offset: number, length: number, buffer?: Uint8Array): Promise<Uint8Array>;
}

/** Asks for a range of a source; a short answer is an error. */
export function readRequest(
  source: BlockSource,
  offset: number,
  length: number,
  buffer?: Uint8Array,
): Request<Uint8Array> {
  return {
    sync: () => checked(source, offset, length, source.readSync(offset, length, buffer)),
    async: async () => checked(source, offset, length, await source.read(offset, length, buffer)),
  };
}

function checked(
  source: BlockSource,
  offset: number,
  length: number,
  bytes: Uint8Array,
): Uint8Array {
  if (bytes.length === length) return bytes;
  throw new ReftableError(
    "io",
    `Cannot read table "${source.name}": got ${bytes.length} bytes at offset ${offset}, expected ${length}`,
    { file: source.name, offset },
  );
}

/** A source over bytes in memory; it hands out views, not copies. */
export class BytesSource implements BlockSource {
  readonly name: string;
  readonly #bytes: Uint8Array;

  /**
   * @param bytes The whole table. It must not change while the source is used.
   * @param name What to call it in errors.
   */
  constructor(bytes: Uint8Array, name: string) {
    this.name = name;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  readSync(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length);
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return Promise.resolve(this.readSync(offset, length));
  }

  [Symbol.dispose](): void {}
}

/** A table up to this size is kept in memory: to read it costs no more than one block, and no open file. */
export const SMALL = 0x8000;

/**
 * Opens a file as a source.
 *
 * @param name What to call it in errors; its path by default.
 */
export function* openFileSource(
  fileSystem: FileSystem,
  path: string | URL,
  name: string = String(path),
): Io<BlockSource> {
  const file = yield* perform({
    sync: () => fileSystem.openSync(path),
    async: () => fileSystem.open(path),
  });
  const source = new FileSource(file, name);
  if (file.size > SMALL) return source;
  using _ = source;
  return new BytesSource(yield* perform(readRequest(source, 0, file.size)), name);
}

/** A source over an open file. */
class FileSource implements BlockSource {
  readonly name: string;
  readonly #file: ReadableFile;

  constructor(file: ReadableFile, name: string) {
    this.name = name;
    this.#file = file;
  }

  get size(): number {
    return this.#file.size;
  }

  readSync(offset: number, length: number, buffer?: Uint8Array): Uint8Array {
    const target = room(length, buffer);
    try {
      return target.subarray(0, this.#file.readSync(offset, target));
    } catch (error) {
      throw this.#unreadable(offset, error);
    }
  }

  async read(offset: number, length: number, buffer?: Uint8Array): Promise<Uint8Array> {
    const target = room(length, buffer);
    try {
      return target.subarray(0, await this.#file.read(offset, target));
    } catch (error) {
      throw this.#unreadable(offset, error);
    }
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  /** The file may have got another name since it was opened. */
  #unreadable(offset: number, error: unknown): unknown {
    if (!(error instanceof ReftableError)) return error;
    const cause = error.cause ?? error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new ReftableError(
      error.code,
      `Cannot read table "${this.name}" at offset ${offset}: ${reason}`,
      { file: this.name, offset, cause },
    );
  }
}

function room(length: number, buffer: Uint8Array | undefined): Uint8Array {
  return buffer && buffer.length >= length ? buffer.subarray(0, length) : new Uint8Array(length);
}
