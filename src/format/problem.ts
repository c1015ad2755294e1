import type { ProblemCode } from "../errors.ts";

/**
 * How much a problem matters: an error is damage, a warning something that should be looked after, and what
 * else is worth knowing is info.
 */
export type Severity = "error" | "warning" | "info";

/** Something that verification found. */
export interface Problem {
  /** How much it matters. */
  readonly severity: Severity;
  /** What it is, as one word. */
  readonly code: ProblemCode;
  /** The file concerned. */
  readonly file: string;
  /** The place in the file, in bytes from its start, when it is a place. */
  readonly offset?: number | undefined;
  /** What was found, and what was expected, for people. */
  readonly message: string;
}
