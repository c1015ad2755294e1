/**
 * Tables that the library wrote, and what its statistics should say of them.
 *
 * @module
 */

import {
  BytesSink,
  type LogRecord,
  type RefRecord,
  type SectionStatistics,
  Table,
  TableWriter,
  type TableWriterOptions,
  type WriteStatistics,
} from "@reftable/reftable";
import { BlockType } from "../../src/format/block.ts";
import { decodeIndexPosition } from "../../src/format/block_cursor.ts";
import { blocksOf, layoutOf, walk } from "../blocks.ts";
import { type Fixture, writerOptions } from "../fixtures.ts";
import type { Bytes } from "../hand_made.ts";

/** Records and how to write them. */
export interface Job {
  readonly options?: TableWriterOptions;
  readonly minUpdateIndex: number;
  readonly maxUpdateIndex: number;
  readonly refs?: Iterable<RefRecord>;
  readonly logs?: Iterable<LogRecord>;
}

/** What a writer left. */
export interface Written {
  readonly bytes: Bytes;
  readonly statistics: WriteStatistics;
}

/** Gives a writer its limits, lets something add records, and finishes. */
export function writeWith(
  { options = {}, minUpdateIndex, maxUpdateIndex }: Omit<Job, "refs" | "logs">,
  add: (writer: TableWriter) => void,
): Written {
  const sink = new BytesSink();
  const writer = new TableWriter(sink, options);
  writer.setLimits(minUpdateIndex, maxUpdateIndex);
  add(writer);
  const statistics = writer.finish();
  return { bytes: sink.bytes, statistics };
}

/** Writes records. */
export function write(job: Job): Written {
  return writeWith(job, (writer) => {
    writer.addRefs(job.refs ?? []);
    writer.addLogs(job.logs ?? []);
  });
}

/** A number as a name; all have six bytes. */
export function numbered(i: number): string {
  return `${i}`.padStart(6, "0");
}

/** The job that makes a table which git wrote. */
export function jobOf(given: Fixture): Job & { readonly options: TableWriterOptions } {
  const { minUpdateIndex, maxUpdateIndex, ...options } = writerOptions(given);
  return { options, minUpdateIndex, maxUpdateIndex, refs: given.refs, logs: given.logs };
}

/** The statistics of a table, counted from what its blocks and its footer say. */
export function countedStatistics(bytes: Bytes): WriteStatistics {
  using table = Table.openSync(bytes);
  const layout = layoutOf(bytes);
  const blocks = table.blocks().toArray();
  const framed = new Map(blocksOf(bytes).map((block) => [block.offset, block]));
  const depth = (index: number) => {
    let levels = 0;
    for (let block = framed.get(index); block?.type === BlockType.index; levels++) {
      const [position] = walk(block).map(decodeIndexPosition).take(1);
      block = framed.get(position!);
    }
    return levels;
  };
  const count = (type: "ref" | "object" | "log" | "index", section?: typeof layout.refs) => {
    const own = blocks.filter((block) => block.type === type);
    const sum = (field: "entries" | "restarts") => own.reduce((sum, b) => sum + b[field], 0);
    const indexes = blocks.filter(({ type, offset }) =>
      section && type === "index" && offset >= section.start && offset < section.end
    );
    const statistics: SectionStatistics = {
      entries: sum("entries"),
      restarts: sum("restarts"),
      blocks: own.length,
      indexBlocks: indexes.length,
      indexDepth: section?.index ? depth(section.index) : 0,
      offset: own[0]?.offset ?? 0,
      indexOffset: section?.index ?? 0,
    };
    return statistics;
  };
  return {
    blocks: blocks.length,
    objectIdLength: layout.objectIdLength,
    refs: count("ref", layout.refs),
    objects: count("object", layout.objects),
    logs: count("log", layout.logs),
    indexes: count("index"),
    size: bytes.length,
    limits: { minUpdateIndex: layout.minUpdateIndex, maxUpdateIndex: layout.maxUpdateIndex },
  };
}
