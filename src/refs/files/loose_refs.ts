import type { HashName } from "../../format/hash.ts";
import type { FileSystem } from "../../io/file_system.ts";
import type { ListRefsOptions } from "../backend.ts";
import { within } from "../git_directory.ts";
import { isRootRef, REFS_PREFIX } from "../names.ts";
import { readLooseRef } from "../ref_file.ts";
import type { StoredRef } from "../stored_ref.ts";
import { FileWalk } from "./file_walk.ts";
import type { RefPaths } from "./ref_paths.ts";

/** The directories below `refs` that each working tree has for itself. */
const PER_WORKTREE = ["bisect", "rewritten", "worktree"];

/**
 * Lists the refs that are in files of their own, in the order of the bytes of their names. All are read before this
 * returns: what is packed is to be looked at afterwards, so that nothing is missed that moves there meanwhile.
 */
export function listLooseRefs(
  fileSystem: FileSystem,
  { shared, own, isLinked }: RefPaths,
  { prefix = "", after, includeRoot = false }: ListRefsOptions,
  hash: HashName,
): StoredRef[] {
  const walk = new FileWalk(fileSystem, { prefix, after });
  if (includeRoot && !prefix.startsWith(REFS_PREFIX)) {
    walk.enter(own, "", (entry, kind) => kind === "file" && isRootRef(entry));
  }
  walk.enter(within(shared, "refs"), REFS_PREFIX, (entry, kind) => {
    return !isLinked || kind === "file" || !PER_WORKTREE.includes(entry);
  });
  if (isLinked) {
    for (const name of PER_WORKTREE) walk.enter(within(own, `refs/${name}`), `refs/${name}/`);
  }
  const refs: StoredRef[] = [];
  for (const { refname, path } of walk.sorted()) {
    const ref = readLooseRef(fileSystem, path, refname, hash);
    if (typeof ref === "object") refs.push(ref);
  }
  return refs;
}
