import type { FileSystem } from "../../../io/file_system.ts";
import type { Addition } from "../../../stack/addition.ts";
import type { Stack } from "../../../stack/stack.ts";
import type { ListRefsOptions } from "../../backend.ts";
import { findStackConflicts } from "../../reftable/key_finder.ts";
import type { StoredRef } from "../../stored_ref.ts";
import { GitLocks, lockTarget } from "../git_lock.ts";
import type { PackedChange, PackedConflict, PackedLock, PackedStore } from "./packed_store.ts";

/** Where packed refs are, and how to change them. */
export interface PackedStackLocation {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** The file `packed-refs` that is not there: its lock is taken as if it were. */
  readonly path: string;
  /** How long to wait for that lock, in milliseconds, −1 for ever. */
  readonly lockTimeout: number;
}

/** Packed refs in a stack of tables, which has neither logs nor symbolic refs then. */
export class PackedStack implements PackedStore {
  readonly #stack: Stack;
  readonly #location: PackedStackLocation;
  readonly #locks: GitLocks;

  /** @param stack The stack, which this owns from then on. */
  constructor(stack: Stack, location: PackedStackLocation) {
    this.#stack = stack;
    this.#location = location;
    this.#locks = new GitLocks(location.fileSystem);
  }

  get size(): number {
    return this.#current().tables.reduce((size, table) => size + table.size, 0);
  }

  #current(): Stack {
    this.#stack.reloadSync();
    return this.#stack;
  }

  find(refname: string): StoredRef | undefined {
    return this.#current().ref(refname);
  }

  *list(
    { prefix, after }: Pick<ListRefsOptions, "prefix" | "after">,
  ): Generator<StoredRef, void> {
    // No name has a NUL in it, so nothing comes between.
    const from = after === undefined ? undefined : `${after}\0`;
    for (const ref of this.#current().refs({ prefix, from })) {
      if (ref.kind !== "deletion") yield ref;
    }
  }

  findConflicts(
    names: readonly string[],
    isRemoved: (refname: string) => boolean,
  ): PackedConflict[] {
    return findStackConflicts(this.#current(), names, isRemoved);
  }

  async lock(timeout: number = this.#location.lockTimeout): Promise<PackedLock> {
    const { fileSystem, path } = this.#location;
    const lock = await this.#locks.acquire(lockTarget(fileSystem, path), { timeout });
    return new PackedStackLock(this.#stack, lock);
  }

  [Symbol.dispose](): void {
    this.#stack[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

/**
 * The stack, locked. A stack's own lock ends with each change, and a ref that is deleted must not be packed before its
 * file is gone: so there is one lock more around it.
 */
class PackedStackLock implements PackedLock {
  readonly #stack: Stack;
  readonly #lock: AsyncDisposable;
  #addition: Addition | undefined;

  constructor(stack: Stack, lock: AsyncDisposable) {
    this.#stack = stack;
    this.#lock = lock;
  }

  find(refname: string): StoredRef | undefined {
    this.#stack.reloadSync();
    return this.#stack.ref(refname);
  }

  async prepare(changes: readonly PackedChange[]): Promise<void> {
    const addition = this.#addition = await this.#stack.beginAddition({ reload: true });
    const { nextUpdateIndex: updateIndex } = addition;
    await addition.add((writer) => {
      for (const { refname, value } of changes) {
        if (!value) writer.addRef({ kind: "deletion", refname, updateIndex });
        else if (value.peeled === undefined) {
          writer.addRef({ kind: "direct", refname, updateIndex, oid: value.oid });
        } else {
          const { oid, peeled } = value;
          writer.addRef({ kind: "peeled", refname, updateIndex, oid, peeled });
        }
      }
    });
  }

  async commit(): Promise<void> {
    await this.#addition!.commit();
    this.#addition = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(this.#lock);
    if (this.#addition) cleanup.use(this.#addition);
  }
}
