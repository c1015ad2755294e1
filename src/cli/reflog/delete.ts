import type { RefStore } from "../../refs/ref_store.ts";
import type { Arguments } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { failed } from "../failure.ts";
import { parseApproximateTime } from "../approximate_time.ts";
import { findReflog } from "../revision.ts";
import { changeLogs, FAILED, reporting, REWRITE_OPTIONS, rewriteOptions } from "./change_logs.ts";

const spec: CommandSpec = {
  name: "reflog delete",
  summary: "Delete entries of logs.",
  usage: [
    "[--rewrite] [--updateref]\n" +
    "                  [--dry-run | -n] [--verbose] <ref>@{<specifier>}...",
  ],
  options: REWRITE_OPTIONS,
  notes:
    "<specifier> is the place of an entry, 0 for the newest, or a time: then the newest entry\n" +
    "before it is meant.",
  examples: [["reflog delete --rewrite stash@{2}", "deletes the third entry of the stash"]],
  operand: "ref",
  plumbing: true,
};

/** `reftable reflog delete` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  if (args.operands.length === 0) throw failed("no reflog specified to delete", FAILED);
  const refs = await context.refs();
  let code = 0;
  for (const operand of args.operands) {
    code = await deleteEntry(refs, operand, args, context) || code;
  }
  return code;
}

async function deleteEntry(
  refs: RefStore,
  operand: string,
  args: Arguments,
  context: Context,
): Promise<number> {
  const [, name, specifier = ""] = /^(.*?)@\{(.*)$/s.exec(operand) ?? [];
  if (name === undefined) {
    context.warn(`not a reflog: ${operand}`, "error");
    return FAILED;
  }
  const refname = findReflog(refs, name);
  if (refname === undefined) {
    context.warn(`no reflog for '${operand}'`, "error");
    return FAILED;
  }
  const wanted = positionOf(refs, refname, specifier, context);
  const filter = reporting((_entry, position) => position === wanted, args, context);
  return await changeLogs(
    context,
    () => refs.expireReflogs([refname], { ...rewriteOptions(args), filter }),
  );
}

/** Finds the place of an entry, counted from the newest one: it is told, or is the newest before some time. */
function positionOf(
  refs: RefStore,
  refname: string,
  specifier: string,
  context: Context,
): number | undefined {
  const digits = /^\s*\+?([0-9]*)\}/.exec(specifier)?.[1];
  if (digits !== undefined) return Number(digits);
  const now = context.now();
  const before = parseApproximateTime(specifier, now) ?? now;
  // Git counts those before the time, wherever they stand.
  const times = [...refs.reflog(refname)].map(({ time }) => time);
  return times.filter((time) => time >= before).length;
}
