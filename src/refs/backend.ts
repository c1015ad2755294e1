/**
 * What storage of refs must be able to do. What Git's commands mean is decided above it, once for all
 * backends: see `ref_transaction.ts`. A backend knows where things are, how they are locked, and how
 * they are read and written.
 *
 * Names are always full names as the working tree sees them that the backend was opened for; the backend finds out
 * where a name belongs: `main-worktree/…` and `worktrees/<id>/…` lead elsewhere, and so do the refs that each working
 * tree has for itself.
 *
 * @module
 */

import type { ReftableError } from "../errors.ts";
import type { Io } from "../io/io.ts";
import type { Identity, ReflogEntry } from "./reflog_entry.ts";
import type { NewRefValue, StoredRef } from "./stored_ref.ts";

/** How refs are stored. */
export type RefFormat = "files" | "reftable" | "hybrid";

/** Which refs to list. */
export interface ListRefsOptions {
  /** Only names that begin with this; all below `refs/` by default. */
  readonly prefix?: string | undefined;
  /** Only names that come after this one, in the order of bytes. */
  readonly after?: string | undefined;
  /** Whether `HEAD` and the other names outside of `refs/` are listed too, where the prefix fits. */
  readonly includeRoot?: boolean | undefined;
}

/** How to list refs as lines of an object id and a name. */
export interface RefLinesOptions {
  /** Only names that begin with this; all below `refs/` by default. */
  readonly prefix?: string | undefined;
  /** Takes lines, of which the last one is whole; the memory is used again afterwards. */
  write(bytes: Uint8Array): void;
}

/** In which order the entries of a log come. */
export type LogOrder = "newest-first" | "oldest-first";

/** Reading, from a snapshot or under a lock. */
export interface RefReader {
  /** Finds a ref; `undefined` when there is none. Nothing is followed. */
  read(refname: string): StoredRef | undefined;
  /** Tells whether a ref has a log, be it empty. */
  hasLog(refname: string): boolean;
  /** Gives the log of a ref; nothing when it has none. What only marks that there is a log is left out. */
  log(refname: string, order: LogOrder): IteratorObject<ReflogEntry, void>;
}

/** How to pack refs. */
export interface PackOptions {
  /** Whether all refs are packed, or only tags; no difference for reftables. */
  readonly all?: boolean | undefined;
  /** Whether to do something only when it pays. */
  readonly auto?: boolean | undefined;
  /** Whether the loose files of packed refs are removed; true by default. */
  readonly prune?: boolean | undefined;
  /** Which refs to pack, when not all; by full name. */
  readonly accepts?: ((refname: string) => boolean) | undefined;
  /**
   * Finds the object that an annotated tag leads to; nothing for any other object. It throws a `ReftableError` with code
   * `"not-exist"` for an object that is not there, whose ref is not packed then.
   */
  readonly peel?: ((oid: string) => Promise<string | undefined>) | undefined;
}

/** A log that is carried from one ref to another. */
export interface LogTransfer {
  /** The ref whose log it was. */
  readonly from: string;
  /** Whether that one keeps it too. */
  readonly keep: boolean;
}

/** What happens to a ref's log. */
export type LogChange =
  /** An entry is added; a log that is not there is created. */
  | {
    readonly kind: "append";
    readonly oldOid: string;
    readonly newOid: string;
    readonly committer: Identity;
    /** One line without a newline, white space collapsed; it may be cut where the storage sets a limit. */
    readonly message: string;
    /** Before that, another ref's log becomes this one's. */
    readonly transfer?: LogTransfer | undefined;
  }
  /** A log without entries is created, unless there is one. */
  | { readonly kind: "create" }
  /** The log and all its entries go. */
  | { readonly kind: "delete" }
  /** Entries go, and others are written anew in their places. */
  | {
    readonly kind: "rewrite";
    /** All entries that there were, from the oldest to the newest, just as the session gave them. */
    readonly before: readonly ReflogEntry[];
    /** What becomes of each: itself, an entry with other ids, or nothing. */
    readonly after: readonly (ReflogEntry | undefined)[];
  };

/** What happens to a ref. */
export interface RefChange {
  /** The ref, which the session has locked. */
  readonly refname: string;
  /** What it holds from now on, `"delete"` when it goes; nothing changes but the log without it. */
  readonly value?: NewRefValue | "delete" | undefined;
  /** What happens to its log. A ref that goes takes its log along, unless it is said otherwise here. */
  readonly log?: LogChange | undefined;
}

/** How to lock. */
export interface SessionOptions {
  /** How long to wait for each lock, in milliseconds, −1 for ever; as configured by default. */
  readonly lockTimeout?: number | undefined;
  /** Whether nobody else can know of the repository yet: nothing needs to be locked or looked up one by one. */
  readonly initial?: boolean | undefined;
  /** Whether refs may get names that are, or have, the directories of those that go; these are in the way else. */
  readonly replaces?: boolean | undefined;
  /** Whether all values that are ids of annotated tags say what those lead to; else it is not known of any other. */
  readonly isPeeled?: boolean | undefined;
}

/**
 * A change under way: what it has locked stays as it is until the session is committed or disposed.
 * Reading gives what is stored now, under the lock, not what the snapshot had.
 */
export interface RefSession extends RefReader, AsyncDisposable {
  /**
   * Locks refs, in any number of calls. Locking one twice is fine.
   *
   * @returns Why some could not be locked, by name; the others are.
   * @throws {ReftableError} With code `"lock"` when nothing can be locked.
   */
  lock(refnames: readonly string[]): Promise<ReadonlyMap<string, ReftableError>>;
  /**
   * Finds refs that new ones cannot exist beside: `a` beside `a/b`. Those between new names are not looked for.
   *
   * @param created The new names, in the order of bytes.
   * @param removed Names of refs that will be gone, and so are in nobody's way.
   * @returns The name of one that is in the way, by new name.
   */
  findConflicts(
    created: readonly string[],
    removed: ReadonlySet<string>,
  ): ReadonlyMap<string, string>;
  /**
   * Does all changes, in the order in which they must appear, and unlocks. Each ref occurs once. When this
   * throws before anything is visible, nothing has changed.
   */
  commit(changes: readonly RefChange[]): Promise<void>;
}

/** How to open a place where refs are stored. */
export interface BackendOptions {
  /** Whether stacks of reftables merge tables after changes when they have become many; true by default. */
  readonly autoCompact?: boolean | undefined;
}

/** A place where refs are stored, opened for one working tree. */
export interface RefBackend extends RefReader, Disposable, AsyncDisposable {
  /** How refs are stored here. */
  readonly format: RefFormat;
  /** Lists refs in the order of the bytes of their names. */
  list(options?: ListRefsOptions): IteratorObject<StoredRef, void>;
  /**
   * Lists refs as lines, where that is faster than to make records of them.
   *
   * @param special Tells the object id to list for a ref that is symbolic, has a bad name or an object id of zeros;
   * `undefined` leaves it out.
   * @returns False when nothing was done.
   */
  writeLines?(
    options: RefLinesOptions,
    special: (ref: StoredRef) => string | undefined,
  ): boolean;
  /** Lists the refs that have a log, in the order of the bytes of their names, this working tree's own included. */
  logNames(): IteratorObject<string, void>;
  /** Looks at the storage again: what others have changed is seen from now on. */
  reload(): Io<void>;
  /** Begins a change. */
  begin(options?: SessionOptions): Promise<RefSession>;
  /** Makes reading faster again: packs loose refs, compacts tables. */
  pack(options?: PackOptions): Promise<void>;
}
