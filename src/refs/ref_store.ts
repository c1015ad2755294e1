import { ReftableError, throwingFirst } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { denoFileSystem } from "../io/deno.ts";
import { type Io, runAsync, runSync } from "../io/io.ts";
import type {
  BackendOptions,
  ListRefsOptions,
  PackOptions,
  RefBackend,
  RefFormat,
  RefLinesOptions,
} from "./backend.ts";
import { environmentOf } from "./config/load_config.ts";
import { type ExpandedRef, expandName, shortenName, type ShortenOptions } from "./expand.ts";
import { openFilesBackend } from "./files/files_backend.ts";
import { checkIdentity, committerIdentity, zoneFromMinutes } from "./identity.ts";
import { givenMessage } from "./log_line.ts";
import { peelTag } from "./object_reader.ts";
import { type ListedRef, listedRef, writeRefListing } from "./ref_listing.ts";
import type { ReflogOptions, RefStoreOptions } from "./ref_store_options.ts";
import {
  RefTransaction,
  type TransactionContext,
  type TransactionOptions,
} from "./ref_transaction.ts";
import {
  appendToLog,
  checkEntry,
  createLog,
  deleteLogs,
  type NewReflogEntry,
  type ReflogLockOptions,
  removeFromLogs,
  requireLog,
} from "./reflog/change_logs.ts";
import { expiryFilter, reachableSources, type ReflogExpiry } from "./reflog/expiry.ts";
import type { ReflogRewrite, ReflogRewriteOptions } from "./reflog/rewrite_log.ts";
import type { Identity, ReflogEntry } from "./reflog_entry.ts";
import { reflogPolicy } from "./reflog_policy.ts";
import { openReftableBackend } from "./reftable/reftable_backend.ts";
import { headNames, moveHeads, type RenameOptions, renameRef, type Renaming } from "./rename.ts";
import { locateRepository, type Repository } from "./repository.ts";
import { type ResolvedRef, resolveRef } from "./resolve.ts";
import { findRevision } from "./revision.ts";
import type { StoredBrokenRef, StoredRef } from "./stored_ref.ts";

export type { ReflogOptions, RefStoreOptions };

/** What a transaction did. */
export interface TransactionResult {
  /** What was not done, and why; nothing unless that is allowed. */
  readonly rejections: RefTransaction["rejections"];
}

/**
 * The refs of a Git repository as one of its working trees sees them, however they are stored.
 *
 * What is read is what was there when the store was opened or looked at again, or changed through it; refs that are
 * loose files are read anew each time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RefStore } from "@reftable/reftable";
 *
 * await using refs = await RefStore.open("tests/fixtures/repository/git");
 * assertEquals(refs.resolve("HEAD")?.refname, "refs/heads/main");
 * assertEquals(refs.expand("main")?.refname, "refs/heads/main");
 * const branches = refs.list({ prefix: "refs/heads/" }).map(({ refname }) => refname);
 * assertEquals(branches.take(2).toArray(), ["refs/heads/alias", "refs/heads/dangling"]);
 * ```
 */
export class RefStore implements AsyncDisposable, Disposable {
  /** Where the repository is, and how it is configured. */
  readonly repository: Repository;
  readonly #opened: RefBackend;
  readonly #context: TransactionContext;
  #isDisposed = false;

