import { ReftableError } from "../errors.ts";
import { environmentOptions } from "../refs/environment_options.ts";
import { parseBoolean } from "../refs/config/config_values.ts";
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
  const objects = lazyReader(context);
  // As Git's own tests set it.
  const wish = context.system.env("GIT_TEST_REFTABLE_AUTOCOMPACTION");
  const autoCompact = wish === undefined ? undefined : parseBoolean(wish);
  return open(
    context,
    (path, options) => RefStore.openSync(path, { ...options, objects, autoCompact }),
  );
}

/** Finds the repository that a command runs in, whether or not its refs can be opened; see {@linkcode openRefs}. */
export function findRepository(context: Context): Repository {
  return open(context, openRepositorySync);
}

function open<T>(context: Context, open: (path: string, options: RepositoryOptions) => T): T {
  try {
    return open(repositoryPath(context), repositoryOptions(context));
  } catch (error) {
    throw notOpened(error);
  }
}

/** The path at which a command looks for its repository. */
export function repositoryPath({ directory }: Context): string {
  return directory === "" ? "." : directory;
}

/** What command line and environment say about the repository of a command. */
export function repositoryOptions(context: Context): RepositoryOptions {
  const { system, globals } = context;
  const given = environmentOptions((name) => system.env(name));
  const { gitDir, workTree, bare, config } = globals;
  return {
    ...given,
    gitDir: gitDir ?? given.gitDir ?? (bare ? repositoryPath(context) : undefined),
    workTree: workTree ?? given.workTree,
    parameters: bare ? [...config, "core.bare=true"] : config,
  };
}

/** Says why a repository cannot be opened, in Git's words. */
function notOpened(error: unknown): unknown {
  if (!(error instanceof ReftableError)) return error;
  return fatal(error.message.replace(/(parent directories\)): .*$/s, "$1: .git"));
}

/** Reads objects with what is loaded when the first one is read: most commands need none. */
export function lazyReader(context: Context): ObjectReader {
  const reader = async () => (await context.objects()).reader;
  return {
    read: async (oid) => (await reader()).read(oid),
    type: async (oid) => (await reader()).type(oid),
    has: async (oid) => (await reader()).has(oid),
    peel: async (oid) => (await reader()).peel(oid),
    parents: async (oid) => (await reader()).parents(oid),
  };
}
