import { ReftableError } from "../../errors.ts";
import type { Arguments } from "../arguments.ts";
import type { OptionSpec } from "../command.ts";
import type { Context } from "../context.ts";
import type { ReflogFilter, ReflogRewriteOptions } from "../../refs/reflog/rewrite_log.ts";

/** The exit code of Git where a log could not be changed as asked: −1, as processes end. */
export const FAILED = 255;

/** The options of what takes entries out of logs. */
export const REWRITE_OPTIONS: readonly OptionSpec[] = [
  { short: "n", long: "dry-run", help: "change nothing" },
  { long: "rewrite", help: "have each entry begin where the one before it ended" },
  { long: "updateref", help: "set the ref to what its newest entry says" },
  { long: "verbose", help: "tell of each entry whether it goes" },
];

/** Tells how entries are to be taken out of logs. */
export function rewriteOptions(args: Arguments): ReflogRewriteOptions {
  return {
    dryRun: args.has("dry-run"),
    rewrite: args.has("rewrite"),
    updateRef: args.has("updateref"),
  };
}

/** Has a filter tell what it decided, when that is wanted. */
export function reporting(goes: ReflogFilter, args: Arguments, { output }: Context): ReflogFilter {
  if (!args.has("verbose")) return goes;
  const word = args.has("dry-run") ? "would prune" : "prune";
  return (entry, position) => {
    const isGone = goes(entry, position);
    output.write(`${isGone ? word : "keep"} ${entry.message}`);
    return isGone;
  };
}

/**
 * Changes logs; that they cannot be changed is told, and does not keep others from being changed.
 *
 * @returns The exit code.
 */
export async function changeLogs(
  context: Context,
  change: () => Promise<unknown>,
): Promise<number> {
  try {
    await change();
    return 0;
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    context.warn(error.message, "error");
    return FAILED;
  }
}
