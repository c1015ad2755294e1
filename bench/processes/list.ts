/**
 * Lists all refs of a repository with their object ids, as `git for-each-ref` does.
 *
 * @module
 */

import type { RefRecord } from "../../src/format/ref_record.ts";
import { MergedTable } from "../../src/merged/merged_table.ts";
import { writeRefLines } from "../../src/merged/ref_lines.ts";
import { Stack } from "../../src/stack/stack.ts";

const [directory = "", prefix = "refs/"] = Deno.args;
using stack = Stack.openSync(directory);
writeRefLines(new MergedTable(stack.tables), {
  prefix,
  special(special) {
    let ref: RefRecord | undefined = special;
    for (let depth = 0; ref?.kind === "symref" && depth < 5; depth++) ref = stack.ref(ref.target);
    return ref?.kind === "direct" || ref?.kind === "peeled" ? ref.oid : undefined;
  },
  write(bytes) {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(Deno.stdout.writeSync(rest));
  },
});
