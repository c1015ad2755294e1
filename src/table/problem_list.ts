import type { ProblemCode } from "../errors.ts";
import { damaged, problemOf } from "../format/damage.ts";
import type { Problem } from "../format/problem.ts";

/** So many problems of a table are told; who has more has no use for them. */
export const MOST_PROBLEMS = 10_000;

/** Gathers the problems of a table, up to {@linkcode MOST_PROBLEMS}. */
export class ProblemList {
  /** The first problems. */
  readonly problems: Problem[] = [];
  /** How many are left out. */
  omitted = 0;
  readonly #file: string;

  /** @param file The table's name. */
  constructor(file: string) {
    this.#file = file;
  }

  /** Adds problems as they are. */
  push(...problems: readonly Problem[]): void {
    const room = MOST_PROBLEMS - this.problems.length;
    this.problems.push(...problems.slice(0, room));
    this.omitted += Math.max(0, problems.length - room);
  }

  /** Adds an error. */
  add(code: ProblemCode, offset: number, finding: string): void {
    this.push(problemOf(damaged(code, this.#file, offset, finding)));
  }
}
