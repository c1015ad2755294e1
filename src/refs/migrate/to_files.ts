import { compareBytes } from "../../bytes/bytes.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { listDirectory, readIfPresent, runAsync } from "../../io/io.ts";
import { acquireLock } from "../../io/lock.ts";
import { MergedTable } from "../../merged/merged_table.ts";
import { Stack } from "../../stack/stack.ts";
import { TABLES_LIST } from "../../stack/tables_list.ts";
import { checkLogs, checkRefs, findCollisions, refuse } from "./check_copy.ts";
import {
  addUp,
  afterwards,
  commitStorage,
  type Migrated,
  type MigrationContext,
  Moves,
  NO_LOGS,
} from "./context.ts";
import {
  fileLogs,
  filePlace,
  FileRefsWalk,
  type PlaceLogs,
  readFileRefs,
  stackLogs,
} from "./file_refs.ts";
import { writeRefStorage } from "./ref_storage_config.ts";
import { findStrayFiles } from "./stray_refs.ts";
import { TreeWriter } from "./tree_writer.ts";
import { isSeen, stackOptions, type WorkingTree } from "./working_trees.ts";
import { type LiveRef, writeFileLogs, writeLooseRefs, writePackedRefs } from "./write_files.ts";

/** Carries refs from reftables over to files; see `migrate_refs.ts` for the order of the steps. */
export async function migrateToFiles(context: MigrationContext): Promise<Migrated> {
  await using locks = new AsyncDisposableStack();
  const parts: Migrated[] = [];
  for (const tree of context.trees) {
    if (!context.dryRun) await lockStack(context, tree, locks);
    parts.push(await makeFiles(context, tree));
  }
  await refuseStrayFiles(context);
  if (!context.dryRun) await switchOver(context);
  return addUp(parts);
}

/** Keeps others from changing a stack. The directory can be moved meanwhile. */
async function lockStack(
  { fileSystem, mode, lockTimeout: timeout }: MigrationContext,
  { directory }: WorkingTree,
  locks: AsyncDisposableStack,
): Promise<void> {
  const path = `${directory}/reftable/${TABLES_LIST}`;
  const lock = locks.use(await acquireLock(fileSystem, path, { timeout, mode }));
  lock.close();
}

/** Files that are there already would be lost, unless they are what a migration that was interrupted has left. */
async function refuseStrayFiles(
  { fileSystem, trees, temporary }: MigrationContext,
): Promise<void> {
  const findings: string[] = [];
  for (const tree of trees) {
    const place = filePlace(tree.repository, tree.directory);
    for (const { kind, file, path } of findStrayFiles(place)) {
      if (kind === "head") continue;
      const made = `${temporary}/${tree.prefix}${path}`;
      if (!(await isSameFile(fileSystem, file, made))) findings.push(`"${file}"`);
    }
  }
  if (findings.length === 0) return;
  throw refuse("name-conflict", "files that would be taken for refs are in the way", findings);
}

async function isSameFile(fileSystem: FileSystem, a: string, b: string): Promise<boolean> {
  const [one, other] = [
    await runAsync(readIfPresent(fileSystem, a)),
    await runAsync(readIfPresent(fileSystem, b)),
  ];
  return one !== undefined && other !== undefined && compareBytes(one, other) === 0;
}

