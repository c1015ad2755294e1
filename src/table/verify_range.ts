import { getUint24 } from "../bytes/bytes.ts";
import { type Problem, problemOf } from "../errors.ts";
import { type Block, BlockType, isBlockType } from "../format/block.ts";
import { headerSize } from "../format/header_footer.ts";
import { type Io, runSync } from "../io/io.ts";
import type { BlockLoader, BlockSequence } from "./block_loader.ts";
import { blockStarts, placeOf } from "./block_starts.ts";
import type { TableLayout } from "./layout.ts";
import { BlockState, Column, ProblemList, type RangeReport } from "./range_report.ts";
import { wrongType } from "./search.ts";
import { BlockCheck } from "./verify_block.ts";

/** Blocks that are smaller are not looked for in damage: there could be one at nearly every byte. */
const LEAST_BLOCK_SIZE = 64;

/**
 * Checks a range of a table, block by block.
 *
 * @param loader The table's blocks.
 * @param start Where the range begins: at a block.
 * @param end Where it ends.
 */
export function verifyRange(loader: BlockLoader, start: number, end: number): RangeReport {
  const walk = new RangeWalk(loader, start, end);
  while (runSync(walk.next()));
  return walk.finish();
}

/**
 * A walk through the blocks of a range. How it goes depends on nothing but the file and where it begins,
 * so that several walks, each beginning where another ends, find what one would.
 */
export class RangeWalk {
  /** Where the next block begins. */
  position: number;

  readonly #loader: BlockLoader;
  readonly #blocks: BlockSequence;
  readonly #start: number;
  readonly #end: number;
  readonly #check: BlockCheck;
  readonly #list: ProblemList;
  readonly #types = new Column(Uint8Array);
  readonly #states = new Column(Uint8Array);
  readonly #offsets = new Column(Float64Array);
  readonly #ends = new Column(Float64Array);
  readonly #idLengths = new Column(Uint8Array);
  readonly #entryEnds = new Column(Uint32Array);
  readonly #objectEnds = new Column(Uint32Array);
  /** Where blocks are known to begin; found out when one is damaged. */
  #starts: readonly number[] | undefined;
  /** Whether these lie as padded blocks do. */
  #isPadded: boolean | undefined;

