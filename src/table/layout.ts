import { damaged } from "../errors.ts";
import { BlockType } from "../format/block.ts";
import { hashSize } from "../format/hash.ts";
import {
  footerSize,
  headerSize,
  MAX_HEADER_SIZE,
  parseFooter,
  parseHeader,
  type TableFooter,
  type TableHeader,
} from "../format/header_footer.ts";
import { type BlockSource, readRequest } from "../io/block_source.ts";
import { type Io, perform } from "../io/io.ts";

/** A part of a table with blocks of one kind, followed by the index blocks that lead to them. */
export interface Section {
  /** The kind of its blocks. */
  readonly type: BlockType;
  /** Where its first block begins. */
  readonly start: number;
  /** Where the next section, or the footer, begins. */
  readonly end: number;
  /** Where the last level of its index begins; 0 when it has none. */
  readonly index: number;
}

/** Where everything lies in a table, as its header and footer say. */
export interface TableLayout extends TableHeader {
  /** The table's name, for errors. */
  readonly file: string;
  /** The length of an object id in bytes. */
  readonly hashSize: number;
  /** Where the blocks end and the footer begins. */
  readonly end: number;
  /** The refs, when there are any. */
  readonly refs: Section | undefined;
  /** The objects, when they are kept. */
  readonly objects: Section | undefined;
  /** How many bytes of each object id the object section keeps. */
  readonly objectIdLength: number;
  /** The logs, when there are any. */
  readonly logs: Section | undefined;
}

/**
 * Reads the header and the footer of a table.
 *
 * @throws {ReftableError} With code `"format"` when they are damaged or do not fit together.
 */
export function* readLayout(source: BlockSource): Io<TableLayout> {
  const { name, size } = source;
  // The type of the first block tells what the table begins with.
  const start = yield* perform(readRequest(source, 0, Math.min(MAX_HEADER_SIZE + 1, size)));
  const { version } = parseHeader(start, name);
  const end = size - footerSize(version);
  if (end < headerSize(version)) {
    throw damaged(
      "header",
      name,
      size,
      `the file has ${size} bytes, too few for a header and a footer`,
    );
  }
  const footerBytes = yield* perform(readRequest(source, end, footerSize(version)));
  const footer = parseFooter(footerBytes, start, name, end);
  return arrange(name, footer, end, start[headerSize(version)]);
}

function arrange(
  file: string,
  { header, positions, objectIdLength }: TableFooter,
  end: number,
  firstType: number | undefined,
): TableLayout {
  const empty = end === headerSize(header.version);
  if (!empty && firstType !== BlockType.ref && firstType !== BlockType.log) {
    const offset = headerSize(header.version);
    const finding = `the first block has type ${firstType}, expected "r" (114) or "g" (103)`;
    throw damaged("block-type", file, offset, finding);
  }
  const logsOnly = !empty && firstType === BlockType.log;
  const hasRefs = !empty && !logsOnly;
  if (logsOnly && positions.log > headerSize(header.version)) {
    const finding =
      `log section is said to be at offset ${positions.log}, the file begins with one`;
    throw damaged("section", file, end, finding);
  }
  const afterObjects = positions.log || end;
  const afterRefs = positions.object || afterObjects;
  return {
    ...header,
    file,
    hashSize: hashSize(header.hash),
    end,
    objectIdLength,
    refs: hasRefs
      ? { type: BlockType.ref, start: 0, end: afterRefs, index: positions.refIndex }
      : undefined,
    objects: positions.object > 0
      ? {
        type: BlockType.object,
        start: positions.object,
        end: afterObjects,
        index: positions.objectIndex,
      }
      : undefined,
    // In a table of logs only, git's first block includes the header and its position is 0; JGit's
    // begins behind the header.
    logs: logsOnly || positions.log > 0
      ? { type: BlockType.log, start: positions.log, end, index: positions.logIndex }
      : undefined,
  };
}
