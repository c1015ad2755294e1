import type { RefStore } from "../../refs/ref_store.ts";
import type { Context } from "../context.ts";
import type { ObjectDatabase } from "../objects/object_database.ts";
import { listWorktrees } from "../worktrees.ts";
import type { RefSurroundings } from "./item.ts";

/** Finds out what formats must know of a repository, each thing when it is asked for. */
export async function surroundingsOf(
  refs: RefStore,
  context: Context,
  color: boolean,
): Promise<RefSurroundings> {
  const { repository } = refs;
  const strict = repository.config.boolean("core.warnAmbiguousRefs") ?? true;
  const objects: ObjectDatabase = await context.objects();
  let branches: ReadonlyMap<string, string> | undefined;
  return {
    get head() {
      return refs.resolve("HEAD")?.refname;
    },
    shorten: (refname) => refs.shorten(refname, { strict }),
    abbreviate: (oid, length) => objects.abbreviate(oid, length),
    worktreePath: (refname) => (branches ??= checkedOut(refs)).get(refname),
    now: () => context.now(),
    color,
  };
}

/** The branches that are checked out, and where. */
function checkedOut(refs: RefStore): ReadonlyMap<string, string> {
  const branches = new Map<string, string>();
  for (const { prefix, path } of listWorktrees(refs)) {
    const head = refs.read(`${prefix}HEAD`);
    if (head?.kind === "symref" && path !== undefined) branches.set(head.target, path);
  }
  return branches;
}
