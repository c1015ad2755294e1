import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import { requireRef } from "../look_up.ts";

/** `reftable refs exists` */
export const command: Command = {
  spec: {
    name: "refs exists",
    summary:
      "Tell by the exit code whether there is a ref: 0 if so, 2 if not. Nothing is followed.",
    usage: ["<ref>"],
    options: [],
    operand: "ref",
    plumbing: true,
  },
  run,
};

async function run(args: Arguments, context: Context): Promise<number> {
  const [refname, extra] = args.operands;
  if (refname === undefined || extra !== undefined) {
    throw fatal("'git refs exists' requires a reference");
  }
  await requireRef(refname, context);
  return 0;
}
