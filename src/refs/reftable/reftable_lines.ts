import { runSync } from "../../io/io.ts";
import { writeRefLines } from "../../merged/ref_lines.ts";
import { RefLookup } from "../../stack/ref_lookup.ts";
import { Snapshot } from "../../stack/snapshot.ts";
import type { RefLinesOptions, RefReader } from "../backend.ts";
import { isPseudoRef, parseWorktreeName, REFS_PREFIX } from "../names.ts";
import { readPseudoFile } from "../ref_file.ts";
import { listedOid, type OnBroken } from "../ref_listing.ts";
import type { Repository } from "../repository.ts";
import { stackConfig } from "../stack_config.ts";
import type { StoredRef } from "../stored_ref.ts";

/**
 * The refs that all working trees share, where they are in reftables, to be listed as lines with no more code than that
 * takes. What it sees is the state in which it was opened.
 */
export class ReftableLines implements Pick<RefReader, "read">, Disposable {
  readonly #repository: Repository;
  readonly #snapshot: Snapshot;

  private constructor(repository: Repository) {
    const { fileSystem, storage, hash } = repository;
    this.#repository = repository;
    const directory = `${storage}/reftable`;
    this.#snapshot = runSync(Snapshot.take({ fileSystem, directory, hash }));
  }

  /**
   * Opens the refs of a repository.
   *
   * @returns `undefined` where they are stored in another way, or the working tree has some for itself.
   * @throws {ReftableError} With code `"not-exist"` when the stack is missing, `"format"` when it is damaged or a
   * setting is out of its limits.
   */
  static open(repository: Repository): ReftableLines | undefined {
    if (repository.refFormat !== "reftable" || repository.isLinked) return undefined;
    // Git looks at the settings of stacks even where it only reads them.
    stackConfig(repository.config);
    return new ReftableLines(repository);
  }

  read(refname: string): StoredRef | undefined {
    const { fileSystem, worktreeStorage, hash } = this.#repository;
    if (isPseudoRef(refname)) {
      return runSync(readPseudoFile(fileSystem, worktreeStorage, refname, hash));
    }
    const place = parseWorktreeName(refname);
    const ref = place.kind === "other"
      ? this.#readElsewhere(place.worktree, place.refname)
      : this.#snapshot.merged.ref(place.refname);
    return ref && ref.refname !== refname ? { ...ref, refname } : ref;
  }

  /** Reads a ref of a linked working tree. */
  #readElsewhere(id: string, refname: string): StoredRef | undefined {
    const { fileSystem, storage, hash } = this.#repository;
    const directory = `${storage}/worktrees/${id}/reftable`;
    // These would lead to other directories than those of working trees.
    if (/^\.{0,2}$/.test(id) || fileSystem.statSync(directory)?.kind !== "directory") {
      return undefined;
    }
    using lookup = new RefLookup(fileSystem, directory, hash);
    return runSync(lookup.find(refname));
  }

  /** Lists refs whose names begin with `refs/`; see {@linkcode writeRefListing}. */
  write({ prefix = REFS_PREFIX, write }: RefLinesOptions, onBroken: OnBroken): void {
    const special = listedOid(this, onBroken);
    writeRefLines(this.#snapshot.merged, { prefix, special, write });
  }

  [Symbol.dispose](): void {
    this.#snapshot.release();
  }
}
