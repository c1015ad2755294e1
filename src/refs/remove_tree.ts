import type { FileSystem } from "../io/file_system.ts";
import { listDirectory } from "./files/list_directory.ts";
import { within } from "./git_directory.ts";

/** Removes a file, or a directory with all that is in it; nothing happens when there is none. */
export async function removeTree(fileSystem: FileSystem, path: string): Promise<void> {
  for (const { name, kind } of listDirectory(fileSystem, path)) {
    const below = within(path, name);
    if (kind === "directory") await removeTree(fileSystem, below);
    else await fileSystem.remove(below);
  }
  await fileSystem.remove(path);
}
