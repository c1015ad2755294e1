/** Gives a variable of the environment; `undefined` when there is none, or it may not be read. */
export type Environment = (name: string) => string | undefined;

/**
 * The program's own environment, as far as it may be read without anybody being asked: it needs `--allow-env`, for all
 * variables or for some.
 *
 * @example
 * ```ts
 * import { openRepository, permittedEnvironment } from "@reftable/reftable";
 *
 * const options = { environment: permittedEnvironment };
 * const { config } = await openRepository("tests/fixtures/repository/git", options);
 * config.string("user.name"); // perhaps the user's own
 * ```
 */
export function permittedEnvironment(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
