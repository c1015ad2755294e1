import { ReftableError } from "../../errors.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { type Io, perform, statFile } from "../../io/io.ts";
import { DEFAULT_LOCK_TIMEOUT } from "../../io/lock.ts";
import { Stack, type StackOptions } from "../../stack/stack.ts";
import { Turns } from "../../stack/turns.ts";
import type { BackendOptions } from "../backend.ts";
import { isPerWorktreeRef, parseWorktreeName, REFS_PREFIX } from "../names.ts";
import type { Repository } from "../repository.ts";
import { stackConfig } from "../stack_config.ts";

/**
 * The stacks of a repository as one working tree sees them: the one that all share, which is also the main
 * working tree's, and that of the linked working tree. Those of others are opened when a name leads there.
 */
export class WorktreeStacks implements Disposable, AsyncDisposable {
  /** The stack that all working trees share. */
  readonly shared: Stack;
  /** The linked working tree's own stack; `undefined` in the main one, and when it is not there. */
  readonly own: Stack | undefined;
  /** Whether the working tree is a linked one. */
  readonly isLinked: boolean;
  readonly #repository: Repository;
  readonly #options: StackOptions;
  readonly #others = new Map<string, Stack>();
  readonly #turns = new WeakMap<Stack, Turns>();

  private constructor(
    repository: Repository,
    options: StackOptions,
    shared: Stack,
    own: Stack | undefined,
  ) {
    this.#repository = repository;
    this.#options = options;
    this.shared = shared;
    this.own = own;
    this.isLinked = repository.isLinked;
  }

  /** Opens the stacks that a working tree sees. */
  static *open(
    repository: Repository,
    { autoCompact = true }: BackendOptions = {},
  ): Io<WorktreeStacks> {
    const { fileSystem, hash, storage, worktreeStorage, isLinked } = repository;
    const options: StackOptions = {
      ...stackConfig(repository.config),
      fileSystem,
      hash,
      // Whoever changes refs has checked their names.
      skipNameCheck: true,
      // What others have written is carried on as it is.
      exactLogMessage: true,
      // That happens when others have their turn already.
      autoCompact: false,
      mergeAdditions: autoCompact,
    };
    const shared = yield* openStack(`${storage}/reftable`, options);
    try {
      const directory = `${worktreeStorage}/reftable`;
      const hasOwn = isLinked && (yield* isDirectory(fileSystem, directory));
      const own = hasOwn ? yield* openStack(directory, options) : undefined;
      return new WorktreeStacks(repository, options, shared, own);
    } catch (error) {
      shared[Symbol.dispose]();
      throw error;
    }
  }

  /** The size of a block in bytes that tables are written with; `undefined` when it is not configured. */
  get blockSize(): number | undefined {
    return this.#options.blockSize;
  }

  /** Whether stacks merge tables after changes when they have become many. */
  get autoCompact(): boolean {
    return this.#options.mergeAdditions ?? true;
  }

  /** The linked working tree's own stack, or the one of the main working tree. */
  get current(): Stack | undefined {
    return this.isLinked ? this.own : this.shared;
  }

  /** Whether no other stack is open than the one that all working trees share. */
  get isAlone(): boolean {
    return this.own === undefined && this.#others.size === 0;
  }

  /** What leads to the refs that a stack has for its working tree alone, whichever working tree is open. */
  prefixOf(stack: Stack): string {
    if (stack === this.shared) return "main-worktree/";
    const id = stack === this.own
      ? this.#repository.worktreeId
      : this.#others.entries().find(([, other]) => other === stack)?.[0];
    return `worktrees/${id}/`;
  }

  /** All stacks that are open. */
  *[Symbol.iterator](): Iterator<Stack> {
    yield this.shared;
    if (this.own) yield this.own;
    yield* this.#others.values();
  }

  /** Finds the stack that a ref is stored in; `undefined` when the working tree that its name tells is not there. */
  stackOf(refname: string): Stack | undefined {
    // Nearly all names are such.
    if (refname.startsWith(REFS_PREFIX)) {
      return this.isLinked && isPerWorktreeRef(refname) ? this.own : this.shared;
    }
    const place = parseWorktreeName(refname);
    switch (place.kind) {
      case "shared":
      case "main":
        return this.shared;
      case "current":
        return this.current;
      case "other":
        return this.#other(place.worktree);
    }
  }

  /** The name that a ref has in its stack. */
  nameInStack(refname: string): string {
    return refname.startsWith(REFS_PREFIX) ? refname : parseWorktreeName(refname).refname;
  }

  #other(id: string): Stack | undefined {
    const { worktreeId, fileSystem, storage } = this.#repository;
    if (id === worktreeId) return this.own;
    const open = this.#others.get(id);
    // These would lead to other directories than those of working trees.
    if (open || /^\.{0,2}$/.test(id)) return open;
    const directory = `${storage}/worktrees/${id}/reftable`;
    if (fileSystem.statSync(directory)?.kind !== "directory") return undefined;
    const stack = Stack.openSync(directory, this.#options);
    this.#others.set(id, stack);
    return stack;
  }

  /**
   * Waits until nobody else of this process changes a stack, so that those who do need not fight for its lock.
   *
   * @param lockTimeout How long to wait for a lock, in milliseconds, −1 for ever; as configured by default.
   */
  async takeTurn(
    stack: Stack,
    lockTimeout: number = this.#options.lockTimeout ?? DEFAULT_LOCK_TIMEOUT,
  ): Promise<Disposable> {
    let turns = this.#turns.get(stack);
    if (!turns) this.#turns.set(stack, turns = new Turns());
    return await turns.take(lockTimeout, stack.directory);
  }

  /** Takes new snapshots of the stacks that have changed. A working tree may be gone meanwhile. */
  *reload(): Io<void> {
    yield* reloadStack(this.shared);
    if (this.own) yield* reloadStack(this.own);
    for (const [id, stack] of this.#others) {
      try {
        yield* reloadStack(stack);
      } catch (error) {
        if (!(error instanceof ReftableError) || error.code !== "not-exist") throw error;
        this.#others.delete(id);
        stack[Symbol.dispose]();
      }
    }
  }

  [Symbol.dispose](): void {
    for (const stack of this) stack[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stack of this) await stack[Symbol.asyncDispose]();
  }
}

function* isDirectory(fileSystem: FileSystem, path: string): Io<boolean> {
  return (yield* statFile(fileSystem, path))?.kind === "directory";
}

function* openStack(directory: string, options: StackOptions): Io<Stack> {
  return yield* perform({
    sync: () => Stack.openSync(directory, options),
    async: () => Stack.open(directory, options),
  });
}

function* reloadStack(stack: Stack): Io<void> {
  yield* perform<unknown>({ sync: () => stack.reloadSync(), async: () => stack.reload() });
}
