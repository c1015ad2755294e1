import type { RefStore } from "../../refs/ref_store.ts";
import type { Arguments } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import type { ObjectDatabase } from "../objects/object_database.ts";
import { parseDateFormat } from "../ref_filter/date_format.ts";
import { resolveOid } from "../revision.ts";
import { listWorktrees } from "../worktrees.ts";
import { ownPrefix } from "./change_logs.ts";
import { commitFields, type EntryFormat, parseEntryFormat } from "./entry_format.ts";
import { LOG_OPTIONS, type LogOptions, parseLogOptions } from "./log_options.ts";
import { findShownLog, type ShownLog, walkLogs } from "./walk_logs.ts";

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
