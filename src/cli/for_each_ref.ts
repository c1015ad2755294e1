import type { Arguments } from "./arguments.ts";
import type { Command, CommandSpec, OptionSpec } from "./command.ts";
import type { Context } from "./context.ts";
import { listLines } from "./list_lines.ts";

/** The options that list refs, by whatever command. */
export const LIST_OPTIONS: readonly OptionSpec[] = [
  { short: "s", long: "shell", help: "quote values for shells" },
  { short: "p", long: "perl", help: "quote values for Perl" },
  { long: "python", help: "quote values for Python" },
  { long: "tcl", help: "quote values for Tcl" },
  { long: "omit-empty", help: "print no line for refs of which nothing is shown" },
  { long: "count", value: "n", type: "integer", help: "print no more than <n> refs" },
  { long: "format", value: "format", help: "what to show of each ref" },
  { long: "start-after", value: "marker", help: "begin behind this name" },
  { long: "color", value: "when", optional: true, help: "show colours: always, never or auto" },
  { long: "exclude", value: "pattern", help: "leave out refs that match" },
  { long: "sort", value: "key", help: "sort by this value; `-` before it turns the order round" },
  { long: "points-at", value: "object", help: "only refs that lead to this object" },
  { long: "merged", value: "commit", negatable: false, hidden: true, help: "not supported" },
  { long: "no-merged", value: "commit", negatable: false, hidden: true, help: "not supported" },
  { long: "contains", value: "commit", negatable: false, hidden: true, help: "not supported" },
  { long: "no-contains", value: "commit", negatable: false, hidden: true, help: "not supported" },
  { long: "ignore-case", help: "take capital and small letters for the same" },
  { long: "stdin", help: "read patterns from standard input" },
  { long: "include-root-refs", help: "list HEAD and the other refs outside of refs/ too" },
];

/** How to call it. */
export const LIST_USAGE: readonly string[] = [
  "[--count=<n>] [--shell | --perl | --python | --tcl]\n" +
  "                  [--sort=<key>]... [--format=<format>] [--include-root-refs]\n" +
  "                  [--points-at=<object>] [--exclude=<pattern>]...\n" +
  "                  [--start-after=<marker>] [--stdin | <pattern>...]",
];

/** What can be shown. */
export const LIST_NOTES =
  `<pattern> is the name of a ref, the beginning of one up to a slash, or has wildcards.

<format> may have these in it, each as %(name):
    refname, symref           with :short, :lstrip=<n> or :rstrip=<n> behind them
    objectname                with :short or :short=<n> behind it
    objecttype, objectsize, tree, parent, numparent, object, type, tag
    author, committer, tagger, creator; with name, email or date behind the first three
    creatordate               with :iso, :short, :raw, :relative, :format:<format> and the like
    subject, body, contents, raw
    HEAD, flag, worktreepath, color:<color>
    align:<width>,<position> ... end
    if, if:equals=<text>, if:notequals=<text> ... then ... else ... end
An asterisk before a name means the object behind a tag. %xx is the character with that number.`;

const spec: CommandSpec = {
  name: "for-each-ref",
  summary: "List refs, in any form and order.",
  usage: LIST_USAGE,
  options: LIST_OPTIONS,
  notes: LIST_NOTES,
  examples: [
    ["for-each-ref refs/heads", "lists all branches"],
    [
      "for-each-ref --sort=-creatordate --count=5 --format='%(creatordate:short) %(refname:short)'",
      "lists the five refs with the newest objects",
    ],
  ],
  operand: "ref",
  repository: "found",
  plumbing: true,
};

/** `reftable for-each-ref` */
export const command: Command = { spec, run };

/** Lists refs. */
export async function run(args: Arguments, context: Context): Promise<number> {
  if (await listLines(args, context)) return 0;
  const { listRefs } = await import("./ref_filter/list_refs.ts");
  return await listRefs(args, context);
}
