import type { LogRecord, RefRecord, Stack } from "@reftable/reftable";
import type { Change } from "./ref_groups.ts";

/** Changes the refs of a group as git would: with an entry in each log, which a deletion removes. */
export async function applyChange(
  stack: Stack,
  { names, before, after }: Change,
  message: string,
): Promise<void> {
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
        message,
      });
    }
    writer.addRefs(refs);
    writer.addLogs(logs);
  }, { reload: true });
}
