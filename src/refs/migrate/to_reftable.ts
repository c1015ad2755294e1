import { ReftableError } from "../../errors.ts";
import { listDirectory } from "../../io/io.ts";
import { MergedTable } from "../../merged/merged_table.ts";
import { Stack } from "../../stack/stack.ts";
import { acquireGitLock } from "../files/git_lock.ts";
import { isBranch, isRootRef } from "../names.ts";
import type { StoredDirectRef, StoredRef } from "../stored_ref.ts";
import { STUB_HEAD, STUB_HEADS } from "../stub_files.ts";
import { checkLogs, checkRefs, refuse } from "./check_copy.ts";
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
  type FileRefs,
  FileRefsWalk,
  keepEntries,
  readFileRefs,
  stackLogs,
} from "./file_refs.ts";
import { readRefStorage, writeRefStorage } from "./ref_storage_config.ts";
import { filesBelow } from "./stray_refs.ts";
import { TreeWriter } from "./tree_writer.ts";
import { stackOptions, type WorkingTree } from "./working_trees.ts";
import { writeStack } from "./write_stack.ts";

/** Carries refs from files over to reftables; see `migrate_refs.ts` for the order of the steps. */
export async function migrateToReftable(context: MigrationContext): Promise<Migrated> {
  await using locks = new AsyncDisposableStack();
  if (!context.dryRun) await lockFiles(context, locks);
  const before = await fingerprint(context);
  const parts: Migrated[] = [];
  for (const tree of context.trees) parts.push(await makeStack(context, tree));
  if (!context.dryRun) {
    if (await fingerprint(context) !== before) throw changedMeanwhile();
    await switchOver(context);
  }
  return addUp(parts);
}

/** Keeps others from changing what is packed and what is checked out; the refs in files of their own are watched. */
async function lockFiles(
  { fileSystem, trees, mode, lockTimeout: timeout }: MigrationContext,
  locks: AsyncDisposableStack,
): Promise<void> {
  const paths = trees.map(({ directory }) => `${directory}/HEAD`);
  for (const path of [`${trees[0]!.directory}/packed-refs`, ...paths]) {
    locks.use(await acquireGitLock(fileSystem, path, { timeout, mode }));
  }
}

/** Describes all files of refs and logs from outside, so that a change shows. */
async function fingerprint({ fileSystem, trees }: MigrationContext): Promise<string> {
  const lines: string[] = [];
  for (const { directory } of trees) {
    const paths = ["packed-refs"];
    for (const { name } of listDirectory(fileSystem, directory)) {
      if (isRootRef(name)) paths.push(name);
    }
    for (const name of ["refs", "logs"]) paths.push(...filesBelow(fileSystem, directory, name));
    for (const path of paths.sort()) {
      const info = await fileSystem.stat(`${directory}/${path}`);
      if (info) lines.push(`${directory}/${path} ${info.inode} ${info.size} ${info.mtime}`);
    }
  }
  return lines.join("\n");
}

function changedMeanwhile(): ReftableError {
  const message = "Cannot migrate refs: somebody changed refs meanwhile. Try again";
  return new ReftableError("outdated", message);
}

/** Makes the stack of one working tree, and what else will be in its directory. */
async function makeStack(context: MigrationContext, tree: WorkingTree): Promise<Migrated> {
  const { fileSystem, temporary, mode, reflogs, objects, pace } = context;
  const { hash } = tree.repository;
  const place = filePlace(tree.repository, tree.directory);
  const refs = await withPeeledTags(readFileRefs(place), objects);
  requireSound(refs);
  const logs = reflogs ? keepEntries(fileLogs(place)) : NO_LOGS;
  const files = new TreeWriter(fileSystem, temporary, mode);
  await files.directory(`${tree.prefix}reftable`);
  await files.write(`${tree.prefix}HEAD`, STUB_HEAD);
  await files.write(`${tree.prefix}refs/heads`, STUB_HEADS);
  const directory = `${temporary}/${tree.prefix}reftable`;
  const options = stackOptions(tree.repository);
  await writeStack(directory, options, refs, logs, pace);
  await files.finish();
  await using stack = await Stack.open(directory, options);
  using cursor = new MergedTable(stack.tables).refCursor();
  const walk = new FileRefsWalk(refs, hash);
  const count = await checkRefs(cursor, walk, tree.repository, () => true, pace);
  const copied = stackLogs(stack, () => true);
  const entries = await checkLogs(logs, copied, options.blockSize, pace);
  return { refs: count, logs: logs.names.length, entries, skipped: [] };
}

