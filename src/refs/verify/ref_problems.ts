import { isZero } from "../../format/hash.ts";
import { refnameProblem } from "../../format/refname.ts";
import { BRANCH_PREFIX, isRootRef, parseWorktreeName } from "../names.ts";

/** How bad a problem is: what git goes on with as it is, what it warns of, what it puts up with. */
export type RefProblemSeverity = "error" | "warning" | "info";

/** The kinds of problems, by the names that git's configuration has for them, and how bad they are. */
export const REF_PROBLEMS = {
  badHeadTarget: "error",
  badPackedRefEntry: "error",
  badPackedRefHeader: "error",
  badRefContent: "error",
  badRefFiletype: "error",
  badRefName: "error",
  badRefOid: "error",
  badReferentName: "error",
  badReftableTableName: "warning",
  emptyPackedRefsFile: "info",
  packedRefEntryNotTerminated: "error",
  packedRefUnsorted: "error",
  refMissingNewline: "info",
  symlinkRef: "info",
  symrefTargetIsNotARef: "info",
  trailingRefContent: "info",
} as const satisfies Record<string, RefProblemSeverity>;

/** What is wrong with a ref, or with a file of refs. */
export interface RefProblem {
  /** Which kind of problem it is. */
  readonly code: keyof typeof REF_PROBLEMS;
  /** The full name of the ref, as seen from the main working tree; or the file, and perhaps the line in it. */
  readonly place: string;
  /** What is wrong, in git's words. */
  readonly message: string;
}

/** Tells whether the name is one that refs have: of several parts, but for the root refs. */
export function isRefname(name: string): boolean {
  return isRootRef(name) || (name.includes("/") && refnameProblem(name) === undefined);
}

/**
 * Checks the object id that a ref holds.
 *
 * @param place What the ref is called from the main working tree.
 */
export function* checkOid(place: string, oid: string): Generator<RefProblem, void> {
  if (!isZero(oid)) return;
  yield { code: "badRefOid", place, message: `points to invalid object ID '${oid}'` };
}

/** Checks where a symbolic ref points; see {@linkcode checkOid}. */
export function* checkTarget(place: string, target: string): Generator<RefProblem, void> {
  const isHead = parseWorktreeName(place).refname === "HEAD";
  if (isHead && !target.startsWith(BRANCH_PREFIX)) {
    yield { code: "badHeadTarget", place, message: `HEAD points to non-branch '${target}'` };
  } else if (!isRefname(target)) {
    yield { code: "badReferentName", place, message: `points to invalid refname '${target}'` };
  } else if (!isRootRef(target) && !/^(?:refs|worktrees)\//.test(target)) {
    const message = `points to non-ref target '${target}'`;
    yield { code: "symrefTargetIsNotARef", place, message };
  }
}
