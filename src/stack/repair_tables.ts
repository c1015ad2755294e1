import { type Problem, type ProblemCode, problemOf, ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { openFileSource } from "../io/block_source.ts";
import { runAsync } from "../io/io.ts";
import { rewriteSalvage } from "../table/rewrite_salvage.ts";
import { type Salvage, salvageTable } from "../table/salvage_table.ts";
import { Table } from "../table/table.ts";
import type { TableWriterOptions } from "../table/table_writer.ts";
import { type TableReport, verifySource } from "../table/verify_table.ts";
import type { StackLocation } from "./snapshot.ts";
import { parseTableName } from "./tables_list.ts";

/** A table that a repaired stack may consist of. */
export interface FoundTable {
  /** Its file name. */
  readonly name: string;
  /** Whether the list names it. */
  readonly isListed: boolean;
  /** When it was last written, in milliseconds since 1970-01-01 UTC. */
  readonly mtime: number;
  /** What is in it; of a damaged one, what could be salvaged. */
  readonly table: Table;
  /** What takes its place, when it is damaged. */
  readonly salvaged: SalvagedTable | undefined;
}

/** What is left of a damaged table. */
export interface SalvagedTable extends Pick<Salvage, "lost"> {
  /** What is wrong with the table. */
  readonly reason: string;
  /** The bytes of a sound table. */
  readonly bytes: Uint8Array;
  /** How many refs are in it. */
  readonly refs: number;
  /** How many log entries are in it. */
  readonly logs: number;
}

/** A file that should be a table, and of which nothing can be used. */
export interface UselessFile {
  /** Its file name. */
  readonly name: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** The tables of a directory, which are open until it is disposed. */
export interface FoundTables extends Disposable {
  /** Those that can be used. */
  readonly tables: readonly FoundTable[];
  /** Those that cannot. */
  readonly useless: readonly UselessFile[];
}

/** What is wrong with names does not make a table unreadable; to drop them is not for us to decide. */
const ABOUT_NAMES: ReadonlySet<ProblemCode> = new Set(["refname", "symref-target"]);

/** Tells whether a problem is one that a repair must do something about. */
export function isDamage({ severity, code }: Problem): boolean {
  return severity === "error" && !ABOUT_NAMES.has(code);
}

/** The range of update indices that a table's name tells, if it makes sense. */
export function toldRange(name: string): ReturnType<typeof parseTableName> {
  const range = parseTableName(name);
  return range && range.minUpdateIndex <= range.maxUpdateIndex ? range : undefined;
}

/** What is to be found out about the tables of a directory. */
export interface Search {
  readonly location: Pick<StackLocation, "fileSystem" | "directory">;
  /** The tables: first those that the list names, in its order, then the others. */
  readonly names: readonly string[];
  /** Those that the list names. */
  readonly listed: ReadonlySet<string>;
  /** What was found out about some of them already, by name. */
  readonly reports: ReadonlyMap<string, TableReport>;
  /** The hash that the tables should have, by default that which most of them have. */
  readonly hash: HashName | undefined;
  /** How what is salvaged is written. */
  readonly writerOptions: TableWriterOptions;
}

/** Opens the tables of a directory, and salvages those that are damaged. */
export async function findTables(search: Search): Promise<FoundTables> {
  const { location: { fileSystem, directory } } = search;
  using cleanup = new DisposableStack();
  const reports = new Map<string, TableReport>();
  for (const name of search.names) {
    using source = await runAsync(openFileSource(fileSystem, `${directory}/${name}`));
    reports.set(name, search.reports.get(name) ?? await verifySource(source));
  }
  let hash = expectedHash(search, [...reports.values()]);
  const tables: FoundTable[] = [];
  const useless: UselessFile[] = [];
  for (const [name, report] of reports) {
    const path = `${directory}/${name}`;
    const reason = damageOf(name, report) ?? (await readingFault(search, name, report));
    const info = await fileSystem.stat(path);
    const found = { name, isListed: search.listed.has(name), mtime: info?.mtime ?? 0 };
    if (report.header && report.header.hash !== hash) {
      const others = `its hash is ${report.header.hash}, that of the stack is ${hash}`;
      useless.push({ name, reason: others });
    } else if (reason === undefined) {
      const table = await runAsync(Table.read(openFileSource(fileSystem, path)));
      tables.push({ ...found, table: cleanup.use(table), salvaged: undefined });
    } else {
      const bytes = await fileSystem.readFile(path);
      const salvaged = salvage(bytes, name, reason, hash, search.writerOptions);
      if (!salvaged) useless.push({ name, reason });
      else {
        const table = cleanup.use(Table.openSync(salvaged.bytes, { name: path }));
        // Where no header could be read, the first one decides.
        hash ??= table.hash;
        tables.push({ ...found, table, salvaged });
      }
    }
  }
  const opened = cleanup.move();
  return { tables, useless, [Symbol.dispose]: () => opened.dispose() };
}

/** What is wrong with a table, if it must be written anew. */
function damageOf(name: string, { header, problems }: TableReport): string | undefined {
  const problem = problems.find(isDamage);
  if (problem) return problem.message;
  const told = parseTableName(name);
  const isOther = header && told && (told.minUpdateIndex !== header.minUpdateIndex ||
    told.maxUpdateIndex !== header.maxUpdateIndex);
  return isOther ? "its name tells other update indices than it has" : undefined;
}

/** Verification says no more of a block than that names are wrong; perhaps they are also out of order. */
async function readingFault(
  { location: { fileSystem, directory } }: Search,
  name: string,
  { problems }: TableReport,
): Promise<string | undefined> {
  if (!problems.some(({ severity }) => severity === "error")) return undefined;
  using table = await runAsync(Table.read(openFileSource(fileSystem, `${directory}/${name}`)));
  try {
    for (const _ of table.refs());
    for (const _ of table.logs());
    return undefined;
  } catch (error) {
    return problemOf(error).message;
  }
}

/** Reads what can be read of a damaged table; nothing when that is nothing. */
function salvage(
  bytes: Uint8Array,
  name: string,
  reason: string,
  hash: HashName | undefined,
  options: TableWriterOptions,
): SalvagedTable | undefined {
  const range = toldRange(name);
  const version = hash === "sha256" ? 2 : 1;
  const likely = range && { ...range, version, blockSize: 0, hash: hash ?? "sha1" } as const;
  const found = salvageTable(bytes, name, likely);
  if (!found || found.header.hash !== (hash ?? found.header.hash)) return undefined;
  const { refs, logs, lost } = found;
  if (refs.length + logs.length === 0) return undefined;
  const rewritten = rewriteSalvage(found, options);
  return { reason, bytes: rewritten, refs: refs.length, logs: logs.length, lost };
}

/** The hash that the tables should have: if nobody says it, that which most have whose headers can be read. */
function expectedHash(
  { hash, location: { directory } }: Search,
  reports: readonly TableReport[],
): HashName | undefined {
  const hashes = reports.flatMap(({ header }) => header?.hash ?? []);
  if (hash === undefined) {
    const others = hashes.filter((other) => other !== hashes[0]);
    return 2 * others.length > hashes.length ? others[0] : hashes[0];
  }
  if (hashes.length === 0 || hashes.includes(hash)) return hash;
  throw new ReftableError(
    "format",
    `Cannot repair stack "${directory}": the hash of all tables is ${hashes[0]}, expected ${hash}`,
    { file: directory },
  );
}
