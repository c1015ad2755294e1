import { assertEquals } from "@std/assert";
import { collapseMessage } from "../../src/refs/log_message.ts";

Deno.test("collapseMessage() makes one line of single words", () => {
  assertEquals(collapseMessage(""), "");
  assertEquals(collapseMessage(" \n\t "), "");
  assertEquals(collapseMessage("commit: one"), "commit: one");
  assertEquals(collapseMessage("\n a\t\tb \r\n\v\f c\n"), "a b c");
});

Deno.test("collapseMessage() leaves white space alone that is none to C", () => {
  assertEquals(collapseMessage("\u00a0a\u2003b\u3000"), "\u00a0a\u2003b\u3000");
});
