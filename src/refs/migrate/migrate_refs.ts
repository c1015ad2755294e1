/**
 * Carries the refs of a repository over from files to reftables, or back.
 *
 * Refs, logs and all else are made anew in a temporary directory of the repository and compared with where they come
 * from, while those who would change them are kept out as far as Git's locks can do it. Until then nothing in
 * the repository has changed. Then:
 *
 * 1. To reftables only: the configuration is made to say `extensions.refStorage = files`. That is what was true all
 *    along; but without it a stack that is put in place could be taken for one that stands in for `packed-refs`.
 * 2. What was made is moved to where it belongs. In between the two kinds of storage are in nobody's way: the stacks are
 *    directories named `reftable`, and where refs are in reftables nobody looks at files.
 * 3. The configuration is made to say how refs are stored from now on, by renaming a file. Before that step
 *    everybody uses the old storage, which is whole; from then on everybody uses the new one, which is whole and on the
 *    disk.
 * 4. The old storage is moved into the temporary directory; where refs are in reftables, stubs take the place of
 *    `HEAD` and `refs/heads`, so that programs that do not know reftables fail rather than guess.
 * 5. To files only: what the configuration says is taken out, as files are what it means to say nothing. It comes
 *    after the stacks are gone, for the same reason as step 1.
 * 6. The temporary directory is removed.
 *
 * So a crash leaves a repository that works at any point: before step 3 with the old storage, then with the new one. What
 * it can leave behind is the temporary directory, what is in nobody's way, and in step 4 files of the old storage that
 * are not used any more. An error before step 3 takes back what was done; after it, refs have been migrated.
 *
 * @module
 */

import { firstError, ReftableError } from "../../errors.ts";
import { denoFileSystem } from "../../io/deno.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { removeOnEnd } from "../../io/pending_file.ts";
import type { ObjectReader } from "../object_reader.ts";
import { removeTree, removeTreeSync } from "../remove_tree.ts";
import type { OpenRepositoryOptions, Repository } from "../repository.ts";
import {
  afterwards,
  type Migrated,
  type MigrationContext,
  type MigrationProgress,
  Pace,
} from "./context.ts";
import { migrateToFiles } from "./to_files.ts";
import { migrateToReftable } from "./to_reftable.ts";
import { fileMode, findWorkingTrees } from "./working_trees.ts";

/** How to migrate refs. */
export interface MigrationOptions extends OpenRepositoryOptions {
  /** How refs are to be stored. */
  readonly to: "files" | "reftable";
  /** Whether to leave the repository as it is, and the result in a directory. */
  readonly dryRun?: boolean | undefined;
  /** Whether the logs are carried over; true by default, else they are lost. */
  readonly reflogs?: boolean | undefined;
  /**
   * Reads objects, to tell what the annotated tags lead to that are in files of their own. Without it, tables do not say
   * it, as after Git's own migration; what `packed-refs` says is always carried over.
   */
  readonly objects?: Pick<ObjectReader, "type" | "peel"> | undefined;
  /** How long to wait for each lock, in milliseconds, −1 for ever; 1000 by default. */
  readonly lockTimeout?: number | undefined;
  /** Told now and then how far it is. */
  readonly onProgress?: ((progress: MigrationProgress) => void) | undefined;
}

/** What was migrated. */
export interface MigrationResult {
  /** How many refs. */
  readonly refs: number;
  /** How many logs. */
  readonly logs: number;
  /** How many entries the logs have. */
  readonly entries: number;
  /** Of how many working trees. */
  readonly workingTrees: number;
  /** Names in stacks that nobody can see, not even Git, which were not carried over. */
  readonly skipped: readonly string[];
  /** Where the result is, when the repository was left as it is. */
  readonly directory: string | undefined;
}

/**
 * Carries the refs of a repository over to another way of storing them: all refs, symbolic ones among them, and logs, of
 * the main working tree and of all linked ones. It is checked that nothing is lost before anybody sees it, and whatever
 * happens, there is a repository that works.
 *
 * @param path A working tree or a directory or file in it, a `.git` directory or file, or a bare repository.
 * @throws {ReftableError} With code `"api"` when refs are stored so already; `"format"` when a ref is broken;
 * `"name-conflict"` with a list when names collide, as files or as directories of others; `"lock"` when somebody else
 * holds a lock; `"outdated"` when refs were changed meanwhile; `"unsupported"` when refs are kept elsewhere, or
 * partly in a stack. Nothing is changed then.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { initRepository, migrateRefs, readHead } from "@reftable/reftable";
 *
 * const path = await Deno.makeTempDir();
 * await initRepository(path, { refFormat: "files" });
 * const { refs, workingTrees } = await migrateRefs(path, { to: "reftable" });
 * assertEquals([refs, workingTrees], [1, 1]);
 * assertEquals(readHead(path).refname, "refs/heads/master");
 * ```
 */
export async function migrateRefs(
  path: string,
  options: MigrationOptions,
): Promise<MigrationResult> {
  const { to, dryRun = false, reflogs = true, lockTimeout = 1000 } = options;
  const { objects, onProgress, fileSystem = denoFileSystem, ...rest } = options;
  const trees = await findWorkingTrees(fileSystem, path, rest);
  const [{ repository }] = trees;
  const { commonDir } = repository;
  if (repository.refFormat === to) {
    throw new ReftableError("api", `repository already uses '${to}' format`, { file: commonDir });
  }
  for (const { repository } of trees) requireSupported(repository);
  const mode = fileMode(repository);
  const temporary = await unusedName(fileSystem, commonDir);
  const context: MigrationContext = {
    fileSystem,
    commonDir,
    trees,
    temporary,
    mode,
    lockTimeout,
    reflogs,
    objects,
    dryRun,
    pace: new Pace(onProgress),
  };
  const remove = () => removeTree(fileSystem, temporary);
  let migrated: Migrated;
  using _removal = removeOnEnd(() => removeTreeSync(fileSystem, temporary));
  try {
    await fileSystem.makeDirectory(temporary, mode);
    const migrate = to === "reftable" ? migrateToReftable : migrateToFiles;
    migrated = await migrate(context);
    context.pace.report();
  } catch (error) {
    // Whether what was made can be removed is of less interest than why it is.
    await remove().catch(ignoreRefusal);
    throw firstError(error);
  }
  if (!dryRun) await afterwards(temporary, remove);
  return { ...migrated, workingTrees: trees.length, directory: dryRun ? temporary : undefined };
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof ReftableError)) throw error;
}

/** Checks that refs are stored in one way only, and where they are by default. */
function requireSupported({ refFormat, storage, commonDir }: Repository): void {
  const reason = refFormat === "hybrid"
    ? "a stack stands in for packed-refs"
    : storage !== commonDir
    ? `they are kept in "${storage}"`
    : undefined;
  if (reason === undefined) return;
  const message = `Cannot migrate the refs of "${commonDir}": ${reason}`;
  throw new ReftableError("unsupported", message, { file: commonDir });
}

/** Chooses a name for a directory in which what is migrated is made. */
async function unusedName(fileSystem: FileSystem, commonDir: string): Promise<string> {
  for (;;) {
    const path = `${commonDir}/ref_migration.${crypto.randomUUID().slice(0, 6)}`;
    if (!(await fileSystem.stat(path))) return path;
  }
}
