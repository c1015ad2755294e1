import { ReftableError } from "../errors.ts";
import type { FileInfo, FileSystem } from "./file_system.ts";
import { type Io, perform } from "./io.ts";

/** Asks for the description of a file; `undefined` when there is none. */
export function* statFile(fileSystem: FileSystem, path: string): Io<FileInfo | undefined> {
  return yield* perform({
    sync: () => fileSystem.statSync(path),
    async: () => fileSystem.stat(path),
  });
}

/** Asks for the contents of a file; `undefined` when there is none. */
export function* readIfPresent(fileSystem: FileSystem, path: string): Io<Uint8Array | undefined> {
  try {
    return yield* perform({
      sync: () => fileSystem.readFileSync(path),
      async: () => fileSystem.readFile(path),
    });
  } catch (error) {
    if (error instanceof ReftableError && error.code === "not-exist") return undefined;
    throw error;
  }
}

/** Asks for the absolute path of a file that exists, without symbolic links on the way. */
export function* realPath(fileSystem: FileSystem, path: string): Io<string> {
  return yield* perform({
    sync: () => fileSystem.realPathSync(path),
    async: () => fileSystem.realPath(path),
  });
}

/** Asks for what a symbolic link holds; `undefined` when there is no such link. */
export function* readLink(fileSystem: FileSystem, path: string): Io<string | undefined> {
  return yield* perform({
    sync: () => fileSystem.readLinkSync(path),
    async: () => fileSystem.readLink(path),
  });
}
