import { ReftableError } from "../../errors.ts";
import { isCurrentWorktreeRef } from "../../refs/names.ts";
import { RefStore } from "../../refs/ref_store.ts";
import type { ReflogFilter, ReflogRewriteOptions } from "../../refs/reflog/rewrite_log.ts";
import type { Arguments } from "../arguments.ts";
import type { OptionSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { listWorktrees } from "../worktrees.ts";

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

/** The options that mean many logs. */
export const ALL_OPTIONS: readonly OptionSpec[] = [
  { long: "all", help: "take the logs of all refs" },
  { long: "single-worktree", help: "of all refs that this working tree sees" },
];

/** What the refs of the main working tree are called from elsewhere. */
const MAIN = "main-worktree/";

/**
 * Lists the logs of all working trees, or of this one alone.
 *
 * @returns The full names of their refs, as they are seen from this working tree.
 */
export function allLogs(refs: RefStore, isSingle: boolean): string[] {
  const { repository } = refs;
  const names: string[] = [];
  for (const { prefix } of listWorktrees(refs)) {
    if (prefix === ownPrefix(refs)) {
      // Not spread: there may be more than a call takes arguments.
      for (const refname of refs.reflogNames()) names.push(refname);
    } else if (!isSingle) {
      const { commonDir, fileSystem } = repository;
      const gitDir = prefix === MAIN ? commonDir : `${commonDir}/${prefix}`;
      using other = RefStore.openSync(gitDir, { fileSystem });
      // What all share is named once.
      for (const refname of other.reflogNames()) {
        if (isCurrentWorktreeRef(refname)) names.push(prefix + refname);
      }
    }
  }
  return names;
}

/** What the refs of this working tree are called from elsewhere. */
export function ownPrefix({ repository: { worktreeId } }: RefStore): string {
  return worktreeId === undefined ? MAIN : `worktrees/${worktreeId}/`;
}
