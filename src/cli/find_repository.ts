import { ReftableError } from "../errors.ts";
import {
  environmentOptions,
  openRepositorySync,
  type Repository,
  type RepositoryOptions,
} from "../refs/repository.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";

/**
 * Finds the repository that a command runs in: the one that was named, or the one around the current directory.
 *
 * @throws {Failure} When there is none, or it cannot be used.
 */
export function findRepository(context: Context): Repository {
  return openIn(context, openRepositorySync);
}

/** Opens something in the repository that a command runs in; see {@linkcode findRepository}. */
export function openIn<T>(
  context: Context,
  open: (path: string, options: RepositoryOptions) => T,
): T {
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
