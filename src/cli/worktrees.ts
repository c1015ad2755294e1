import type { RefStore } from "../refs/ref_store.ts";
import { listWorktreesSync } from "../refs/worktrees.ts";

/** A working tree of a repository. */
export interface NamedWorktree {
  /** What its own refs are called from elsewhere: `main-worktree/`, `worktrees/<id>/`. */
  readonly prefix: string;
  /** Its top, if that is known. */
  readonly path: string | undefined;
}

/** Lists the working trees of a repository, the main one first. */
export function listWorktrees({ repository }: RefStore): NamedWorktree[] {
  return listWorktreesSync(repository).map(({ id, path }) => ({
    prefix: id === undefined ? "main-worktree/" : `worktrees/${id}/`,
    path,
  }));
}
