/** What no ref name may contain: control characters and those that mean something in a revision. */
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\x00-\x20\x7f~^:?*[\\]/;

/**
 * Checks a ref name by the rules of `git check-ref-format --allow-onelevel`.
 *
 * @returns What is wrong with it, or `undefined` when it is a good name.
 */
export function refnameProblem(refname: string): string | undefined {
  if (refname === "") return "it is empty";
  if (refname === "@") return 'it is "@"';
  if (refname.endsWith(".")) return "it ends with a dot";
  if (refname.includes("..")) return 'it has ".." in it';
  if (refname.includes("@{")) return 'it has "@{" in it';
  const forbidden = FORBIDDEN.exec(refname)?.[0];
  if (forbidden !== undefined) return `it has ${JSON.stringify(forbidden)} in it`;
  for (const component of refname.split("/")) {
    if (component === "") return "it has an empty component";
    if (component.startsWith(".")) return "a component begins with a dot";
    if (component.endsWith(".lock")) return 'a component ends with ".lock"';
  }
  return undefined;
}
