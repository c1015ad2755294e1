import { assertEquals, assertThrows } from "@std/assert";
import { Arguments, type CommandSpec, formatUsage, UsageError } from "../../src/cli/command.ts";

const SPEC: CommandSpec = {
  name: "try",
  summary: "Try things.",
  operands: "<path>...",
  options: [
    { short: "a", help: "all of them" },
    { short: "n", value: "number", help: "how many" },
    { short: "v", long: "verbose", help: "say more" },
    { long: "ref", value: "name", help: "one ref" },
    { long: "refs", help: "all refs" },
    { long: "reverse", help: "backwards" },
  ],
};

Deno.test("Arguments takes options as Git does", () => {
  const cases: readonly [string[], Record<string, string>, string[]][] = [
    [[], {}, []],
    [["x", "-a", "y"], { a: "" }, ["x", "y"]],
    [["-av"], { a: "", verbose: "", v: "" }, []],
    [["-n3"], { n: "3" }, []],
    [["-n", "3", "x"], { n: "3" }, ["x"]],
    [["-an", "-3"], { a: "", n: "-3" }, []],
    [["-na"], { n: "a" }, []],
    [["--verbose", "--verb"], { verbose: "", v: "" }, []],
    [["--ref", "--refs"], { ref: "--refs" }, []],
    [["--ref=a=b"], { ref: "a=b" }, []],
    [["--ref=a\nb", "--rev"], { ref: "a\nb", reverse: "" }, []],
    [["--ref="], { ref: "" }, []],
    [["--ref=a", "--ref=b"], { ref: "b" }, []],
    [["-", "--", "-a", "--"], {}, ["-", "-a", "--"]],
  ];
  for (const [given, options, operands] of cases) {
    const args = new Arguments(SPEC, given);
    for (const name of ["a", "n", "v", "verbose", "ref", "refs", "reverse", "missing"]) {
      assertEquals(args.value(name), options[name], `${given.join(" ")}: ${name}`);
      assertEquals(args.has(name), name in options);
    }
    assertEquals(args.operands, operands);
  }
});

Deno.test("Arguments refuses what the command does not know", () => {
  const cases: readonly [string[], string][] = [
    [["-x"], "unknown switch `x'"],
    [["-ax"], "unknown switch `x'"],
    [["-n"], "switch `n' requires a value"],
    [["--ref"], "option `ref' requires a value"],
    [["--refs=x"], "option `refs' takes no value"],
    [["--frob"], "unknown option `frob'"],
    [["--=x"], "unknown option `'"],
    [["--verbosely"], "unknown option `verbosely'"],
    [["--re"], "ambiguous option: re (could be --ref or --refs or --reverse)"],
  ];
  for (const [given, message] of cases) {
    const error = assertThrows(() => new Arguments(SPEC, given), UsageError);
    assertEquals(error.message, message);
  }
});

Deno.test("formatUsage() lines the options up", () => {
  assertEquals(
    formatUsage({ ...SPEC, notes: "Notes." }),
    `usage: reftable try [<options>] <path>...

Try things.

    -a             all of them
    -n <number>    how many
    -v, --verbose  say more
    --ref <name>   one ref
    --refs         all refs
    --reverse      backwards

Notes.
`,
  );
});
