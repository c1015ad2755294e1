import type { Arguments } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../failure.ts";
import { findReflog } from "../revision.ts";
import { ALL_OPTIONS, allLogs, changeLogs, FAILED } from "./change_logs.ts";

const spec: CommandSpec = {
  name: "reflog drop",
  summary: "Delete whole logs. Their refs stay.",
  usage: ["[--all [--single-worktree] | <refs>...]"],
  options: ALL_OPTIONS,
  operand: "ref",
  plumbing: true,
};

/** `reftable reflog drop` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const refs = await context.refs();
  if (args.has("all")) {
    if (args.operands.length > 0) {
      throw new UsageError("references specified along with --all", "none", "usage");
    }
    const names = allLogs(refs, args.has("single-worktree"));
    return await changeLogs(context, () => refs.dropReflogs(names));
  }
  let code = 0;
  for (const operand of args.operands) {
    const refname = findReflog(refs, operand);
    if (refname === undefined) {
      context.warn(`reflog could not be found: '${operand}'`, "error");
      code = FAILED;
    } else {
      code = await changeLogs(context, () => refs.dropReflogs([refname])) || code;
    }
  }
  return code;
}
