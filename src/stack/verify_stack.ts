import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import type { Problem } from "../format/problem.ts";
import { denoFileSystem } from "../io/deno_file_system.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type TableReport, type VerifyProgress, verifySource } from "../table/verify_table.ts";
import { type ListedTables, openListedTables } from "./listed_tables.ts";
import { checkStrayFiles } from "./verify_stray_files.ts";
import { checkTablesFit } from "./verify_tables_fit.ts";

/** How to verify a stack. */
export interface VerifyStackOptions {
  /** The hash that all tables should have; by default that which most of them have. */
  readonly hash?: HashName | undefined;
  /** How much larger than the next a table should be, 2 by default. */
  readonly geometricFactor?: number | undefined;
  /** Into how many jobs to divide the work on a table; by default that depends on its size. */
  readonly jobs?: number | undefined;
  /** The storage; the real file system by default. */
  readonly fileSystem?: FileSystem | undefined;
  /** Stops the verification when it is aborted; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how far it is. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

/** What was found out about a stack. */
export interface StackReport {
  /** The directory of the tables. */
  readonly directory: string;
  /** What was found out about each table that is there, from the oldest to the newest. */
  readonly tables: readonly TableReport[];
  /**
   * What is wrong with the stack and its tables: first what concerns the list, then each table, then whether
   * they belong together, then other files of the directory.
   */
  readonly problems: readonly Problem[];
}

/**
 * Checks a stack: its list, each of its tables as {@linkcode verifyTable} does, whether these belong
 * together, and what else lies in its directory.
 *
 * It takes no lock, and the stack need not be sound enough to be opened. Others may change it meanwhile: what
 * is checked are the tables that were there when the list was read.
 *
 * @param directory The directory of the tables, such as `.git/reftable`.
 * @throws {ReftableError} With code `"not-exist"` when there is no such directory, `"io"` when something in it
 * cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { verifyStack } from "@reftable/reftable";
 *
 * const { problems, tables } = await verifyStack("tests/fixtures/repository/git/reftable");
 * assertEquals(problems.filter(({ severity }) => severity === "error"), []);
 * assertEquals(tables[0]?.header?.minUpdateIndex, 1);
 * ```
 */
export async function verifyStack(
  directory: string,
  options: VerifyStackOptions = {},
): Promise<StackReport> {
  const { fileSystem = denoFileSystem, signal } = options;
  signal?.throwIfAborted();
  const info = await fileSystem.stat(directory);
  if (info?.kind !== "directory") {
    const found = info ? "it is no directory" : "it does not exist";
    const code = info ? "io" : "not-exist";
    throw new ReftableError(code, `Cannot verify stack "${directory}": ${found}`, {
      file: directory,
    });
  }
  const location = { fileSystem, directory };
  using listed = await openListedTables(location);
  const tables = await verifyTables(listed, options);
  const names = listed.tables.map(({ name }) => name);
  return {
    directory,
    tables,
    problems: [
      ...listed.problems,
      ...tables.flatMap(({ problems }) => problems),
      ...checkTablesFit(directory, names, tables, options),
      ...await checkStrayFiles(location, listed),
    ],
  };
}

/** Verifies one table after the other. */
async function verifyTables(
  { tables }: ListedTables,
  { fileSystem = denoFileSystem, jobs, signal, onProgress }: VerifyStackOptions,
): Promise<TableReport[]> {
  const total = tables.reduce((sum, { source }) => sum + source.size, 0);
  const reports: TableReport[] = [];
  let before = 0;
  for (const { source } of tables) {
    const report = await verifySource(source, {
      // Others can open nothing but files.
      input: fileSystem === denoFileSystem ? source.name : undefined,
      jobs,
      signal,
      onProgress: ({ checked }) => onProgress?.({ checked: before + checked, total }),
    });
    before += source.size;
    reports.push(report);
  }
  return reports;
}
