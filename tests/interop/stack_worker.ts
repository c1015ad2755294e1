/**
 * A program that changes the stack of a repository for some time while others do so too. It prints what
 * it was told to have changed.
 *
 * Usage: stack_worker.ts <repository> <prefix> <milliseconds> <worker mode> <object id>...
 *
 * @module
 */

import { openRepositoryStack, ReftableError, type WorkerMode } from "@reftable/reftable";
import { applyChange } from "./apply_change.ts";
import { Groups, type Outcome } from "./ref_groups.ts";

const [path = "", prefix = "", duration = "", workers = "", ...oids] = Deno.args;
const groups = new Groups(prefix, oids);
const failures: Record<string, number> = {};
let compactions = 0;

/** Does something that may fail when others are at work, and tells whether it did not. */
async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    const isAllowed = error instanceof ReftableError &&
      (error.code === "lock" || error.code === "outdated");
    if (!isAllowed) throw error;
    failures[error.code] = (failures[error.code] ?? 0) + 1;
    return false;
  }
}

await using stack = await openRepositoryStack(path, { workers: workers as WorkerMode });
const end = Date.now() + Number(duration);
for (let round = 0; Date.now() < end; round++) {
  const change = groups.next();
  if (await attempt(() => applyChange(stack, change, prefix))) groups.acknowledge(change);
  if (round % 10 === 5 && await attempt(() => stack.compact())) compactions++;
  if (round % 25 === 9) await attempt(() => stack.clean());
  if (round % 7 === 3) await attempt(() => stack.reload());
}
const outcome: Outcome = { ...groups.outcome, compactions, failures };
console.log(JSON.stringify(outcome));
