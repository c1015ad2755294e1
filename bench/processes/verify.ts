/**
 * Checks that refs of a table hold what lines of the form `verify <refname> <oid>` say.
 *
 * @module
 */

import { Table } from "../../mod.ts";

const [path = "", lines = ""] = Deno.args;
using table = Table.openSync(path);
for (const line of Deno.readTextFileSync(lines).split("\n")) {
  if (line === "") continue;
  const [, refname = "", oid] = line.split(" ");
  const ref = table.ref(refname);
  if (!((ref?.kind === "direct" || ref?.kind === "peeled") && ref.oid === oid)) {
    console.error(`Cannot verify ${refname}: expected ${oid}, found ${JSON.stringify(ref)}`);
    Deno.exit(1);
  }
}
