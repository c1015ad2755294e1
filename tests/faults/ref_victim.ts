/**
 * A program that changes or packs the refs of a repository until it is killed. Before each change it prints `try`,
 * behind it `ack` or `fail`.
 *
 * Usage: ref_victim.ts <repository or worktree> <prefix> write|pack <object id>...
 *
 * @module
 */

import { RefStore, ReftableError } from "@reftable/reftable";
import { Groups } from "../interop/ref_groups.ts";
import { changeRefs, IDENTITY } from "./change_refs.ts";

const [path = "", prefix = "", kind = "", ...oids] = Deno.args;

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Does something that may fail when others hold locks, and tells whether it did not. */
async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (!(error instanceof ReftableError) || error.code !== "lock") throw error;
    return false;
  }
}

await using refs = await RefStore.open(path, { identity: IDENTITY });
const groups = new Groups(prefix, oids);
print("ready");
for (;;) {
  if (kind === "pack") {
    await attempt(() => refs.pack({ all: true }));
    continue;
  }
  const change = groups.next();
  print("try");
  const isDone = await attempt(() => changeRefs(refs, change));
  if (isDone) groups.acknowledge(change);
  print(isDone ? "ack" : "fail");
}
