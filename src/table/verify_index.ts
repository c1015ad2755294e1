import { BlockType } from "../format/block.ts";
import { BlockState, type KeyColumn, type ProblemList } from "./range_report.ts";
import { type FoundSection, isData, type Row, rowAt } from "./verify_sections.ts";

/**
 * Checks that the index of a section leads to every block of it, in their order and by their last keys. An
 * index may have several levels, each of which leads to the one before it.
 *
 * @param all All blocks of the table.
 * @param root Where the footer says that the last level begins; 0 when there is no index.
 */
export function checkIndex(
  all: readonly Row[],
  { rows }: FoundSection,
  root: number,
  list: ProblemList,
): void {
  const isRoot = (row: Row) => row.type === BlockType.index && row.offset >= root;
  const first = rowAt(rows, root);
  // Otherwise the footer was found to be wrong.
  if (root === 0 || first?.offset !== root || !isRoot(first)) return;
  const check = new IndexCheck(all, rows[0]!.offset, list);
  for (const row of rows) {
    if (row.type === BlockType.index && row.state !== BlockState.damaged) check.enter(row);
  }
  // What a damaged index block leads to is not known.
  const lastData = rows.findLastIndex(isData);
  const isUnknown = (row: Row, i: number) => row.state === BlockState.damaged && i > lastData;
  if (!check.isComplete || rows.some(isUnknown)) return;
  const unreached = rows.filter((row) =>
    row.state !== BlockState.damaged && !isRoot(row) && !check.isReached(row)
  );
  const [missed] = unreached;
  if (missed) {
    const others = unreached.length === 1 ? "" : ` nor to ${unreached.length - 1} others`;
    const finding = `no index entry leads to the block at offset ${missed.offset}${others}`;
    list.add("index", missed.offset, finding);
    return;
  }
  const reached = rows.find((row) => isRoot(row) && check.isReached(row));
  if (!reached) return;
  const { offset } = reached;
  const finding = `an index entry leads to offset ${offset}, which is of the last level`;
  list.add("index", offset, finding);
}

/** Goes through the index blocks of a section, in the order of the file: each leads to blocks before it. */
class IndexCheck {
  /** Whether all entries were found right so far. */
  isComplete = true;
  readonly #rows: readonly Row[];
  readonly #start: number;
  readonly #list: ProblemList;
  readonly #reached = new Set<Row>();
  /** How many levels are below each index block. */
  readonly #levels = new Map<Row, number>();
  #previous: Row | undefined;
  #key = new Uint8Array(64);
  #keyLength = 0;

  /** @param start Where the section begins. */
  constructor(rows: readonly Row[], start: number, list: ProblemList) {
    this.#rows = rows;
    this.#start = start;
    this.#list = list;
  }

  isReached(row: Row): boolean {
    return this.#reached.has(row);
  }

  /** Checks an index block. */
  enter(row: Row): void {
    const wrong = this.#follow(row) ?? this.#compare(row);
    this.#previous = row;
    if (wrong === undefined) return;
    this.isComplete = false;
    row.state = BlockState.flawed;
    this.#list.add("index", row.offset, `index block at offset ${row.offset} ${wrong}`);
  }

  /** Follows all entries of an index block; tells what is wrong with the first that does not lead right. */
  #follow(row: Row): string | undefined {
    const { shared, suffixes, positions } = row.report.entries;
    const [first, end] = row.entries;
    for (let i = first; i < end; i++) {
      this.#setKey(shared[i]!, suffixes, i);
      const position = positions[i]!;
      const child = rowAt(this.#rows, position);
      if (child?.state === BlockState.damaged) {
        this.#reached.add(child);
        continue;
      }
      if (child?.offset !== position || position < this.#start) {
        return `leads to offset ${position}, where no block of its section begins`;
      }
      if (child.state === BlockState.sound && !child.endsWith(this.#key, this.#keyLength)) {
        return `has another key for the block at offset ${position} than its last`;
      }
      if (this.#reached.has(child)) return `leads to offset ${position}, as another entry does`;
      this.#reached.add(child);
      const below = child.type === BlockType.index ? this.#levels.get(child) : 0;
      if (below !== undefined) this.#levels.set(row, below + 1);
    }
    return undefined;
  }

  /** Puts the key of an entry together. */
  #setKey(shared: number, { bytes, ends }: KeyColumn, entry: number): void {
    const start = ends[entry - 1] ?? 0;
    this.#keyLength = shared + ends[entry]! - start;
    if (this.#key.length < this.#keyLength) {
      const key = new Uint8Array(2 * this.#keyLength);
      key.set(this.#key.subarray(0, shared));
      this.#key = key;
    }
    const key = this.#key;
    for (let i = shared; i < this.#keyLength; i++) key[i] = bytes[start + i - shared]!;
  }

  /** Compares the keys of an index block with those of the one before it, if both are of a level. */
  #compare(row: Row): string | undefined {
    const previous = this.#previous;
    if (previous?.state !== BlockState.sound || row.state !== BlockState.sound) return undefined;
    const level = this.#levels.get(row);
    if (level === undefined || level !== this.#levels.get(previous)) return undefined;
    if (previous.isBelow(row)) return undefined;
    return `has a first key that is not above the last key of the one before it`;
  }
}
