import { ReftableError } from "../../errors.ts";
import { isZero } from "../../format/hash.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { PackOptions } from "../backend.ts";
import type { StoredDirectRef, StoredRef } from "../stored_ref.ts";
import type { FilesStorage } from "./files_storage.ts";
import { listLooseRefs } from "./loose_refs.ts";
import type { PackedChange, PackedReader, PackedValue } from "./packed/packed_store.ts";
import { isPackable, packedValue } from "./packed/packed_value.ts";
import { RefLock, removeLeftDirectories } from "./ref_lock.ts";

/** How many refs in files of their own there may be before it pays to pack them. */
const FEWEST = 16;

/** About how much a packed ref takes, in bytes. */
const PACKED_SIZE = 100;

/** How many files to remove with one lock of the packed refs, for which others wait meanwhile. */
const PRUNED_AT_ONCE = 100;

/** Packs refs that are in files of their own, as `git pack-refs` does. */
export async function packRefs(storage: FilesStorage, options: PackOptions): Promise<void> {
  if (options.auto && !isWorthwhile(storage, options)) return;
  const peeler = new Peeler(options);
  // Others wait for the lock: what takes long is done before.
  for (const ref of packable(storage, options)) await peeler.value(ref);
  const packed: StoredDirectRef[] = [];
  {
    await using lock = await storage.packed.lock();
    const changes: PackedChange[] = [];
    for (const ref of packable(storage, options)) {
      const value = await peeler.value(ref);
      if (!value) continue;
      changes.push({ refname: ref.refname, value });
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

/** Finds out what refs hold as they are packed, and does so once for each object. */
class Peeler {
  readonly #peel: PackOptions["peel"];
  readonly #peeled = new Map<string, PackedValue | undefined>();

  constructor({ peel }: PackOptions) {
    this.#peel = peel;
  }

  /** Gives what is packed of a ref; `undefined` when its object is not there. */
  async value(ref: StoredDirectRef): Promise<PackedValue | undefined> {
    const { refname, oid } = ref;
    if (!this.#peel) return packedValue(refname, ref);
    if (!this.#peeled.has(oid)) this.#peeled.set(oid, await this.#find(oid));
    return this.#peeled.get(oid);
  }

  async #find(oid: string): Promise<PackedValue | undefined> {
    try {
      return { oid, peeled: await this.#peel!(oid), isPeelKnown: true };
    } catch (error) {
      if (error instanceof ReftableError && error.code === "not-exist") return undefined;
      throw error;
    }
  }
}

/**
 * Removes the files of packed refs, unless those have changed since. Meanwhile nobody else packs: a ref may hold again
 * what was packed of it, and something else may be packed of it by now.
 */
async function prune(storage: FilesStorage, packed: readonly StoredDirectRef[]): Promise<void> {
  for (let start = 0; start < packed.length; start += PRUNED_AT_ONCE) {
    const locks: RefLock[] = [];
    await using packedLock = await storage.packed.lock();
    for (const ref of packed.slice(start, start + PRUNED_AT_ONCE)) {
      const lock = await pruneOne(storage, packedLock, ref);
      if (lock) locks.push(lock);
    }
    await removeLeftDirectories(storage.fileSystem, locks);
  }
}

/** @returns The lock that was taken, and given back. */
async function pruneOne(
  storage: FilesStorage,
  packed: PackedReader,
  { refname, oid }: StoredDirectRef,
): Promise<RefLock | undefined> {
  const location = storage.paths.locate(refname);
  if (!location || !holds(packed.find(refname), oid)) return undefined;
  await using lock = new RefLock(storage, refname, location);
  try {
    // Whoever has it changes the ref, and may wait for the packed ones.
    await lock.take(0);
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    return undefined;
  }
  if (lock.isLoose && holds(lock.stored, oid)) await lock.unlink();
  return lock;
}

function holds(ref: StoredRef | undefined, oid: string): boolean {
  return (ref?.kind === "direct" || ref?.kind === "peeled") && ref.oid === oid;
}
