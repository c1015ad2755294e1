import { assert, assertEquals } from "@std/assert";
import { Stack } from "@reftable/reftable";
import { printable, printableText } from "../../src/cli/output.ts";
import { direct, entry } from "../stack/changes.ts";
import { StackDirectory } from "../stack/stack_directory.ts";
import { runMain } from "./run_main.ts";

/** What makes terminals clear the screen, change their titles, go back over a line, or turn it round. */
const ORDERS = [
  "\x1b[2J",
  "\x1b]0;title\x07",
  "\u009b2J",
  "\rshown instead",
  "\b\b\b",
  "\u202etxt.exe",
];

Deno.test("printable() spells what a terminal would obey", () => {
  const cases: Readonly<Record<string, string>> = {
    "refs/heads/é日\u{1d4b3}\udcff": "refs/heads/é日\u{1d4b3}\udcff",
    "a\nb\tc\0d": "a\\x0ab\\x09c\\x00d",
    "\x1b[31mred": "\\x1b[31mred",
    "\u009b2J\x7f": "\\u009b2J\\u007f",
    "\u202etxt.exe": "\\u202etxt.exe",
  };
  for (const [line, expected] of Object.entries(cases)) assertEquals(printable(line), expected);
});

Deno.test("printableText() leaves lines and colours alone", () => {
  const text = "a\tb\n\x1b[1;31mred\x1b[m\n\0";
  assertEquals(printableText(text), text);
  assertEquals(printableText("\x1b[2J\x1b]0;x\x07\r"), "\\x1b[2J\\x1b]0;x\\x07\\x0d");
  for (const order of ORDERS) assert(!printableText(order).includes(order[0]!), order);
});

Deno.test("what strangers have written gives no orders to a terminal, and stays as it is elsewhere", async () => {
  using dir = new StackDirectory();
  {
    await using stack = await Stack.open(dir.path, { skipNameCheck: true, sync: false });
    await stack.add((writer) => {
      for (const [i, order] of ORDERS.entries()) {
        writer.addRef(direct(`refs/heads/${i}${order}`, 1));
      }
      for (const [i, order] of ORDERS.entries()) {
        const more = { name: order, email: order, message: `${order}\n` };
        writer.addLog(entry(`refs/heads/${i}`, 1, more));
      }
    });
  }
  for (const args of [["dump"], ["dump", "--json"], ["dump", "--refs"], ["stats"], ["verify"]]) {
    const line = [...args, dir.path];
    const shown = await runMain(line, { terminals: ["stdout", "stderr"] });
    for (const order of ORDERS) {
      assert(!shown.stdout.includes(order[0]!), `${args}: ${JSON.stringify(order)}`);
    }
    const piped = await runMain(line);
    if (args[0] !== "dump") continue;
    assertEquals(shown.stdout, printableText(piped.stdout), args.join(" "));
  }
  const { stdout } = await runMain(["dump", dir.path]);
  for (const order of ORDERS) assert(stdout.includes(order), JSON.stringify(order));
  // Errors name files, and files have names of any kind.
  const { stderr } = await runMain(["dump", `${dir.path}/${ORDERS.join("")}`]);
  for (const order of ORDERS.slice(0, 5)) {
    assert(!stderr.includes(order[0]!), JSON.stringify(order));
  }
});
