import type { BlockSource } from "./block_source.ts";
import type { ReadableFile } from "./file_system.ts";

/** A source over an open file, which it owns. */
export class FileSource implements BlockSource {
  readonly name: string;
  readonly #file: ReadableFile;

  /**
   * @param file The file; closed when the source is disposed.
   * @param name What to call it in errors.
   */
  constructor(file: ReadableFile, name: string) {
    this.name = name;
    this.#file = file;
  }

  get size(): number {
    return this.#file.size;
  }

  readSync(offset: number, length: number, buffer?: Uint8Array): Uint8Array {
    const target = room(length, buffer);
    return target.subarray(0, this.#file.readSync(offset, target));
  }

  async read(offset: number, length: number, buffer?: Uint8Array): Promise<Uint8Array> {
    const target = room(length, buffer);
    return target.subarray(0, await this.#file.read(offset, target));
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

function room(length: number, buffer: Uint8Array | undefined): Uint8Array {
  return buffer && buffer.length >= length ? buffer.subarray(0, length) : new Uint8Array(length);
}
