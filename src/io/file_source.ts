import { ReftableError } from "../errors.ts";
import { type BlockSource, BytesSource, readRequest } from "./block_source.ts";
import type { FileSystem, ReadableFile } from "./file_system.ts";
import { type Io, perform } from "./io.ts";

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
