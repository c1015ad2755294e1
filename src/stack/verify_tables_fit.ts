import type { ProblemCode } from "../errors.ts";
import { footerSize } from "../format/footer.ts";
import type { HashName } from "../format/hash.ts";
import { headerSize } from "../format/header.ts";
import type { Problem, Severity } from "../format/problem.ts";
import type { TableReport, TableSummary } from "../table/verify_table.ts";
import { planCompaction } from "./compaction_plan.ts";
import { parseTableName, TABLES_LIST } from "./tables_list.ts";

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
export function checkTablesFit(
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
