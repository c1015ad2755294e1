/**
 * What programs do that are to be killed.
 *
 * @module
 */

import { ReftableError, type ReftableErrorCode } from "@reftable/reftable";

/** Tells how far the program is; that is known even when it is killed the moment after. */
export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/**
 * Does something that may fail when others are at work, and tells whether it did not.
 *
 * @param allowed What it may fail with.
 */
export async function attempt(
  action: () => Promise<unknown>,
  allowed: readonly ReftableErrorCode[],
): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (!(error instanceof ReftableError) || !allowed.includes(error.code)) throw error;
    return false;
  }
}
