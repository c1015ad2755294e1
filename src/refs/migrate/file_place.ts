import type { HashName } from "../../format/hash.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { RefPaths } from "../files/ref_paths.ts";
import type { Repository } from "../repository.ts";

/** Where the refs of one working tree are files, or shall be. */
export interface FilePlace {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** The directory that has `HEAD` and `refs`, as if it were all that there is. */
  readonly paths: RefPaths;
  /** Whether the working tree is a linked one, which has only some refs for itself. */
  readonly isLinked: boolean;
  /** The hash of the object ids. */
  readonly hash: HashName;
}

/**
 * Describes the place of the refs of one working tree.
 *
 * @param directory The directory that has `HEAD` and `refs`.
 */
export function filePlace(repository: Repository, directory: string): FilePlace {
  const { fileSystem, isLinked, hash } = repository;
  const alone = { ...repository, storage: directory, worktreeStorage: directory, isLinked: false };
  return { fileSystem, paths: new RefPaths(alone), isLinked, hash };
}
