import { compileWildmatch } from "../../bytes/wildmatch.ts";
import { literalPrefix } from "../../refs/names.ts";

/** Tells whether something is asked for. */
export type NameTest = (refname: string) => boolean;

/**
 * Prepares the patterns of a listing: each is a name, the beginning of one up to a slash, or has wildcards
 * that do not match slashes.
 */
export function compilePatterns(patterns: readonly string[], ignoreCase: boolean): NameTest {
  const tests = patterns.map((pattern) => compilePattern(pattern, ignoreCase));
  return (refname) => tests.some((test) => test(refname));
}

function compilePattern(pattern: string, ignoreCase: boolean): NameTest {
  const directory = pattern.endsWith("/") ? pattern : `${pattern}/`;
  const isBelow: NameTest = (refname) => refname === pattern || refname.startsWith(directory);
  // Without wildcards there is one name that matches, which was just compared.
  if (!ignoreCase && literalPrefix(pattern).length === pattern.length) return isBelow;
  const matches = compileWildmatch(pattern, { pathname: true, ignoreCase });
  return (refname) => isBelow(refname) || matches(refname);
}
