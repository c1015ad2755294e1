import type { ProblemCode } from "../errors.ts";
import type { Problem } from "../format/problem.ts";
import { formatAge } from "../io/lock.ts";
import { listStrayFiles, type StrayFile } from "./inventory.ts";
import { listedNames, type ListedTables } from "./listed_tables.ts";
import type { StackLocation } from "./snapshot.ts";
import { TABLES_LIST } from "./tables_list.ts";

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
export async function checkStrayFiles(
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
