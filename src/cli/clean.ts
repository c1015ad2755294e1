import { openRepositoryStack } from "../../mod.ts";
import {
  type Arguments,
  type Command,
  type CommandSpec,
  HELP,
  STACK_PATH,
  WORKTREE,
} from "./command.ts";
import type { Output } from "./output.ts";

const spec: CommandSpec = {
  name: "clean",
  summary: "Remove tables that the stack does not name any more.",
  operands: "<path>",
  options: [
    { short: "n", long: "dry-run", help: "only tell what would be removed" },
    WORKTREE,
    HELP,
  ],
  notes: STACK_PATH,
};

/** `reftable clean` */
export const command: Command = { spec, run };

async function run(args: Arguments, output: Output): Promise<number> {
  const path = args.soleOperand("a path");
  const dryRun = args.has("dry-run");
  await using stack = await openRepositoryStack(path, { worktree: args.has("worktree") });
  for (const name of await stack.clean({ dryRun })) {
    output.write(`${dryRun ? "Would remove" : "Removed"} ${name}\n`);
  }
  return 0;
}
