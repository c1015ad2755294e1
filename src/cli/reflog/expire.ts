import type { ReflogEntry } from "../../refs/reflog_entry.ts";
import type { RefStore } from "../../refs/ref_store.ts";
import type { Arguments } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import { parseExpiryTime } from "../approximate_time.ts";
import { findReflog } from "../revision.ts";
import { ALL_OPTIONS, allLogs } from "./all_logs.ts";
import { changeLogs, FAILED, reporting, REWRITE_OPTIONS, rewriteOptions } from "./change_logs.ts";
import { ExpiryPolicy } from "./expiry_limits.ts";

const spec: CommandSpec = {
  name: "reflog expire",
  summary: "Delete old entries of logs.",
  usage: [
    "[--expire=<time>] [--expire-unreachable=<time>]\n" +
    "                  [--rewrite] [--updateref] [--stale-fix]\n" +
    "                  [--dry-run | -n] [--verbose] [--all [--single-worktree] | <refs>...]",
  ],
  options: [
    ...REWRITE_OPTIONS,
    {
      long: "expire",
      value: "timestamp",
      negatable: false,
      help: "delete what is older; 90 days unless configured",
    },
    {
      long: "expire-unreachable",
      value: "timestamp",
      negatable: false,
      help: "delete what is older and no part of the history; 30 days unless configured",
    },
    { long: "stale-fix", help: "delete entries of which objects are missing" },
    ...ALL_OPTIONS,
  ],
  notes: "<time> is a date, or such as `now`, `never`, `2.weeks.ago`.",
  examples: [["reflog expire --expire=now --all", "deletes the entries of all logs"]],
  operand: "ref",
  plumbing: true,
};

/** `reftable reflog expire` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const refs = await context.refs();
  const now = context.now();
  const policy = new ExpiryPolicy(refs.repository.config, givenLimits(args, now), now);
  const names = args.has("all") ? allLogs(refs, args.has("single-worktree")) : [];
  let code = 0;
  for (const operand of args.operands) {
    const refname = findReflog(refs, operand);
    if (refname !== undefined) {
      names.push(refname);
    } else {
      context.warn(`reflog could not be found: '${operand}'`, "error");
      code = FAILED;
    }
  }
  for (const refname of names) {
    code = await changeLogs(context, () => expireLog(refs, refname, policy, args, context)) || code;
  }
  return code;
}

function givenLimits(args: Arguments, now: number) {
  const limits: { total?: number; unreachable?: number } = {};
  for (const { option: { long }, value = "" } of args.given) {
    if (long !== "expire" && long !== "expire-unreachable") continue;
    const time = parseExpiryTime(value, now);
    if (time === undefined) throw fatal(`invalid timestamp '${value}' given to '--${long}'`);
    limits[long === "expire" ? "total" : "unreachable"] = time;
  }
  return limits;
}

async function expireLog(
  refs: RefStore,
  refname: string,
  policy: ExpiryPolicy,
  args: Arguments,
  context: Context,
): Promise<void> {
  const { total, unreachable } = policy.limitsOf(refname);
  const isDoubtful = ({ time }: ReflogEntry) => time >= total && time < unreachable;
  if (refs.reflog(refname).some(isDoubtful)) {
    throw fatal("cannot tell what is reachable: objects cannot be read");
  }
  await refs.expireReflogs([refname], {
    ...rewriteOptions(args),
    filter: reporting(({ time }) => time < total, args, context),
  });
}
