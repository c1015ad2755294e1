import { refnameProblem } from "../../format/refname.ts";
import { BRANCH_PREFIX, isRootRef, parseWorktreeName } from "../names.ts";
import { isZero } from "../object_id.ts";
import type { RefProblem } from "./ref_problem.ts";

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
