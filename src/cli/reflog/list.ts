import type { Arguments } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { failed } from "../failure.ts";
import { FAILED } from "./change_logs.ts";

const spec: CommandSpec = {
  name: "reflog list",
  summary: "List the refs that have a log.",
  usage: [""],
  options: [],
  plumbing: true,
};

/** `reftable reflog list` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const [operand] = args.operands;
  if (operand !== undefined) {
    throw failed(`list does not accept arguments: '${operand}'`, FAILED);
  }
  for (const refname of (await context.refs()).reflogNames()) {
    context.output.write(`${refname}\n`);
  }
  return 0;
}
