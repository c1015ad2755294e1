import { assertEquals } from "@std/assert";
import type { CommandSpec } from "../../src/cli/command.ts";
import { formatHelp, formatUsage } from "../../src/cli/usage.ts";

const SPEC: CommandSpec = {
  name: "try",
  summary: "Try things.",
  usage: ["[<options>]\n              <path>...", "--stop"],
  options: [
    { short: "a", help: "all of them" },
    { short: "n", value: "number", help: "how many" },
    { short: "v", long: "verbose", help: "say more" },
    { long: "exclude-existing", value: "name", help: "not this one" },
    { long: "abbrev", value: "n", optional: true, negatable: false, help: "cut ids" },
    { long: "no-deref", help: "follow nothing" },
    { long: "secret", hidden: true, help: "unknown" },
  ],
};

const SYNOPSIS = `usage: reftable try [<options>]
                     <path>...
   or: reftable try --stop
`;

const OPTIONS = `    -a                    all of them
    -n <number>           how many
    -v, --[no-]verbose    say more
    --[no-]exclude-existing <name>
                          not this one
    --abbrev[=<n>]        cut ids
    --no-deref            follow nothing
    --deref               opposite of --no-deref
`;

Deno.test("formatUsage() lines the options up", () => {
  assertEquals(formatUsage(SPEC), `${SYNOPSIS}\n${OPTIONS}`);
});

Deno.test("formatHelp() tells all there is to know", () => {
  const help = formatHelp({
    ...SPEC,
    notes: "Notes.",
    examples: [["try -a", "tries all"]],
    subcommands: { hard: { summary: "try hard", load: () => Promise.reject() } },
  });
  assertEquals(
    help,
    `${SYNOPSIS}
Try things.

    hard  try hard

${OPTIONS}
Notes.

Examples:
    reftable try -a
        tries all
`,
  );
});
