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
const text = Deno.readTextFileSync(lines);
for (let start = 0, end; (end = text.indexOf("\n", start)) >= 0; start = end + 1) {
  if (text.startsWith("create ", start)) {
    const space = text.indexOf(" ", start + 7);
    const refname = text.slice(start + 7, space);
    if (stack.ref(refname)) throw new Error(`Cannot create "${refname}": it exists`);
    const oid = text.slice(space + 1, end);
    refs.push({ kind: "direct", refname, updateIndex: stack.nextUpdateIndex, oid });
  } else if (text.startsWith("commit", start)) {
    await stack.add((writer) => writer.addRefs(refs));
    refs = [];
  }
}
