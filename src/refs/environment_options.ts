import type { Environment } from "../io/environment.ts";
import { PATH_LIST_SEPARATOR } from "../io/path.ts";
import type { RepositoryOptions } from "./repository.ts";

/**
 * Gives what the environment says about the repository that Git's commands are to use: `GIT_DIR`, `GIT_COMMON_DIR`,
 * `GIT_WORK_TREE`, `GIT_CEILING_DIRECTORIES` and `GIT_REFERENCE_BACKEND`, with the environment itself. It is for
 * programs that stand in for such a command; others would find another repository than the one they ask for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { environmentOptions, openRepository } from "@reftable/reftable";
 *
 * const variables: Record<string, string> = { GIT_DIR: "tests/fixtures/repository/git" };
 * const repository = await openRepository(".", environmentOptions((name) => variables[name]));
 * assertEquals(repository.hash, "sha1");
 * ```
 */
export function environmentOptions(environment: Environment): RepositoryOptions {
  return {
    environment,
    gitDir: environment("GIT_DIR"),
    commonDir: environment("GIT_COMMON_DIR"),
    workTree: environment("GIT_WORK_TREE"),
    ceilingDirectories: environment("GIT_CEILING_DIRECTORIES")?.split(PATH_LIST_SEPARATOR),
    refStorage: environment("GIT_REFERENCE_BACKEND"),
  };
}
