import { decodeText, trimEnd } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { denoFileSystem } from "../io/deno.ts";
import type { FileSystem } from "../io/file_system.ts";
import {
  type Io,
  readIfPresent,
  readLink,
  realPath,
  runAsync,
  runSync,
  statFile,
} from "../io/io.ts";
import { dirname, isAbsolute } from "../io/path.ts";

/** Where Git keeps its own files for a working tree. */
export interface GitDirectory {
  /** What belongs to this working tree alone: `.git`, or `.git/worktrees/<id>` in a linked one. */
  readonly gitDir: string;
  /** What all working trees share; the same directory unless the working tree is a linked one. */
  readonly commonDir: string;
}

/** Where to look for a repository. */
export interface SearchOptions {
  /** Git's directory, or a file that leads to it, instead of looking for one; Git's `GIT_DIR`. */
  readonly gitDir?: string | undefined;
  /** The directory that all working trees share, whatever Git's directory says; Git's `GIT_COMMON_DIR`. */
  readonly commonDir?: string | undefined;
  /**
   * Absolute paths of directories at which the search upwards ends, which are not looked into themselves; Git's
   * `GIT_CEILING_DIRECTORIES`. Those after an empty one are taken as they are, without following symbolic links.
   */
  readonly ceilingDirectories?: readonly string[] | undefined;
}

/** How to look for a repository. */
export interface FindOptions extends SearchOptions {
  /** The storage; the real file system by default. */
  readonly fileSystem?: FileSystem | undefined;
}

/** Git's directories, and what was learnt on the way. */
export interface FoundDirectory extends GitDirectory {
  /** The directory whose `.git` was found; `undefined` when Git's directory itself was. */
  readonly top: string | undefined;
  /** What the file `HEAD` holds; `undefined` when it is a symbolic link to a branch that does not exist yet. */
  readonly head: string | undefined;
}

/**
 * Finds Git's directories for a path in a repository: a working tree or a directory or file in it, a `.git`
 * directory or file, or a bare repository. As Git does it, the directories above the path are looked into as well.
 *
 * @returns Paths that begin with the one given; absolute ones where the search went upwards, or followed
 * what a file says.
 * @throws {ReftableError} With code `"not-exist"` when the path is in no repository, `"format"` when a
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
  const { fileSystem = denoFileSystem } = options;
  const { gitDir, commonDir } = await runAsync(locateGitDirectory(fileSystem, path, options));
  return { gitDir, commonDir };
}

/** Finds Git's directories at once; see {@linkcode findGitDirectory}. */
export function findGitDirectorySync(path: string, options: FindOptions = {}): GitDirectory {
  const { fileSystem = denoFileSystem } = options;
  const { gitDir, commonDir } = runSync(locateGitDirectory(fileSystem, path, options));
  return { gitDir, commonDir };
}

/** Finds Git's directories as a computation; see {@linkcode findGitDirectory}. */
export function* locateGitDirectory(
  fileSystem: FileSystem,
  path: string,
  options: SearchOptions = {},
): Io<FoundDirectory> {
  if (options.gitDir !== undefined) {
    return yield* openExplicit(fileSystem, path, options.gitDir, options.commonDir);
  }
  const info = yield* statFile(fileSystem, path);
  if (!info) {
    throw new ReftableError("not-exist", `Cannot open "${path}": it does not exist`, {
      file: path,
    });
  }
  const start = info.kind === "directory" ? path : dirname(path);
  const found = (yield* lookInto(fileSystem, start, options.commonDir)) ??
    (yield* lookAbove(fileSystem, start, options));
  if (found) return found;
  const message = "not a git repository (or any of the parent directories): " +
    (path === "." ? ".git" : within(path, ".git"));
  throw new ReftableError("not-exist", message, { file: path });
}

/** Goes where it is told, which is relative to the path as if that were the current directory. */
function* openExplicit(
  fileSystem: FileSystem,
  path: string,
  gitDir: string,
  commonDir: string | undefined,
): Io<FoundDirectory> {
  const candidate = beside(path, gitDir);
  const common = commonDir === undefined ? undefined : beside(path, commonDir);
  const info = yield* statFile(fileSystem, candidate);
  const found = info?.kind === "file"
    ? yield* followGitFile(fileSystem, candidate, common)
    : yield* readGitDirectory(fileSystem, candidate, common);
  if (found) return { ...found, top: path };
  throw new ReftableError("not-exist", `not a git repository: '${gitDir}'`, { file: candidate });
}

/** Looks into the directories above one. */
function* lookAbove(
  fileSystem: FileSystem,
  path: string,
  { ceilingDirectories = [], commonDir }: SearchOptions,
): Io<FoundDirectory | undefined> {
  const ceilings = yield* resolveCeilings(fileSystem, ceilingDirectories);
  // Behind a symbolic link the directory above is another one than the path says.
  let directory = yield* realPath(fileSystem, path);
  for (;;) {
    const above = dirname(directory);
    if (above === directory || ceilings.has(above)) return undefined;
    directory = above;
    // Who may not read what lies above has no repository there.
    if (!fileSystem.mayReadSync(directory)) return undefined;
    const found = yield* lookInto(fileSystem, directory, commonDir);
    if (found) return found;
  }
}

