import { compareText, decodeText, trimEnd } from "../bytes/text.ts";
import type { FileSystem } from "../io/file_system.ts";
import {
  type Io,
  perform,
  readIfPresent,
  realPath,
  runAsync,
  runSync,
  statFile,
} from "../io/io.ts";
import { dirname, isAbsolute } from "../io/path.ts";
import { within } from "./git_directory.ts";
import type { Repository } from "./repository.ts";

/** A working tree of a repository, as the repository knows it. */
export interface Worktree {
  /** Its name, which is that of its directory below `worktrees`; `undefined` for the main one. */
  readonly id: string | undefined;
  /** Its own directory in the repository: `.git/worktrees/<id>`, or the repository's. */
  readonly gitDir: string;
  /**
   * Its top, which may be gone; the repository's directory when the main one has no files. `undefined` when the
   * repository has forgotten where it is.
   */
  readonly path: string | undefined;
  /** Why it is locked, which may be empty; `undefined` when it is not. */
  readonly lockReason: string | undefined;
  /** Why the repository could forget it, in Git's words; `undefined` when it could not. */
  readonly pruneReason: string | undefined;
}

/**
 * Lists the working trees of a repository: the main one, then linked ones in the order of their names, also those
 * whose files are gone.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listWorktrees, openRepository } from "@reftable/reftable";
 *
 * const repository = await openRepository("tests/fixtures/repository/git");
 * const worktrees = await listWorktrees(repository);
 * assertEquals(worktrees.map(({ id }) => id), [undefined, "linked"]);
 * assertEquals(worktrees[1]?.lockReason, "its files are not here");
 * ```
 */
export async function listWorktrees(repository: Repository): Promise<Worktree[]> {
  return await runAsync(locateWorktrees(repository));
}

/** Lists the working trees of a repository at once; see {@linkcode listWorktrees}. */
export function listWorktreesSync(repository: Repository): Worktree[] {
  return runSync(locateWorktrees(repository));
}

/** Lists the working trees of a repository as a computation; see {@linkcode listWorktrees}. */
export function* locateWorktrees({ fileSystem, commonDir }: Repository): Io<Worktree[]> {
  const main: Worktree = {
    id: undefined,
    gitDir: commonDir,
    path: withoutDotGit(yield* realPath(fileSystem, commonDir)),
    lockReason: undefined,
    pruneReason: undefined,
  };
  const directory = within(commonDir, "worktrees");
  const linked: Worktree[] = [];
  for (const id of yield* listNames(fileSystem, directory)) {
    linked.push(yield* describeWorktree(fileSystem, within(directory, id), id));
  }
  return [main, ...linked];
}

function* listNames(fileSystem: FileSystem, directory: string): Io<string[]> {
  if ((yield* statFile(fileSystem, directory))?.kind !== "directory") return [];
  const entries = yield* perform({
    sync: () => fileSystem.listSync(directory),
    async: () => fileSystem.list(directory),
  });
  return entries.map(({ name }) => name).sort(compareText);
}

function* describeWorktree(fileSystem: FileSystem, gitDir: string, id: string): Io<Worktree> {
  const lockReason = (yield* readText(fileSystem, within(gitDir, "locked")))?.trim();
  const text = yield* readText(fileSystem, within(gitDir, "gitdir"));
  const target = text && trimEnd(text, "\r\n");
  const dotGit = target ? yield* resolveLeniently(fileSystem, gitDir, target.trimEnd()) : undefined;
  const path = dotGit && withoutDotGit(dotGit);
  const isLocked = lockReason !== undefined;
  const pruneReason = isLocked
    ? undefined
    : yield* findPruneReason(fileSystem, gitDir, text, dotGit);
  return { id, gitDir, path, lockReason, pruneReason };
}

function* findPruneReason(
  fileSystem: FileSystem,
  gitDir: string,
  text: string | undefined,
  dotGit: string | undefined,
): Io<string | undefined> {
  if ((yield* statFile(fileSystem, gitDir))?.kind !== "directory") return "not a valid directory";
  if (text === undefined) return "gitdir file does not exist";
  if (dotGit === undefined) return "invalid gitdir file";
  if (!(yield* statFile(fileSystem, dotGit))) {
    return "gitdir file points to non-existent location";
  }
  return undefined;
}

function withoutDotGit(path: string): string {
  return path.replace(/\/\.git$/, "");
}

/** Makes a path absolute and free of symbolic links as far as it exists. */
function* resolveLeniently(
  fileSystem: FileSystem,
  directory: string,
  path: string,
): Io<string> {
  if (isAbsolute(path)) return path;
  let resolved = yield* realPath(fileSystem, directory);
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      resolved = dirname(resolved);
      continue;
    }
    resolved = within(resolved, name);
    if (yield* statFile(fileSystem, resolved)) resolved = yield* realPath(fileSystem, resolved);
  }
  return resolved;
}

/** Reads a small file; `undefined` when it is not there. */
function* readText(fileSystem: FileSystem, path: string): Io<string | undefined> {
  // What should be a directory may be a file.
  if (!(yield* statFile(fileSystem, path))) return undefined;
  const bytes = yield* readIfPresent(fileSystem, path);
  return bytes && decodeText(bytes);
}
