import { ReftableError } from "../../errors.ts";
import { configString } from "./config_values.ts";
import type { ConfigVariable } from "./config_variable.ts";

/**
 * Puts the user's directory in place of `~` at the beginning of a path.
 *
 * @returns The path; `undefined` when it begins with the directory of a user who is not known.
 */
export function expandHome(path: string, home: string | undefined): string | undefined {
  if (!path.startsWith("~")) return path;
  if (home === undefined || !/^~(?:\/|$)/.test(path)) return undefined;
  return home + path.slice(1);
}

/**
 * Reads a value as a path.
 *
 * @param home The user's directory, if it is known.
 * @throws {ReftableError} With code `"format"` when it is none.
 */
export function expandPath(variable: ConfigVariable, home: string | undefined): string {
  const value = configString(variable);
  const path = expandHome(value, home);
  if (path !== undefined) return path;
  const message = `failed to expand user dir in: '${value}'`;
  throw new ReftableError("format", message, { file: variable.file });
}
