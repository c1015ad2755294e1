import { assertEquals } from "@std/assert";
import { Stack } from "@reftable/reftable";
import { RefsAhead } from "../../../src/refs/reftable/key_finder.ts";
import { deletion, direct, symref } from "../../stack/changes.ts";
import { StackDirectory } from "../../stack/stack_directory.ts";

Deno.test("RefsAhead has what the stack has, in whichever order it was asked and is asked", async () => {
  using dir = new StackDirectory();
  const options = { autoCompact: false, skipNameCheck: true, blockSize: 512 };
  await using stack = await Stack.open(dir.path, options);
  const names = Array.from({ length: 300 }, (_, i) => `refs/heads/${1000 + i}${i % 7 ? "" : "é"}`);
  await stack.add((writer) => {
    writer.addRef(symref("HEAD", 1, names[0]!));
    for (const name of names) writer.addRef(direct(name, 1));
  });
  await stack.add((writer) => {
    for (const [i, name] of names.entries()) {
      if (i % 3 === 0) writer.addRef(deletion(name, 2));
      else if (i % 10 === 0) writer.addRef(symref(name, 2, "HEAD"));
      else if (i % 10 === 1) writer.addRef(direct(name, 2));
    }
  });
  // Some are close to each other, some are not, and some only begin with the name of another.
  const asked = ["HEAD", ...names.filter((_, i) => i < 50 || i % 29 === 0), `${names[1]}/x`];
  for (const given of [asked, asked.toReversed()]) {
    const ahead = new RefsAhead(stack, given);
    for (
      const order of [
        asked,
        asked.toReversed(),
        asked.toSorted((a, b) => a.length - b.length),
      ]
    ) {
      assertEquals(
        order.map((name) => ahead.at(ahead.indexOf(name))),
        order.map((name) => stack.ref(name)),
      );
    }
    assertEquals(["A", names[51]!, "refs/z"].map((name) => ahead.indexOf(name)), [-1, -1, -1]);
  }
});
