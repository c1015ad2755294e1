import { isAbsolute, join } from "@std/path";
import { decodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { denoFileSystem } from "../io/deno_file_system.ts";
import type { FileSystem } from "../io/file_system.ts";
import { readIfPresent, statFile } from "../io/requests.ts";
import { type Io, runAsync, runSync } from "../io/io.ts";

/** Where Git keeps its own files for a working tree. */
export interface GitDirectory {
  /** What belongs to this working tree alone: `.git`, or `.git/worktrees/<id>` in a linked one. */
  readonly gitDir: string;
  /** What all working trees share; the same directory unless the working tree is a linked one. */
  readonly commonDir: string;
}

/** How to look for a repository. */
export interface FindOptions {
  /** The storage; the real file system by default. */
  readonly fileSystem?: FileSystem | undefined;
}

/**
 * Finds Git's directories for a path: a working tree, a `.git` directory or file, or a bare repository.
 * The directories above it are not looked into.
 *
 * @returns Paths that begin with the one given, unless a `.git` file names absolute ones.
 * @throws {ReftableError} With code `"not-exist"` when the path is no repository, `"format"` when a
 * `.git` file is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findGitDirectory } from "@reftable/reftable";
 *
 * const { commonDir } = await findGitDirectory("tests/fixtures/repository/git");
 * assertEquals(commonDir, "tests/fixtures/repository/git");
 * ```
 */
export async function findGitDirectory(
  path: string,
  options: FindOptions = {},
): Promise<GitDirectory> {
  return await runAsync(locateGitDirectory(options.fileSystem ?? denoFileSystem, path));
}

/** Finds Git's directories at once; see {@linkcode findGitDirectory}. */
export function findGitDirectorySync(path: string, options: FindOptions = {}): GitDirectory {
  return runSync(locateGitDirectory(options.fileSystem ?? denoFileSystem, path));
}

/** Finds Git's directories as a computation; see {@linkcode findGitDirectory}. */
export function* locateGitDirectory(fileSystem: FileSystem, path: string): Io<GitDirectory> {
  const gitDir = yield* findGitDir(fileSystem, path);
  const common = yield* readLine(fileSystem, within(gitDir, "commondir"));
  return { gitDir, commonDir: common === undefined ? gitDir : beside(gitDir, common) };
}

function* findGitDir(fileSystem: FileSystem, path: string): Io<string> {
  if (!(yield* statFile(fileSystem, path))) {
    throw new ReftableError("not-exist", `Cannot open "${path}": it does not exist`, {
      file: path,
    });
  }
  for (const candidate of [within(path, ".git"), path]) {
    const info = yield* statFile(fileSystem, candidate);
    if (info?.kind === "file") return yield* followGitFile(fileSystem, candidate);
    if (info && (yield* statFile(fileSystem, within(candidate, "HEAD")))) return candidate;
  }
  throw new ReftableError("not-exist", `Cannot find a Git repository at "${path}"`, { file: path });
}

/** A `.git` file names the directory that stands in for it. */
function* followGitFile(fileSystem: FileSystem, file: string): Io<string> {
  const target = /^gitdir: (.+)$/.exec((yield* readLine(fileSystem, file)) ?? "")?.[1];
  if (target === undefined) {
    throw new ReftableError("format", `Cannot read "${file}": expected a line "gitdir: <path>"`, {
      file,
    });
  }
  const gitDir = beside(join(file, ".."), target);
  if (yield* statFile(fileSystem, within(gitDir, "HEAD"))) return gitDir;
  throw new ReftableError(
    "not-exist",
    `Cannot find a Git repository: "${file}" leads to "${gitDir}", where there is none`,
    { file: gitDir },
  );
}

/** A name in a directory. To join them would take `..` away, which behind a symbolic link leads elsewhere. */
function within(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

function beside(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}

/** Reads a file of one line; `undefined` when there is none. */
function* readLine(fileSystem: FileSystem, path: string): Io<string | undefined> {
  const bytes = yield* readIfPresent(fileSystem, path);
  return bytes && decodeText(bytes).replace(/[\r\n]+$/, "");
}
