import { basename, isAbsolute, join } from "@std/path";
import { ReftableError } from "../errors.ts";
import { denoFileSystem } from "../io/deno_file_system.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, runAsync } from "../io/io.ts";
import { readIfPresent, statFile } from "../io/requests.ts";
import { Stack, type StackOptions } from "../stack/stack.ts";
import { TABLES_LIST } from "../stack/tables_list.ts";
import { type ConfigVariable, lastValue, parseConfig } from "./config.ts";
import { type GitDirectory, locateGitDirectory } from "./git_directory.ts";
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
  if (yield* statFile(fileSystem, join(path, TABLES_LIST))) {
    // A directory of tables may stand by itself, or in a repository whose settings it then has.
    // Not joined: behind a symbolic link the parent is another one than the path says.
    const parent = `${path}/..`;
    const isRepository = yield* statFile(fileSystem, `${parent}/HEAD`);
    const settings = isRepository ? yield* readStackSettings(fileSystem, parent) : {};
    return { directory: path, settings };
  }
  const git = yield* locateGitDirectory(fileSystem, path);
  const variables = yield* readConfig(fileSystem, git.commonDir);
  const directory = `${storageDirectory(git, variables, worktree)}/reftable`;
  if (!(yield* statFile(fileSystem, directory))) {
    throw new ReftableError(
      "not-exist",
      `Cannot open "${directory}": it does not exist, so the refs are not stored in reftables`,
      { file: directory },
    );
  }
  return { directory, settings: stackConfig(variables) };
}

/**
 * Tells where the refs of a repository are, as `extensions.refStorage` says it: `reftable`, or
 * `reftable://<path>` where they are kept elsewhere. Without it, a directory `reftable` tells that
 * there is a stack.
 *
 * @throws {ReftableError} With code `"format"` when refs are stored in another way.
 */
export function storageDirectory(
  { gitDir, commonDir }: GitDirectory,
  variables: readonly ConfigVariable[],
  worktree: boolean,
): string {
  const storage = lastValue(variables, "extensions.refstorage")?.value ?? "reftable";
  const [, format, payload] = /^([^:]*)(?::\/\/(.*))?$/s.exec(storage) ?? [];
  if (format !== "reftable") {
    throw new ReftableError(
      "format",
      `Cannot open "${commonDir}": extensions.refStorage is "${storage}", expected "reftable"`,
      { file: commonDir },
    );
  }
  if (payload === undefined) return worktree ? gitDir : commonDir;
  const shared = isAbsolute(payload) ? payload : join(commonDir, payload);
  return worktree && gitDir !== commonDir ? join(shared, "worktrees", basename(gitDir)) : shared;
}

/**
 * Reads what a repository's configuration says about its stacks.
 *
 * @param gitDir The directory of any of its working trees.
 */
export function* readStackSettings(fileSystem: FileSystem, gitDir: string): Io<StackOptions> {
  const { commonDir } = yield* locateGitDirectory(fileSystem, gitDir);
  return stackConfig(yield* readConfig(fileSystem, commonDir));
}

/** Reads the configuration that all working trees of a repository share. */
export function* readConfig(fileSystem: FileSystem, commonDir: string): Io<ConfigVariable[]> {
  const file = `${commonDir}/config`;
  const bytes = yield* readIfPresent(fileSystem, file);
  return bytes ? parseConfig(bytes, file) : [];
}
