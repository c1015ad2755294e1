import type { Stack } from "../../stack/stack.ts";
import { checkOid, checkTarget, type RefProblem } from "./ref_problems.ts";

/** What the names of tables look like: two update indices and a random number. */
const TABLE_NAME = /^(?:(?:0x)?[0-9a-f]*-){2}(?:0x)?[0-9a-f]*\.(?:ref|log)$/i;

/**
 * Checks what the refs of a stack hold, and the names of its tables.
 *
 * @param prefix What leads to the refs from the main working tree: empty there, else `worktrees/<id>/`.
 * @param onTable Told the name of each table that is checked.
 */
export function* verifyStackRefs(
  stack: Stack,
  prefix: string,
  onTable: (name: string) => void,
): Generator<RefProblem, void> {
  for (const name of stack.tableNames) {
    onTable(name);
    if (TABLE_NAME.test(name)) continue;
    const message = "invalid reftable table name";
    yield { code: "badReftableTableName", place: name, message };
  }
  for (const ref of stack.refs()) {
    const place = prefix + ref.refname;
    if (ref.kind === "symref") yield* checkTarget(place, ref.target);
    else if (ref.kind !== "deletion") yield* checkOid(place, ref.oid);
  }
}
