import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { denoFileSystem } from "../io/deno.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, perform, runAsync, statFile } from "../io/io.ts";
import type { StackSettings } from "../stack/settings.ts";
import { Stack, type StackOptions } from "../stack/stack.ts";
import { parseTableName, TABLES_LIST } from "../stack/tables_list.ts";
import { type FindOptions, within } from "./git_directory.ts";
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
function* locateSurroundings(
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
function reftableDirectory(repository: Repository, storage: string): string {
  if (repository.refFormat !== "files") return within(storage, "reftable");
  throw new ReftableError(
    "not-exist",
    `Cannot open the stack of "${repository.gitDir}": its refs are stored as files`,
    { file: repository.gitDir },
  );
}

/** Gives what a repository's configuration says about its stacks. */
function stackSettings({ config, hash }: Repository): StackOptions {
  return { ...stackConfig(config), hash };
}

/** The stacks of a repository. */
export interface RepositoryStacks {
  /** Their directories: first the one that all working trees share, then those of linked working trees. */
  readonly directories: readonly string[];
  /** The hash of the object ids, if a configuration says it. */
  readonly hash: HashName | undefined;
  /** How much larger than the next a table should be, if a configuration says it. */
  readonly geometricFactor: number | undefined;
  /** What a configuration says about changing them. */
  readonly settings: StackSettings;
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
  return await runAsync(locateStacks(options.fileSystem ?? denoFileSystem, path, options));
}

function* locateStacks(
  fileSystem: FileSystem,
  path: string,
  options: FindOptions,
): Io<RepositoryStacks> {
  if (yield* statFile(fileSystem, `${path}/${TABLES_LIST}`)) {
    return yield* describeStack(fileSystem, path);
  }
  // The list of a stack may be missing. A working tree may have files of any name.
  const isWorkTree = (yield* statFile(fileSystem, `${path}/.git`)) !== undefined;
  if (!isWorkTree && (yield* hasTables(fileSystem, path))) {
    return yield* describeStack(fileSystem, path);
  }
  const repository = yield* locateRepository(fileSystem, path, options);
  const { storage } = repository;
  const shared = reftableDirectory(repository, storage);
  if ((yield* statFile(fileSystem, shared))?.kind !== "directory") {
    throw new ReftableError("not-exist", `Cannot find "${shared}": it does not exist`, {
      file: shared,
    });
  }
  const linked = yield* linkedStacks(fileSystem, `${storage}/worktrees`);
  return describe([shared, ...linked], stackSettings(repository));
}

/** Describes a directory of tables, which may stand by itself or in a repository. */
function* describeStack(fileSystem: FileSystem, path: string): Io<RepositoryStacks> {
  let repository: Repository | undefined;
  try {
    repository = yield* locateSurroundings(fileSystem, path);
  } catch (error) {
    // What lies around a stack need not be readable.
    if (!(error instanceof ReftableError && error.code === "io")) throw error;
  }
  return describe([path], repository ? stackSettings(repository) : {});
}

function* hasTables(fileSystem: FileSystem, path: string): Io<boolean> {
  if ((yield* statFile(fileSystem, path))?.kind !== "directory") return false;
  const names = yield* listDirectory(fileSystem, path);
  return names.some((name) => parseTableName(name) !== undefined);
}

/** The stacks of linked working trees, in the order of their names. */
function* linkedStacks(fileSystem: FileSystem, worktrees: string): Io<string[]> {
  if (!(yield* statFile(fileSystem, worktrees))) return [];
  const found: string[] = [];
  for (const name of yield* listDirectory(fileSystem, worktrees)) {
    const directory = `${worktrees}/${name}/reftable`;
    if ((yield* statFile(fileSystem, directory))?.kind === "directory") found.push(directory);
  }
  return found;
}

/** The names in a directory, in order. */
function* listDirectory(fileSystem: FileSystem, path: string): Io<string[]> {
  const entries = yield* perform({
    sync: () => fileSystem.listSync(path),
    async: () => fileSystem.list(path),
  });
  return entries.map(({ name }) => name).sort();
}

function describe(
  directories: readonly string[],
  { hash, ...settings }: StackOptions,
): RepositoryStacks {
  return { directories, hash, geometricFactor: settings.geometricFactor, settings };
}
