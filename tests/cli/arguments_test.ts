import { assertEquals, assertThrows } from "@std/assert";
import { Arguments } from "../../src/cli/arguments.ts";
import type { CommandSpec } from "../../src/cli/command.ts";
import { UsageError } from "../../src/cli/failure.ts";

const SPEC: CommandSpec = {
  name: "try",
  summary: "Try things.",
  usage: ["[<options>] <path>..."],
  options: [
    { short: "a", help: "all of them" },
    { short: "n", value: "number", help: "how many" },
    { short: "v", long: "verbose", help: "say more" },
    { long: "ref", value: "name", help: "one ref" },
    { long: "refs", help: "all refs" },
    { long: "reverse", help: "backwards" },
    { long: "no-deref", help: "follow nothing" },
    { long: "abbrev", value: "n", optional: true, type: "abbreviation", help: "cut ids" },
    { long: "count", value: "n", type: "integer", negatable: false, help: "how many" },
    { long: "all", mode: "which", help: "all refs" },
    { short: "1", mode: "which", help: "one ref" },
    { long: "rückwärts", alias: "reverse", hidden: true, help: "backwards" },
  ],
};

const NAMES = [
  ...["a", "n", "verbose", "ref", "refs", "reverse", "no-deref", "abbrev", "count", "all"],
  "missing",
];

Deno.test("Arguments takes options as Git does", () => {
  const cases: readonly [string[], Record<string, string>, string[]][] = [
    [[], {}, []],
    [["x", "-a", "y"], { a: "" }, ["x", "y"]],
    [["-av"], { a: "", verbose: "" }, []],
    [["-n3"], { n: "3" }, []],
    [["-n", "3", "x"], { n: "3" }, ["x"]],
    [["-an", "-3"], { a: "", n: "-3" }, []],
    [["-na"], { n: "a" }, []],
    [["--verbose", "--verb"], { verbose: "" }, []],
    [["--ref", "--refs"], { ref: "--refs" }, []],
    [["--ref=a=b"], { ref: "a=b" }, []],
    [["--ref=a\nb", "--rev"], { ref: "a\nb", reverse: "" }, []],
    [["--ref="], { ref: "" }, []],
    [["--ref=a", "--ref=b"], { ref: "b" }, []],
    [["-", "--", "-a", "--"], {}, ["-", "-a", "--"]],
    [["--end-of-options", "--refs"], {}, ["--refs"]],
    [["--ref=a", "--no-ref"], {}, []],
    [["--no-deref"], { "no-deref": "" }, []],
    [["--deref"], {}, []],
    [["--no-deref", "--no-no-deref"], {}, []],
    [["--no-deref", "--der"], {}, []],
    [["--abbrev", "7"], { abbrev: "" }, ["7"]],
    [["--abb=7"], { abbrev: "7" }, []],
    [["--count", "-0x1k"], { count: "-0x1k" }, []],
    [["--all"], { all: "" }, []],
    [["--rück"], { reverse: "" }, []],
  ];
  for (const [given, options, operands] of cases) {
    const args = new Arguments(SPEC, given);
    for (const name of NAMES) {
      assertEquals(args.value(name), options[name], `${given.join(" ")}: ${name}`);
      assertEquals(args.has(name), name in options);
    }
    assertEquals(args.operands, operands);
  }
});

Deno.test("Arguments refuses what the command does not know", () => {
  const cases: readonly [string[], string, UsageError["usage"]][] = [
    [["-x"], "unknown switch `x'", "stderr"],
    [["-ax"], "unknown switch `x'", "stderr"],
    [["-n"], "switch `n' requires a value", "none"],
    [["--ref"], "option `ref' requires a value", "none"],
    [["--refs=x"], "option `refs' takes no value", "none"],
    [["--no-ref=x"], "option `no-ref' takes no value", "none"],
    [["--frob"], "unknown option `frob'", "stderr"],
    [["--frob=x"], "unknown option `frob=x'", "stderr"],
    [["--no-count"], "unknown option `no-count'", "stderr"],
    [["--verbosely"], "unknown option `verbosely'", "stderr"],
    [["--re"], "ambiguous option: re (could be --refs or --reverse)", "stdout"],
    [["-refs"], "did you mean `--refs` (with two dashes)?", "none"],
    [["-é"], "unknown non-ascii option in string: `-é'", "stderr"],
    [["-aé"], "unknown non-ascii option in string: `-é'", "stderr"],
    [["--abbrev=x"], "option `abbrev' expects a numerical value", "none"],
    [["--abbrev="], "option `abbrev' expects a numerical value", "none"],
    [["--count="], "option `count' expects a numerical value", "none"],
    [
      ["--count=1x"],
      "option `count' expects an integer value with an optional k/m/g suffix",
      "none",
    ],
    [
      ["--count=2g"],
      "value 2g for option `count' not in range [-2147483648,2147483647]",
      "none",
    ],
    [["--all", "-1"], "options '-1' and '--all' cannot be used together", "none"],
    [["-h"], "", "stdout"],
    [["-ah"], "", "stdout"],
    [["--help", "--frob"], "", "help"],
  ];
  for (const [given, message, usage] of cases) {
    const error = assertThrows(() => new Arguments(SPEC, given), UsageError, undefined, `${given}`);
    assertEquals([error.message, error.usage], [message, usage]);
  }
});

Deno.test("Arguments gives all values of an option, and their order", () => {
  const args = new Arguments(SPEC, ["--ref=a", "--no-ref", "--ref", "b", "-v", "--ref=c"]);
  assertEquals(args.values("ref"), ["b", "c"]);
  assertEquals(args.flag("verbose"), true);
  assertEquals(args.flag("refs"), undefined);
  assertEquals(args.given.map(({ option }) => option.long), [
    ...["ref", "ref", "ref", "verbose", "ref"],
  ]);
});

Deno.test("Arguments leaves a raw command line alone, but for help", () => {
  const raw = { ...SPEC, raw: true };
  assertEquals(new Arguments(raw, ["--refs", "-h"]).operands, ["--refs", "-h"]);
  for (const help of ["-h", "--help"]) assertThrows(() => new Arguments(raw, [help]), UsageError);
});
