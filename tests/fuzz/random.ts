/**
 * Chance that is the same for the same seed.
 *
 * @module
 */

import { randomNumbers } from "../faults/try_faults.ts";

/** Makes choices. */
export class Random {
  readonly #next: () => number;

  /** The choices depend on the seed and the number alone. */
  constructor(seed: number, number: number) {
    this.#next = randomNumbers(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  }

  /** A whole number from 0 up to, but not including, a limit. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** Whether something happens that does once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of several. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** A small number mostly, and now and then a large one. */
  size(limit: number): number {
    return Math.floor(limit ** this.#next()) % limit;
  }

  /** Random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
