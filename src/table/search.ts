import { damaged } from "../errors.ts";
import { type Block, BlockType } from "../format/block.ts";
import { type BlockCursor, decodeIndexPosition } from "../format/block_cursor.ts";
import type { Io } from "../io/io.ts";
import { runSync } from "../io/io.ts";
import type { BlockLoader } from "./block_loader.ts";
import type { Section } from "./layout.ts";

/**
 * Moves a cursor to the first record of a section whose key is not below a given one, through the section's
 * index when it has one. The record's key is not put together.
 *
 * It goes on as long as the blocks on its way are cached, and stops to have one loaded. So a search in
 * cached blocks is one plain loop, and the same code serves those who must wait for a block.
 */
export class Search {
  /** Where the search ends: in the section's block, on the record. */
  readonly cursor: BlockCursor;
  /** Whether there is such a record; told once the search is over. */
  found = false;

  readonly #loader: BlockLoader;
  #section!: Section;
  #key!: Uint8Array;
  #keyLength = 0;
  /** The block to look at next. */
  #offset = 0;
  /** The index block that led there; `undefined` while blocks are looked through one by one. */
  #parent: Block | undefined;
  /** Where that began. */
  #start = 0;
  /** The kind of block to look through. */
  #type!: BlockType;

  constructor(loader: BlockLoader, cursor: BlockCursor) {
    this.#loader = loader;
    this.cursor = cursor;
  }

  /** Whether the record that was found has the very key. */
  get isExact(): boolean {
    const { matchedLength, keyLength } = this.cursor;
    return matchedLength === this.#keyLength && keyLength === this.#keyLength;
  }

  /** Searches, loading blocks at once. */
  runSync(section: Section, key: Uint8Array, keyLength: number): boolean {
    this.#begin(section, key, keyLength);
    while (!this.#goOn()) runSync(this.#loader.load(this.#offset));
    return this.found;
  }

  /** Searches, asking for blocks. */
  *run(section: Section, key: Uint8Array, keyLength: number): Io<boolean> {
    this.#begin(section, key, keyLength);
    while (!this.#goOn()) yield* this.#loader.load(this.#offset);
    return this.found;
  }

  #begin(section: Section, key: Uint8Array, keyLength: number): void {
    this.#section = section;
    this.#key = key;
    this.#keyLength = keyLength;
    this.#parent = undefined;
    this.#start = this.#offset = section.index || section.start;
    this.#type = section.index === 0 ? section.type : BlockType.index;
    this.found = false;
  }

  /**
   * Goes from block to block as long as they are cached.
   *
   * @returns Whether the search is over.
   * @throws {ReftableError} With code `"format"` when a block on the way is damaged, or an index
   * does not lead where it says.
   */
  #goOn(): boolean {
    const { cursor } = this;
    for (;;) {
      const block = this.#loader.cached(this.#offset);
      if (block === undefined) return false;
      const { type } = this.#section;
      if (this.#parent !== undefined) {
        if (block.type !== type && block.type !== BlockType.index) {
          throw this.#misled(`a block of type ${block.type} at offset ${block.offset}`);
        }
      } else if (block.type !== this.#type) {
        // What the section's blocks are followed by, unless it is what it should begin with.
        if (block.offset !== this.#start) return true;
        throw wrongType(this.#loader, block, this.#type);
      }
      cursor.jump(block);
      // What the keys of an index enclose begins with all that they share.
      const commonLength = this.#parent === undefined ? 0 : cursor.commonLength;
      if (!cursor.seek(this.#key, this.#keyLength, commonLength)) {
        if (this.#parent !== undefined) {
          throw this.#misled(`offset ${block.offset}, where all keys are below the one it names`);
        }
        // Git writes no index for three blocks or fewer, and the last level of one may have several.
        this.#offset = block.nextOffset;
        if (this.#offset >= this.#section.end) return true;
        continue;
      }
      if (block.type === type) {
        this.found = true;
        return true;
      }
      this.#descend(block);
    }
  }

  /** Follows the index record that the cursor stands on. */
  #descend(block: Block): void {
    this.#parent = block;
    this.#offset = decodeIndexPosition(this.cursor);
    // Each level lies before the next, so a search ends however the index is damaged.
    if (this.#offset >= this.#section.start && this.#offset < block.offset) return;
    throw this.#misled(`offset ${this.#offset}, expected one before ${block.offset}`);
  }

  #misled(where: string): Error {
    const { offset } = this.#parent!;
    const finding = `index block at offset ${offset} leads to ${where}`;
    return damaged("index", this.#loader.layout.file, offset, finding);
  }
}

/** Makes the error for a block that is not of the kind which belongs there. */
export function wrongType(
  loader: BlockLoader,
  block: Pick<Block, "offset" | "type">,
  expected: BlockType,
): Error {
  const letter = (type: BlockType) => JSON.stringify(String.fromCharCode(type));
  return damaged(
    "block-type",
    loader.layout.file,
    block.offset,
    `block at offset ${block.offset} has type ${letter(block.type)}, expected ${letter(expected)}`,
  );
}
