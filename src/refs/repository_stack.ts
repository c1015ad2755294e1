import { join } from "@std/path";
import { ReftableError } from "../errors.ts";
import { denoFileSystem } from "../io/deno_file_system.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, runAsync } from "../io/io.ts";
import { readIfPresent, statFile } from "../io/requests.ts";
import { Stack, type StackOptions } from "../stack/stack.ts";
import { TABLES_LIST } from "../stack/tables_list.ts";
import { parseConfig } from "./config.ts";
import { locateGitDirectory } from "./git_directory.ts";
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
    const parent = join(path, "..");
    const isRepository = yield* statFile(fileSystem, join(parent, "HEAD"));
    const settings = isRepository ? yield* readStackSettings(fileSystem, parent) : {};
    return { directory: path, settings };
  }
  const { gitDir, commonDir } = yield* locateGitDirectory(fileSystem, path);
  const directory = join(worktree ? gitDir : commonDir, "reftable");
  if (!(yield* statFile(fileSystem, directory))) {
    throw new ReftableError(
      "not-exist",
      `Cannot open "${directory}": it does not exist, so the refs are not stored in reftables`,
      { file: directory },
    );
  }
  return { directory, settings: yield* readStackSettings(fileSystem, gitDir) };
}

/**
 * Reads what a repository's configuration says about its stacks.
 *
 * @param gitDir The directory of any of its working trees.
 */
export function* readStackSettings(fileSystem: FileSystem, gitDir: string): Io<StackOptions> {
  const { commonDir } = yield* locateGitDirectory(fileSystem, gitDir);
  const file = join(commonDir, "config");
  const bytes = yield* readIfPresent(fileSystem, file);
  return bytes ? stackConfig(parseConfig(bytes, file)) : {};
}
