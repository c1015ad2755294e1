import { openRepositoryStack } from "../refs/repository_stacks.ts";
import type { Stack } from "../stack/stack.ts";
import type { Arguments } from "./arguments.ts";
import { type Command, type CommandSpec, STACK_PATH, WORKTREE } from "./command.ts";
import type { Context } from "./context.ts";
import { UsageError } from "./failure.ts";
import { ProgressLine } from "./progress.ts";
import type { System } from "./system.ts";
import { parseTime } from "./time.ts";
// Large jobs go to workers.
import "../workers/install.ts";

const spec: CommandSpec = {
  name: "compact",
  summary: "Merge the tables of a stack into one.",
  usage: ["[<options>] <path>"],
  operand: "path",
  options: [
    { long: "auto", help: "merge only what keeps the tables few" },
    { long: "expire-before", value: "time", help: "drop log entries older than this" },
    { long: "min-update-index", value: "n", help: "drop log entries with a lower update index" },
    WORKTREE,
  ],
  notes: `${STACK_PATH}
<time> is seconds since 1970, a date such as 2026-01-31, '<n>.days.ago', or 'now' for all.`,
  examples: [
    ["compact --expire-before 90.days.ago .", "merges all tables, without old entries of logs"],
  ],
};

/** `reftable compact` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const path = context.path(args.soleOperand("a path"));
  for (const name of ["expire-before", "min-update-index"]) {
    if (!args.has("auto") || !args.has(name)) continue;
    throw new UsageError(`options '--auto' and '--${name}' cannot be used together`);
  }
  const before = args.value("expire-before");
  const expire = {
    before: before === undefined ? undefined : parseTime(before),
    minUpdateIndex: args.number("min-update-index"),
  };
  await using stack = await openRepositoryStack(path, { worktree: args.has("worktree") });
  if (args.has("auto")) {
    await stack.autoCompact();
  } else {
    const expires = expire.before !== undefined || expire.minUpdateIndex !== undefined;
    await compactAll(stack, context.system, expires ? expire : undefined);
  }
  return 0;
}

/**
 * Merges all tables of a stack, and shows how far it is.
 *
 * @param system Where it is shown.
 * @param expire Which log entries to drop.
 */
export async function compactAll(
  stack: Stack,
  system: System,
  expire?: { before: number | undefined; minUpdateIndex: number | undefined },
): Promise<void> {
  using line = new ProgressLine(system, "Compacting");
  await stack.compact({
    expire,
    onProgress: ({ records, written, total }) => line.show(written, total, `${records} records`),
  });
}
