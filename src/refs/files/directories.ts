import { ReftableError } from "../../errors.ts";
import type { FileMode, FileSystem } from "../../io/file_system.ts";
import { dirname } from "../../io/path.ts";
import { within } from "../git_directory.ts";

/** How often to make the directories again that somebody else removes. */
const TRIES = 3;

/**
 * Does something to a file whose directories may be missing. Others remove empty directories when they have deleted a
 * ref, so it is tried more than once.
 *
 * @param onMade Called when directories were made.
 */
export async function withDirectories<T>(
  fileSystem: FileSystem,
  path: string,
  mode: FileMode | undefined,
  action: () => Promise<T>,
  onMade: () => void = () => {},
): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await action();
    } catch (error) {
      const isMissing = error instanceof ReftableError && error.code === "not-exist";
      if (!isMissing || tries > TRIES) throw error;
    }
    await fileSystem.makeDirectory(dirname(path), mode);
    onMade();
  }
}

/**
 * Removes a directory in which there is nothing but empty directories.
 *
 * @returns Whether it is gone.
 */
export async function removeEmptyDirectories(
  fileSystem: FileSystem,
  path: string,
): Promise<boolean> {
  if (fileSystem.lstatSync(path)?.kind !== "directory") return true;
  for (const { name, kind } of await fileSystem.list(path)) {
    if (kind !== "directory") return false;
    if (!(await removeEmptyDirectories(fileSystem, within(path, name)))) return false;
  }
  return await fileSystem.removeDirectory(path) || fileSystem.lstatSync(path) === undefined;
}

/**
 * Removes the directories in which files were, as far as they are empty. `refs` and those in it, such as `refs/heads`,
 * remain. Nothing depends on it, so it is no error when that cannot be.
 *
 * @param root The directory that the names of the files begin at.
 * @param names The names of the files.
 */
export async function removeEmptyParents(
  fileSystem: FileSystem,
  root: string,
  names: Iterable<string>,
): Promise<void> {
  const seen = new Set<string>();
  for (const name of names) {
    for (let parent = parentOf(name); parent !== undefined; parent = parentOf(parent)) {
      if (seen.has(parent)) break;
      seen.add(parent);
      if (!(await tryRemove(fileSystem, within(root, parent)))) break;
      // What is in it may have been why a directory above it was not removed.
      for (let above = parentOf(parent); above !== undefined; above = parentOf(above)) {
        seen.delete(above);
      }
    }
  }
}

/** The directory of a name, unless it is one that remains. */
function parentOf(name: string): string | undefined {
  const parent = name.slice(0, Math.max(0, name.lastIndexOf("/")));
  return parent.split("/").length > 2 ? parent : undefined;
}

async function tryRemove(fileSystem: FileSystem, path: string): Promise<boolean> {
  try {
    return await fileSystem.removeDirectory(path);
  } catch (error) {
    if (error instanceof ReftableError) return false;
    throw error;
  }
}
