import type { ReadableFile } from "../../../io/file_system.ts";

/** How much of a file is read at once, in bytes. */
const WINDOW = 0x2000;

/** How many windows are kept at most. */
const MAX_WINDOWS = 2048;

/** Bytes of which a few are wanted here and there. */
export interface RandomBytes {
  /** How many there are. */
  readonly size: number;
  /** Gives a range, which the caller does not change; less of it at the end. */
  at(position: number, length: number): Uint8Array;
}

/** Takes bytes that are in memory. */
export function memoryBytes(bytes: Uint8Array): RandomBytes {
  return {
    size: bytes.length,
    at: (position, length) => bytes.subarray(position, position + length),
  };
}

/** Takes the bytes of an open file, and keeps what was read. */
export class FileBytes implements RandomBytes {
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
