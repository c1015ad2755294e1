import { join } from "@std/path";
import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { denoFileSystem } from "../io/deno_file_system.ts";
import type { FileSystem } from "../io/file_system.ts";
import { runAsync } from "../io/io.ts";
import { isTableName } from "../stack/table_name.ts";
import { TABLES_LIST } from "../stack/tables_list.ts";
import { type FindOptions, locateGitDirectory } from "./git_directory.ts";
import { readStackSettings } from "./repository_stack.ts";

/** The stacks of a repository. */
export interface RepositoryStacks {
  /** Their directories: first the one that all working trees share, then those of linked working trees. */
  readonly directories: readonly string[];
  /** The hash of the object ids, if a configuration says it. */
  readonly hash: HashName | undefined;
  /** How much larger than the next a table should be, if a configuration says it. */
  readonly geometricFactor: number | undefined;
}

/**
 * Finds all stacks of a repository, or the one that a path is itself. None of them is opened, so they may be
 * damaged.
 *
 * @param path A directory of tables, a `.git` directory or file, a working tree or a bare repository.
 * @throws {ReftableError} With code `"not-exist"` when there is no such stack, `"format"` when the
 * configuration is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findRepositoryStacks } from "@reftable/reftable";
 *
 * const { directories } = await findRepositoryStacks("tests/fixtures/repository/git");
 * assertEquals(directories, [
 *   "tests/fixtures/repository/git/reftable",
 *   "tests/fixtures/repository/git/worktrees/linked/reftable",
 * ]);
 * ```
 */
export async function findRepositoryStacks(
  path: string,
  options: FindOptions = {},
): Promise<RepositoryStacks> {
  const { fileSystem = denoFileSystem } = options;
  if (await isStack(fileSystem, path)) {
    const parent = join(path, "..");
    const gitDir = (await isGitDirectory(fileSystem, parent)) ? parent : undefined;
    return await describe(fileSystem, [path], gitDir);
  }
  const { commonDir } = await runAsync(locateGitDirectory(fileSystem, path));
  const shared = join(commonDir, "reftable");
  if ((await fileSystem.stat(shared))?.kind !== "directory") {
    throw new ReftableError(
      "not-exist",
      `Cannot find "${shared}": it does not exist, so the refs are not stored in reftables`,
      { file: shared },
    );
  }
  const linked = await linkedStacks(fileSystem, join(commonDir, "worktrees"));
  return await describe(fileSystem, [shared, ...linked], commonDir);
}

/** Tells a directory of tables from others, even if its list is missing. */
async function isStack(fileSystem: FileSystem, path: string): Promise<boolean> {
  if (await fileSystem.stat(join(path, TABLES_LIST))) return true;
  if ((await fileSystem.stat(path))?.kind !== "directory") return false;
  if (await fileSystem.stat(join(path, "HEAD"))) return false;
  return (await fileSystem.list(path)).some(({ name }) => isTableName(name));
}

/** Tells whether a repository lies around a stack, as far as that may be known. */
async function isGitDirectory(fileSystem: FileSystem, path: string): Promise<boolean> {
  try {
    return (await fileSystem.stat(join(path, "HEAD"))) !== undefined;
  } catch (error) {
    if (error instanceof ReftableError) return false;
    throw error;
  }
}

/** The stacks of linked working trees, in the order of their names. */
async function linkedStacks(fileSystem: FileSystem, worktrees: string): Promise<string[]> {
  if (!(await fileSystem.stat(worktrees))) return [];
  const found: string[] = [];
  for (const { name } of await fileSystem.list(worktrees)) {
    const directory = join(worktrees, name, "reftable");
    if ((await fileSystem.stat(directory))?.kind === "directory") found.push(directory);
  }
  return found.sort();
}

async function describe(
  fileSystem: FileSystem,
  directories: readonly string[],
  gitDir: string | undefined,
): Promise<RepositoryStacks> {
  const settings = gitDir === undefined
    ? {}
    : await runAsync(readStackSettings(fileSystem, gitDir));
  return { directories, hash: settings.hash, geometricFactor: settings.geometricFactor };
}
