/**
 * A program that works on the stack of a repository until it is killed. Before each change it prints `try`, behind
 * it `ack` or `fail`.
 *
 * Usage: victim.ts <repository> <prefix> <permissions of its files> write|compact <worker mode> <object id>...
 *
 * @module
 */

import { openRepositoryStack, type WorkerMode } from "@reftable/reftable";
import { applyChange } from "../interop/apply_change.ts";
import { Groups } from "../interop/ref_groups.ts";
import { attempt, print } from "./victim_steps.ts";

const [path = "", prefix = "", mode = "", kind = "", workers = "", ...oids] = Deno.args;

/** What others may bring about. */
const ALLOWED = ["lock", "outdated"] as const;

await using stack = await openRepositoryStack(path, {
  mode: parseInt(mode, 8),
  lockTimeout: 5000,
  workers: workers as WorkerMode,
});
const groups = new Groups(prefix, oids);
print("ready");
for (let round = 0;; round++) {
  if (kind === "compact") {
    await attempt(() => stack.compact(), ALLOWED);
    if (round % 3 === 2) await attempt(() => stack.clean(), ALLOWED);
    continue;
  }
  const change = groups.next();
  print("try");
  const isDone = await attempt(() => applyChange(stack, change, prefix), ALLOWED);
  if (isDone) groups.acknowledge(change);
  print(isDone ? "ack" : "fail");
}
