import type { Context } from "./context.ts";
import { failed } from "./failure.ts";
import { lookUp } from "./look_up.ts";

/** The exit code for a ref that does not exist. */
const MISSING = 2;

/**
 * Sees to it that there is a ref, whatever it holds.
 *
 * @throws {Failure} When there is none.
 */
export async function requireRef(refname: string, context: Context): Promise<void> {
  const exists = await lookUp(context, (refs) => refs.read(refname) !== undefined);
  if (!exists) throw failed("reference does not exist", MISSING);
}
