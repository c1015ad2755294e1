import { startsWithBytes } from "../bytes/compare.ts";
import { BlockCursor } from "../format/block_cursor.ts";
import { decodeObjectPositions } from "../format/object_record.ts";
import { decodeRef, type RefRecord, RefValueType } from "../format/ref_record.ts";
import { type Io, runSync } from "../io/io.ts";
import type { BlockLoader } from "./block_loader.ts";
import { advance } from "./cursor.ts";
import type { Section } from "./layout.ts";
import { search, wrongType } from "./search.ts";
import { SectionCursor } from "./section_cursor.ts";

/**
 * Lists the refs whose value or peeled value is an object id, in the order of their names.
 *
 * @param oid The object id's bytes.
 */
export function* listRefsFor(
  loader: BlockLoader,
  oid: Uint8Array,
): Generator<RefRecord, void, void> {
  const { refs, objects, hashSize, minUpdateIndex } = loader.layout;
  if (!refs) return;
  const positions = objects ? runSync(findPositions(loader, objects, oid)) : undefined;
  if (positions) {
    const cursor = new BlockCursor(hashSize);
    for (const position of positions) {
      runSync(enterRefBlock(loader, refs, position, cursor));
      while (cursor.next()) {
        if (mentions(cursor, oid)) yield decodeRef(cursor, hashSize, minUpdateIndex);
      }
    }
  } else {
    const cursor = new SectionCursor(loader, refs);
    while (advance(cursor)) {
      if (mentions(cursor.records, oid)) yield decodeRef(cursor.records, hashSize, minUpdateIndex);
    }
  }
}

/**
 * Looks an object up in the object section.
 *
 * @returns The ref blocks that may mention it, none when it is not there, or `undefined` when all
 * must be scanned.
 */
function* findPositions(
  loader: BlockLoader,
  objects: Section,
  oid: Uint8Array,
): Io<readonly number[] | undefined> {
  const key = oid.subarray(0, loader.layout.objectIdLength);
  const cursor = new BlockCursor(loader.layout.hashSize);
  if (!(yield* search(loader, objects, key, cursor))) return [];
  if (!startsWithBytes(cursor.key, cursor.keyLength, key)) return [];
  return decodeObjectPositions(cursor);
}

function* enterRefBlock(
  loader: BlockLoader,
  refs: Section,
  position: number,
  cursor: BlockCursor,
): Io<void> {
  const block = loader.cached(position) ?? (yield* loader.load(position));
  if (block.type !== refs.type) throw wrongType(loader, block, refs.type);
  cursor.jump(block);
}

/** Tells whether the current ref holds an object id or peels to it. */
function mentions(cursor: BlockCursor, oid: Uint8Array): boolean {
  const { valueType } = cursor;
  if (valueType !== RefValueType.direct && valueType !== RefValueType.peeled) return false;
  const { bytes } = cursor.block;
  // The object ids end the value.
  for (
    let start = cursor.valueEnd - valueType * oid.length;
    start < cursor.valueEnd;
    start += oid.length
  ) {
    let i = 0;
    while (i < oid.length && bytes[start + i] === oid[i]) i++;
    if (i === oid.length) return true;
  }
  return false;
}
