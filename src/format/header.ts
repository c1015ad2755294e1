import {
  getUint24,
  getUint32,
  getUint64,
  putUint24,
  putUint32,
  putUint64,
} from "../bytes/numbers.ts";
import { damaged } from "./damage.ts";
import { hashFromId, hashId, type HashName } from "./hash.ts";

/** "REFT", the first four bytes of every table. */
export const MAGIC = 0x52454654;

/** The bytes to read at the start of a file to be sure to have its whole header. */
export const MAX_HEADER_SIZE = 28;

/** What the first bytes of a table say; its footer repeats them. */
export interface TableHeader {
  /** The format's version; only version 2 names its hash. */
  readonly version: 1 | 2;
  /** The size of a padded block in bytes; 0 in JGit's unaligned tables. */
  readonly blockSize: number;
  /** The lowest update index of the table's refs. */
  readonly minUpdateIndex: number;
  /** The highest update index of the table's refs and logs. */
  readonly maxUpdateIndex: number;
  /** The hash that made the table's object ids. */
  readonly hash: HashName;
}

/** Tells how many bytes a header has: 24 in version 1, 28 in version 2. */
export function headerSize(version: 1 | 2): number {
  return version === 1 ? 24 : 28;
}

/**
 * Decodes a table's header.
 *
 * @param bytes At least the header.
 * @param file The table's name, for errors.
 * @param position Where in the file these bytes lie, for errors (the footer begins with a header too).
 * @throws {ReftableError} With code `"format"` when it is no header.
 */
export function parseHeader(bytes: Uint8Array, file: string, position = 0): TableHeader {
  if (bytes.length < 5 || getUint32(bytes, 0) !== MAGIC) {
    throw damaged("magic", file, position, `no "REFT" at offset ${position}: this is no reftable`);
  }
  const version = bytes[4];
  if (version !== 1 && version !== 2) {
    throw damaged("version", file, position + 4, `version is ${version}, expected 1 or 2`);
  }
  if (bytes.length < headerSize(version)) {
    throw damaged("header", file, position, `the header ends after ${bytes.length} bytes`);
  }
  const minUpdateIndex = getUint64(bytes, 8);
  const maxUpdateIndex = getUint64(bytes, 16);
  if (minUpdateIndex === undefined || maxUpdateIndex === undefined) {
    const offset = position + (minUpdateIndex === undefined ? 8 : 16);
    throw damaged("header", file, offset, `update index at offset ${offset} is above 2^53 - 1`);
  }
  let hash: HashName | undefined = "sha1";
  if (version === 2) {
    hash = hashFromId(getUint32(bytes, 24));
    if (hash === undefined) {
      const id = getUint32(bytes, 24).toString(16).padStart(8, "0");
      throw damaged(
        "hash-id",
        file,
        position + 24,
        `hash id is 0x${id}, expected "sha1" or "s256"`,
      );
    }
  }
  return { version, blockSize: getUint24(bytes, 5), minUpdateIndex, maxUpdateIndex, hash };
}

/**
 * Encodes a header.
 *
 * @returns The position behind it.
 */
export function putHeader(target: Uint8Array, position: number, header: TableHeader): number {
  putUint32(target, position, MAGIC);
  target[position + 4] = header.version;
  putUint24(target, position + 5, header.blockSize);
  putUint64(target, position + 8, header.minUpdateIndex);
  putUint64(target, position + 16, header.maxUpdateIndex);
  if (header.version === 2) putUint32(target, position + 24, hashId(header.hash));
  return position + headerSize(header.version);
}
