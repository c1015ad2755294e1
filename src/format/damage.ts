import { type ProblemCode, ReftableError } from "../errors.ts";
import type { Problem } from "./problem.ts";

/**
 * Makes the error for bytes that are not as they should be.
 *
 * @param problem What is wrong, as one word.
 * @param file The table's name.
 * @param offset The place in the file.
 * @param finding What was found there and what was expected.
 */
export function damaged(
  problem: ProblemCode,
  file: string,
  offset: number,
  finding: string,
): ReftableError {
  return new ReftableError("format", unreadable(file) + finding, { file, offset, problem });
}

/** What the messages about a damaged table begin with. */
export function unreadable(file: string): string {
  return `Cannot read table "${file}": `;
}

/**
 * Tells what an error says about a table.
 *
 * @throws The error itself when it is about something else.
 */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof ReftableError) || error.problem === undefined) throw error;
  const { problem: code, file = "", offset, message } = error;
  const start = unreadable(file);
  const finding = message.startsWith(start) ? message.slice(start.length) : message;
  return { severity: "error", code, file, offset, message: finding };
}
