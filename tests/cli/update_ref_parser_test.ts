import { assertEquals } from "@std/assert";
import { InstructionParser } from "../../src/cli/update_ref_parser.ts";

Deno.test("InstructionParser reads a quoted name of millions of escapes", () => {
  const text = `create "refs/heads/${"\\141".repeat(1e7)}"\n`;
  const parser = new InstructionParser(text, "create ".length, "\n", "create");
  const refname = parser.refname();
  assertEquals([refname.length, refname.slice(0, 13)], [11 + 1e7, "refs/heads/aa"]);
  parser.end();
});
