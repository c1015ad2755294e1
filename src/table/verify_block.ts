import { decodeText } from "../bytes/text.ts";
import { damaged, type Problem, type ProblemCode, problemOf } from "../errors.ts";
import { type Block, BlockType, damagedRecord, restartPosition } from "../format/block.ts";
import { BlockCursor, decodeIndexPosition } from "../format/block_cursor.ts";
import { logNameLength, logUpdateIndex, LogValueType } from "../format/log_record.ts";
import { decodeTarget, readUpdateIndex, RefValueType } from "../format/ref_record.ts";
import { RefnameChecker, refnameProblem } from "../format/refname.ts";
import { MentionBuilder } from "./block_mentions.ts";
import type { TableLayout } from "./layout.ts";
import { ObjectBuilder } from "./object_columns.ts";
import { positionsDoNotAscend } from "./objects.ts";
import { BlockState, Column, KeyBuilder } from "./range_report.ts";

const NO_KEY = new Uint8Array();

/** What is said of most blocks. */
const SOUND = { state: BlockState.sound, problems: [] } as const;

/** A flaw of a block, and how many more of the kind it has. */
interface Flaw {
  readonly start: number;
  readonly finding: string;
  more: number;
}

/**
 * Checks all of a block that can be checked without other blocks, and gathers what is needed to check the
 * rest. A block that is damaged is reported once, whatever follows from the damage; one that is
 * not has at most one problem of a kind.
 */
export class BlockCheck {
  /** The first and the last key of each block. */
  readonly keys: KeyBuilder = new KeyBuilder();
  /** What the keys of index entries share with those before them, and the rest of each. */
  readonly entryShared: Column<Uint32Array<ArrayBuffer>> = new Column(Uint32Array);
  readonly entrySuffixes: KeyBuilder = new KeyBuilder();
  /** Where the index blocks say it is. */
  readonly entryPositions: Column<Float64Array<ArrayBuffer>> = new Column(Float64Array);
  /** What the object blocks say. */
  readonly objects: ObjectBuilder;
  /** What the ref blocks mention; nothing when the table has no object section. */
  readonly mentions: MentionBuilder;
  /** How many bytes the keys of the last block had, if it was an object block. */
  idLength = 0;

  readonly #layout: TableLayout;
  readonly #cursor: BlockCursor;
  readonly #restarts = new RestartCheck();
  readonly #names = new RefnameChecker();
  readonly #flaws = new Map<ProblemCode, Flaw>();
  /** Where the last record begins that has one. */
  #lastFlawed = 0;
  /** How far a ref's update index may be above the lowest. */
  readonly #maxDistance: number;

  /**
   * @param layout What the header and the footer of the table say.
   * @param objects About how many objects there will be in object blocks.
   * @param mentions About how many there will be in ref blocks.
   */
  constructor(layout: TableLayout, objects: number, mentions: number) {
    this.#layout = layout;
    this.objects = new ObjectBuilder(layout.objectIdLength, objects);
    this.#cursor = new BlockCursor(layout.hashSize);
    this.mentions = new MentionBuilder(layout.hashSize, mentions);
    const { minUpdateIndex, maxUpdateIndex } = layout;
    // A range that is none is reported once, not for every record.
    this.#maxDistance = minUpdateIndex <= maxUpdateIndex
      ? maxUpdateIndex - minUpdateIndex
      : Infinity;
  }

  /** Checks a block, and tells what is wrong with it. */
  check(block: Block): { readonly state: BlockState; readonly problems: readonly Problem[] } {
    this.#flaws.clear();
    this.#lastFlawed = 0;
    this.idLength = 0;
    let firstKey;
    try {
      firstKey = this.#walk(block);
    } catch (error) {
      this.leaveOut();
      return { state: BlockState.damaged, problems: [problemOf(error)] };
    } finally {
      this.mentions.endBlock(this.#cursor.view, block.offset);
    }
    const { key, keyLength } = this.#cursor;
    this.keys.push(firstKey, 0, firstKey.length);
    this.keys.push(key, 0, keyLength);
    if (this.#flaws.size === 0) return SOUND;
    const problems = this.#flaws.entries().map(([problem, { start, finding, more }]) => {
      const others = more === 0 ? "" : `, and ${more} more like it in this block`;
      return problemOf(damagedRecord(block, start, finding + others, problem));
    });
    return { state: BlockState.flawed, problems: [...problems] };
  }

