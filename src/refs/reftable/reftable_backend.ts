import { compareText } from "../../bytes/text.ts";
import type { RefRecord } from "../../format/ref_record.ts";
import { type Io, runSync } from "../../io/io.ts";
import { MergedTable } from "../../merged/merged_table.ts";
import { writeRefLines } from "../../merged/ref_lines.ts";
import type { Stack } from "../../stack/stack.ts";
import type {
  BackendOptions,
  ListRefsOptions,
  LogOrder,
  PackOptions,
  RefBackend,
  RefLinesOptions,
  RefSession,
  SessionOptions,
} from "../backend.ts";
import { isCurrentWorktreeRef, isPseudoRef, REFS_PREFIX } from "../names.ts";
import { readPseudoFile } from "../ref_file.ts";
import { isListed, listedPrefix, MergedRefs } from "../ref_listing.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import type { Repository } from "../repository.ts";
import type { StoredRef } from "../stored_ref.ts";
import { inGitWords, ReftableSession } from "./reftable_session.ts";
import { LogIndex, stackLog } from "./stack_logs.ts";
import { WorktreeStacks } from "./worktree_stacks.ts";

/**
 * Opens the refs of a repository that are stored in reftables.
 *
 * @throws {ReftableError} With code `"not-exist"` when the stack that all working trees share is missing, `"format"`
 * when a stack is damaged or a setting is out of its limits.
 */
export function* openReftableBackend(
  repository: Repository,
  options: BackendOptions = {},
): Io<RefBackend> {
  return new ReftableBackend(repository, yield* WorktreeStacks.open(repository, options));
}

/** Refs in stacks of tables. */
class ReftableBackend implements RefBackend {
  readonly format = "reftable";
  readonly #repository: Repository;
  readonly #stacks: WorktreeStacks;

  constructor(repository: Repository, stacks: WorktreeStacks) {
    this.#repository = repository;
    this.#stacks = stacks;
  }

  read(refname: string): StoredRef | undefined {
    if (isPseudoRef(refname)) {
      const { fileSystem, worktreeStorage, hash } = this.#repository;
      return runSync(readPseudoFile(fileSystem, worktreeStorage, refname, hash));
    }
    const stored = this.#stacks.nameInStack(refname);
    const ref = this.#stacks.stackOf(refname)?.ref(stored);
    return ref && stored !== refname ? { ...ref, refname } : ref;
  }

  hasLog(refname: string): boolean {
    const stored = this.#stacks.nameInStack(refname);
    return this.#stacks.stackOf(refname)?.log(stored) !== undefined;
  }

  log(refname: string, order: LogOrder): IteratorObject<ReflogEntry, void> {
    const stack = this.#stacks.stackOf(refname);
    const stored = this.#stacks.nameInStack(refname);
    return stack ? stackLog(stack, stored, order) : Iterator.from<ReflogEntry>([]);
  }

  list(options: ListRefsOptions = {}): IteratorObject<StoredRef, void> {
    return listStackRefs(this.#stacks, options);
  }

  writeLines(
    { prefix = REFS_PREFIX, write }: RefLinesOptions,
    special: (ref: StoredRef) => string | undefined,
  ): boolean {
    const { shared, isLinked } = this.#stacks;
    // Elsewhere refs of two stacks are listed, and some of one are not.
    if (isLinked || !prefix.startsWith(REFS_PREFIX)) return false;
    writeRefLines(new MergedTable(shared.tables), { prefix, special, write });
    return true;
  }

  logNames(): IteratorObject<string, void> {
    const { shared, own, isLinked } = this.#stacks;
    using sharedLogs = new LogIndex(shared);
    if (!isLinked) return sharedLogs.names().values();
    const names = sharedLogs.names().filter((refname) => !isCurrentWorktreeRef(refname));
    if (!own) return names.values();
    using ownLogs = new LogIndex(own);
    return [...new Set([...ownLogs.names(), ...names])].sort(compareText).values();
  }

  reload(): Io<void> {
    return this.#stacks.reload();
  }

  begin(options: SessionOptions = {}): Promise<RefSession> {
    return Promise.resolve(new ReftableSession(this.#stacks, this, options));
  }

  async pack({ auto = false }: PackOptions = {}): Promise<void> {
    const { shared, own } = this.#stacks;
    try {
      // As with Git: what all working trees share is merged in the main one.
      await packStack(own ?? shared, auto);
    } catch (error) {
      throw inGitWords("unable to compact stack", error);
    }
  }

  [Symbol.dispose](): void {
    this.#stacks[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stacks[Symbol.asyncDispose]();
  }
}

async function packStack(stack: Stack, auto: boolean): Promise<void> {
  if (auto) {
    await stack.reload();
    await stack.autoCompact();
  } else {
    await stack.compact();
  }
  await stack.clean();
}

/** Lists refs as a working tree sees them, in the order of the bytes of their names. */
function listStackRefs(
  { shared, own, isLinked }: WorktreeStacks,
  listed: ListRefsOptions,
): IteratorObject<StoredRef, void> {
  // Where only those below `refs/` are wanted, the others need not be looked at.
  const prefix = listedPrefix(listed);
  if (prefix === undefined) return Iterator.from<StoredRef>([]);
  const { after } = listed;
  // No name has a NUL in it, so nothing comes between.
  const options = { prefix, from: after === undefined ? undefined : `${after}\0` };
  let refs: IteratorObject<RefRecord, void> = shared.refs(options);
  if (isLinked) {
    refs = refs.filter(({ refname }) => !isCurrentWorktreeRef(refname));
    if (own) refs = new MergedRefs(own.refs(options), refs);
  }
  // Stacks leave tombstones out.
  const stored = refs as IteratorObject<StoredRef, void>;
  return prefix.startsWith(REFS_PREFIX) ? stored : stored.filter(isListed);
}
