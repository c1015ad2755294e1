import { ReftableError, type ReftableErrorCode } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { denoFileSystem, type Environment } from "../io/deno.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, runAsync, runSync } from "../io/io.ts";
import { PATH_LIST_SEPARATOR } from "../io/path.ts";
import type { RefFormat } from "./backend.ts";
import type { Config } from "./config/config.ts";
import { type ConfigSources, environmentOf, loadConfig } from "./config/load_config.ts";
import {
  beside,
  type FoundDirectory,
  type GitDirectory,
  locateGitDirectory,
  type SearchOptions,
  within,
} from "./git_directory.ts";
import { resolveHead } from "./read_head.ts";
import {
  locateRefs,
  parseRefStorage,
  readConfigFile,
  type RefLocation,
  type RepositoryFormat,
  repositoryFormat,
  withWorktreeConfig,
  worktreeId,
} from "./repository_format.ts";

/** A repository as seen from one of its working trees: where things are, and how it is configured. */
export interface Repository extends GitDirectory {
  /** The top of the working tree; `undefined` when there is none, or when Git's directory itself was opened. */
  readonly workTree: string | undefined;
  /** Whether the repository has no working tree and is not meant to have one. */
  readonly isBare: boolean;
  /** The hash of the object ids. */
  readonly hash: HashName;
  /** How refs are stored: as files, in reftables, or as files with a stack in place of `packed-refs`. */
  readonly refFormat: RefFormat;
  /** The directory of the refs that all working trees share; it holds `reftable`, or `refs` and `packed-refs`. */
  readonly storage: string;
  /** The directory of the refs that belong to this working tree alone; the same one in the main working tree. */
  readonly worktreeStorage: string;
  /** Whether the working tree is a linked one. */
  readonly isLinked: boolean;
  /** The name of the linked working tree; `undefined` in the main one. */
  readonly worktreeId: string | undefined;
  /** All that is configured. */
  readonly config: Config;
  /** The storage of all files. */
  readonly fileSystem: FileSystem;
}

/** How to open a repository. */
export interface RepositoryOptions extends SearchOptions, ConfigSources {
  /** The top of the working tree, whatever the configuration says, as seen from the path; Git's `GIT_WORK_TREE`. */
  readonly workTree?: string | undefined;
  /** How refs are stored, whatever the configuration says, such as `files`; Git's `GIT_REFERENCE_BACKEND`. */
  readonly refStorage?: string | undefined;
}

/** How to open a repository, and where. */
export interface OpenRepositoryOptions extends RepositoryOptions {
  /** The storage; the real file system by default. */
  readonly fileSystem?: FileSystem | undefined;
}

/**
 * Finds the repository that a path is in, and reads how it is configured. A repository of a newer make is refused.
 *
 * @param path A working tree or a directory or file in it, a `.git` directory or file, or a bare repository.
 * @throws {ReftableError} With code `"not-exist"` when there is no repository, `"unsupported"` when it is of a make that
 * is not known, `"format"` when its configuration is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openRepository } from "@reftable/reftable";
 *
 * const repository = await openRepository("tests/fixtures/repository/git/worktrees/linked");
 * assertEquals(repository.refFormat, "reftable");
 * assertEquals(repository.worktreeId, "linked");
 * assertEquals(repository.config.boolean("core.logAllRefUpdates"), true);
 * ```
 */
export async function openRepository(
  path: string,
  options: OpenRepositoryOptions = {},
): Promise<Repository> {
  return await runAsync(locateRepository(options.fileSystem ?? denoFileSystem, path, options));
}

/** Finds the repository that a path is in at once; see {@linkcode openRepository}. */
export function openRepositorySync(path: string, options: OpenRepositoryOptions = {}): Repository {
  return runSync(locateRepository(options.fileSystem ?? denoFileSystem, path, options));
}

