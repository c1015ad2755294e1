/** Where a table writer puts a table's bytes, in the order of the file. */
export interface TableSink {
  /**
   * Takes some bytes.
   *
   * @param bytes Valid during the call only: the writer uses the memory again.
   */
  write(bytes: Uint8Array): void;
}

/** A sink that keeps a table in memory. */
export class BytesSink implements TableSink {
  #bytes = new Uint8Array(512);
  #length = 0;

  write(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const size = Math.max(2 * this.#bytes.length, needed);
      this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(size));
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  /** What was written so far; a view that a further write may invalidate. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
