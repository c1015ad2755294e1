import { ReftableError } from "../../errors.ts";
import type { FileSystem, ReadableFile } from "../../io/file_system.ts";

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
