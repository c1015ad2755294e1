import { ReftableError } from "../../errors.ts";
import type { DirectoryEntry, FileSystem } from "../../io/file_system.ts";

/** Lists a directory; nothing when there is none. */
export function listDirectory(fileSystem: FileSystem, path: string): DirectoryEntry[] {
  if (fileSystem.statSync(path)?.kind !== "directory") return [];
  try {
    return fileSystem.listSync(path);
  } catch (error) {
    if (error instanceof ReftableError && error.code === "not-exist") return [];
    throw error;
  }
}
