import { ReftableError } from "../errors.ts";
import type { RefTransaction } from "../refs/ref_transaction.ts";
import type { Context } from "./context.ts";

/**
 * Changes refs; that they cannot be changed is told as Git does where it goes on afterwards.
 *
 * @param prefix What stands before the reason.
 * @returns The exit code.
 */
export async function changeRefs(
  context: Context,
  add: (transaction: RefTransaction) => void,
  prefix = "",
): Promise<number> {
  const refs = await context.refs();
  try {
    await refs.transaction(add);
    return 0;
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    context.warn(prefix + error.message, "error");
    return 1;
  }
}
