import { compileWildmatch } from "../../bytes/wildmatch.ts";
import type { Environment } from "../../io/deno.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { type Io, realPath, statFile } from "../../io/io.ts";
import { dirname, isAbsolute } from "../../io/path.ts";

import { badLine, expandHome } from "./parse_config.ts";
import type { ConfigVariable } from "./config_variable.ts";

/** What the conditions of includes are about. */
export interface ConditionContext {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** Gives variables of the environment. */
  readonly environment: Environment | undefined;
  /** The working tree's own directory; `undefined` outside of repositories. */
  readonly gitDir: string | undefined;
  /** Finds the name of the branch that is checked out, without `refs/heads/`; `undefined` when there is none. */
  readonly currentBranch: (() => Io<string | undefined>) | undefined;
  /** Finds the addresses of all remotes. */
  readonly remoteUrls: () => Io<readonly string[]>;
}

/**
 * Tells whether a condition of an include holds; one of an unknown kind does not.
 *
 * @param place The variable with the condition.
 * @throws {ReftableError} With code `"format"` and git's message when it makes no sense.
 */
export function* conditionHolds(
  condition: string,
  place: ConfigVariable,
  context: ConditionContext,
): Io<boolean> {
  const [, kind, pattern = ""] =
    /^(gitdir(?:\/i)?|onbranch|hasconfig:remote\.\*\.url):(.*)$/s.exec(condition) ?? [];
  if (kind === "gitdir" || kind === "gitdir/i") {
    return yield* isInGitDir(pattern, place, context, kind === "gitdir/i");
  }
  if (kind === "onbranch") {
    const branch = context.currentBranch && (yield* context.currentBranch());
    return branch !== undefined &&
      compileWildmatch(withTrailingStars(pattern), { pathname: true })(branch);
  }
  if (kind === undefined) return false;
  const matches = compileWildmatch(pattern, { pathname: true });
  return (yield* context.remoteUrls()).some(matches);
}

function* isInGitDir(
  pattern: string,
  place: ConfigVariable,
  context: ConditionContext,
  ignoreCase: boolean,
): Io<boolean> {
  const { fileSystem, gitDir } = context;
  if (gitDir === undefined) return false;
  const [literal, wildcards] = yield* completePattern(pattern, place, context);
  const matches = compileWildmatch(wildcards, { pathname: true, ignoreCase });
  const fold = (text: string) => ignoreCase ? text.toLowerCase() : text;
  const holds = (path: string) =>
    fold(path.slice(0, literal.length)) === fold(literal) && matches(path.slice(literal.length));
  // The path may be meant as it leads through symbolic links, too.
  return holds(yield* realPath(fileSystem, gitDir)) ||
    holds(yield* absolutePath(gitDir, context));
}

/**
 * Makes a pattern for whole paths.
 *
 * @returns What a path must begin with, and the pattern for the rest.
 */
function* completePattern(
  pattern: string,
  place: ConfigVariable,
  { fileSystem, environment }: ConditionContext,
): Io<[literal: string, wildcards: string]> {
  if (pattern.startsWith("./")) {
    if (place.file === undefined) {
      throw badLine(place, "relative config include conditionals must come from files");
    }
    const directory = dirname(yield* realPath(fileSystem, place.file));
    return [`${directory}/`, withTrailingStars(pattern).slice("./".length)];
  }
  const home = environment?.("HOME");
  const realHome = home !== undefined && (yield* statFile(fileSystem, home))
    ? yield* realPath(fileSystem, home)
    : home;
  const expanded = expandHome(pattern, realHome) ?? pattern;
  return ["", withTrailingStars(isAbsolute(expanded) ? expanded : `**/${expanded}`)];
}

function withTrailingStars(pattern: string): string {
  return pattern.endsWith("/") ? `${pattern}**` : pattern;
}

/** Makes a path absolute as the user sees the current directory, who may have come through a symbolic link. */
function* absolutePath(
  path: string,
  { fileSystem, environment }: ConditionContext,
): Io<string> {
  if (isAbsolute(path)) return path;
  const seen = environment?.("PWD");
  const here = yield* realPath(fileSystem, ".");
  const isSame = seen !== undefined && isAbsolute(seen) && (yield* statFile(fileSystem, seen)) &&
    (yield* realPath(fileSystem, seen)) === here;
  return `${isSame ? seen : here}/${path.replace(/^(?:\.\/)+/, "")}`;
}
