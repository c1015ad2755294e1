/**
 * A program that changes the stack of a repository for some time while others do so too. It prints what
 * it was told to have changed.
 *
 * Usage: stack_worker.ts <repository> <prefix> <milliseconds> <worker mode> <object id>...
 *
 * @module
 */

import {
  type LogRecord,
  openRepositoryStack,
  type RefRecord,
  ReftableError,
  type Stack,
  type WorkerMode,
} from "@reftable/reftable";
import { type Change, Groups, type Outcome } from "./ref_groups.ts";

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

/** Changes the refs of a group as git would: with an entry in each log, which a deletion removes. */
async function apply(stack: Stack, { names, before, after }: Change): Promise<void> {
  await stack.add((writer) => {
    const { nextUpdateIndex: updateIndex } = stack;
    const refs: RefRecord[] = [];
    const logs: LogRecord[] = [];
    for (const refname of names) {
      const ref = stack.ref(refname);
      const found = ref?.kind === "direct" ? ref.oid : undefined;
      if (found !== before) throw new Error(`${refname} is ${found}, expected ${before}`);
      if (after === undefined) {
        refs.push({ kind: "deletion", refname, updateIndex });
        for (const { updateIndex } of stack.logs({ refname })) {
          logs.push({ kind: "deletion", refname, updateIndex });
        }
        continue;
      }
      refs.push({ kind: "direct", refname, updateIndex, oid: after });
      logs.push({
        kind: "update",
        refname,
        updateIndex,
        oldOid: before ?? "0".repeat(after.length),
        newOid: after,
        name: "C O Mitter",
        email: "c@example.com",
        time: Math.floor(Date.now() / 1000),
        tzOffset: 0,
        message: prefix,
      });
    }
    writer.addRefs(refs);
    writer.addLogs(logs);
  }, { reload: true });
}

await using stack = await openRepositoryStack(path, { workers: workers as WorkerMode });
const end = Date.now() + Number(duration);
for (let round = 0; Date.now() < end; round++) {
  const change = groups.next();
  if (await attempt(() => apply(stack, change))) groups.acknowledge(change);
  if (round % 10 === 5 && await attempt(() => stack.compact())) compactions++;
  if (round % 25 === 9) await attempt(() => stack.clean());
  if (round % 7 === 3) await attempt(() => stack.reload());
}
const outcome: Outcome = { ...groups.outcome, compactions, failures };
console.log(JSON.stringify(outcome));
