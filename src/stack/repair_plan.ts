import type { HashName } from "../format/hash.ts";
import type { Problem } from "../format/problem.ts";
import { formatAge } from "../io/lock.ts";
import type { TableWriterOptions } from "../table/table_writer.ts";
import { listStrayFiles, type StrayFile } from "./inventory.ts";
import { listedNames } from "./listed_tables.ts";
import { chooseTables, type DroppedTable } from "./repair_choice.ts";
import type { RepairStep } from "./repair_step.ts";
import {
  findTables,
  type FoundTable,
  type FoundTables,
  isDamage,
  toldRange,
} from "./repair_tables.ts";
import { sameNames, type StackLocation } from "./snapshot.ts";
import {
  formatTableName,
  isPlainName,
  isTableLock,
  isTemporaryTable,
  TABLES_LIST,
} from "./tables_list.ts";
import { verifyStack } from "./verify_stack.ts";

/** What a repair is to do. */
export interface RepairPlan {
  /** What is wrong. */
  readonly problems: readonly Problem[];
  /** What to do about it, in this order. */
  readonly steps: readonly RepairStep[];
  /** Locks that stay. */
  readonly locks: readonly StrayFile[];
  /** The bytes of new tables, by name. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** What to plan a repair for. */
export interface PlanOptions {
  readonly location: Pick<StackLocation, "fileSystem" | "directory">;
  /** How old a lock must be to be removed, in milliseconds. */
  readonly breakLocks?: number | undefined;
  /** Whether to take tables too that would come behind those of the list. */
  readonly adopt: boolean;
  readonly hash: HashName | undefined;
  readonly writerOptions: TableWriterOptions;
}

/** A directory of tables, as it is. */
interface Scene extends Disposable {
  readonly problems: readonly Problem[];
  /** The lines of the list. */
  readonly lines: readonly string[];
  /** What the list names and is not there. */
  readonly missing: readonly string[];
  readonly found: FoundTables;
  /** All regular files. */
  readonly files: ReadonlySet<string>;
  /** All that there is. */
  readonly entries: readonly string[];
  readonly temporaries: readonly StrayFile[];
  readonly locks: readonly StrayFile[];
}

/** Which tables there are to be, and which of those that there are not. */
interface Outcome {
  readonly chosen: readonly FoundTable[];
  readonly dropped: readonly DroppedTable[];
  /** Those that have nothing to do with what is wrong. */
  readonly others: readonly FoundTable[];
}

/** Finds out what is wrong with a stack, and what can be done about it. Nothing is changed. */
export async function planRepair(options: PlanOptions): Promise<RepairPlan> {
  using scene = await look(options);
  const { breakLocks = Infinity } = options;
  const isOld = ({ mtime }: StrayFile) => Date.now() - mtime >= breakLocks;
  const locks = scene.locks.filter((lock) => !isOld(lock));
  const broken = scene.locks.filter(isOld).map(({ name, mtime }): RepairStep => {
    const reason = `it was made ${formatAge(Date.now() - mtime)} ago`;
    return { kind: "break-lock", name, reason };
  });
  const outcome = decide(scene, options.adopt);
  const { steps, contents } = planTables(scene, outcome);
  const { problems } = scene;
  const removals = planRemovals(scene, outcome, locks);
  return { problems, steps: [...broken, ...steps, ...removals], locks, contents };
}

/** Looks at all that there is. */
async function look({ location, hash, writerOptions }: PlanOptions): Promise<Scene> {
  const { fileSystem, directory } = location;
  const { problems, tables } = await verifyStack(directory, { fileSystem, hash });
  const lines = await listedNames(location);
  const names = [...new Set(lines.filter(isPlainName))];
  const entries = await fileSystem.list(directory);
  const files = new Set(entries.filter(({ kind }) => kind === "file").map(({ name }) => name));
  const { orphans, temporaries, locks } = await listStrayFiles(location, names);
  const reports = new Map(
    tables.map((report) => [report.file.slice(directory.length + 1), report] as const),
  );
  const present = names.filter((name) => reports.has(name));
  const unlisted = orphans.map(({ name }) => name).filter((name) => files.has(name));
  const found = await findTables({
    location,
    names: [...present, ...unlisted],
    listed: new Set(present),
    reports,
    hash,
    writerOptions,
  });
  return {
    problems,
    lines,
    missing: names.filter((name) => !reports.has(name)),
    found,
    files,
    entries: entries.map(({ name }) => name),
    temporaries,
    locks,
    [Symbol.dispose]: () => found[Symbol.dispose](),
  };
}

/** Plans what makes the stack consist of the tables that were chosen. */
function planTables(
  { lines, missing, found, files, entries }: Scene,
  { chosen, dropped, others }: Outcome,
): Pick<RepairPlan, "steps" | "contents"> {
  const freeName = namesAside(entries);
  const setAside = (name: string, reason: string): RepairStep => {
    return { kind: "set-aside", name, as: freeName(name), reason };
  };
  const contents = new Map<string, Uint8Array>();
  const salvages: RepairStep[] = [];
  const asides: RepairStep[] = [
    ...found.useless.map(({ name, reason }) => setAside(name, reason)),
    ...dropped.map(({ found: { name }, reason }) => setAside(name, reason)),
    ...others.flatMap(({ name, salvaged }) => salvaged ? setAside(name, salvaged.reason) : []),
  ];
  const names = chosen.map(({ name: from, table, salvaged }) => {
    if (!salvaged) return from;
    const name = formatTableName(table.minUpdateIndex, table.maxUpdateIndex);
    const { bytes, ...more } = salvaged;
    contents.set(name, bytes);
    salvages.push({ kind: "salvage", name, from, ...more });
    asides.push(setAside(from, `what can be read of it is in ${name}`));
    return name;
  });
  const hasList = entries.includes(TABLES_LIST);
  const changesList = hasList
    ? !files.has(TABLES_LIST) || !sameNames(lines, names)
    : names.length > 0;
  const steps: RepairStep[] = [...salvages, ...planLosses(missing, chosen)];
  if (changesList) {
    if (hasList) steps.push(setAside(TABLES_LIST, "there will be another one"));
    steps.push({ kind: "list", names });
  }
  return { steps: [...steps, ...asides], contents };
}

/** Plans to remove what {@linkcode cleanStack} would remove. */
function planRemovals(
  { files, temporaries }: Scene,
  { chosen, others }: Outcome,
  locks: readonly StrayFile[],
): RepairStep[] {
  const highest = chosen.at(-1)?.table.maxUpdateIndex ?? 0;
  const orphans = others.filter(({ table, salvaged }) => {
    return !salvaged && table.maxUpdateIndex <= highest;
  });
  const isCompacting = locks.some(({ name }) => isTableLock(name));
  const unfinished = temporaries.filter(({ name }) => {
    return !isCompacting && isTemporaryTable(name) && files.has(name);
  });
  const remove = (reason: string) => ({ name }: { readonly name: string }): RepairStep => {
    return { kind: "remove", name, reason };
  };
  return [
    ...orphans.map(remove("the list does not name it")),
    ...unfinished.map(remove("its writer has not finished it")),
  ];
}

/** Decides of which tables the stack is to consist. */
function decide({ problems, lines, missing, found }: Scene, adopt: boolean): Outcome {
  const { tables, useless } = found;
  const isUsable = !problems.some(({ code }) => code === "tables-list") &&
    (lines.length > 0 || tables.length === 0) && missing.every(toldRange);
  const listed = tables.filter(({ isListed }) => isListed);
  const isSound = !problems.some(isDamage);
  if (isUsable && isSound && !adopt) {
    return { chosen: listed, dropped: [], others: tables.filter(({ isListed }) => !isListed) };
  }
  // Of tables that the list does not name only those are of use that may fill a gap.
  const gaps = [
    ...[...missing, ...useless.map(({ name }) => name)].flatMap((name) => toldRange(name) ?? []),
    ...listed.flatMap(({ table, salvaged }) => salvaged ? table : []),
  ];
  const highest = listed.reduce((max, { table }) => Math.max(max, table.maxUpdateIndex), 0);
  const isOfUse = ({ isListed, table }: FoundTable) =>
    isListed || !isUsable || (adopt && table.minUpdateIndex > highest) ||
    gaps.some(({ minUpdateIndex, maxUpdateIndex }) =>
      table.minUpdateIndex <= maxUpdateIndex && minUpdateIndex <= table.maxUpdateIndex
    );
  const choice = chooseTables(tables.filter(isOfUse));
  // When nothing of what is listed is left, whatever there is is better than nothing.
  if (choice.chosen.length === 0) return { ...chooseTables(tables), others: [] };
  return { ...choice, others: tables.filter((table) => !isOfUse(table)) };
}

/** Plans to do without tables that are not there, where nothing is in their places. */
function planLosses(missing: readonly string[], chosen: readonly FoundTable[]): RepairStep[] {
  return missing.flatMap((name): RepairStep[] => {
    const range = toldRange(name);
    const isReplaced = range &&
      chosen.some(({ isListed, table }) =>
        !isListed && table.minUpdateIndex <= range.maxUpdateIndex &&
        range.minUpdateIndex <= table.maxUpdateIndex
      );
    return isReplaced ? [] : [{ kind: "give-up", name, reason: "it is not there" }];
  });
}

/** Makes names for files that are set aside, which no other file has. */
function namesAside(names: readonly string[]): (name: string) => string {
  const taken = new Set(names);
  return (name) => {
    let free = `${name}.set-aside`;
    for (let number = 2; taken.has(free); number++) free = `${name}.set-aside.${number}`;
    taken.add(free);
    return free;
  };
}
