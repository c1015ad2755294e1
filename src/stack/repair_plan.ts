import type { Problem } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import type { LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import { formatAge } from "../io/lock.ts";
import { MergedTable } from "../merged/merged_table.ts";
import type { Table } from "../table/table.ts";
import type { TableWriterOptions } from "../table/table_writer.ts";
import { listedNames, listStrayFiles, type StrayFile } from "./inventory.ts";
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

/** A table that a repaired stack does not need. */
interface DroppedTable {
  readonly found: FoundTable;
  /** Why not. */
  readonly reason: string;
}

/** Which tables a repaired stack consists of. */
export interface Choice {
  /** From the oldest to the newest. */
  readonly chosen: readonly FoundTable[];
  readonly dropped: readonly DroppedTable[];
}

/**
 * Chooses tables whose update indices do not overlap, so that nothing is lost that any of them has.
 *
 * Tables overlap when one is the compaction of others that were not removed yet; then it has all that they have,
 * and they are dropped. Or one was never committed, and others were written with the same update indices after
 * that; then those count that the list names, else those that were written last.
 */
function chooseTables(tables: readonly FoundTable[]): Choice {
  const chosen: FoundTable[] = [];
  const dropped: DroppedTable[] = [];
  let rest = tables.toSorted(inOrderOfTrust);
  while (rest.length > 0) {
    const [first, ...others] = rest as [FoundTable, ...FoundTable[]];
    const rivals = others.filter((other) => overlap(first, other));
    const losers = isPreferred(first, rivals) ? rivals : [first];
    const winners = losers === rivals ? first.name : rivals.map(({ name }) => name).join(", ");
    if (losers === rivals) chosen.push(first);
    for (const found of losers) dropped.push({ found, reason: `its place is taken by ${winners}` });
    rest = others.filter((other) => !losers.includes(other));
  }
  return { chosen: chosen.sort((a, b) => min(a) - min(b)), dropped };
}

function min({ table }: FoundTable): number {
  return table.minUpdateIndex;
}

function span({ table }: FoundTable): number {
  return table.maxUpdateIndex - table.minUpdateIndex;
}

/** Puts compactions before what they were made of, and of the same range what is better. */
function inOrderOfTrust(a: FoundTable, b: FoundTable): number {
  return span(b) - span(a) || Number(a.salvaged !== undefined) - Number(b.salvaged !== undefined) ||
    Number(b.isListed) - Number(a.isListed) || b.mtime - a.mtime || (a.name < b.name ? 1 : -1);
}

function overlap({ table: a }: FoundTable, { table: b }: FoundTable): boolean {
  return a.minUpdateIndex <= b.maxUpdateIndex && b.minUpdateIndex <= a.maxUpdateIndex;
}

/** Tells whether a table is to be used instead of others. */
function isPreferred(found: FoundTable, rivals: readonly FoundTable[]): boolean {
  if (rivals.length === 0) return true;
  const tables = rivals.toSorted((a, b) => min(a) - min(b) || a.mtime - b.mtime)
    .map(({ table }) => table);
  const merged = new MergedTable(tables);
  const { minUpdateIndex, maxUpdateIndex } = found.table;
  const isAllThere = tables[0]!.minUpdateIndex <= minUpdateIndex &&
    merged.maxUpdateIndex >= maxUpdateIndex;
  // What could not be salvaged is perhaps in what a compaction was made of.
  if (found.salvaged && isAllThere && hasAllOf(merged, new MergedTable([found.table]))) {
    return false;
  }
  if (hasAllOf(found.table, merged)) return true;
  if (rivals.some(({ isListed }) => isListed) !== found.isListed) return found.isListed;
  return rivals.every(({ mtime }) => mtime <= found.mtime);
}

/**
 * Tells whether a table has everything that others have. Compaction may have dropped tombstones and log
 * entries that have expired; of a table that has no refs all entries must be there.
 */
function hasAllOf(table: Pick<Table, "ref" | "logs">, others: MergedTable): boolean {
  let refs = 0;
  for (const ref of others.refs({ deletions: true })) {
    refs++;
    const found = table.ref(ref.refname);
    if (!found && ref.kind === "deletion") continue;
    if (!found || !isSame(ref, found)) return false;
  }
  if (refs > 0) return true;
  for (const log of others.logs()) {
    const [found] = table.logs({ refname: log.refname, before: log.updateIndex }).take(1);
    if (!found || !isSame(log, found)) return false;
  }
  return true;
}

function isSame(a: RefRecord | LogRecord, b: RefRecord | LogRecord): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
