import { ReftableError } from "../errors.ts";
import { denoFileSystem } from "../io/deno_file_system.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, runAsync, statFile } from "../io/io.ts";
import { Stack, type StackOptions } from "../stack/stack.ts";
import { TABLES_LIST } from "../stack/tables_list.ts";
import { within } from "./git_directory.ts";
import { locateRepository, type Repository } from "./repository.ts";
import { stackConfig } from "./stack_config.ts";

/** How to open the stack of a repository. */
export interface RepositoryStackOptions extends StackOptions {
  /** Whether to open the linked working tree's own stack instead of the one that all share. */
  readonly worktree?: boolean | undefined;
}

/**
 * Opens the stack of a repository with the settings of its configuration: hash, block size,
 * permissions and the like. What the options give goes before that.
 *
 * @param path A directory of tables, a `.git` directory or file, a working tree or a bare repository.
 * @throws {ReftableError} With code `"not-exist"` when there is no such stack, `"format"` when the
 * configuration or a table is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openRepositoryStack } from "@reftable/reftable";
 *
 * await using stack = await openRepositoryStack("tests/fixtures/repository-sha256/git");
 * assertEquals(stack.hash, "sha256");
 * ```
 */
export async function openRepositoryStack(
  path: string,
  options: RepositoryStackOptions = {},
): Promise<Stack> {
  const { worktree = false, fileSystem = denoFileSystem } = options;
  const { directory, settings } = await runAsync(locateStack(fileSystem, path, worktree));
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return await Stack.open(directory, { ...settings, ...Object.fromEntries(given) });
}

function* locateStack(
  fileSystem: FileSystem,
  path: string,
  worktree: boolean,
): Io<{ directory: string; settings: StackOptions }> {
  if (yield* statFile(fileSystem, within(path, TABLES_LIST))) {
    const repository = yield* locateSurroundings(fileSystem, path);
    return { directory: path, settings: repository ? stackSettings(repository) : {} };
  }
  const repository = yield* locateRepository(fileSystem, path);
  const directory = worktree
    ? reftableDirectory(repository, repository.worktreeStorage)
    : reftableDirectory(repository, repository.storage);
  if (!(yield* statFile(fileSystem, directory))) {
    throw new ReftableError("not-exist", `Cannot open "${directory}": it does not exist`, {
      file: directory,
    });
  }
  return { directory, settings: stackSettings(repository) };
}

/**
 * Finds the repository in whose directory a directory of tables lies, if it lies in one.
 *
 * @throws {ReftableError} As {@linkcode locateRepository} does, unless there is no repository.
 */
export function* locateSurroundings(
  fileSystem: FileSystem,
  path: string,
): Io<Repository | undefined> {
  try {
    // Not joined: behind a symbolic link the parent is another one than the path says.
    if (!(yield* statFile(fileSystem, `${path}/../HEAD`))) return undefined;
    return yield* locateRepository(fileSystem, path, { gitDir: ".." });
  } catch (error) {
    if (error instanceof ReftableError && error.code === "not-exist") return undefined;
    throw error;
  }
}

/**
 * Gives the directory of a repository's tables.
 *
 * @param storage The directory of the shared refs, or of those of one working tree.
 * @throws {ReftableError} With code `"not-exist"` when refs are stored as files.
 */
export function reftableDirectory(repository: Repository, storage: string): string {
  if (repository.refFormat !== "files") return within(storage, "reftable");
  throw new ReftableError(
    "not-exist",
    `Cannot open the stack of "${repository.gitDir}": its refs are stored as files`,
    { file: repository.gitDir },
  );
}

/** Gives what a repository's configuration says about its stacks. */
export function stackSettings({ config, hash }: Repository): StackOptions {
  return { ...stackConfig(config), hash };
}
