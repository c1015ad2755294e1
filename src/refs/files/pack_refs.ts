import { ReftableError } from "../../errors.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { PackOptions } from "../backend.ts";
import { isZero } from "../object_id.ts";
import type { StoredDirectRef, StoredRef } from "../stored_ref.ts";
import { isPackable, packedValue } from "./files_commit.ts";
import type { FilesStorage } from "./files_storage.ts";
import { listLooseRefs } from "./loose_refs.ts";
import type { PackedChange } from "./packed/packed_store.ts";
import { RefLock, removeLeftDirectories } from "./ref_lock.ts";

/** How many refs in files of their own there may be before it pays to pack them. */
const FEWEST = 16;

/** About how much a packed ref takes, in bytes. */
const PACKED_SIZE = 100;

/** Packs refs that are in files of their own, as `git pack-refs` does. */
export async function packRefs(storage: FilesStorage, options: PackOptions): Promise<void> {
  if (options.auto && !isWorthwhile(storage, options)) return;
  const packed: StoredDirectRef[] = [];
  {
    await using lock = await storage.packed.lock();
    const changes: PackedChange[] = [];
    for (const ref of packable(storage, options)) {
      const change = await packedChange(ref, options);
      if (!change) continue;
      changes.push(change);
      packed.push(ref);
    }
    await lock.prepare(changes);
    await lock.commit();
  }
  if (options.prune ?? true) await prune(storage, packed);
}

/** The refs that are to be packed, in the order of the bytes of their names. */
function packable(storage: FilesStorage, options: PackOptions): StoredDirectRef[] {
  const { fileSystem, paths, hash } = storage;
  const accepts = acceptance(options);
  return listLooseRefs(fileSystem, paths, {}, hash).filter((ref): ref is StoredDirectRef => {
    return ref.kind === "direct" && isPackable(ref.refname, ref) && !isZero(ref.oid) &&
      refnameProblem(ref.refname) === undefined && accepts(ref.refname);
  });
}

function acceptance({ all, accepts }: PackOptions): (refname: string) => boolean {
  if (all) return () => true;
  return accepts ?? ((refname) => refname.startsWith("refs/tags/"));
}

/** Git's rule: the more refs are packed, the more it takes to pack them anew. */
function isWorthwhile(storage: FilesStorage, options: PackOptions): boolean {
  const count = Math.floor(storage.packed.size / PACKED_SIZE);
  const limit = Math.max(FEWEST, 5 * Math.floor(Math.log2(Math.max(1, count))));
  return packable(storage, options).length >= limit;
}

async function packedChange(
  ref: StoredDirectRef,
  { peel }: PackOptions,
): Promise<PackedChange | undefined> {
  const { refname, oid } = ref;
  if (!peel) return { refname, value: packedValue(refname, ref) };
  try {
    return { refname, value: { oid, peeled: await peel(oid), isPeelKnown: true } };
  } catch (error) {
    if (error instanceof ReftableError && error.code === "not-exist") return undefined;
    throw error;
  }
}

/** Removes the files of packed refs, unless they have changed since. */
async function prune(storage: FilesStorage, packed: readonly StoredDirectRef[]): Promise<void> {
  const locks: RefLock[] = [];
  for (const { refname, oid } of packed) {
    const location = storage.paths.locate(refname);
    if (!location) continue;
    await using lock = new RefLock(storage, refname, location);
    try {
      await lock.take(storage.lockTimeout);
    } catch (error) {
      // Somebody changes it: its file is needed.
      if (!(error instanceof ReftableError)) throw error;
      continue;
    }
    if (lock.isLoose && holds(lock.stored, oid)) await lock.unlink();
    locks.push(lock);
  }
  await removeLeftDirectories(storage.fileSystem, locks);
}

function holds(ref: StoredRef | undefined, oid: string): boolean {
  return ref?.kind === "direct" && ref.oid === oid;
}
