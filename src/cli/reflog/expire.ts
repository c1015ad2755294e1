import { parseExpiryTime } from "../approximate_time.ts";
import type { Arguments } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import { findReflog } from "../revision.ts";
import {
  ALL_OPTIONS,
  allLogs,
  changeLogs,
  FAILED,
  reporting,
  REWRITE_OPTIONS,
  rewriteOptions,
} from "./change_logs.ts";
import { Expiry, ExpiryPolicy } from "./expiry.ts";

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
  const policy = new ExpiryPolicy(refs.repository.config, givenLimits(args, now), context);
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
  if (args.has("stale-fix") && args.has("verbose")) {
    context.output.write("Marking reachable objects...\n");
  }
  const expiry = new Expiry(refs, policy, await context.objects(), args.has("stale-fix"));
  for (const refname of names) {
    const filter = reporting(expiry.filter(refname), args, context);
    const options = { ...rewriteOptions(args), filter };
    code = await changeLogs(context, () => refs.expireReflogs([refname], options)) || code;
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
