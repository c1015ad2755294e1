/**
 * Does what `git update-ref --stdin` is told by lines `start`, `create <refname> <oid>` and `commit`, to
 * a stack.
 *
 * @module
 */

import { type RefRecord, Stack } from "../../mod.ts";

const [directory = "", lines = "", sync = ""] = Deno.args;
await using stack = await Stack.open(directory, { sync: sync === "sync" });
let refs: RefRecord[] = [];
for (const line of Deno.readTextFileSync(lines).split("\n")) {
  const [verb, refname = "", oid = ""] = line.split(" ");
  if (verb === "create") {
    if (stack.ref(refname)) throw new Error(`Cannot create "${refname}": it exists`);
    refs.push({ kind: "direct", refname, updateIndex: stack.nextUpdateIndex, oid });
  } else if (verb === "commit") {
    await stack.add((writer) => writer.addRefs(refs));
    refs = [];
  }
}
