import { BlockType } from "../format/block.ts";
import { BlockCursor } from "../format/block_cursor.ts";
import type { Io } from "../io/io.ts";
import type { BlockLoader, BlockSequence } from "./block_loader.ts";
import { type Loading, Step } from "./cursor.ts";
import type { Section } from "./layout.ts";
import { Search, wrongType } from "./search.ts";

/** Walks the records of one section of a table. */
export class SectionCursor implements Loading {
  /** The current record: its key and where its value lies. */
  readonly records: BlockCursor;
  readonly #loader: BlockLoader;
  readonly #section: Section | undefined;
  readonly #blocks: BlockSequence;
  #nextOffset: number;

  /** @param section The section, or `undefined` for one without records. */
  constructor(loader: BlockLoader, section: Section | undefined) {
    this.records = new BlockCursor(loader.layout.hashSize);
    this.#loader = loader;
    this.#section = section;
    this.#blocks = loader.sequence();
    this.#nextOffset = section?.start ?? 0;
  }

  next(): Step {
    if (this.records.next()) return Step.record;
    return this.#nextOffset < (this.#section?.end ?? 0) ? Step.load : Step.end;
  }

  *load(): Io<void> {
    const section = this.#section!;
    const offset = this.#nextOffset;
    const block = yield* this.#blocks.load(offset);
    if (block.type === section.type) {
      this.records.enter(block);
      this.#nextOffset = block.nextOffset;
    } else if (block.type === BlockType.index && offset !== section.start) {
      this.#nextOffset = section.end;
    } else {
      throw wrongType(this.#loader, block, section.type);
    }
  }

  /**
   * Goes to the first record whose key is not below `key`.
   *
   * @returns False when there is none.
   */
  *seek(key: Uint8Array): Io<boolean> {
    const section = this.#section;
    if (!section) return false;
    const found = yield* new Search(this.#loader, this.records).run(section, key, key.length);
    this.#nextOffset = found ? this.records.block.nextOffset : section.end;
    return found;
  }

  /** Nothing is held that would need it. */
  [Symbol.dispose](): void {}
}
