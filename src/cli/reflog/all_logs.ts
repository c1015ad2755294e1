import { RefStore } from "../../refs/ref_store.ts";
import { isCurrentWorktreeRef } from "../../refs/names.ts";
import type { OptionSpec } from "../command.ts";
import { listWorktrees } from "../worktrees.ts";

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