  /** See {@linkcode verifyRange}. */
  constructor(loader: BlockLoader, start: number, end: number) {
    this.#loader = loader;
    this.#blocks = loader.sequence();
    this.#check = new BlockCheck(
      loader.layout,
      expectedObjects(loader.layout, start, end),
      expectedMentions(loader.layout, start, end),
    );
    this.#list = new ProblemList(loader.layout.file);
    this.position = this.#start = start;
    this.#end = end;
  }

  /**
   * Checks the next block.
   *
   * @returns Whether there are more.
   */
  *next(): Io<boolean> {
    if (this.position >= this.#end) return false;
    const offset = this.position;
    const block = yield* this.#load(offset);
    if (block) {
      const state = this.#checkBlock(block);
      // A log block ends where the next one begins.
      const end = block.type === BlockType.log ? block.nextOffset : offset + block.bytes.length;
      this.#note(block.type, state, offset, end);
      if (state === BlockState.damaged) {
        this.position = yield* this.#resume(offset, block.nextOffset);
      } else {
        this.position = yield* this.#passPadding(end, block.nextOffset);
      }
    } else {
      this.#check.leaveOut();
      this.#note(0, BlockState.damaged, offset, offset);
      this.position = yield* this.#resume(offset, this.#nextAligned(offset));
    }
    return this.position < this.#end;
  }

  /** Gives what was found; the walk is then over. */
  finish(): RangeReport {
    const check = this.#check;
    return {
      start: this.#start,
      end: this.position,
      problems: this.#list.problems,
      omitted: this.#list.omitted,
      blocks: {
        types: this.#types.finish(),
        states: this.#states.finish(),
        offsets: this.#offsets.finish(),
        ends: this.#ends.finish(),
        keys: check.keys.finish(),
        idLengths: this.#idLengths.finish(),
        entryEnds: this.#entryEnds.finish(),
        objectEnds: this.#objectEnds.finish(),
      },
      entries: {
        shared: check.entryShared.finish(),
        suffixes: check.entrySuffixes.finish(),
        positions: check.entryPositions.finish(),
      },
      objects: check.objects.finish(),
      mentions: check.mentions.finish(),
    };
  }

  #checkBlock(block: Block): BlockState {
    const { state, problems } = this.#check.check(block);
    if (state === BlockState.sound) return state;
    // Perhaps it is read as what it is not.
    const suspicion = this.#suspectType(block);
    this.#list.push(...(suspicion ? [suspicion] : problems));
    return suspicion ? BlockState.damaged : state;
  }

  #note(type: number, state: BlockState, offset: number, end: number): void {
    const check = this.#check;
    this.#types.push(type);
    this.#states.push(state);
    this.#offsets.push(offset);
    this.#ends.push(end);
    this.#idLengths.push(check.idLength);
    this.#entryEnds.push(check.entryPositions.length);
    this.#objectEnds.push(check.objects.count);
  }

  /** Loads a block; what cannot be one is a problem. */
  *#load(offset: number): Io<Block | undefined> {
    try {
      return yield* this.#blocks.load(offset);
    } catch (error) {
      const problem = problemOf(error);
      this.#list.push(yield* this.#explain(problem, offset));
      return undefined;
    }
  }

  /** Tells a block whose type is damaged from others, and from bytes that are not part of any block. */
  *#explain(problem: Problem, offset: number): Io<Problem> {
    const { layout } = this.#loader;
    const { blockSize, version } = layout;
    const starts = yield* this.#knownStarts();
    if (starts[placeOf(starts, offset)] !== offset) {
      this.#isPadded ??= isPadded(layout, starts);
      const isInPadded = this.#isPadded && offset < endOfPadded(layout);
      if (isInPadded && offset % blockSize > 0) return { ...problem, code: "padding" };
      if (!isInPadded && sectionAt(layout, offset)?.index) return { ...problem, code: "gap" };
    }
    if (problem.code === "block-type") return problem;
    const [type] = yield* this.#blocks.get(offset === 0 ? headerSize(version) : offset, 1);
    return isBlockType(type) && this.#suspectType({ offset, type }) || problem;
  }

  /** What looks like a damaged block may be a sound one that claims to be of another kind than it is. */
  #suspectType(block: Pick<Block, "offset" | "type">): Problem | undefined {
    const { type, offset } = block;
    const section = sectionAt(this.#loader.layout, offset);
    if (!section) return undefined;
    const isRoot = section.index > 0 && offset >= section.index;
    const expected = isRoot ? BlockType.index : section.type;
    // Other levels of an index lie before the last one.
    if (type === expected || (type === BlockType.index && section.index > 0)) return undefined;
    return problemOf(wrongType(this.#loader, block, expected));
  }

  /**
   * Checks that a block is followed by NULs up to where the next one should begin.
   *
   * @returns Where the next block begins.
   */
  *#passPadding(start: number, end: number): Io<number> {
    if (start === end) return end;
    const padding = (yield* this.#blocks.get(start, end - start)).subarray(0, end - start);
    const place = padding.findIndex((byte) => byte !== 0);
    if (place < 0) return end;
    const { refs, objects, logs } = this.#loader.layout;
    const offset = start + place;
    const isSection = [refs, objects, logs].some((section) => section?.start === offset);
    // A section that begins there is said to have a gap before it, once all blocks are known.
    if (isSection) return offset;
    const finding = `padding has byte ${padding[place]} at offset ${offset}, expected NULs`;
    this.#list.add("padding", offset, finding);
    return end;
  }

  /** Finds where to go on behind a block that is damaged, whose end may be wrong or unknown. */
  *#resume(offset: number, candidate: number | undefined): Io<number> {
    const starts = yield* this.#knownStarts();
    const known = starts[placeOf(starts, offset + 1)] ?? this.#loader.layout.end;
    if (candidate === undefined || candidate >= known) return known;
    return (yield* this.#looksLikeBlock(candidate)) ? candidate : known;
  }

  /** Where the next block begins if blocks are padded, as they are where several have no index. */
  #nextAligned(offset: number): number | undefined {
    const { layout } = this.#loader;
    const { blockSize } = layout;
    if (blockSize < LEAST_BLOCK_SIZE || sectionAt(layout, offset)?.index) return undefined;
    const next = (Math.floor(offset / blockSize) + 1) * blockSize;
    return next < endOfPadded(layout) ? next : undefined;
  }

  *#looksLikeBlock(offset: number): Io<boolean> {
    const { end } = this.#loader.layout;
    if (offset + 6 > end) return false;
    const bytes = yield* this.#blocks.get(offset, 4);
    if (!isBlockType(bytes[0])) return false;
    const length = getUint24(bytes, 1);
    return length >= 6 && (bytes[0] === BlockType.log || length <= end - offset);
  }

  *#knownStarts(): Io<readonly number[]> {
    return this.#starts ??= yield* blockStarts(this.#loader);
  }
}

/** The section in which the footer says that a place is. */
function sectionAt({ refs, objects, logs }: TableLayout, offset: number) {
  return [logs, objects, refs].find((section) => section && section.start <= offset);
}

/** Where blocks are no longer padded. */
function endOfPadded({ logs, end }: TableLayout): number {
  return logs?.start ?? end;
}

/** Tells whether blocks are padded, by those whose places are known. */
function isPadded(layout: TableLayout, starts: readonly number[]): boolean {
  const { blockSize } = layout;
  const last = endOfPadded(layout);
  return blockSize > 0 && starts.every((start) => start >= last || start % blockSize === 0);
}

/** About how many objects the object blocks of a range have: few take more than eight bytes. */
function expectedObjects({ objects }: TableLayout, start: number, end: number): number {
  if (!objects) return 0;
  const bytes = Math.min(end, objects.end) - Math.max(start, objects.start);
  return Math.max(0, Math.ceil(bytes / 8));
}

/** About how many mentions the ref blocks of a range have: few refs take less than four bytes more than the id. */
function expectedMentions(
  { refs, objects, hashSize }: TableLayout,
  start: number,
  end: number,
): number {
  if (!refs || !objects) return 0;
  const bytes = Math.min(end, refs.end) - Math.max(start, refs.start);
  return Math.max(0, Math.ceil(bytes / (hashSize + 4)));
}
