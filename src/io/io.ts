import { ReftableError } from "../errors.ts";
import type { DirectoryEntry, FileInfo, FileSystem } from "./file_system.ts";

/**
 * Code that needs bytes does not care how they come: it is a generator that yields what it wants
 * done, and {@linkcode runSync} or {@linkcode runAsync} does it. So there is one decoder, and one way to
 * open a stack, for callers that wait and for those that cannot.
 */

/** Something to be done outside, in either way. */
export interface Request<T> {
  /** Does it at once. */
  sync(): T;
  /** Does it without holding up the caller. */
  async(): Promise<T>;
}

/** A computation that yields requests and is handed their results. */
export type Io<T> = Generator<Request<unknown>, T, unknown>;

/**
 * Asks for one request to be done, inside an {@linkcode Io}.
 *
 * @example
 * ```ts ignore
 * function* size(source: BlockSource): Io<number> {
 *   return (yield* perform(readRequest(source, 0, 1))).length;
 * }
 * ```
 */
export function* perform<T>(request: Request<T>): Io<T> {
  return (yield request) as T;
}

/** Runs a computation to its end, doing each request at once. */
export function runSync<T>(io: Io<T>): T {
  let step = io.next();
  while (!step.done) {
    let result: unknown;
    try {
      result = step.value.sync();
    } catch (error) {
      step = io.throw(error);
      continue;
    }
    step = io.next(result);
  }
  return step.value;
}

/** Runs a computation to its end, awaiting each request. */
export async function runAsync<T>(io: Io<T>): Promise<T> {
  let step = io.next();
  while (!step.done) {
    let result: unknown;
    try {
      result = await step.value.async();
    } catch (error) {
      step = io.throw(error);
      continue;
    }
    step = io.next(result);
  }
  return step.value;
}

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
