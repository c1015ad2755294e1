import { openRepositoryStack } from "../refs/repository_stacks.ts";
import type { Arguments } from "./arguments.ts";
import { type Command, type CommandSpec, STACK_PATH, WORKTREE } from "./command.ts";
import type { Context } from "./context.ts";

const spec: CommandSpec = {
  name: "clean",
  summary: "Remove tables that the stack does not name any more.",
  usage: ["[<options>] <path>"],
  operand: "path",
  options: [
    { short: "n", long: "dry-run", help: "only tell what would be removed" },
    WORKTREE,
  ],
  notes: STACK_PATH,
  examples: [["clean --dry-run .", "tells what would be removed from the repository here"]],
};

/** `reftable clean` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const path = context.path(args.soleOperand("a path"));
  const { output } = context;
  const dryRun = args.has("dry-run");
  await using stack = await openRepositoryStack(path, { worktree: args.has("worktree") });
  for (const name of await stack.clean({ dryRun })) {
    output.write(`${dryRun ? "Would remove" : "Removed"} ${name}\n`);
  }
  return 0;
}
