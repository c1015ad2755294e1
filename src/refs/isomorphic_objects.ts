import { decodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import type { FileSystem } from "../io/file_system.ts";
import { readIfPresent, runAsync, statFile } from "../io/io.ts";
import { isAbsolute } from "../io/path.ts";
import { loadQuietly } from "../io/quiet_process.ts";
import { within } from "./git_directory.ts";
import {
  type GitObject,
  makeObjectReader,
  type ObjectReader,
  type ObjectType,
} from "./object_reader.ts";
import type { Repository } from "./repository.ts";

/**
 * Makes a reader of a repository's objects, loose or packed, its own or borrowed from others. It works with the
 * package `isomorphic-git`, which is loaded when the first object is asked for; and it needs permission to read only.
 * A pack is read whole, checked, and kept in memory.
 *
 * @returns `undefined` when the object ids are of SHA-256, which that package does not know.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openObjects, openRepository, readHead } from "@reftable/reftable";
 *
 * const path = "tests/fixtures/repository/git";
 * const objects = openObjects(await openRepository(path));
 * assertEquals(await objects?.type(readHead(path).oid!), "commit");
 * ```
 */
export function openObjects({ fileSystem, commonDir, hash }: Repository): ObjectReader | undefined {
  if (hash !== "sha1") return undefined;
  const source = new ObjectSource(fileSystem, within(commonDir, "objects"));
  return makeObjectReader((oid) => source.read(oid));
}

/** The part of `isomorphic-git` that we use. */
type IsomorphicGit = Pick<typeof import("isomorphic-git"), "readObject">;

let loading: Promise<IsomorphicGit> | undefined;

/** Loads the package, once. */
function loadIsomorphicGit(): Promise<IsomorphicGit> {
  return loading ??= loadQuietly(() => import("isomorphic-git")).catch((cause) => {
    loading = undefined;
    const reason = cause instanceof Error ? cause.message : cause;
    const message = `Cannot read objects: the package isomorphic-git cannot be loaded: ${reason}`;
    throw new ReftableError("io", message, { cause });
  });
}

/** The directories in which the objects of a repository are. */
class ObjectSource {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  /** What the package remembers of packs. */
  readonly #cache = {};
  #directories: Promise<readonly string[]> | undefined;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  async read(oid: string): Promise<GitObject | undefined> {
    const directories =
      await (this.#directories ??= findAlternates(this.#fileSystem, this.#directory));
    for (const [index] of directories.entries()) {
      const object = await this.#readFrom(index, directories, oid);
      if (object) return object;
    }
    return undefined;
  }

  async #readFrom(
    index: number,
    directories: readonly string[],
    oid: string,
  ): Promise<GitObject | undefined> {
    const git = await loadIsomorphicGit();
    const fs = { promises: readOnlyFiles(this.#fileSystem, directories) };
    try {
      const found = await git.readObject({
        ...{ fs, oid, cache: this.#cache, format: "content" },
        gitdir: `/${index}`,
      });
      return { type: found.type as ObjectType, content: found.object as Uint8Array };
    } catch (cause) {
      if (cause instanceof ReftableError) throw cause;
      const { code, message, data } = cause as Error & {
        code?: string;
        data?: { message?: string };
      };
      if (code === "NotFoundError") return undefined;
      const reason = data?.message ?? message;
      throw new ReftableError("format", `Cannot read object ${oid}: ${reason}`, {
        file: directories[index],
        cause,
      });
    }
  }
}

/** How far objects may be borrowed from directories that borrow themselves, as in Git. */
const MAX_DEPTH = 5;

/** Finds the directories from which a directory of objects borrows, beginning with itself. */
async function findAlternates(fileSystem: FileSystem, directory: string): Promise<string[]> {
  const found = new Map<string, string>();
  const add = async (directory: string, depth: number): Promise<void> => {
    const info = await runAsync(statFile(fileSystem, directory));
    // One that is gone may not have been needed; what is missed in the end is the object.
    if (info?.kind !== "directory") return;
    const place = await fileSystem.realPath(directory);
    if (found.has(place) || depth > MAX_DEPTH) return;
    found.set(place, directory);
    const bytes = await runAsync(readIfPresent(fileSystem, within(directory, "info/alternates")));
    for (const line of bytes ? decodeText(bytes).split("\n") : []) {
      if (line === "" || line.startsWith("#")) continue;
      await add(isAbsolute(line) ? line : within(directory, line), depth + 1);
    }
  };
  await add(directory, 0);
  return [...found.values()];
}

/** What the package knows as a file that is not there. */
function missing(path: string): Error {
  return Object.assign(new Error(`"${path}" does not exist`), { code: "ENOENT" });
}

/**
 * Shows directories of objects to the package as `/0/objects`, `/1/objects` and so on. There is nothing else, and
 * nothing can be changed.
 */
function readOnlyFiles(fileSystem: FileSystem, directories: readonly string[]) {
  const locate = (path: string): string => {
    const [, index, rest] = /^\/(\d+)\/objects\/(.*)$/s.exec(path) ?? [];
    const directory = directories[Number(index)];
    if (directory === undefined) throw missing(path);
    return within(directory, rest!);
  };
  const attempt = async <T>(path: string, read: (path: string) => Promise<T>): Promise<T> => {
    try {
      return await read(locate(path));
    } catch (error) {
      if (error instanceof ReftableError && error.code === "not-exist") throw missing(path);
      throw error;
    }
  };
  const refuse = () => Promise.reject(new TypeError("objects are only read"));
  return {
    readFile: (path: string) => attempt(`${path}`, (path) => fileSystem.readFile(path)),
    readdir: (path: string) =>
      attempt(path, async (path) => (await fileSystem.list(path)).map(({ name }) => name)),
    // The package wants them all to be there.
    ...{ stat: refuse, lstat: refuse, readlink: refuse, writeFile: refuse, mkdir: refuse },
    ...{ rmdir: refuse, unlink: refuse, symlink: refuse },
  };
}
