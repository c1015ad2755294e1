import {
  getUint24,
  getUint32,
  getUint64,
  putUint24,
  putUint32,
  putUint64,
} from "../bytes/bytes.ts";
import { damaged } from "../errors.ts";
import { hashFromId, hashId, type HashName, hashSize } from "./hash.ts";

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

/** Where the sections of a table begin, in bytes from the start of the file; 0 where there is none. */
export interface SectionPositions {
  /** The last level of the ref section's index. */
  readonly refIndex: number;
  /** The first object block. */
  readonly object: number;
  /** The last level of the object section's index. */
  readonly objectIndex: number;
  /** The first log block; git writes 0 when the table has nothing but logs. */
  readonly log: number;
  /** The last level of the log section's index. */
  readonly logIndex: number;
}

/** What the last bytes of a table say. */
export interface TableFooter {
  /** A repetition of the table's header. */
  readonly header: TableHeader;
  /** Where the sections begin. */
  readonly positions: SectionPositions;
  /** How many bytes of each object id the object section keeps; 0 when there is no such section. */
  readonly objectIdLength: number;
}

/** Tells how many bytes a footer has: 68 in version 1, 72 in version 2. */
export function footerSize(version: 1 | 2): number {
  return headerSize(version) + 44;
}

const NAMES = {
  refIndex: "ref index",
  object: "object section",
  objectIndex: "object index",
  log: "log section",
  logIndex: "log index",
} as const satisfies Record<keyof SectionPositions, string>;

/** The sections in the order in which they lie in a file. */
const ORDER = ["refIndex", "object", "objectIndex", "log", "logIndex"] as const;

/**
 * Decodes a footer and checks it against the file's header: the checksum, the equality of the
 * two, and that the sections lie in the file in their order.
 *
 * @param bytes The footer, exactly.
 * @param headerBytes The first bytes of the file, at least the header.
 * @param file The table's name, for errors.
 * @param position Where in the file the footer begins.
 * @throws {ReftableError} With code `"format"` when it is damaged.
 */
export function parseFooter(
  bytes: Uint8Array,
  headerBytes: Uint8Array,
  file: string,
  position: number,
): TableFooter {
  const header = parseHeader(bytes, file, position);
  const size = headerSize(header.version);
  const checksum = getUint32(bytes, size + 40);
  const computed = crc32(bytes.subarray(0, size + 40));
  if (checksum !== computed) {
    throw damaged(
      "checksum",
      file,
      position + size + 40,
      `footer at offset ${position} has checksum ${hex(checksum)}, its bytes give ${hex(computed)}`,
    );
  }
  for (let i = 0; i < size; i++) {
    if (bytes[i] !== headerBytes[i]) {
      throw damaged("header", file, i, `header and footer differ in byte ${i}`);
    }
  }
  const object = getObjectPosition(bytes, size + 8);
  const raw = {
    refIndex: getUint64(bytes, size),
    object: object?.position,
    objectIndex: getUint64(bytes, size + 16),
    log: getUint64(bytes, size + 24),
    logIndex: getUint64(bytes, size + 32),
  };
  const positions: SectionPositions = {
    refIndex: raw.refIndex ?? Infinity,
    object: raw.object ?? Infinity,
    objectIndex: raw.objectIndex ?? Infinity,
    log: raw.log ?? Infinity,
    logIndex: raw.logIndex ?? Infinity,
  };
  checkOrder(positions, size, file, position);
  const objectIdLength = object?.idLength ?? 0;
  // The length is stored in five bits.
  const longest = Math.min(31, hashSize(header.hash));
  if (positions.object > 0 && (objectIdLength < 2 || objectIdLength > longest)) {
    throw damaged(
      "object",
      file,
      position + size + 8,
      `object ids of the object section have ${objectIdLength} bytes, expected 2 to ${longest}`,
    );
  }
  return { header, positions, objectIdLength };
}

function checkOrder(
  positions: SectionPositions,
  headerSize: number,
  file: string,
  footerPosition: number,
): void {
  let least = headerSize;
  let after = "the header";
  for (const section of ORDER) {
    const start = positions[section];
    if (start === 0) continue;
    if (start < least || start >= footerPosition) {
      const shown = start === Infinity ? "above 2^53 - 1" : start;
      throw damaged(
        "section",
        file,
        footerPosition,
        `${NAMES[section]} is said to be at offset ${shown}, ` +
          `expected it behind ${after} (${least}) and before the footer (${footerPosition})`,
      );
    }
    least = start + 1;
    after = `the ${NAMES[section]}`;
  }
}

/** The object section's position lies above five bits of abbreviation length. */
function getObjectPosition(
  bytes: Uint8Array,
  at: number,
): { position: number; idLength: number } | undefined {
  const high = getUint32(bytes, at);
  const low = getUint32(bytes, at + 4);
  const position = high * 0x8000000 + (low >>> 5);
  if (position > Number.MAX_SAFE_INTEGER) return undefined;
  return { position, idLength: low & 31 };
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

/**
 * Encodes a footer with its checksum.
 *
 * @param target The bytes to write to, from their start.
 * @returns The length of the footer.
 */
export function putFooter(target: Uint8Array, footer: TableFooter): number {
  const { positions } = footer;
  const start = putHeader(target, 0, footer.header);
  putUint64(target, start, positions.refIndex);
  putUint32(target, start + 8, Math.floor(positions.object / 0x8000000));
  putUint32(target, start + 12, (positions.object % 0x8000000) * 32 + footer.objectIdLength);
  putUint64(target, start + 16, positions.objectIndex);
  putUint64(target, start + 24, positions.log);
  putUint64(target, start + 32, positions.logIndex);
  putUint32(target, start + 40, crc32(target.subarray(0, start + 40)));
  return start + 44;
}

/** The remainders of all half bytes for the reversed polynomial 0xEDB88320 (ISO 3309, zlib). */
const TABLE = Uint32Array.of(
  ...[0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158],
  ...[0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4],
  ...[0xa00ae278, 0xbdbdf21c],
);

/**
 * Computes the CRC-32 of some bytes, as an unsigned 32-bit number. They are few, so it goes by half bytes: a table
 * for whole ones would take longer to make than all that it saves.
 */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = TABLE[(crc ^ byte) & 0xf]! ^ (crc >>> 4);
    crc = TABLE[(crc ^ (byte >>> 4)) & 0xf]! ^ (crc >>> 4);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
