import { ReftableError, type ReftableErrorCode } from "../../errors.ts";

/** What git says of what people do something about; of all else we have more to say. */
const WORDS: Partial<Record<ReftableErrorCode, string>> = {
  "entry-too-big": "entry too large",
  lock: "data is locked",
};

/**
 * Says in git's words what went wrong, where scripts may look for them. What was said before is the cause.
 *
 * @param what What was not possible.
 */
export function inGitWords(what: string, error: unknown): unknown {
  if (!(error instanceof ReftableError)) return error;
  const { code, file } = error;
  const words = WORDS[code];
  if (words === undefined) return error;
  return new ReftableError(code, `${what}: ${words}`, { file, cause: error });
}
