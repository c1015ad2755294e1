import { ReftableError, type ReftableErrorCode } from "../../errors.ts";
import { runAsync } from "../../io/io.ts";
import type { Addition } from "../../stack/addition.ts";
import type { Stack } from "../../stack/stack.ts";
import type { LogOrder, RefChange, RefReader, RefSession, SessionOptions } from "../backend.ts";
import { isPseudoRef } from "../names.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import type { StoredRef } from "../stored_ref.ts";
import { findStackConflicts, RefsAhead } from "./key_finder.ts";
import { LogIndex } from "./stack_logs.ts";
import type { WorktreeStacks } from "./worktree_stacks.ts";
import { leastSize, writeChanges } from "./write_changes.ts";

/** A change of refs in stacks: it holds the locks of all stacks that the refs are in. */
export class ReftableSession implements RefSession {
  readonly #stacks: WorktreeStacks;
  readonly #reader: RefReader;
  readonly #options: SessionOptions;
  readonly #additions = new Map<Stack, Addition>();
  readonly #locks = new AsyncDisposableStack();
  /** The logs of locked stacks: they stay as they are. */
  readonly #logs = new Map<Stack, LogIndex>();
  /** What was read ahead of refs whose stacks are locked. */
  readonly #ahead = new Map<Stack, RefsAhead>();
  #isFresh = false;

  /**
   * Begins a change. Nothing is locked yet.
   *
   * @param reader Reads the stacks as they are now.
   */
  constructor(stacks: WorktreeStacks, reader: RefReader, options: SessionOptions) {
    this.#stacks = stacks;
    this.#reader = reader;
    this.#options = options;
  }

