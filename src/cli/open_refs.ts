import { ReftableError } from "../errors.ts";
import type { ObjectReader } from "../refs/object_reader.ts";
import { RefStore } from "../refs/ref_store.ts";
import { openRepositorySync, type Repository, type RepositoryOptions } from "../refs/repository.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";

/**
 * Opens the refs of the repository that a command runs in: the one that was named, or the one around the
 * current directory.
 *
 * @throws {Failure} When there is none, or it cannot be used.
 */
export function openRefs(context: Context): RefStore {
  const objects = lazyReader(async () => (await context.objects()).reader);
  return open(context, (path, options) => RefStore.openSync(path, { ...options, objects }));
}

/** Loads what reads objects when one is asked for: most commands read none. */
function lazyReader(load: () => Promise<ObjectReader>): ObjectReader {
  return {
    read: async (oid) => (await load()).read(oid),
    type: async (oid) => (await load()).type(oid),
    has: async (oid) => (await load()).has(oid),
    peel: async (oid) => (await load()).peel(oid),
    parents: async (oid) => (await load()).parents(oid),
  };
}

/** Finds the repository that a command runs in, whether or not its refs can be opened; see {@linkcode openRefs}. */
export function findRepository(context: Context): Repository {
  return open(context, openRepositorySync);
}

function open<T>(
  { system, globals, directory }: Context,
  open: (path: string, options: RepositoryOptions) => T,
): T {
  const env = (name: string) => system.env(name) || undefined;
  const path = directory === "" ? "." : directory;
  const ceilings = env("GIT_CEILING_DIRECTORIES");
  const gitDir = globals.gitDir ?? env("GIT_DIR") ?? (globals.bare ? path : undefined);
  try {
    return open(path, {
      gitDir,
      commonDir: env("GIT_COMMON_DIR"),
      workTree: globals.workTree ?? env("GIT_WORK_TREE"),
      refStorage: env("GIT_REFERENCE_BACKEND"),
      ceilingDirectories: ceilings?.split(":"),
      environment: (name) => system.env(name),
      parameters: globals.bare ? [...globals.config, "core.bare=true"] : globals.config,
    });
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    throw fatal(error.message.replace(/(parent directories\)): .*$/s, "$1: .git"));
  }
}
