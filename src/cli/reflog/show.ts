import type { RefStore } from "../../refs/ref_store.ts";
import type { Arguments } from "../arguments.ts";
import type { Command, CommandSpec, OptionSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import type { ObjectDatabase } from "../objects/object_database.ts";
import { parseDateFormat } from "../ref_filter/date_format.ts";
import { resolveOid } from "../revision.ts";
import { listWorktrees } from "../worktrees.ts";
import { ownPrefix } from "./change_logs.ts";
import { commitFields, type EntryFormat, parseEntryFormat } from "./entry_format.ts";
import { findShownLog, type ShownLog, walkLogs } from "./walk_logs.ts";

/** What the options are, for the help. They are those of `git log`, which are parsed in a way of their own. */
const LOG_OPTIONS: readonly OptionSpec[] = [
  { short: "n", long: "max-count", value: "n", negatable: false, help: "no more than <n>; -<n>" },
  { long: "skip", value: "n", negatable: false, help: "leave out the first <n> entries" },
  { long: "all", negatable: false, help: "the logs of all refs, the newest entries first" },
  { long: "date", value: "format", negatable: false, help: "tell when, not which in number" },
  { long: "relative-date", negatable: false, help: "the same as --date=relative" },
  { long: "format", value: "format", negatable: false, help: "what to show; also --pretty" },
  { long: "oneline", negatable: false, help: "show an entry as it is shown by default" },
  { long: "abbrev", value: "n", optional: true, help: "cut object ids to <n> digits" },
  { long: "abbrev-commit", help: "cut object ids; the default" },
  { long: "color", value: "when", optional: true, help: "show colours: always, never or auto" },
];

const spec: CommandSpec = {
  name: "reflog show",
  title: "reflog [show]",
  summary: "Show the entries of a log, the newest first: what the ref held, and why.",
  usage: ["[<log-options>] [<ref>]"],
  options: LOG_OPTIONS,
  notes: `<ref> is a name, HEAD unless given; <ref>@{<n>} and <ref>@{<date>} show what is older.

<format> is oneline, short, medium, full or fuller, or may have these in it:
    %H, %h          the object id that the ref held, all of it or its beginning
    %gD, %gd        the place of the entry, with the whole name of the ref or its short form
    %gs             why it was made
    %gn, %ge        who made it, by name and by address
    %an, %ae, %ad   the commit's author, by name and by address, and the date; %c for the committer
    %s, %b, %B      the commit's message: subject, rest, all of it
    %T, %P          the ids of the commit's tree and its parents; %t and %p their beginnings
    %C(<color>)     a colour, and %C(reset) an end to it
    %n, %%, %x<hex> a newline, a percent sign, a character by its number`,
  operand: "ref",
  raw: true,
  plumbing: true,
};

/** `reftable reflog show` */
export const command: Command = { spec, run };

async function run({ operands }: Arguments, context: Context): Promise<number> {
  const options = parseLogOptions(operands);
  const refs = await context.refs();
  const objects = await context.objects();
  const format = entryFormat(options, refs, objects, context);
  const logs = options.all ? allLogs(refs, context) : await namedLogs(refs, options, context);
  if (options.unknown !== undefined) throw fatal(`unrecognized argument: ${options.unknown}`);
  let { skip } = options;
  let shown = 0;
  for (const shownEntry of walkLogs(logs, (oid) => objects.info(oid)?.type === "commit")) {
    if (shown === options.maxCount) break;
    if (skip-- > 0) continue;
    const { newOid } = shownEntry.entry;
    const commit = format.needsCommit
      ? commitFields(newOid, objects.readSync(newOid)!.content)
      : undefined;
    if (shown++ > 0 && !format.terminates) context.output.write("\n");
    context.output.write(format.format(shownEntry, commit) + (format.terminates ? "\n" : ""));
  }
  return 0;
}

function entryFormat(
  { format, date, abbrev, abbreviates, color }: LogOptions,
  refs: RefStore,
  objects: ObjectDatabase,
  context: Context,
): EntryFormat {
  const { config } = refs.repository;
  const dateFormat = (name: string) => parseDateFormat(name, () => context.now());
  return parseEntryFormat(format, {
    shorten: (refname) => refs.shorten(refname),
    abbreviate: (oid) => abbrev === 0 ? oid : objects.abbreviate(oid, abbrev),
    date: dateFormat(date ?? config.string("log.date") ?? "default"),
    dateFormat,
    hasDate: date !== undefined,
    color: wantsColor(color, context),
    abbreviates,
  });
}

function wantsColor(when: string, { system }: Context): boolean {
  if (when === "always") return true;
  if (when === "never") return false;
  return system.isTerminal("stdout") && !system.env("NO_COLOR") && system.env("TERM") !== "dumb";
}

async function namedLogs(
  refs: RefStore,
  { revisions, hasSeparator }: LogOptions,
  context: Context,
): Promise<ShownLog[]> {
  if (revisions.length === 0) {
    const head = refs.resolve("HEAD");
    if (head?.oid === undefined) {
      const branch = head?.refname.replace(/^refs\/heads\//, "");
      throw fatal(`your current branch '${branch}' does not have any commits yet`);
    }
  }
  const logs: ShownLog[] = [];
  for (const revision of revisions.length === 0 ? ["HEAD"] : revisions) {
    if (await resolveOid(context, revision.replace(/^\^/, "")) === undefined) {
      throw hasSeparator || revision.startsWith("^")
        ? fatal(`bad revision '${revision}'`)
        : ambiguous(revision);
    }
    if (revision.startsWith("^")) throw fatal(`cannot walk reflogs for ${revision.slice(1)}`);
    const log = findShownLog(refs, revision, context);
    if (log) logs.push(log);
  }
  return logs;
}

/** The logs of all refs that hold something, and of the HEADs of all working trees. */
function allLogs(refs: RefStore, context: Context): ShownLog[] {
  const names = refs.list().map(({ refname }) => refname).toArray();
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

/** What was asked for. */
interface LogOptions {
  /** How many entries to show; all when it is negative. */
  maxCount: number;
  /** How many entries to leave out first. */
  skip: number;
  /** Whether the logs of all refs are meant. */
  all: boolean;
  /** How to show dates, if that was said. */
  date: string | undefined;
  /** What to show of each entry. */
  format: string;
  /** How many digits of an object id to show, 0 for all; as many as are needed unless it was said. */
  abbrev: number | undefined;
  /** Whether object ids are cut where the format does not tell. */
  abbreviates: boolean;
  /** When to show colours. */
  color: string;
  /** The refs. */
  readonly revisions: string[];
  /** Whether there can be no paths among the refs. */
  hasSeparator: boolean;
  /** The first option that is not known; Git complains of refs before. */
  unknown: string | undefined;
}

/**
 * Parses options and refs.
 *
 * @throws {Failure} When an option lacks its value.
 */
function parseLogOptions(line: readonly string[]): LogOptions {
  const options: LogOptions = {
    maxCount: -1,
    skip: 0,
    all: false,
    date: undefined,
    format: "oneline",
    abbrev: undefined,
    abbreviates: true,
    color: "auto",
    revisions: [],
    hasSeparator: false,
    unknown: undefined,
  };
  const rest = [...line];
  for (let arg; (arg = rest.shift()) !== undefined;) {
    if (arg === "--") {
      options.hasSeparator = true;
      if (rest.length === 0) break;
      throw fatal("paths are not supported: which commits change them is not in logs");
    }
    if (arg.startsWith("-") && arg !== "-") parseOption(arg, rest, options);
    else options.revisions.push(arg);
  }
  return options;
}

function parseOption(arg: string, rest: string[], options: LogOptions): void {
  const [, name = arg, attached] = /^(--[a-z-]+)=(.*)$/s.exec(arg) ?? [];
  const valueOf = () => {
    const value = attached ?? rest.shift();
    if (value === undefined) throw fatal(`Option '${name}' requires a value`);
    return value;
  };
  const [, count] = /^-n?([0-9].*|(?<=-n).+)$/s.exec(arg) ?? [];
  if (count !== undefined) {
    options.maxCount = parseCount(count);
    return;
  }
  if (attached === undefined && parseFlag(arg, options)) return;
  switch (name) {
    case "-n":
      if (rest.length === 0) throw fatal("-n requires an argument");
      options.maxCount = parseCount(rest.shift()!);
      return;
    case "--max-count":
      options.maxCount = parseCount(valueOf());
      return;
    case "--skip":
      options.skip = parseCount(valueOf());
      return;
    case "--date":
      options.date = valueOf();
      return;
  }
  switch (attached === undefined ? "" : name) {
    case "--format":
    case "--pretty":
      options.format = attached!;
      return;
    case "--abbrev":
      // Fewer digits say nothing.
      options.abbrev = Math.max(4, parseInt(attached!) || 0);
      return;
    case "--color":
      options.color = attached!;
      return;
  }
  options.unknown ??= arg;
}

/** Parses an option without a value; false when it is none. */
function parseFlag(arg: string, options: LogOptions): boolean {
  switch (arg) {
    case "--all":
      options.all = true;
      return true;
    case "--relative-date":
      options.date = "relative";
      return true;
    case "--oneline":
      options.format = "oneline";
      options.abbreviates = true;
      return true;
    case "--pretty":
      options.format = "medium";
      return true;
    case "--abbrev":
    case "--no-abbrev":
      options.abbrev = arg === "--abbrev" ? undefined : 0;
      return true;
    case "--abbrev-commit":
    case "--no-abbrev-commit":
      options.abbreviates = arg === "--abbrev-commit";
      return true;
    case "--color":
    case "--no-color":
      options.color = arg === "--color" ? "always" : "never";
      return true;
    case "-g":
    case "-q":
    case "--walk-reflogs":
    case "--quiet":
      // They ask for what is done in any case.
      return true;
  }
  return false;
}

function parseCount(text: string): number {
  if (/^\s*[+-]?[0-9]+$/.test(text)) return Number(text);
  throw fatal(`'${text}': not an integer`);
}
