/**
 * The few things that are done with paths, as they are on the system that the program runs on. The standard library's
 * module does them as well, but takes longer to load than to answer what `HEAD` is.
 *
 * @module
 */

import { trimEnd } from "../bytes/text.ts";

/** The part of the runtime that tells the system, where there is such a runtime. */
interface Runtime {
  readonly Deno?: { readonly build: { readonly os: string } };
}

/** Whether the program runs on Windows. */
export const isWindows: boolean = (globalThis as Runtime).Deno?.build.os === "windows";

/** What stands between the paths of a list of them, as in the environment. */
export const PATH_LIST_SEPARATOR: string = isWindows ? ";" : ":";

const ABSOLUTE = isWindows ? /^(?:[A-Za-z]:)?[\\/]/ : /^\//;

/** What separates the names of a path. */
const SEPARATORS = isWindows ? "\\/" : "/";

/** Tells whether a path begins at the root. */
export function isAbsolute(path: string): boolean {
  return ABSOLUTE.test(path);
}

/** Gives a path without its last name: `.` for a name alone, the root for the root. */
export function dirname(path: string): string {
  const { root, names, last } = split(path);
  return root + trimEnd(names.slice(0, last), SEPARATORS) || ".";
}

/** Gives the last name of a path; nothing for the root. */
export function basename(path: string): string {
  const { names, last } = split(path);
  return names.slice(last);
}

/** Finds the names of a path behind its root, and where the last one begins. */
function split(path: string): { root: string; names: string; last: number } {
  const root = ABSOLUTE.exec(path)?.[0] ?? "";
  const names = trimEnd(path.slice(root.length), SEPARATORS);
  let last = names.length;
  while (last > 0 && !SEPARATORS.includes(names[last - 1]!)) last--;
  return { root, names, last };
}

/** Gives the path that a `file:` URL stands for. */
export function fromFileUrl(url: URL): string {
  const path = decodeURIComponent(url.pathname.replace(/%(?![\dA-Fa-f]{2})/g, "%25"));
  if (!isWindows) return path;
  const local = path.replace(/^\/+([A-Za-z]:)(?:\/|$)/, "$1/").replaceAll("/", "\\");
  return url.hostname === "" ? local : `\\\\${url.hostname}${local}`;
}
