import type { FileSystem } from "../../io/file_system.ts";
import { listDirectory } from "../files/loose_refs.ts";

/** Removes a directory and all that is in it, if it is there. */
export async function removeTree(fileSystem: FileSystem, directory: string): Promise<void> {
  for (const { name, kind } of listDirectory(fileSystem, directory)) {
    const path = `${directory}/${name}`;
    if (kind === "directory") await removeTree(fileSystem, path);
    else await fileSystem.remove(path);
  }
  await fileSystem.remove(directory);
}
