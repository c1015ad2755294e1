import { ByteReader } from "../bytes/bytes.ts";
import { type Block, damagedRecord } from "../format/block.ts";
import { BlockCursor } from "../format/block_cursor.ts";
import { decodeRef, type RefRecord, RefValueType } from "../format/ref_record.ts";
import { runSync } from "../io/io.ts";
import type { BlockLoader } from "./block_loader.ts";
import type { Section } from "./layout.ts";
import { advancePast, SectionCursor } from "./record_cursors.ts";
import { Search, wrongType } from "./search.ts";

/** Answers which refs of a table mention an object. */
export class ObjectLookup {
  readonly #loader: BlockLoader;
  readonly #search: Search;
  /** Walks the ref blocks that the object section names. */
  readonly #refs: BlockCursor;

  /** Makes the lookup of one table. */
  constructor(loader: BlockLoader) {
    this.#loader = loader;
    const { hashSize } = loader.layout;
    this.#search = new Search(loader, new BlockCursor(hashSize));
    this.#refs = new BlockCursor(hashSize);
  }

  /**
   * Lists the refs whose value or peeled value is an object id, in the order of their names.
   *
   * @param oid The object id's bytes, which may change afterwards.
   */
  refsFor(oid: Uint8Array): IteratorObject<RefRecord, void> {
    const { refs, objects } = this.#loader.layout;
    const found: RefRecord[] = [];
    if (!refs) return found.values();
    const positions = objects && this.#findPositions(objects, oid);
    if (!positions) return this.#inAllBlocks(refs, oid.slice());
    for (const position of positions) this.#searchBlock(refs, position, oid, found);
    return found.values();
  }

  /**
   * Looks an object up in the object section.
   *
   * @returns The ref blocks that may mention it, none when it is not there, or `undefined` when all
   * must be scanned.
   */
  #findPositions(objects: Section, oid: Uint8Array): readonly number[] | undefined {
    const { objectIdLength } = this.#loader.layout;
    const search = this.#search;
    const isFound = search.runSync(objects, oid, objectIdLength) && search.isExact;
    return isFound ? decodeObjectPositions(search.cursor) : [];
  }

  /** Finds the refs of one block. */
  #searchBlock(refs: Section, position: number, oid: Uint8Array, found: RefRecord[]): void {
    const loader = this.#loader;
    const { hashSize, minUpdateIndex } = loader.layout;
    const block = loader.cached(position) ?? runSync(loader.load(position));
    if (block.type !== refs.type) throw wrongType(loader, block, refs.type);
    const cursor = this.#refs;
    cursor.jump(block);
    let record = findObject(block, block.start, oid);
    for (; record !== undefined && record >= 0; record = findObject(block, cursor.valueEnd, oid)) {
      cursor.goTo(record);
      found.push(decodeRef(cursor, hashSize, minUpdateIndex));
    }
    // To walk through all records tells what is wrong.
    if (record !== undefined) { while (cursor.next()); }
  }

  *#inAllBlocks(refs: Section, oid: Uint8Array): Generator<RefRecord, void, void> {
    const { hashSize, minUpdateIndex } = this.#loader.layout;
    const cursor = new SectionCursor(this.#loader, refs);
    while (advancePast(cursor)) {
      if (!mentions(cursor.records, oid)) continue;
      cursor.records.putKey();
      yield decodeRef(cursor.records, hashSize, minUpdateIndex);
    }
  }
}

/** Tells whether the current ref holds an object id or peels to it. */
function mentions(cursor: BlockCursor, oid: Uint8Array): boolean {
  const { valueType, valueEnd } = cursor;
  if (valueType !== RefValueType.direct && valueType !== RefValueType.peeled) return false;
  const { bytes } = cursor.block;
  const { length } = oid;
  // The object ids end the value.
  for (let start = valueEnd - valueType * length; start < valueEnd; start += length) {
    let i = 0;
    while (i < length && bytes[start + i] === oid[i]) i++;
    if (i === length) return true;
  }
  return false;
}

/**
 * Finds a ref of a block that holds an object id or peels to it. Names are passed over, which takes a quarter of the
 * time of putting them together.
 *
 * @param start Where a record begins to search from.
 * @returns Where the record begins, `undefined` when there is none; −1 when a record does not fit into the block.
 */
export function findObject(
  { bytes, restartStart: end }: Block,
  start: number,
  oid: Uint8Array,
): number | undefined {
  const { length } = oid;
  const first = oid[0];
  for (let position = start; position < end;) {
    const record = position;
    // The length of what the name shares with the one before it is of no interest.
    while (bytes[position++]! >= 0x80);
    let byte = bytes[position++]!;
    let suffix = byte & 0x7f;
    while (byte >= 0x80) {
      byte = bytes[position++]!;
      // What has more than 31 bits does not fit, however it is cut.
      suffix = ((suffix + 1) << 7) | (byte & 0x7f);
      if (suffix < 0) return -1;
    }
    position += suffix >>> 3;
    while (bytes[position++]! >= 0x80);
    const valueType = suffix & 7;
    if (valueType === RefValueType.symref) {
      byte = bytes[position++]!;
      let target = byte & 0x7f;
      while (byte >= 0x80) {
        byte = bytes[position++]!;
        target = ((target + 1) << 7) | (byte & 0x7f);
        if (target < 0) return -1;
      }
      position += target;
      if (position > end) return -1;
      continue;
    }
    const value = position;
    position += valueType * length;
    if (valueType > RefValueType.symref || position > end) return -1;
    for (let id = value; id < position; id += length) {
      // One byte tells nearly always that it is not the one.
      if (bytes[id] !== first) continue;
      let i = 1;
      while (i < length && bytes[id + i] === oid[i]) i++;
      if (i === length) return record;
    }
  }
  return undefined;
}

/**
 * Decodes the positions of the ref blocks that mention the object which a cursor in an object block
 * stands on.
 *
 * @returns The positions in ascending order, in bytes from the start of the file, or `undefined`
 * when the record says that all refs must be scanned.
 * @throws {ReftableError} With code `"format"` when they do not ascend.
 */
export function decodeObjectPositions(cursor: BlockCursor): number[] | undefined {
  const reader = new ByteReader(cursor.block.bytes, cursor.valueStart, cursor.valueEnd);
  const count = cursor.valueType === 0 ? reader.varint() : cursor.valueType;
  if (count === 0) return undefined;
  const positions: number[] = [];
  let position = 0;
  for (let i = 0; i < count; i++) {
    const distance = reader.varint();
    if (i > 0 && distance === 0) {
      throw positionsDoNotAscend(cursor);
    }
    position += distance;
    positions.push(position);
  }
  return positions;
}

/** Makes the error for an object whose positions do not ascend. */
export function positionsDoNotAscend({ block, valueStart }: BlockCursor): Error {
  return damagedRecord(block, valueStart, "its positions do not ascend", "object");
}
