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
