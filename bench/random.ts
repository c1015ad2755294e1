/** A source of pseudo-random numbers that gives the same ones for the same seed on every machine. */
export class Random {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #counter = 1;

  /** @param seed Any 32-bit number. */
  constructor(seed: number) {
    this.#a = seed;
    for (let i = 0; i < 16; i++) this.uint32();
  }

  /** The next whole number below 2^32, by Chris Doty-Humphrey's "sfc32". */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result;
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    return Math.floor(this.uint32() / 0x100000000 * bound);
  }

  /** Tells true with a probability. */
  chance(probability: number): boolean {
    return this.uint32() < probability * 0x100000000;
  }

  /** One of some values. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** An object id of SHA-1's length in hexadecimal digits. */
  oid(): string {
    let oid = "";
    while (oid.length < 40) oid += this.uint32().toString(16).padStart(8, "0");
    return oid;
  }
}
