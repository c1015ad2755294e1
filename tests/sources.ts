/**
 * Sources of bytes that tell how they were used.
 *
 * @module
 */

import type { BlockSource } from "@reftable/reftable";

/** A source over memory that behaves as a file does, and counts what is read. */
export class CountingSource implements BlockSource {
  readonly name: string;
  /** How many ranges were read. */
  reads = 0;
  /** How many bytes they had. */
  bytesRead = 0;
  /** How often it was disposed. */
  disposals = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, name = "counted") {
    this.#bytes = bytes;
    this.name = name;
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** Forgets what was read. */
  reset(): void {
    this.reads = this.bytesRead = 0;
  }

  readSync(offset: number, length: number, buffer?: Uint8Array): Uint8Array {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new RangeError(`${length} bytes at ${offset} of ${this.size}`);
    }
    this.reads++;
    this.bytesRead += length;
    const target = buffer && buffer.length >= length ? buffer : new Uint8Array(length);
    target.set(this.#bytes.subarray(offset, offset + length));
    // Nobody may rely on what a buffer holds behind the bytes that were asked for.
    target.fill(0xa5, length);
    return target.subarray(0, length);
  }

  async read(offset: number, length: number, buffer?: Uint8Array): Promise<Uint8Array> {
    await Promise.resolve();
    return this.readSync(offset, length, buffer);
  }

  [Symbol.dispose](): void {
    this.disposals++;
  }
}
