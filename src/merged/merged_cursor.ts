import { commonPrefixLength } from "../bytes/compare.ts";
import type { BlockCursor } from "../format/block_cursor.ts";
import type { Io } from "../io/io.ts";
import { type RecordCursor, Step } from "../table/cursor.ts";

/** One of the cursors that are merged. */
interface Source<T> {
  readonly cursor: RecordCursor<T>;
  /** The cursor's current record. */
  readonly records: BlockCursor;
  /** The higher, the newer: of equal keys the newest wins. */
  readonly age: number;
}

/**
 * Walks several cursors as if they were one, in the order of the keys. Of records with the same key
 * only the one of the newest cursor is seen, tombstones like any other.
 *
 * The cursors stand in a heap, the one with the lowest key at its root. Mostly one large table is merged
 * with small ones, and the root stays the root from record to record. So it is known how many bytes
 * the root's key shares with the lowest key below it, the runner-up's; a next key that shares more than that
 * with the root's last one is below the runner-up too, and nothing is compared.
 */
export class MergedCursor<T> implements RecordCursor<T> {
  readonly #sources: readonly Source<T>[];
  readonly #onDispose: () => void;
  readonly #heap: Source<T>[] = [];
  /** Sources that have not been asked for their first record. */
  #unstarted: Source<T>[];
  /** Whether the root's record has been seen. */
  #seen = false;
  /** Where in the heap the runner-up is; 0 when there is none. */
  #runnerUp = 0;
  /** How many bytes the root's key shares with the runner-up's. */
  #lead = 0;
  /** The source that needs a block. */
  #waiting: Source<T> | undefined;

  /**
   * Merges cursors, which it owns from then on.
   *
   * @param cursors From the oldest to the newest.
   * @param onDispose Called when the cursor is no longer used.
   */
  constructor(cursors: readonly RecordCursor<T>[], onDispose: () => void = () => {}) {
    this.#sources = cursors.map((cursor, age) => ({ cursor, records: cursor.records, age }));
    this.#unstarted = [...this.#sources];
    this.#onDispose = onDispose;
  }

  get records(): BlockCursor {
    return this.#heap[0]!.records;
  }

  /** Which cursor the current record is of: 0 is the oldest. */
  get age(): number {
    return this.#heap[0]!.age;
  }

  record(): T {
    return this.#heap[0]!.cursor.record();
  }

  next(): Step {
    if (this.#unstarted.length > 0 && !this.#start()) return Step.load;
    if (this.#seen) {
      const root = this.#heap[0];
      if (root === undefined) return Step.end;
      const step = root.cursor.next();
      if (step === Step.load) return this.#wait(root);
      this.#seen = false;
      if (step === Step.end) this.#remove(0);
      else if (!this.#staysRoot(root)) this.#settle(0);
    }
    if (this.#heap.length === 0) return Step.end;
    while (this.#isShadowed()) {
      const shadowed = this.#heap[this.#runnerUp]!;
      const step = shadowed.cursor.next();
      if (step === Step.load) return this.#wait(shadowed);
      if (step === Step.end) this.#remove(this.#runnerUp);
      else this.#settle(this.#runnerUp);
    }
    this.#seen = true;
    return Step.record;
  }

  *load(): Io<void> {
    yield* this.#waiting!.cursor.load();
  }

  *seek(key: Uint8Array): Io<boolean> {
    this.#unstarted = [];
    this.#heap.length = 0;
    for (const source of this.#sources) {
      if (yield* source.cursor.seek(key)) this.#push(source);
    }
    this.#findRunnerUp();
    this.#seen = false;
    let step;
    while ((step = this.next()) === Step.load) yield* this.load();
    return step === Step.record;
  }

  [Symbol.dispose](): void {
    for (const { cursor } of this.#sources) cursor[Symbol.dispose]();
    this.#onDispose();
  }

  /** Gets the first record of each source; false when one of them needs a block for that. */
  #start(): boolean {
    for (let source; (source = this.#unstarted.at(-1));) {
      const step = source.cursor.next();
      if (step === Step.load) {
        this.#wait(source);
        return false;
      }
      this.#unstarted.pop();
      if (step === Step.record) this.#push(source);
    }
    this.#findRunnerUp();
    return true;
  }

  #wait(source: Source<T>): Step {
    this.#waiting = source;
    return Step.load;
  }

  /** Tells whether the root, having moved on, is still below the runner-up. */
  #staysRoot({ records, age }: Source<T>): boolean {
    if (this.#runnerUp === 0 || records.sharedLength > this.#lead) return true;
    // Its key grew in a byte that it had in common with the runner-up's.
    if (records.sharedLength < this.#lead) return false;
    const other = this.#heap[this.#runnerUp]!;
    const { key, keyLength } = other.records;
    this.#lead = commonPrefixLength(records.key, records.keyLength, key, keyLength, this.#lead);
    return comesFirst(records, age, other, this.#lead);
  }

  /** Tells whether the runner-up has the same key as the root, which then is newer. */
  #isShadowed(): boolean {
    if (this.#runnerUp === 0) return false;
    const { keyLength } = this.#heap[0]!.records;
    return this.#lead === keyLength && this.#heap[this.#runnerUp]!.records.keyLength === keyLength;
  }

  #push(source: Source<T>): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(source, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = source;
  }

  #remove(index: number): void {
    const last = this.#heap.pop()!;
    if (index < this.#heap.length) {
      this.#heap[index] = last;
      this.#settle(index);
    } else {
      this.#findRunnerUp();
    }
  }

  /** Moves a source whose key has grown down to its place. */
  #settle(index: number): void {
    const heap = this.#heap;
    const source = heap[index]!;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, source)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = source;
    this.#findRunnerUp();
  }

  #findRunnerUp(): void {
    const [root, left, right] = this.#heap;
    if (!root || !left) {
      this.#runnerUp = 0;
      return;
    }
    this.#runnerUp = right && isBefore(right, left) ? 2 : 1;
    const a = root.records;
    const b = this.#heap[this.#runnerUp]!.records;
    this.#lead = commonPrefixLength(a.key, a.keyLength, b.key, b.keyLength);
  }
}

/** Tells whether one source's record comes before another's: by key, then the newer first. */
function isBefore<T>(a: Source<T>, b: Source<T>): boolean {
  const { key, keyLength } = b.records;
  const shared = commonPrefixLength(a.records.key, a.records.keyLength, key, keyLength);
  return comesFirst(a.records, a.age, b, shared);
}

function comesFirst<T>(
  records: BlockCursor,
  age: number,
  other: Source<T>,
  shared: number,
): boolean {
  if (shared < records.keyLength) {
    return shared < other.records.keyLength && records.key[shared]! < other.records.key[shared]!;
  }
  return records.keyLength < other.records.keyLength || age > other.age;
}
