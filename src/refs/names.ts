/**
 * What the name of a ref says about it. What is wrong with a name is told by `format/refname.ts`; the order of names is
 * that of their bytes: see {@linkcode compareText}.
 *
 * @module
 */

import { refnameProblem } from "../format/refname.ts";

/** The root refs whose names do not end with `_HEAD`. */
const IRREGULAR_ROOT_REFS: ReadonlySet<string> = new Set([
  "HEAD",
  "AUTO_MERGE",
  "BISECT_EXPECTED_REV",
  "NOTES_MERGE_PARTIAL",
  "NOTES_MERGE_REF",
  "MERGE_AUTOSTASH",
]);

/** Where all refs are but the root refs. */
export const REFS_PREFIX = "refs/";

/** Where branches are. */
export const BRANCH_PREFIX = "refs/heads/";

/** What most names look like. */
const USUAL = /^[\w-]+(?:\.(?!lock)[\w-]+)*(?:\/[\w-]+(?:\.(?!lock)[\w-]+)*)*$/;

/** The most characters that are looked at with it: of millions of parts, it runs out of memory. */
const USUAL_LENGTH = 0x1000;

function isUsual(refname: string): boolean {
  return refname.length <= USUAL_LENGTH && USUAL.test(refname);
}

/** Tells whether a ref can have a name, as `git check-ref-format --allow-onelevel` does. */
export function isGoodRefname(refname: string): boolean {
  // To look for all that is wrong takes several times as long.
  return isUsual(refname) || refnameProblem(refname) === undefined;
}

/**
 * Tells whether a name is `FETCH_HEAD` or `MERGE_HEAD`: files outside of the storage of refs that hold more than a ref,
 * and are only read as one.
 */
export function isPseudoRef(refname: string): boolean {
  return refname === "FETCH_HEAD" || refname === "MERGE_HEAD";
}

/** Tells whether a name could be that of a ref outside of `refs/`: capital letters, `-` and `_`. */
export function hasRootRefSyntax(refname: string): boolean {
  return /^[A-Z_-]*$/.test(refname);
}

/** Tells whether a name is that of a ref outside of `refs/`: `HEAD`, `ORIG_HEAD` and the like. */
export function isRootRef(refname: string): boolean {
  if (!hasRootRefSyntax(refname) || isPseudoRef(refname)) return false;
  return refname.endsWith("_HEAD") || IRREGULAR_ROOT_REFS.has(refname);
}

/** Tells whether a ref below `refs/` belongs to one working tree alone. */
export function isPerWorktreeRef(refname: string): boolean {
  return /^refs\/(?:worktree|bisect|rewritten)\//.test(refname);
}

/** Tells whether a ref belongs to the working tree that is open: what has no place among the shared refs. */
export function isCurrentWorktreeRef(refname: string): boolean {
  return hasRootRefSyntax(refname) || isPerWorktreeRef(refname);
}

/** Tells whether only commits may be written to a ref. */
export function isBranch(refname: string): boolean {
  return refname === "HEAD" || refname.startsWith(BRANCH_PREFIX);
}

/** Which working tree a ref belongs to. */
export type RefPlace =
  /** All share it. */
  | { readonly kind: "shared"; readonly refname: string }
  /** The working tree that is open. */
  | { readonly kind: "current"; readonly refname: string }
  /** The main working tree, by name: `main-worktree/HEAD`. */
  | { readonly kind: "main"; readonly refname: string }
  /** A linked working tree, by name: `worktrees/<id>/HEAD`. */
  | { readonly kind: "other"; readonly worktree: string; readonly refname: string };

/**
 * Finds out where a ref belongs.
 *
 * @returns The place, and the name that the ref has there. It is empty for `worktrees/<id>`, which is no ref.
 */
export function parseWorktreeName(refname: string): RefPlace {
  const [, worktree, inner = ""] = /^worktrees\/([^/]*)(?:\/(.*))?$/s.exec(refname) ?? [];
  if (worktree !== undefined && isCurrentWorktreeRef(inner)) {
    return { kind: "other", worktree, refname: inner };
  }
  const main = /^main-worktree\/(.*)$/s.exec(refname)?.[1];
  if (main !== undefined && isCurrentWorktreeRef(main)) return { kind: "main", refname: main };
  return { kind: isCurrentWorktreeRef(refname) ? "current" : "shared", refname };
}

/**
 * Gives the shortest name of a ref as one working tree sees it: what others call `worktrees/<id>/HEAD` is just `HEAD` in
 * the working tree of that id.
 *
 * @param worktreeId The linked working tree; `undefined` in the main one.
 */
export function canonicalName(refname: string, worktreeId: string | undefined): string {
  if (refname.startsWith(REFS_PREFIX)) return refname;
  const place = parseWorktreeName(refname);
  const isOwn = place.kind === "main" && worktreeId === undefined ||
    place.kind === "other" && place.worktree === worktreeId;
  return isOwn ? place.refname : refname;
}

/**
 * Tells whether a ref of this name can be read and deleted without harm though the name may break the rules: below
 * `refs/` it must not lead out of it, elsewhere it must look like a root ref.
 */
export function isSafeRefname(refname: string): boolean {
  if (!refname.startsWith(REFS_PREFIX)) return /^[A-Z_]+$/.test(refname);
  if (isUsual(refname)) return true;
  const components = refname.slice(REFS_PREFIX.length).split("/");
  return components.every((component) => !/^\.{0,2}$/.test(component));
}

/** What all names begin with that a pattern with wildcards can match. */
export function literalPrefix(pattern: string): string {
  return /^[^*?[\\]*/.exec(pattern)![0];
}
