import type { FileMode, FileSystem } from "../../io/file_system.ts";
import { runAsync } from "../../io/io.ts";
import { within } from "../git_directory.ts";
import { isPerWorktreeRef, isRootRef, REFS_PREFIX } from "../names.ts";
import { locateRepository, type Repository, type RepositoryOptions } from "../repository.ts";
import { sharedMode, stackConfig } from "../stack_config.ts";
import { listWorktrees } from "../worktrees.ts";
import type { NewStackOptions } from "./write_stack.ts";

/** A working tree whose refs are migrated. The main one has those that all share, too. */
export interface WorkingTree {
  /** The repository as it is seen from there. */
  readonly repository: Repository;
  /** The directory of its refs. */
  readonly directory: string;
  /** Where its refs are below the directory in which the migrated ones are made: empty, or ends with a slash. */
  readonly prefix: string;
}

/** Finds the main working tree of a repository and the linked ones, in the order of their names. */
export async function findWorkingTrees(
  fileSystem: FileSystem,
  path: string,
  options: RepositoryOptions,
): Promise<readonly [WorkingTree, ...WorkingTree[]]> {
  const { gitDir: _, commonDir: __, ...rest } = options;
  const found = await runAsync(locateRepository(fileSystem, path, options));
  const { commonDir } = found;
  const open = (gitDir: string) => runAsync(locateRepository(fileSystem, gitDir, rest));
  const main = found.isLinked ? await open(commonDir) : found;
  const trees: [WorkingTree, ...WorkingTree[]] = [
    { repository: main, directory: main.storage, prefix: "" },
  ];
  for (const { id, gitDir } of await listWorktrees(main)) {
    // What has no HEAD is no working tree for Git either.
    if (id === undefined || !(await fileSystem.stat(within(gitDir, "HEAD")))) continue;
    const repository = await open(gitDir);
    const { worktreeStorage: directory } = repository;
    trees.push({ repository, directory, prefix: `worktrees/${id}/` });
  }
  return trees;
}

/** Tells how stacks of a repository are opened and written. */
export function stackOptions({ config, fileSystem, hash }: Repository): NewStackOptions {
  return {
    ...stackConfig(config),
    fileSystem,
    hash,
    // What is migrated is taken as it is, and checked as a whole.
    skipNameCheck: true,
    exactLogMessage: true,
    autoCompact: false,
  };
}

/** Tells what permissions new files of a repository get. */
export function fileMode({ config }: Repository): FileMode | undefined {
  return sharedMode(config);
}

/** Tells whether a name in the stack of a working tree is that of a ref which is seen from there. */
export function isSeen({ repository }: WorkingTree, refname: string): boolean {
  if (isRootRef(refname)) return true;
  return repository.isLinked ? isPerWorktreeRef(refname) : refname.startsWith(REFS_PREFIX);
}