/** Makes the files of one working tree. */
async function makeFiles(context: MigrationContext, tree: WorkingTree): Promise<Migrated> {
  const { fileSystem, temporary, mode, reflogs, pace } = context;
  const { hash } = tree.repository;
  await using stack = await Stack.open(`${tree.directory}/reftable`, stackOptions(tree.repository));
  const skipped: string[] = [];
  const accepts = (refname: string) => {
    const isAccepted = isSeen(tree, refname);
    if (!isAccepted) skipped.push(tree.prefix + refname);
    return isAccepted;
  };
  const logs = reflogs ? stackLogs(stack, accepts) : NO_LOGS;
  const files = new TreeWriter(fileSystem, temporary, mode);
  await files.directory(`${tree.prefix}refs`);
  if (!tree.repository.isLinked) {
    for (const name of ["heads", "tags"]) await files.directory(`refs/${name}`);
  }
  const refs = new MergedTable(stack.tables);
  using cursor = refs.refCursor();
  const unpacked = await writePackedRefs(cursor, files, tree.repository, pace);
  const others = unpacked.filter(({ refname }) => accepts(refname));
  requirePlaces(tree, others, logs);
  await writeLooseRefs(others, files, tree.prefix);
  await writeFileLogs(logs, files, tree.prefix, pace);
  const made = `${temporary}/${tree.prefix}`.replace(/\/$/, "");
  const place = filePlace(tree.repository, made);
  using again = refs.refCursor();
  const walk = new FileRefsWalk(readFileRefs(place), hash);
  // The disk has its own pace.
  const finished = Promise.allSettled([files.finish()]);
  const count = await checkRefs(again, walk, tree.repository, (name) => isSeen(tree, name), pace)
    .finally(() => finished);
  for (const result of await finished) if (result.status === "rejected") throw result.reason;
  const copied = reflogs ? fileLogs(place) : NO_LOGS;
  const entries = await checkLogs(logs, copied, undefined, pace);
  return { refs: count, logs: logs.names.length, entries, skipped: [...new Set(skipped)] };
}

/** Checks that all refs that need files of their own, and all logs, can have them. */
function requirePlaces(
  { repository, directory }: WorkingTree,
  refs: readonly LiveRef[],
  logs: PlaceLogs,
): void {
  const ignoresCase = repository.config.boolean("core.ignoreCase") ?? false;
  const names = refs.map(({ refname }) => refname);
  const findings = [
    ...findCollisions(names, ignoresCase),
    ...findCollisions(logs.names, ignoresCase).map((finding) => `the logs of ${finding}`),
  ];
  if (findings.length > 0) throw refuse("name-conflict", "names that collide as files", findings);
  if (!names.includes("HEAD")) {
    throw refuse("format", "what is checked out is not known", [`HEAD of "${directory}"`]);
  }
}

/** Puts the files in place, has the configuration say so, and puts the stacks away. */
async function switchOver(context: MigrationContext): Promise<void> {
  const { fileSystem, commonDir, trees, temporary, lockTimeout } = context;
  await using moves = new Moves(fileSystem);
  for (const tree of trees) await putInPlace(context, tree, moves);
  await moves.sync();
  await commitStorage(context, "files", moves);
  await afterwards(temporary, async () => {
    for (const { directory, prefix } of trees) {
      await moves.move(`${directory}/reftable`, `${temporary}/old/${prefix}reftable`);
    }
    await moves.sync();
    await writeRefStorage(fileSystem, commonDir, undefined, lockTimeout);
  });
}

async function putInPlace(
  { fileSystem, temporary }: MigrationContext,
  { directory, prefix }: WorkingTree,
  moves: Moves,
): Promise<void> {
  const [made, old] = [`${temporary}/${prefix}`, `${temporary}/old/${prefix}`];
  // There is the stub, and perhaps a directory with nothing in it.
  for (const { name } of listDirectory(fileSystem, `${directory}/refs`)) {
    await moves.move(`${directory}/refs/${name}`, `${old}refs/${name}`);
  }
  for (const { name } of listDirectory(fileSystem, `${made}refs`)) {
    await moves.move(`${made}refs/${name}`, `${directory}/refs/${name}`);
  }
  for (const { name } of listDirectory(fileSystem, made)) {
    if (NOT_MOVED.has(name)) continue;
    await moves.exchange(made + name, `${directory}/${name}`, old + name);
  }
  await moves.replace(`${made}HEAD`, `${directory}/HEAD`);
}

/** What is in the temporary directory beside files and directories that have their places below the repository's. */
const NOT_MOVED: ReadonlySet<string> = new Set(["HEAD", "refs", "old", "worktrees"]);
