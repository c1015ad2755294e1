import { refnameProblem } from "../../format/refname.ts";
import type { Arguments } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { EXIT, fatal } from "../failure.ts";

const spec: CommandSpec = {
  name: "reflog exists",
  summary: "Tell by the exit code whether a ref has a log.",
  usage: ["<ref>"],
  options: [],
  operand: "ref",
  plumbing: true,
};

/** `reftable reflog exists` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const [refname] = args.operands;
  if (refname === undefined) throw args.usage();
  if (refnameProblem(refname) !== undefined) throw fatal(`invalid ref format: ${refname}`);
  return (await context.refs()).hasReflog(refname) ? 0 : EXIT.FAILURE;
}
