import { isAbsolute } from "@std/path";
import { decodeText } from "../bytes/text.ts";
import type { RefStore } from "../refs/ref_store.ts";

/** A working tree of a repository. */
export interface Worktree {
  /** What its own refs are called from elsewhere: `main-worktree/`, `worktrees/<id>/`. */
  readonly prefix: string;
  /** Its top. */
  readonly path: string;
}

/** Lists the working trees of a repository, the main one first. */
export function listWorktrees({ repository }: RefStore): Worktree[] {
  const { fileSystem, commonDir } = repository;
  const main = fileSystem.realPathSync(commonDir).replace(/\/\.git$/, "");
  const worktrees = [{ prefix: "main-worktree/", path: main }];
  const directory = `${commonDir}/worktrees`;
  if (!fileSystem.statSync(directory)) return worktrees;
  const names = fileSystem.listSync(directory).map(({ name }) => name).sort();
  for (const name of names) {
    const file = `${directory}/${name}/gitdir`;
    if (!fileSystem.statSync(file)) continue;
    const target = decodeText(fileSystem.readFileSync(file)).replace(/[\r\n]+$/, "");
    const dotGit = isAbsolute(target) ? target : `${directory}/${name}/${target}`;
    const top = dotGit.replace(/\/\.git$/, "");
    const path = fileSystem.statSync(top) ? fileSystem.realPathSync(top) : top;
    worktrees.push({ prefix: `worktrees/${name}/`, path });
  }
  return worktrees;
}
