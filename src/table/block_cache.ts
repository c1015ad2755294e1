import type { Block } from "../format/block.ts";

/**
 * Keeps the blocks that were used lately, up to a number of bytes.
 *
 * It has two generations: a block that is found in the old one moves to the young one, and when the young
 * one has half of the bytes it becomes the old one. So a hit costs one look into a map,
 * and blocks not used for long are dropped all at once.
 */
export class BlockCache {
  readonly #generationBytes: number;
  #young = new Map<number, Block>();
  #old = new Map<number, Block>();
  #youngBytes = 0;

  /** @param capacity The most bytes to keep; 0 keeps the last two blocks. */
  constructor(capacity: number) {
    this.#generationBytes = capacity / 2;
  }

  /** Gives the block that begins at an offset of the file, if it is here. */
  get(offset: number): Block | undefined {
    const block = this.#young.get(offset);
    if (block !== undefined) return block;
    const aged = this.#old.get(offset);
    if (aged !== undefined) this.set(aged);
    return aged;
  }

  /** Keeps a block; its bytes must not change any more. */
  set(block: Block): void {
    if (this.#youngBytes + block.bytes.length > this.#generationBytes) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(block.offset, block);
    this.#youngBytes += block.bytes.length;
  }
}
