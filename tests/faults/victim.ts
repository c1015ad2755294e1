/**
 * A program that works on the stack of a repository until it is killed. Before each change it prints `try`, behind
 * it `ack` or `fail`.
 *
 * Usage: victim.ts <repository> <prefix> <permissions of its files> write|compact <worker mode> <object id>...
 *
 * @module
 */

import { openRepositoryStack, ReftableError, type WorkerMode } from "@reftable/reftable";
import { applyChange } from "../interop/apply_change.ts";
import { Groups } from "../interop/ref_groups.ts";

const [path = "", prefix = "", mode = "", kind = "", workers = "", ...oids] = Deno.args;

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Does something that may fail when others are at work, and tells whether it did not. */
async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    const isAllowed = error instanceof ReftableError &&
      (error.code === "lock" || error.code === "outdated");
    if (!isAllowed) throw error;
    return false;
  }
}

await using stack = await openRepositoryStack(path, {
  mode: parseInt(mode, 8),
  lockTimeout: 5000,
  workers: workers as WorkerMode,
});
const groups = new Groups(prefix, oids);
print("ready");
for (let round = 0;; round++) {
  if (kind === "compact") {
    await attempt(() => stack.compact());
    if (round % 3 === 2) await attempt(() => stack.clean());
    continue;
  }
  const change = groups.next();
  print("try");
  const isDone = await attempt(() => applyChange(stack, change, prefix));
  if (isDone) groups.acknowledge(change);
  print(isDone ? "ack" : "fail");
}