  private constructor(repository: Repository, backend: RefBackend, options: RefStoreOptions) {
    this.repository = repository;
    this.#opened = backend;
    const { objects } = options;
    const { config, hash, worktreeId, fileSystem } = repository;
    const environment = environmentOf(fileSystem, options);
    this.#context = {
      backend: () => this.#backend,
      hash,
      worktreeId,
      policy: reflogPolicy(repository),
      identity(identity = options.identity) {
        return identity ? checkIdentity(identity) : committerIdentity({ config, environment });
      },
      objects: typeof objects === "function" ? objects(repository) : objects,
    };
  }

  /**
   * Finds the repository that a path is in, and opens its refs.
   *
   * @param path A working tree or a directory or file in it, a `.git` directory or file, or a bare repository.
   * @throws {ReftableError} With code `"not-exist"` when there is no repository, `"format"` when it is damaged,
   * `"unsupported"` when it uses something that this library does not know.
   */
  static async open(path: string, options: RefStoreOptions = {}): Promise<RefStore> {
    return await runAsync(RefStore.#open(path, options));
  }

  /** Opens the refs of a repository at once; see {@linkcode RefStore.open}. */
  static openSync(path: string, options: RefStoreOptions = {}): RefStore {
    return runSync(RefStore.#open(path, options));
  }

  static *#open(path: string, options: RefStoreOptions): Io<RefStore> {
    const { fileSystem = denoFileSystem } = options;
    const repository = yield* locateRepository(fileSystem, path, options);
    return new RefStore(repository, yield* openBackend(repository, options), options);
  }

  /** What stores the refs, unless it was closed. */
  get #backend(): RefBackend {
    if (!this.#isDisposed) return this.#opened;
    const file = this.repository.storage;
    throw new ReftableError("api", `Cannot use refs of "${file}": they were disposed`, { file });
  }

  /** How refs are stored. */
  get format(): RefFormat {
    return this.#opened.format;
  }

  /** The hash of the object ids. */
  get hash(): HashName {
    return this.repository.hash;
  }

  /** Finds a ref as it is stored; `undefined` when there is none. Symbolic refs are not followed. */
  read(refname: string): StoredRef | undefined {
    return this.#backend.read(refname);
  }

  /**
   * Finds where a ref leads, through symbolic refs.
   *
   * @returns The ref at the end, which need not exist: `HEAD` leads to a branch without commits at first. `undefined`
   * when there is no ref of this name, or it is a bad one.
   */
  resolve(refname: string): ResolvedRef | undefined {
    return resolveRef(this.#backend, refname);
  }

  /**
   * Lists refs in the order of the bytes of their names. Those that make no sense are listed as such.
   *
   * @param options Which refs; all below `refs/` by default.
   */
  list(options: ListRefsOptions = {}): IteratorObject<ListedRef, void> {
    return this.#backend.list(options).map((ref) => listedRef(this.#backend, ref));
  }

  /**
   * Lists refs as lines `<object id> <name>` in the order of the bytes of their names, those that lead nowhere and
   * those that make no sense left out. Of a reftable, that takes a third of the time of {@linkcode RefStore.list}.
   *
   * @param onBroken Told of each ref that makes no sense.
   *
   * @example
   * ```ts
   * import { RefStore } from "@reftable/reftable";
   *
   * await using refs = await RefStore.open("tests/fixtures/repository/git");
   * refs.writeLines({ prefix: "refs/tags/", write: (bytes) => void Deno.stdout.writeSync(bytes) });
   * ```
   */
  writeLines(options: RefLinesOptions, onBroken?: (ref: StoredBrokenRef) => void): void {
    writeRefListing(this.#backend, options, onBroken);
  }

  /** Finds the ref that a short name means; see {@linkcode ExpandedRef}. */
  expand(short: string): ExpandedRef | undefined {
    return expandName(this.#backend, short);
  }

  /** Finds the shortest name that means a ref. */
  shorten(refname: string, options: ShortenOptions = {}): string {
    return shortenName(this.#backend, refname, options);
  }

  /**
   * Finds the object that a revision means: an object id, the short name of a ref, `@`, `@{-<n>}`, `name@{<n>}`,
   * `name@{<date>}`, and `~<n>`, `^<n>`, `^{}`, `^{<type>}` behind any of these.
   *
   * @returns `undefined` when it means none.
   * @throws {ReftableError} With code `"not-exist"` when a log does not go back so far, `"api"` when objects are needed
   * but none can be read.
   */
  async oidOf(revision: string): Promise<string | undefined> {
    const { hash, objects } = this.#context;
    return await findRevision({ reader: this.#backend, hash, objects }, revision);
  }

  /** Tells whether a ref has a log, be it empty. */
  hasReflog(refname: string): boolean {
    return this.#backend.hasLog(refname);
  }

  /** Lists the refs that have a log, in the order of the bytes of their names. */
  reflogNames(): IteratorObject<string, void> {
    return this.#backend.logNames();
  }

  /** Gives the entries of a ref's log; nothing when it has none. */
  reflog(refname: string, options: ReflogOptions = {}): IteratorObject<ReflogEntry, void> {
    const { order = "newest-first", timeZones = "decimal" } = options;
    const entries = this.#backend.log(refname, order);
    return timeZones === "decimal" ? entries : entries.map((entry) => zoneFromMinutes(entry));
  }

  /** Looks at the storage again: what others have changed is seen from now on. */
  async reload(): Promise<void> {
    await runAsync(this.#backend.reload());
  }

  /** Looks at the storage again at once; see {@linkcode RefStore.reload}. */
  reloadSync(): void {
    runSync(this.#backend.reload());
  }

  /**
   * Begins a transaction that is prepared and committed step by step. It is best bound with `await using`.
   */
  beginTransaction(options: TransactionOptions = {}): RefTransaction {
    return new RefTransaction(this.#context, options);
  }

  /**
   * Changes refs together or not at all.
   *
   * @param add Says what is to be changed.
   * @throws {ReftableError} With the code of what is wrong; see {@linkcode RefTransaction.prepare}.
   */
  async transaction(
    add: (transaction: RefTransaction) => void | Promise<void>,
    options: TransactionOptions = {},
  ): Promise<TransactionResult> {
    await using transaction = this.beginTransaction(options);
    await add(transaction);
    await transaction.commit();
    return { rejections: transaction.rejections };
  }

  /**
   * Creates a log without entries, unless there is one. From then on all changes of the ref are logged.
   *
   * @throws {ReftableError} With code `"refname"` when the name is a bad one, `"lock"` when somebody else changes refs.
   */
  async createReflog(refname: string, options: ReflogLockOptions = {}): Promise<void> {
    await createLog(this.#backend, refname, options);
  }

  /**
   * Appends an entry to the log of a ref, which stays as it is and need not exist.
   *
   * @throws {ReftableError} With code `"refname"` when the name is a bad one, `"api"` when an object id is none,
   * `"new-value"` when an object is not there, as far as objects can be read,
   * `"identity"` when nobody knows who writes the entry, `"lock"` when somebody else changes refs.
   */
  async writeReflog(
    refname: string,
    entry: NewReflogEntry,
    options: ReflogLockOptions & { readonly identity?: Identity | undefined } = {},
  ): Promise<void> {
    const { hash, objects, identity } = this.#context;
    await checkEntry(entry, hash, objects);
    await appendToLog(this.#backend, refname, entry, identity(options.identity), options);
  }

  /**
   * Deletes single entries of a ref's log.
   *
   * @param positions The places of the entries, counted from the newest one, which is 0, as in `HEAD@{0}`. Those that
   * are not there are passed over.
   * @throws {ReftableError} With code `"not-exist"` when the ref has no log, `"lock"` when somebody else changes refs.
   */
  async deleteReflogEntries(
    refname: string,
    positions: Iterable<number>,
    options: ReflogRewriteOptions & ReflogLockOptions = {},
  ): Promise<ReflogRewrite> {
    const wanted = new Set(positions);
    const [result] = await removeFromLogs(
      this.#backend,
      [refname],
      (reader) => {
        requireLog(reader, refname);
        return (_entry, position) => wanted.has(position);
      },
      (oid) => this.#peel(oid),
      options,
    );
    return result!;
  }

  /**
   * Deletes logs with all their entries, all or none. Refs without a log are passed over.
   *
   * @throws {ReftableError} With code `"lock"` when somebody else changes refs.
   */
  async dropReflogs(refnames: Iterable<string>, options: ReflogLockOptions = {}): Promise<void> {
    await deleteLogs(this.#backend, [...new Set(refnames)], options);
  }

  /**
   * Takes old entries out of logs, out of all or none. A log that becomes empty remains.
   *
   * @param options Which entries go.
   * @returns What became of each log.
   * @throws {ReftableError} With code `"lock"` when somebody else changes refs, `"api"` when it depends on objects but
   * none can be read.
   */
  async expireReflogs(
    refnames: Iterable<string>,
    options: ReflogExpiry & ReflogLockOptions,
  ): Promise<ReflogRewrite[]> {
    const sources = reachableSources(this.#backend, this.#context.objects, options);
    return await removeFromLogs(
      this.#backend,
      [...new Set(refnames)],
      (reader, refname) => expiryFilter(reader, refname, options, sources),
      (oid) => this.#peel(oid),
      options,
    );
  }

  /** Finds what a tag leads to, as far as objects can be read; nothing for those that are none. */
  async #peel(oid: string): Promise<string | undefined> {
    const { objects } = this.#context;
    return await objects?.type(oid) === "tag" ? await objects?.peel(oid) : undefined;
  }

  /**
   * Renames a ref, and its log with it. Unless it is asked for, HEADs stay as they are: one that points at the ref leads
   * nowhere then, and its log tells of that.
   *
   * @throws {ReftableError} With code `"not-exist"` when there is no such ref, `"unsupported"` when it is a symbolic
   * one, `"exists"` or `"name-conflict"` when another ref is in the way, `"refname"` when the new name is a bad one.
   */
  async rename(from: string, to: string, options: RenameOptions = {}): Promise<void> {
    const { message = "", lockTimeout } = options;
    const renaming = this.#renaming(from, to, options);
    await renameRef(this.#backend, { ...renaming, keep: false }, options);
    if (!options.moveHeads) return;
    const heads = await runAsync(headNames(this.repository));
    await moveHeads(this.#context, heads, {
      ...renaming,
      message: givenMessage(message),
      lockTimeout,
    });
  }

  /** Copies a ref and its log; see {@linkcode RefStore.rename}. */
  async copy(
    from: string,
    to: string,
    options: Omit<RenameOptions, "moveHeads"> = {},
  ): Promise<void> {
    const renaming = this.#renaming(from, to, options);
    await renameRef(this.#backend, { ...renaming, keep: true }, options);
  }

  #renaming(from: string, to: string, options: RenameOptions): Omit<Renaming, "keep"> {
    const { policy, identity } = this.#context;
    return { from, to, policy, identity: () => identity(options.identity) };
  }

  /** Makes reading faster again: packs loose refs, compacts tables. */
  async pack(options: PackOptions = {}): Promise<void> {
    const { objects } = this.#context;
    const peel = objects && ((oid: string) => peelTag(objects, oid));
    await throwingFirst(() => this.#backend.pack({ peel, ...options }));
  }

  /** Closes what is open. All that would look at refs is an error of code `"api"` from then on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#opened[Symbol.asyncDispose]();
  }

  /** Closes what is open; see {@linkcode RefStore.[Symbol.asyncDispose]}. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#opened[Symbol.dispose]();
  }
}

/** Opens what stores the refs of a repository. */
export function* openBackend(
  repository: Repository,
  options: BackendOptions = {},
): Io<RefBackend> {
  return yield* repository.refFormat === "reftable"
    ? openReftableBackend(repository, options)
    : openFilesBackend(repository);
}
