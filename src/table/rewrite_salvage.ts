import { ReftableError } from "../errors.ts";
import { MAX_BLOCK_SIZE } from "../format/block.ts";
import type { Salvage } from "./salvage_table.ts";
import { BytesSink } from "./table_sink.ts";
import { TableWriter, type TableWriterOptions } from "./table_writer.ts";

/**
 * Writes what was salvaged as a table of its own.
 *
 * @param options How to write it, but for the hash and the size of blocks, which stay as they were.
 * @returns The table's bytes.
 */
export function rewriteSalvage(salvage: Salvage, options: TableWriterOptions): Uint8Array {
  const { hash, blockSize } = salvage.header;
  try {
    return writeSalvage(salvage, { ...options, hash, blockSize });
  } catch (error) {
    if (!(error instanceof ReftableError) || error.code !== "entry-too-big") throw error;
    // The header said less than there was.
    return writeSalvage(salvage, { ...options, hash, blockSize: MAX_BLOCK_SIZE });
  }
}

function writeSalvage({ header, refs, logs }: Salvage, options: TableWriterOptions): Uint8Array {
  const sink = new BytesSink();
  const writer = new TableWriter(sink, { ...options, exactLogMessage: true });
  writer.setLimits(header.minUpdateIndex, header.maxUpdateIndex);
  for (const ref of refs) writer.addRef(ref);
  for (const log of logs) writer.addLog(log);
  writer.finish();
  return sink.bytes;
}