function* resolveCeilings(fileSystem: FileSystem, paths: readonly string[]): Io<Set<string>> {
  const ceilings = new Set<string>();
  let isLiteral = false;
  for (const path of paths) {
    if (path === "") isLiteral = true;
    else if (!isAbsolute(path)) continue;
    else if (isLiteral) ceilings.add(path.replace(/(?<=.)\/+$/, ""));
    // One that is not there is in nobody's way.
    else if (yield* statFile(fileSystem, path)) ceilings.add(yield* realPath(fileSystem, path));
  }
  return ceilings;
}

/** Looks for a repository in one directory: below its `.git`, or in itself. */
function* lookInto(
  fileSystem: FileSystem,
  directory: string,
  commonDir: string | undefined,
): Io<FoundDirectory | undefined> {
  const dotGit = within(directory, ".git");
  const info = yield* statFile(fileSystem, dotGit);
  if (info?.kind === "directory") {
    const found = yield* readGitDirectory(fileSystem, dotGit, commonDir);
    if (found) return { ...found, top: directory };
  } else if (info) {
    return { ...yield* followGitFile(fileSystem, dotGit, commonDir), top: directory };
  }
  return yield* readGitDirectory(fileSystem, directory, commonDir);
}

/** The longest `.git` file that Git reads. */
const MAX_GIT_FILE = 1 << 20;

/** A `.git` file names the directory that stands in for it. */
function* followGitFile(
  fileSystem: FileSystem,
  file: string,
  commonDir: string | undefined,
): Io<FoundDirectory> {
  const info = yield* statFile(fileSystem, file);
  if (info?.kind !== "file") throw badGitFile(`not a regular file: '${file}'`, file);
  if (info.size > MAX_GIT_FILE) throw badGitFile(`too large to be a .git file: '${file}'`, file);
  const text = yield* readLine(fileSystem, file);
  if (!text?.startsWith("gitdir: ")) throw badGitFile(`invalid gitfile format: ${file}`, file);
  const target = text.slice("gitdir: ".length);
  if (target === "") throw badGitFile(`no path in gitfile: ${file}`, file);
  const gitDir = beside(dirname(file), target);
  // A path without symbolic links: where \`..\` leads is clear from then on.
  const found = (yield* statFile(fileSystem, gitDir)) &&
    (yield* readGitDirectory(fileSystem, yield* realPath(fileSystem, gitDir), commonDir));
  if (found) return found;
  throw new ReftableError("not-exist", `not a git repository: ${gitDir}, where ${file} leads`, {
    file: gitDir,
  });
}

function badGitFile(message: string, file: string): ReftableError {
  return new ReftableError("format", message, { file });
}

/**
 * Takes a directory for Git's own when it looks like that: `HEAD` is a ref or an object id, and there are
 * `objects` and `refs`.
 */
function* readGitDirectory(
  fileSystem: FileSystem,
  gitDir: string,
  givenCommonDir: string | undefined,
): Io<FoundDirectory | undefined> {
  const headFile = within(gitDir, "HEAD");
  const info = yield* statFile(fileSystem, headFile);
  let head: string | undefined;
  if (info?.kind === "file") {
    head = yield* readLine(fileSystem, headFile);
    if (!HEAD.test(head ?? "")) return undefined;
  } else {
    const target = yield* readLink(fileSystem, headFile);
    if (!target?.startsWith("refs/")) return undefined;
  }
  const commonDir = givenCommonDir ?? (yield* readCommonDir(fileSystem, gitDir));
  for (const name of ["objects", "refs"]) {
    const info = yield* statFile(fileSystem, within(commonDir, name));
    if (info?.kind !== "directory") return undefined;
  }
  return { gitDir, commonDir, top: undefined, head };
}

/** What `HEAD` begins with in a repository, whatever the backend. */
const HEAD = /^(?:ref:\s*refs\/|[0-9a-f]{40})/i;

function* readCommonDir(fileSystem: FileSystem, gitDir: string): Io<string> {
  const file = within(gitDir, "commondir");
  // Most directories have no such file, and to read what is not there takes long.
  const path = (yield* statFile(fileSystem, file)) && (yield* readLine(fileSystem, file));
  if (path === undefined) return gitDir;
  if (path === "") throw new ReftableError("format", `failed to read ${file}`, { file });
  // Where `..` leads behind a symbolic link is not left to who opens it: some take it for the path's own.
  const commonDir = beside(yield* realPath(fileSystem, gitDir), path);
  if (yield* statFile(fileSystem, commonDir)) return yield* realPath(fileSystem, commonDir);
  throw new ReftableError(
    "not-exist",
    `Cannot open "${gitDir}": its main repository "${commonDir}" does not exist`,
    { file },
  );
}

/** A name in a directory. To join them would take `..` away, which behind a symbolic link leads elsewhere. */
export function within(directory: string, name: string): string {
  if (directory === ".") return name;
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/** A path as seen from a directory. */
export function beside(directory: string, path: string): string {
  return isAbsolute(path) || directory === "." ? path : within(directory, path);
}

/** Reads a file of one line; `undefined` when there is none. */
function* readLine(fileSystem: FileSystem, path: string): Io<string | undefined> {
  const bytes = yield* readIfPresent(fileSystem, path);
  return bytes && trimEnd(decodeText(bytes), "\r\n");
}