  /** Notes that there is a block whose keys are not known. */
  leaveOut(): void {
    this.keys.push(NO_KEY, 0, 0);
    this.keys.push(NO_KEY, 0, 0);
  }

  /**
   * Walks through all records.
   *
   * @returns The first key.
   * @throws {ReftableError} When the block is damaged.
   */
  #walk(block: Block): Uint8Array {
    const cursor = this.#cursor;
    const restarts = this.#restarts;
    this.#checkLength(block);
    let firstKey: Uint8Array | undefined;
    cursor.jump(block);
    restarts.enter(block);
    this.#names.reset();
    for (;;) {
      const start = cursor.valueEnd;
      if (start >= restarts.next) restarts.pass(block, start);
      if (!cursor.next()) return firstKey ?? NO_KEY;
      firstKey ??= cursor.key.slice(0, cursor.keyLength);
      switch (block.type) {
        case BlockType.ref:
          this.#checkRef(start);
          break;
        case BlockType.log:
          this.#checkLog(start);
          break;
        case BlockType.object:
          this.#checkObject(start);
          break;
        case BlockType.index:
          this.#checkEntry(start);
      }
    }
  }

  /** Git goes on behind the size of a block, so a longer one must not be followed by another. */
  #checkLength({ type, offset, bytes: { length } }: Block): void {
    const { blockSize, file } = this.#layout;
    const isLimited = blockSize > 0 && (type === BlockType.ref || type === BlockType.object);
    if (!isLimited || length <= blockSize) return;
    const finding =
      `block at offset ${offset} has ${length} bytes, the size of a block is ${blockSize}`;
    throw damaged("block-length", file, offset, finding);
  }

  #checkRef(start: number): void {
    const cursor = this.#cursor;
    const { bytes } = cursor.block;
    const { valueType, valueStart, valueEnd } = cursor;
    // Nearly every update index takes one byte, and counts from the lowest.
    let rest = valueStart + 1;
    let distance = bytes[valueStart]!;
    if (distance >= 0x80) {
      const { minUpdateIndex } = this.#layout;
      const read = readUpdateIndex(cursor, minUpdateIndex);
      distance = read.updateIndex - minUpdateIndex;
      rest = read.start;
    }
    if (distance > this.#maxDistance) {
      this.#noteUpdateIndex(start, distance + this.#layout.minUpdateIndex);
    }
    if (valueType === RefValueType.deletion) this.#checkDeleted(start);
    else this.#checkName(start, cursor.keyLength);
    if (valueType === RefValueType.symref) {
      const target = decodeTarget(bytes, rest, valueEnd);
      const wrong = refnameProblem(target);
      if (wrong !== undefined) {
        this.#note("symref-target", start, () => `target ${show(target)}: ${wrong}`);
      }
    } else if (this.#layout.objects) {
      const { hashSize } = this.#layout;
      const { view } = cursor;
      for (let id = rest; id < valueEnd; id += hashSize) this.mentions.add(view, id);
    }
  }

  #checkLog(start: number): void {
    const cursor = this.#cursor;
    const nameLength = logNameLength(cursor);
    const updateIndex = logUpdateIndex(cursor);
    // A log that was rewritten may go back behind the lowest update index.
    if (updateIndex > this.#layout.minUpdateIndex + this.#maxDistance) {
      this.#noteUpdateIndex(start, updateIndex);
    }
    if (cursor.valueType === LogValueType.deletion) this.#names.reset();
    else this.#checkName(start, nameLength);
  }

  #checkObject(start: number): void {
    const cursor = this.#cursor;
    const { objects } = this;
    const { block, key, keyLength, valueStart, valueEnd } = cursor;
    if (this.idLength === 0) this.idLength = keyLength;
    if (keyLength !== this.idLength) {
      const finding = `its key has ${keyLength} bytes, that before it ${this.idLength}`;
      throw damagedRecord(block, start, finding, "object");
    }
    objects.dropPositions();
    const { bytes } = block;
    let next = valueStart;
    // Otherwise it begins with their number, and they end the value too.
    if (cursor.valueType === 0) { while (bytes[next++]! & 0x80); }
    for (let position = 0, isFirst = true; next < valueEnd; isFirst = false) {
      // The cursor has found that these numbers are good.
      let byte = bytes[next++]!;
      let distance = byte & 0x7f;
      while (byte & 0x80) {
        byte = bytes[next++]!;
        distance = (distance + 1) * 0x80 + (byte & 0x7f);
      }
      if (!isFirst && distance === 0) throw positionsDoNotAscend(cursor);
      position += distance;
      objects.addPosition(position);
    }
    // What cannot be compared with ids that have the right length is of no use.
    if (keyLength === this.#layout.objectIdLength) objects.add(key);
  }

  #checkEntry(start: number): void {
    const cursor = this.#cursor;
    const position = decodeIndexPosition(cursor);
    if (position >= cursor.block.offset) {
      const finding = `it leads to offset ${position}, expected one before its own block`;
      throw damagedRecord(cursor.block, start, finding, "index");
    }
    this.entryShared.push(cursor.sharedLength);
    this.entrySuffixes.push(cursor.key, cursor.sharedLength, cursor.keyLength);
    this.entryPositions.push(position);
  }

  #checkName(start: number, length: number): void {
    const { key, sharedLength } = this.#cursor;
    if (this.#names.isGood(key, length, sharedLength)) return;
    this.#note("refname", start, () => {
      const name = decodeText(key, 0, length);
      return `name ${show(name)}: ${refnameProblem(name)}`;
    });
  }

  /** Git removes refs that have bad names by their names, but none that has a NUL in it: no name can be asked for. */
  #checkDeleted(start: number): void {
    const { key, keyLength } = this.#cursor;
    this.#names.reset();
    const place = key.indexOf(0);
    if (place >= 0 && place < keyLength) this.#checkName(start, keyLength);
  }

  #noteUpdateIndex(start: number, updateIndex: number): void {
    const { minUpdateIndex, maxUpdateIndex } = this.#layout;
    this.#note("update-index", start, () => {
      const range = `the table's are ${minUpdateIndex} to ${maxUpdateIndex}`;
      return `its update index is ${updateIndex}, ${range}`;
    });
  }

  /** Notes a flaw: one of a record, and only the first of a kind is described. */
  #note(problem: ProblemCode, start: number, describe: () => string): void {
    if (start === this.#lastFlawed) return;
    this.#lastFlawed = start;
    const known = this.#flaws.get(problem);
    if (known) known.more++;
    else this.#flaws.set(problem, { start, finding: describe(), more: 0 });
  }
}

