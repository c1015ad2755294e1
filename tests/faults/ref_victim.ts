/**
 * A program that changes or packs the refs of a repository until it is killed. Before each change it prints `try`,
 * behind it `ack` or `fail`.
 *
 * Usage: ref_victim.ts <repository or worktree> <prefix> write|pack <object id>...
 *
 * @module
 */

import { RefStore } from "@reftable/reftable";
import { Groups } from "../interop/ref_groups.ts";
import { changeRefs, IDENTITY } from "./change_refs.ts";
import { attempt, print } from "./victim_steps.ts";

const [path = "", prefix = "", kind = "", ...oids] = Deno.args;

/** What others may bring about. */
const ALLOWED = ["lock"] as const;

await using refs = await RefStore.open(path, { identity: IDENTITY });
const groups = new Groups(prefix, oids);
print("ready");
for (;;) {
  if (kind === "pack") {
    await attempt(() => refs.pack({ all: true }), ALLOWED);
    continue;
  }
  const change = groups.next();
  print("try");
  const isDone = await attempt(() => changeRefs(refs, change), ALLOWED);
  if (isDone) groups.acknowledge(change);
  print(isDone ? "ack" : "fail");
}
