import { type Problem, type ProblemCode, ReftableError, type Severity } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { footerSize, headerSize } from "../format/header_footer.ts";
import { denoFileSystem } from "../io/deno.ts";
import type { FileSystem } from "../io/file_system.ts";
import { formatAge } from "../io/lock.ts";
import {
  type TableReport,
  type TableSummary,
  type VerifyProgress,
  verifySource,
} from "../table/verify_table.ts";
import { planCompaction } from "./compaction_plan.ts";
import {
  listedNames,
  type ListedTables,
  listStrayFiles,
  openListedTables,
  type StrayFile,
} from "./inventory.ts";
import type { StackLocation } from "./snapshot.ts";
import { parseTableName, TABLES_LIST } from "./tables_list.ts";

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

/** What was not written for so long, in milliseconds, nobody works on any more. */
const STALE_AFTER = 5 * 60_000;

const FINDINGS = {
  orphan: "the list does not name this table",
  temporary: "somebody is writing this file, or left it behind",
  lock: "somebody holds this lock, or left it behind",
} as const satisfies Partial<Record<ProblemCode, string>>;

/**
 * Looks at what lies in a stack's directory besides its tables. What is young is only mentioned: a
 * writer may be at work.
 *
 * @param listed What the list named at first.
 */
async function checkStrayFiles(
  location: Pick<StackLocation, "fileSystem" | "directory">,
  listed: Pick<ListedTables, "names" | "hasList">,
): Promise<Problem[]> {
  const { directory } = location;
  const before = await listStrayFiles(location, listed.names);
  // What others have added meanwhile is listed by now.
  const names = new Set(await listedNames(location));
  const orphans = before.orphans.filter(({ name }) => !names.has(name));
  const describe = (code: keyof typeof FINDINGS) => ({ name, mtime }: StrayFile): Problem => {
    const age = Date.now() - mtime;
    return {
      severity: age > STALE_AFTER ? "warning" : "info",
      code,
      file: `${directory}/${name}`,
      message: `${FINDINGS[code]}; it was last written ${formatAge(age)} ago`,
    };
  };
  const others = [
    ...before.temporaries.map(describe("temporary")),
    ...before.locks.map(describe("lock")),
  ];
  if (names.size > 0 || orphans.length === 0) {
    return [...orphans.map(describe("orphan")), ...others];
  }
  const file = `${directory}/${TABLES_LIST}`;
  const code = "tables-list";
  const tables = `${orphans.length} tables`;
  if (listed.hasList) {
    // A compaction of deletions leaves nothing, and perhaps was stopped before it could remove what it had read.
    const message = `it names no tables, but there are ${tables}`;
    return [
      { severity: "warning", code, file, message },
      ...orphans.map(describe("orphan")),
      ...others,
    ];
  }
  const message = `there is no such file, but there are ${tables}`;
  return [{ severity: "error", code, file, message }, ...others];
}

/** What all tables of a stack should have. */
interface Expectations {
  readonly hash?: HashName | undefined;
  readonly geometricFactor?: number | undefined;
}

/** A table whose header could be read. */
interface Readable {
  readonly name: string;
  readonly file: string;
  readonly size: number;
  readonly header: TableSummary;
}

/**
 * Checks whether the tables of a stack belong together. Of a table that cannot be read nothing more is
 * said.
 *
 * @param names Their file names, from the oldest to the newest.
 * @param reports What was found out about each.
 */
function checkTablesFit(
  directory: string,
  names: readonly string[],
  reports: readonly TableReport[],
  { hash, geometricFactor }: Expectations,
): Problem[] {
  const problems: Problem[] = [];
  const note = (severity: Severity, code: ProblemCode, file: string, message: string) => {
    problems.push({ severity, code, file, message });
  };
  const tables: Readable[] = [];
  reports.forEach(({ file, size, header }, i) => {
    if (header) tables.push({ name: names[i]!, file, size, header });
  });
  const expectedHash = hash ?? mostFrequent(tables.map(({ header }) => header.hash));
  let previous: Readable | undefined;
  for (const table of tables) {
    const { name, file, header } = table;
    const range = `${header.minUpdateIndex} to ${header.maxUpdateIndex}`;
    if (header.hash !== expectedHash) {
      note("error", "table-hash", file, `its hash is ${header.hash}, expected ${expectedHash}`);
    }
    const told = parseTableName(name);
    if (told === undefined) {
      note("warning", "table-name", file, "its name does not tell its range of update indices");
    } else if (
      told.minUpdateIndex !== header.minUpdateIndex || told.maxUpdateIndex !== header.maxUpdateIndex
    ) {
      const shown = `${told.minUpdateIndex} to ${told.maxUpdateIndex}`;
      note("error", "table-name", file, `its name says update indices ${shown}, it has ${range}`);
      // It is another table than belongs there.
      continue;
    }
    if (previous && header.minUpdateIndex <= previous.header.maxUpdateIndex) {
      const before = `${previous.name} has them up to ${previous.header.maxUpdateIndex}`;
      note("error", "table-range", file, `its update indices are ${range}, but ${before}`);
    } else {
      previous = table;
    }
  }
  if (tables.length < reports.length) return problems;
  const { start, end } = planCompaction(tables.map(sizeForPlan), geometricFactor);
  if (end > start) {
    const message = `tables ${start + 1} to ${end} of ${tables.length} should be compacted`;
    note("info", "geometric", `${directory}/${TABLES_LIST}`, message);
  }
  return problems;
}

/** A table's size as compaction is planned with it: without what an empty table has, but a byte. */
function sizeForPlan({ size, header: { version } }: Readable): number {
  return size - footerSize(version) - (headerSize(version) - 1);
}

/** The hash that most tables have, of two the one that comes first. */
function mostFrequent(hashes: readonly HashName[]): HashName | undefined {
  const [first] = hashes;
  const others = hashes.filter((hash) => hash !== first);
  return 2 * others.length > hashes.length ? others[0] : first;
}
