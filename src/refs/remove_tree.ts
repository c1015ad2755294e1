import type { FileSystem } from "../io/file_system.ts";
import { listDirectory } from "../io/io.ts";
import { within } from "./git_directory.ts";

/** Removes a file, or a directory with all that is in it; nothing happens when there is none. */
export async function removeTree(fileSystem: FileSystem, path: string): Promise<void> {
  for (const each of innermostFirst(fileSystem, path)) await fileSystem.remove(each);
}

/** Does what {@linkcode removeTree} does, where nothing can be waited for. */
export function removeTreeSync(fileSystem: FileSystem, path: string): void {
  for (const each of innermostFirst(fileSystem, path)) fileSystem.removeSync(each);
}

/** Lists what is in a directory, each directory behind what is in it. */
function* innermostFirst(fileSystem: FileSystem, path: string): Generator<string> {
  for (const { name, kind } of listDirectory(fileSystem, path)) {
    const below = within(path, name);
    if (kind === "directory") yield* innermostFirst(fileSystem, below);
    else yield below;
  }
  yield path;
}