/** Finds the repository that a path is in as a computation; see {@linkcode openRepository}. */
export function* locateRepository(
  fileSystem: FileSystem,
  path: string,
  options: RepositoryOptions = {},
): Io<Repository> {
  const environment = environmentOf(fileSystem, options);
  const found = yield* locateGitDirectory(fileSystem, path, options);
  const { gitDir, commonDir } = found;
  const format = yield* readFormat(fileSystem, found);
  const refStorage = options.refStorage === undefined
    ? format.refStorage
    : givenRefStorage(options.refStorage);
  const location = yield* locateRefs(fileSystem, found, refStorage);
  const config = yield* loadConfig(fileSystem, {
    ...options,
    environment,
    gitDir,
    commonDir,
    worktreeConfig: format.worktreeConfig,
    currentBranch: () => currentBranch(fileSystem, location, format.hash),
  });
  const workTree = options.workTree === undefined
    ? findWorkTree(found, format)
    : beside(path, options.workTree);
  const id = worktreeId(found);
  return {
    gitDir,
    commonDir,
    workTree,
    isBare: workTree === undefined && config.boolean("core.bare") !== false,
    hash: format.hash,
    ...location,
    isLinked: id !== undefined,
    worktreeId: id,
    config,
    fileSystem,
  };
}

/** Tells which branch is checked out. Where `HEAD` is damaged it is none: who wants to repair that must get so far. */
function* currentBranch(
  fileSystem: FileSystem,
  location: RefLocation,
  hash: HashName,
): Io<string | undefined> {
  try {
    const { refname } = yield* resolveHead(fileSystem, location, hash);
    return refname && /^refs\/heads\/(.*)$/s.exec(refname)?.[1];
  } catch (error) {
    if (error instanceof ReftableError && DAMAGES.has(error.code)) return undefined;
    throw error;
  }
}

const DAMAGES: ReadonlySet<ReftableErrorCode> = new Set<ReftableErrorCode>(["format", "not-exist"]);

function givenRefStorage(value: string) {
  const storage = parseRefStorage(value);
  if (storage) return storage;
  throw new ReftableError("api", `unknown ref storage format: '${value}'`);
}

/** Reads what the configuration says about the repository's make. */
function* readFormat(
  fileSystem: FileSystem,
  { gitDir, commonDir }: FoundDirectory,
): Io<RepositoryFormat> {
  const variables = yield* readConfigFile(fileSystem, within(commonDir, "config"));
  const format = repositoryFormat(variables);
  if (format.worktreeConfig) {
    const own = yield* readConfigFile(fileSystem, within(gitDir, "config.worktree"));
    return withWorktreeConfig(format, own);
  }
  // What all share tells about the main working tree only.
  return gitDir === commonDir ? format : { ...format, isBare: undefined, workTree: undefined };
}

function findWorkTree(
  { gitDir, top }: FoundDirectory,
  { isBare, workTree }: RepositoryFormat,
): string | undefined {
  if (isBare) return undefined;
  if (workTree !== undefined) return beside(gitDir, workTree);
  return top;
}

/**
 * Gives what the environment says about the repository that Git's commands are to use: `GIT_DIR`, `GIT_COMMON_DIR`,
 * `GIT_WORK_TREE`, `GIT_CEILING_DIRECTORIES` and `GIT_REFERENCE_BACKEND`, with the environment itself. It is for
 * programs that stand in for such a command; others would find another repository than the one they ask for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { environmentOptions, openRepository } from "@reftable/reftable";
 *
 * const variables: Record<string, string> = { GIT_DIR: "tests/fixtures/repository/git" };
 * const repository = await openRepository(".", environmentOptions((name) => variables[name]));
 * assertEquals(repository.hash, "sha1");
 * ```
 */
export function environmentOptions(environment: Environment): RepositoryOptions {
  return {
    environment,
    gitDir: environment("GIT_DIR"),
    commonDir: environment("GIT_COMMON_DIR"),
    workTree: environment("GIT_WORK_TREE"),
    ceilingDirectories: environment("GIT_CEILING_DIRECTORIES")?.split(PATH_LIST_SEPARATOR),
    refStorage: environment("GIT_REFERENCE_BACKEND"),
  };
}
