import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { denoFileSystem } from "../io/deno_file_system.ts";
import { type Io, runAsync, runSync } from "../io/io.ts";
import type { ListRefsOptions, LogOrder, PackOptions, RefBackend, RefFormat } from "./backend.ts";
import { type ExpandedRef, expandName, shortenName, type ShortenOptions } from "./expand.ts";
import { type ListedRef, listedRef } from "./listed_ref.ts";
import { openBackend } from "./open_backend.ts";
import {
  RefTransaction,
  type TransactionContext,
  type TransactionOptions,
} from "./ref_transaction.ts";
import type { Identity, ReflogEntry } from "./reflog_entry.ts";
import { reflogPolicy } from "./reflog_policy.ts";
import { locateRepository, type OpenRepositoryOptions, type Repository } from "./repository.ts";
import { type ResolvedRef, resolveRef } from "./resolve.ts";
import type { StoredRef } from "./stored_ref.ts";

/** How to open the refs of a repository. */
export interface RefStoreOptions extends OpenRepositoryOptions {
  /** Who makes changes; as the environment and the configuration have it by default. */
  readonly identity?: Identity | undefined;
}

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
  readonly #backend: RefBackend;
  readonly #context: TransactionContext;

  private constructor(repository: Repository, backend: RefBackend, options: RefStoreOptions) {
    this.repository = repository;
    this.#backend = backend;
    this.#context = {
      backend,
      hash: repository.hash,
      policy: reflogPolicy(repository),
      identity: () => givenIdentity(options),
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
    return new RefStore(repository, yield* openBackend(repository), options);
  }

  /** How refs are stored. */
  get format(): RefFormat {
    return this.#backend.format;
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

  /** Finds the ref that a short name means; see {@linkcode ExpandedRef}. */
  expand(short: string): ExpandedRef | undefined {
    return expandName(this.#backend, short);
  }

  /** Finds the shortest name that means a ref. */
  shorten(refname: string, options: ShortenOptions = {}): string {
    return shortenName(this.#backend, refname, options);
  }

  /** Tells whether a ref has a log, be it empty. */
  hasReflog(refname: string): boolean {
    return this.#backend.hasLog(refname);
  }

  /** Lists the refs that have a log, in the order of the bytes of their names. */
  reflogNames(): IteratorObject<string, void> {
    return this.#backend.logNames();
  }

  /**
   * Gives the entries of a ref's log; nothing when it has none.
   *
   * @param options In which order; the newest first by default.
   */
  reflog(
    refname: string,
    options: { readonly order?: LogOrder | undefined } = {},
  ): IteratorObject<ReflogEntry, void> {
    return this.#backend.log(refname, options.order ?? "newest-first");
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

  /** Makes reading faster again: packs loose refs, compacts tables. */
  async pack(options: PackOptions = {}): Promise<void> {
    await this.#backend.pack(options);
  }

  /** Closes what is open; see {@linkcode RefStore.open}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend[Symbol.asyncDispose]();
  }

  /** Closes what is open. */
  [Symbol.dispose](): void {
    this.#backend[Symbol.dispose]();
  }
}

function givenIdentity({ identity }: RefStoreOptions): Identity {
  if (identity) return identity;
  throw new ReftableError("identity", "Cannot tell who makes the change: no identity was given");
}
