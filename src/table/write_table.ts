import { firstError, ReftableError } from "../errors.ts";
import { denoFileSystem } from "../io/deno.ts";
import type { FileSystem } from "../io/file_system.ts";
import { PendingFile } from "../io/pending_file.ts";
import { TableWriter, type TableWriterOptions, type WriteStatistics } from "./table_writer.ts";

/** How to write a table into a file. */
export interface WriteTableOptions extends TableWriterOptions {
  /** Whether a file of that name is replaced; else it is an error. */
  readonly overwrite?: boolean | undefined;
  /** The storage; the real file system by default. */
  readonly fileSystem?: FileSystem | undefined;
}

/**
 * Writes a table into a file, which appears when the table is complete and has reached the disk. Until then
 * it is a temporary file beside it, which is removed when anything fails.
 *
 * @param path The file.
 * @param write Adds the records, after setting the limits.
 * @returns What was written.
 * @throws {ReftableError} With code `"io"` when the file exists or cannot be written; and what the
 * writer throws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeTable } from "@reftable/reftable";
 *
 * const path = await Deno.makeTempFile();
 * const { refs } = await writeTable(path, (writer) => {
 *   writer.setLimits(7, 7);
 *   writer.addRef({
 *     kind: "direct",
 *     refname: "refs/heads/main",
 *     updateIndex: 7,
 *     oid: "83baae61804e65cc73a7201a7252750c76066a30",
 *   });
 * }, { overwrite: true });
 * assertEquals(refs.entries, 1);
 * ```
 */
export async function writeTable(
  path: string,
  write: (writer: TableWriter) => void | Promise<void>,
  options: WriteTableOptions = {},
): Promise<WriteStatistics> {
  try {
    return await writeInPlace(path, write, options);
  } catch (error) {
    throw firstError(error);
  }
}

async function writeInPlace(
  path: string,
  write: (writer: TableWriter) => void | Promise<void>,
  options: WriteTableOptions,
): Promise<WriteStatistics> {
  const { fileSystem = denoFileSystem, overwrite = false } = options;
  await refuseExisting(fileSystem, path, overwrite);
  await using file = await PendingFile.createTemporary(fileSystem, path);
  const writer = new TableWriter(file, options);
  await write(writer);
  const statistics = writer.finish();
  await file.sync();
  await refuseExisting(fileSystem, path, overwrite);
  await file.commit(path);
  await fileSystem.syncDirectory(directoryOf(path));
  return statistics;
}

/** The directory of a path, as far as it is told. */
function directoryOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end < 0 ? "." : path.slice(0, end + 1);
}

async function refuseExisting(
  fileSystem: FileSystem,
  path: string,
  overwrite: boolean,
): Promise<void> {
  if (overwrite || !(await fileSystem.stat(path))) return;
  throw new ReftableError("io", `Cannot write "${path}": it exists already`, { file: path });
}