  async lock(refnames: readonly string[]): Promise<ReadonlyMap<string, ReftableError>> {
    // What is read beside the locked stacks shall not be old either; one that is alone is locked itself.
    if (!this.#isFresh && !this.#stacks.isAlone) await runAsync(this.#stacks.reload());
    this.#isFresh = true;
    const failures = new Map<string, ReftableError>();
    const wanted = new Set<Stack>();
    let last: Stack | undefined;
    for (const refname of refnames) {
      const stack = this.#stacks.stackOf(refname);
      if (!stack) failures.set(refname, noWorktree(refname));
      else if (isPseudoRef(refname)) failures.set(refname, pseudoRef(refname));
      // Mostly that of the last one, again.
      else if (stack !== last && !this.#additions.has(stack)) wanted.add(stack);
      last = stack;
    }
    // The order is always the same, so that two seldom wait for each other.
    for (const stack of this.#stacks) {
      if (wanted.has(stack)) await this.#lockStack(stack);
    }
    const isLarge = this.#additions.keys().some((stack) => sizeOf(stack) >= LARGE);
    if (isLarge && refnames.length >= MANY) this.#readAhead(refnames);
    return failures;
  }

  /** Reads refs of large stacks that are locked. */
  #readAhead(refnames: readonly string[]): void {
    for (const [stack, seen] of this.#byStack(refnames, (name) => name)) {
      if (!this.#additions.has(stack) || sizeOf(stack) < LARGE) continue;
      try {
        const names = seen.map((name) => this.#stacks.nameInStack(name));
        this.#ahead.set(stack, new RefsAhead(stack, names));
      } catch (error) {
        // A block may be damaged that has none of these refs: they are read one by one.
        if (!(error instanceof ReftableError)) throw error;
      }
    }
  }

  async #lockStack(stack: Stack): Promise<void> {
    const { lockTimeout } = this.#options;
    await using lock = new AsyncDisposableStack();
    lock.use(await this.#stacks.takeTurn(stack, lockTimeout));
    this.#additions.set(stack, lock.use(await beginAddition(stack, lockTimeout)));
    this.#locks.use(lock.move());
  }

  read(refname: string): StoredRef | undefined {
    // Only few names are others in their stack than they are seen by.
    const isSame = this.#ahead.size > 0 && this.#stacks.nameInStack(refname) === refname;
    const stack = isSame ? this.#stacks.stackOf(refname) : undefined;
    const ahead = stack && this.#ahead.get(stack);
    const index = ahead?.indexOf(refname) ?? -1;
    return index < 0 ? this.#reader.read(refname) : ahead!.at(index);
  }

  hasLog(refname: string): boolean {
    const stack = this.#stacks.stackOf(refname);
    if (!stack || !this.#additions.has(stack)) return this.#reader.hasLog(refname);
    // Whoever changes many refs asks it of each.
    let logs = this.#logs.get(stack);
    if (!logs) this.#logs.set(stack, logs = new LogIndex(stack));
    return logs.has(this.#stacks.nameInStack(refname));
  }

  log(refname: string, order: LogOrder): IteratorObject<ReflogEntry, void> {
    return this.#reader.log(refname, order);
  }

  findConflicts(
    created: readonly string[],
    removed: ReadonlySet<string>,
  ): ReadonlyMap<string, string> {
    const conflicts = new Map<string, string>();
    for (const [stack, seen] of this.#byStack(created, (name) => name)) {
      const names = seen.map((name) => this.#stacks.nameInStack(name));
      const prefix = this.#stacks.prefixOf(stack);
      const isRemoved = (refname: string) => {
        return removed.has(prefix + refname) ||
          removed.has(refname) && this.#stacks.stackOf(refname) === stack;
      };
      for (const { index, other } of findStackConflicts(stack, names, isRemoved)) {
        const name = seen[index]!;
        // Both stand in the same place, so what leads there is the same.
        conflicts.set(name, name.slice(0, name.length - names[index]!.length) + other);
      }
    }
    return conflicts;
  }

  /** Sorts what has to do with refs by their stacks, without what has none. */
  #byStack<T>(items: readonly T[], refnameOf: (item: T) => string): Map<Stack, T[]> {
    const byStack = new Map<Stack, T[]>();
    let last: Stack | undefined;
    let group: T[] = [];
    for (const item of items) {
      const stack = this.#stacks.stackOf(refnameOf(item));
      if (!stack) continue;
      // Mostly that of the last one, again.
      if (stack !== last) group = byStack.get(stack) ?? [];
      if (group.length === 0) byStack.set(stack, group);
      group.push(item);
      last = stack;
    }
    return byStack;
  }

  async commit(changes: readonly RefChange[]): Promise<void> {
    const changed: Stack[] = [];
    try {
      const { blockSize } = this.#stacks;
      for (const [stack, stored] of this.#changesByStack(changes)) {
        const addition = this.#additions.get(stack)!;
        const { nextUpdateIndex: updateIndex } = addition;
        try {
          const atLeast = leastSize(stored, stack.hash);
          await addition.add((writer) => {
            writeChanges(writer, stored, { stack, updateIndex, blockSize });
          }, { atLeast });
        } catch (error) {
          throw inGitWords("reftable: transaction failure", error);
        }
        changed.push(stack);
      }
      // All tables are written by now, so that hardly anything can fail between two stacks.
      for (const stack of changed) await this.#additions.get(stack)!.commit();
    } finally {
      await this[Symbol.asyncDispose]();
    }
    if (!this.#stacks.autoCompact) return;
    for (const stack of changed) await compactQuietly(stack);
  }

  /** Sorts changes by their stacks, with the names that the refs have there. */
  #changesByStack(changes: readonly RefChange[]): Map<Stack, RefChange[]> {
    const byStack = new Map<Stack, RefChange[]>();
    let last: Stack | undefined;
    let stored: RefChange[] = [];
    for (const change of changes) {
      const stack = this.#stacks.stackOf(change.refname);
      // Mostly that of the last one, again.
      if (!stack || stack !== last) {
        if (!stack || !this.#additions.has(stack)) throw notLocked(change.refname);
        stored = byStack.get(stack) ?? [];
        byStack.set(stack, stored);
        last = stack;
      }
      stored.push(this.#storedChange(change, stack));
    }
    return byStack;
  }

  #storedChange(change: RefChange, stack: Stack): RefChange {
    const { log } = change;
    const refname = this.#stacks.nameInStack(change.refname);
    if (log?.kind !== "append" || !log.transfer) {
      return refname === change.refname ? change : { ...change, refname };
    }
    const { from } = log.transfer;
    if (this.#stacks.stackOf(from) !== stack) throw otherStack(from, change.refname);
    const transfer = { ...log.transfer, from: this.#stacks.nameInStack(from) };
    return { ...change, refname, log: { ...log, transfer } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#additions.clear();
    this.#ahead.clear();
    for (const logs of this.#logs.values()) logs[Symbol.dispose]();
    this.#logs.clear();
    await this.#locks.disposeAsync();
  }
}

/** From so many names on, and in tables of so many bytes, it pays to read refs in the order of their names. */
const MANY = 1000;
const LARGE = 0x100000;

function sizeOf({ tables }: Stack): number {
  return tables.reduce((sum, { size }) => sum + size, 0);
}

async function beginAddition(stack: Stack, lockTimeout: number | undefined): Promise<Addition> {
  try {
    return await stack.beginAddition({ reload: true, lockTimeout });
  } catch (error) {
    if (!(error instanceof ReftableError) || error.code !== "lock") throw error;
    const message = `cannot lock references: ${error.message}`;
    throw new ReftableError("lock", message, { file: error.file, cause: error });
  }
}

/** Compacts after a write, which has succeeded whatever happens here; the stack counts failures. */
async function compactQuietly(stack: Stack): Promise<void> {
  try {
    await stack.autoCompact();
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
  }
}

function pseudoRef(refname: string): ReftableError {
  return new ReftableError("refname", `refusing to update pseudoref '${refname}'`, {
    ref: { refname },
  });
}

function noWorktree(refname: string): ReftableError {
  return new ReftableError(
    "not-exist",
    `Cannot lock ref '${refname}': its working tree has no stack of refs`,
    { ref: { refname } },
  );
}

function notLocked(refname: string): ReftableError {
  return new ReftableError("api", `Cannot change ref '${refname}': it is not locked`, {
    ref: { refname },
  });
}

function otherStack(from: string, refname: string): ReftableError {
  return new ReftableError(
    "unsupported",
    `Cannot carry the log of '${from}' to '${refname}': they belong to different working trees`,
    { ref: { refname } },
  );
}

/** What git says of what people do something about; of all else we have more to say. */
const WORDS: Partial<Record<ReftableErrorCode, string>> = {
  "entry-too-big": "entry too large",
  lock: "data is locked",
};

/**
 * Says in git's words what went wrong, where scripts may look for them. What was said before is the cause.
 *
 * @param what What was not possible.
 */
export function inGitWords(what: string, error: unknown): unknown {
  if (!(error instanceof ReftableError)) return error;
  const { code, file } = error;
  const words = WORDS[code];
  if (words === undefined) return error;
  return new ReftableError(code, `${what}: ${words}`, { file, cause: error });
}
