import { compareText } from "../../bytes/text.ts";
import { within } from "../git_directory.ts";
import type { FilesStorage } from "./files_storage.ts";
import { RefLock } from "./ref_lock.ts";

/**
 * Finds refs that new ones cannot exist beside, in files and packed.
 *
 * @param created The new names, in the order of bytes.
 * @param removed Names of refs that will be gone.
 * @param locks What is locked. Where a ref could be locked, its directories are none.
 */
export function findFileConflicts(
  storage: FilesStorage,
  created: readonly string[],
  removed: ReadonlySet<string>,
  locks: ReadonlyMap<string, RefLock>,
): ReadonlyMap<string, string> {
  const conflicts = new Map<string, string>();
  for (const refname of created) {
    const other = looseConflict(storage, refname, removed, locks.get(refname));
    if (other !== undefined) conflicts.set(refname, other);
  }
  const packed = storage.packed.findConflicts(created, (refname) => removed.has(refname));
  for (const { index, other } of packed) {
    const refname = created[index]!;
    conflicts.set(refname, nearer(refname, other, conflicts.get(refname)));
  }
  return conflicts;
}

function looseConflict(
  storage: FilesStorage,
  refname: string,
  removed: ReadonlySet<string>,
  held: RefLock | undefined,
): string | undefined {
  const location = storage.paths.locate(refname);
  if (!location) return undefined;
  const lock = held ?? new RefLock(storage, refname, location);
  if (!lock.isTaken) {
    const blocker = lock.blocker();
    const above = blocker === undefined ? undefined : lock.seenAs(blocker);
    if (above !== undefined && !removed.has(above)) return above;
    const { fileSystem } = storage;
    if (fileSystem.statSync(within(location.root, location.name))?.kind !== "directory") {
      return undefined;
    }
  } else if (!lock.isDirectory) return undefined;
  return lock.namesBelow().find((name) => !removed.has(name));
}

/** Tells which of two refs in the way Git would name: the shortest above, else the first below. */
function nearer(refname: string, a: string, b: string | undefined): string {
  if (b === undefined || a === b) return a;
  const isAbove = (name: string) => refname.startsWith(`${name}/`);
  if (isAbove(a) !== isAbove(b)) return isAbove(a) ? a : b;
  return compareText(a, b) < 0 ? a : b;
}
