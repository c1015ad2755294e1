import { Arguments } from "../arguments.ts";
import type { Command, CommandSpec, OptionSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal, UsageError } from "../failure.ts";
import { ObjectNames } from "../object_names.ts";
import { parseDateFormat } from "../ref_filter/date_format.ts";
import type { RefStore } from "../../refs/ref_store.ts";
import { resolveOid } from "../revision.ts";
import { listWorktrees } from "../worktrees.ts";
import { ownPrefix } from "./all_logs.ts";
import { parseEntryFormat } from "./entry_format.ts";
import { findShownLog, type ShownLog, walkLogs } from "./walk_logs.ts";

const OPTIONS: readonly OptionSpec[] = [
  {
    short: "n",
    long: "max-count",
    value: "n",
    help: "show no more than <n> entries; -<n> for short",
  },
  { long: "skip", value: "n", help: "leave out the first <n> entries" },
  { long: "all", help: "show the logs of all refs, the newest entries first" },
  { long: "date", value: "format", help: "tell when entries were made, not which in number" },
  { long: "relative-date", help: "the same as --date=relative" },
  { long: "format", value: "format", help: "what to show of each entry" },
  { long: "pretty", value: "format", optional: true, help: "the same" },
  { long: "oneline", help: "show an entry as it is shown by default" },
  { long: "abbrev", value: "n", optional: true, help: "cut object ids to <n> digits" },
  { long: "abbrev-commit", help: "cut object ids; the default" },
  { long: "color", value: "when", optional: true, help: "show colours: always, never or auto" },
  { short: "g", long: "walk-reflogs", hidden: true, help: "show logs" },
  { short: "q", long: "quiet", hidden: true, help: "changes nothing" },
];

const spec: CommandSpec = {
  name: "reflog show",
  summary: "Show the entries of a log, the newest first: what the ref held, and why.",
  usage: ["[<log-options>] [<ref>]"],
  options: OPTIONS,
  notes: `<ref> is a name, HEAD unless given; <ref>@{<n>} and <ref>@{<date>} show what is older.

<format> is oneline, or may have these in it:
    %H, %h          the object id that the ref held, all of it or its beginning
    %gD, %gd        the place of the entry, with the whole name of the ref or its short form
    %gs             why it was made
    %gn, %ge        who made it, by name and by address
    %C(<color>)     a colour, and %C(reset) an end to it
    %n, %%, %x<hex> a newline, a percent sign, a character by its number`,
  operand: "ref",
  raw: true,
  plumbing: true,
};

/** `reftable reflog show` */
export const command: Command = { spec, run };

async function run(raw: Arguments, context: Context): Promise<number> {
  const args = parseArguments(raw.operands);
  const refs = await context.refs();
  const { config } = refs.repository;
  const { output } = context;
  const count = integer(args, "max-count") ?? -1;
  let skip = integer(args, "skip") ?? 0;
  using objects = ObjectNames.open(refs.repository, context);
  const dateFormat = args.has("relative-date") ? "relative" : args.value("date");
  const format = parseEntryFormat(args.value("format") ?? (args.value("pretty") || "oneline"), {
    shorten: (refname) => refs.shorten(refname),
    abbreviate: (oid) =>
      args.flag("abbrev") === false ? oid : objects.abbreviate(oid, digits(args)),
    date: parseDateFormat(
      dateFormat ?? config.string("log.date") ?? "default",
      () => context.now(),
    ),
    hasDate: dateFormat !== undefined,
    color: wantsColor(args, context),
    abbreviates: args.flag("abbrev-commit") ?? true,
  });
  const logs = args.has("all") ? allLogs(refs, context) : await namedLogs(refs, args, context);
  let shown = 0;
  for (const entry of walkLogs(logs, (oid) => objects.has(oid))) {
    if (shown === count) break;
    if (skip-- > 0) continue;
    if (shown++ > 0 && !format.terminates) output.write("\n");
    output.write(format.format(entry) + (format.terminates ? "\n" : ""));
  }
  return 0;
}

/** Parses what stands behind the command: `-5` among it, and paths behind `--`. */
function parseArguments(operands: readonly string[]): Arguments {
  const end = operands.indexOf("--");
  const [args, paths] = end < 0
    ? [operands, []]
    : [operands.slice(0, end), operands.slice(end + 1)];
  if (paths.length > 0) {
    throw fatal("paths are not supported: which commits change them is not in logs");
  }
  const normal = args.map((arg) => /^-[0-9]/.test(arg) ? `--max-count=${arg.slice(1)}` : arg);
  try {
    return new Arguments({ ...spec, raw: false }, normal);
  } catch (error) {
    const [, option] = /^unknown (?:option|switch) `(.*)'$/s.exec(
      error instanceof UsageError ? error.message : "",
    ) ?? [];
    if (option === undefined) throw error;
    const given = normal.find((arg) => arg.replace(/^--?/, "").startsWith(option));
    throw fatal(`unrecognized argument: ${given ?? option}`);
  }
}

function integer(args: Arguments, name: string): number | undefined {
  const value = args.value(name);
  if (value === undefined) return undefined;
  if (/^\s*[+-]?[0-9]+$/.test(value)) return Number(value);
  throw fatal(`'${value}': not an integer`);
}

function digits(args: Arguments): number | undefined {
  const value = args.value("abbrev");
  return value ? Math.max(4, Number(value) || 0) : undefined;
}

function wantsColor(args: Arguments, { system }: Context): boolean {
  const when = args.flag("color") === false ? "never" : args.value("color");
  if (when === "always" || when === "") return true;
  if (when === "never") return false;
  return system.isTerminal("stdout") && !system.env("NO_COLOR") && system.env("TERM") !== "dumb";
}

async function namedLogs(refs: RefStore, args: Arguments, context: Context): Promise<ShownLog[]> {
  if (args.operands.length === 0) {
    const head = refs.resolve("HEAD");
    if (head?.oid === undefined) {
      const branch = head?.refname.replace(/^refs\/heads\//, "");
      throw fatal(`your current branch '${branch}' does not have any commits yet`);
    }
  }
  const logs: ShownLog[] = [];
  for (const revision of args.operands.length === 0 ? ["HEAD"] : args.operands) {
    if (revision.startsWith("^")) throw fatal(`cannot walk reflogs for ${revision.slice(1)}`);
    if (await resolveOid(context, revision) === undefined) throw ambiguous(revision);
    const log = findShownLog(refs, revision, context);
    if (log) logs.push(log);
  }
  return logs;
}

/** The logs of all refs that hold something, and of the HEADs of all working trees. */
function allLogs(refs: RefStore, context: Context): ShownLog[] {
  const names = [...refs.list()].map(({ refname }) => refname);
  const others = listWorktrees(refs).filter(({ prefix }) => prefix !== ownPrefix(refs))
    .map(({ prefix }) => `${prefix}HEAD`);
  return [...names, "HEAD", ...others].filter((name) => refs.resolve(name)?.oid !== undefined)
    .map((name) => findShownLog(refs, name, context)).filter((log) => log !== undefined);
}

function ambiguous(revision: string) {
  return fatal(
    `ambiguous argument '${revision}': unknown revision or path not in the working tree.\n` +
      "Use '--' to separate paths from revisions, like this:\n" +
      "'git <command> [<revision>...] -- [<file>...]'",
  );
}