/** Adds what annotated tags lead to, as far as it can be told. */
async function withPeeledTags(
  { loose, packed }: FileRefs,
  objects: MigrationContext["objects"],
): Promise<FileRefs> {
  if (!objects) return { loose, packed };
  const refs: StoredRef[] = [];
  for (const ref of loose) {
    refs.push(ref.kind === "direct" ? await withPeeledTag(ref, objects) : ref);
  }
  return { loose: refs, packed };
}

async function withPeeledTag(
  ref: StoredDirectRef,
  objects: NonNullable<MigrationContext["objects"]>,
): Promise<StoredRef> {
  // Branches lead to commits.
  if (isBranch(ref.refname) || await objects.type(ref.oid) !== "tag") return ref;
  const peeled = await objects.peel(ref.oid);
  return peeled === undefined ? ref : { ...ref, kind: "peeled", peeled };
}

function requireSound({ loose }: FileRefs): void {
  const findings = loose.flatMap((ref) => {
    return ref.kind === "broken" ? [`'${ref.refname}' holds ${ref.finding}`] : [];
  });
  if (findings.length > 0) throw refuse("format", "broken refs", findings);
}

/** Puts the stacks in place, has the configuration say so, and puts away what was there before. */
async function switchOver(context: MigrationContext): Promise<void> {
  const { fileSystem, commonDir, trees, temporary, lockTimeout } = context;
  await using moves = new Moves(fileSystem);
  if (await readRefStorage(fileSystem, commonDir) === undefined) {
    moves.onUndo(async () => {
      if (await readRefStorage(fileSystem, commonDir) === undefined) return;
      await writeRefStorage(fileSystem, commonDir, undefined, lockTimeout);
    });
  }
  await writeRefStorage(fileSystem, commonDir, "files", lockTimeout);
  for (const { directory, prefix } of trees) {
    const old = `${temporary}/old/${prefix}reftable`;
    await moves.exchange(`${temporary}/${prefix}reftable`, `${directory}/reftable`, old);
  }
  await moves.sync();
  await commitStorage(context, "reftable", moves);
  await afterwards(temporary, async () => {
    for (const tree of trees) await putFilesAway(context, tree, moves);
    await moves.sync();
  });
}

/** Puts the files of refs and logs of one working tree where they are removed, and stubs in their place. */
async function putFilesAway(
  { fileSystem, temporary }: MigrationContext,
  { directory, prefix, repository }: WorkingTree,
  moves: Moves,
): Promise<void> {
  const [made, old] = [`${temporary}/${prefix}`, `${temporary}/old/${prefix}`];
  await moves.replace(`${made}HEAD`, `${directory}/HEAD`);
  for (const { name, kind } of listDirectory(fileSystem, directory)) {
    const isFile = kind !== "directory";
    const isPacked = isFile && name === "packed-refs" && !repository.isLinked;
    const isRoot = isFile && name !== "HEAD" && isRootRef(name);
    if (isPacked || isRoot || name === "logs") await moves.move(`${directory}/${name}`, old + name);
  }
  for (const { name } of listDirectory(fileSystem, `${directory}/refs`)) {
    await moves.move(`${directory}/refs/${name}`, `${old}refs/${name}`);
  }
  await moves.move(`${made}refs/heads`, `${directory}/refs/heads`);
}
