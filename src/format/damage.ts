import { ReftableError } from "../errors.ts";

/**
 * Makes the error for bytes that are not as they should be.
 *
 * @param file The table's name.
 * @param offset The place in the file.
 * @param finding What was found there and what was expected.
 */
export function damaged(file: string, offset: number, finding: string): ReftableError {
  return new ReftableError("format", `Cannot read table "${file}": ${finding}`, { file, offset });
}