/** Quotes a name, or what it begins with when it is very long. */
function show(name: string): string {
  return name.length <= 500 ? `"${name}"` : `"${name.slice(0, 500)}"...`;
}

/** Checks that restarts point to records whose keys are stored whole, in order, and the first to the first. */
class RestartCheck {
  /** Where the next record is that a restart points to; infinite when there is none. */
  next = 0;
  #index = 0;

  /** Begins with the restarts of a block. */
  enter(block: Block): void {
    this.#index = 0;
    this.next = restartPosition(block, 0);
    if (this.next !== block.start) {
      throw this.#damage(block, `restart 0 points to ${this.next}, expected ${block.start}`);
    }
  }

  /** Goes on to the next restart behind a record, or the records' end, that is not before this one. */
  pass(block: Block, start: number): void {
    const index = this.#index;
    if (this.next !== start) {
      throw this.#damage(block, `restart ${index} points to ${this.next}, where no record begins`);
    }
    // The first record cannot share anything, and is told so when it is read.
    if (block.bytes[start] !== 0 && index > 0) {
      throw this.#damage(block, `restart ${index} points to a record whose key is not whole`);
    }
    const isLast = index + 1 === block.restartCount;
    this.next = isLast ? Infinity : restartPosition(block, ++this.#index);
    if (this.next <= start) {
      throw this.#damage(block, `restart ${index + 1} is ${this.next}, that before it ${start}`);
    }
  }

  #damage(block: Block, finding: string): Error {
    const position = block.restartStart + 3 * this.#index;
    return damagedRecord(block, position, finding, "restart");
  }
}
