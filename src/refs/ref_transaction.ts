import { firstError, ReftableError } from "../errors.ts";
import { checkOid, type HashName, isZero, zeroOid } from "../format/hash.ts";
import type { RefBackend, RefSession } from "./backend.ts";
import { givenMessage } from "./log_line.ts";
import { isGoodRefname, isPseudoRef, isSafeRefname } from "./names.ts";
import type { ObjectReader } from "./object_reader.ts";
import { badName, refError } from "./ref_errors.ts";
import type { Identity } from "./reflog_entry.ts";
import type { ReflogPolicy } from "./reflog_policy.ts";
import { buildChanges } from "./transaction/changes.ts";
import { ObjectChecks } from "./transaction/checks.ts";
import type {
  ExpectedTarget,
  ExpectedValue,
  TransactionOptions,
  UpdateOptions,
  WriteOptions,
} from "./transaction/options.ts";
import { type PrepareOptions, prepareUpdates, refuseUpdate } from "./transaction/prepare.ts";
import {
  describeRejection,
  type NewValue,
  oidOf,
  type OldValue,
  type RefRejection,
  Update,
  type UpdateManner,
} from "./transaction/update.ts";

export type { ExpectedTarget, ExpectedValue, TransactionOptions, UpdateOptions, WriteOptions };

/** What a transaction has to do with the repository. */
export interface TransactionContext {
  /** Gives the place where refs are stored, unless it was closed. */
  readonly backend: () => RefBackend;
  /** The hash of the object ids. */
  readonly hash: HashName;
  /** The linked working tree that is open; `undefined` when it is the main one. */
  readonly worktreeId: string | undefined;
  /** Which refs get a log by themselves. */
  readonly policy: ReflogPolicy;
  /** Tells who makes the changes, given who is said to. */
  readonly identity: (given: Identity | undefined) => Identity;
  /** Reads objects, where they are to be checked. */
  readonly objects: ObjectReader | undefined;
}

/** What becomes of a ref that is deleted. */
const DELETION: NewValue = { kind: "delete" };

/**
 * Changes of refs that happen together or not at all. What is asked for is only noted down until the transaction is
 * prepared: then the refs are locked and checked, and what they hold stays as it is until the transaction is committed.
 * Disposing it gives it up.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RefStore } from "@reftable/reftable";
 *
 * await using refs = await RefStore.open("tests/fixtures/repository/git");
 * await using transaction = refs.beginTransaction({ message: "an example" });
 * transaction.delete("refs/heads/main", { expect: refs.resolve("HEAD")!.oid });
 * // Nothing has changed, and nothing will.
 * await transaction.abort();
 * ```
 */
export class RefTransaction implements AsyncDisposable {
  readonly #context: TransactionContext;
  readonly #options: TransactionOptions;
  readonly #message: string;
  readonly #zeroOid: string;
  /** What is expected where there must be no ref. */
  readonly #absent: OldValue;
  readonly #updates: Update[] = [];
  #state: "open" | "preparing" | "prepared" | "committing" | "closed" = "open";
  /** What was begun last, which may be under way. */
  #step: Promise<void> | undefined;
  #session: RefSession | undefined;

  /**
   * Begins a transaction; {@linkcode RefStore.beginTransaction} does it for users.
   *
   * @internal
   */
  constructor(context: TransactionContext, options: TransactionOptions = {}) {
    this.#context = context;
    this.#options = options;
    this.#message = givenMessage(options.message ?? "");
    this.#zeroOid = zeroOid(context.hash);
    this.#absent = { kind: "oid", oid: this.#zeroOid };
  }

  /** What was not done, and why, in the order in which that was found out; nothing unless it is allowed. */
  get rejections(): readonly RefRejection[] {
    return this.#rejections;
  }
  readonly #rejections: RefRejection[] = [];

  /**
   * Creates a ref, which must not exist.
   *
   * @param oid The object id that it is to hold.
   * @throws {ReftableError} With code `"refname"` when the name is a bad one, `"api"` when the id is none.
   */
  create(refname: string, oid: string, options: WriteOptions = {}): void {
    if (isZero(oid)) {
      const message = `'${refname}' has neither a valid OID nor a target`;
      throw refError("new-value", refname, message);
    }
    this.#add(refname, this.#value(oid, options), this.#absent, options);
  }

  /**
   * Writes an object id to a ref.
   *
   * @param oid The object id that it is to hold; all zeros to delete it.
   * @throws {ReftableError} With code `"refname"` when the name is a bad one, `"api"` when an id is none.
   */
  update(refname: string, oid: string, options: WriteOptions & ExpectedValue = {}): void {
    const value = isZero(oid) ? DELETION : this.#value(oid, options);
    this.#add(refname, value, this.#expected(options), options);
  }

  /**
   * Deletes a ref with its log. Without an old value it need not exist.
   *
   * @throws {ReftableError} With code `"refname"` when the name is unsafe, `"api"` when the old value is none.
   */
  delete(refname: string, options: UpdateOptions & ExpectedTarget = {}): void {
    if (options.expect !== undefined && isZero(options.expect)) {
      throw new ReftableError("api", `Cannot delete "${refname}": its old value is zeros`);
    }
    this.#add(
      refname,
      DELETION,
      this.#expected(options),
      options,
      options.expectTarget !== undefined,
    );
  }

  /**
   * Checks what a ref holds, without changing it.
   *
   * @param oid The object id that it must lead to; all zeros when it must not exist.
   */
  verify(refname: string, oid: string, options: Pick<UpdateOptions, "noDeref"> = {}): void {
    this.#add(refname, undefined, this.#expected({ expect: oid }), options);
  }

  /**
   * Creates a symbolic ref, which must not exist.
   *
   * @param target The full name of the ref that it is to point at, which need not exist.
   * @param options Unless `noDeref` is false, the ref itself is meant.
   */
  createSymref(refname: string, target: string, options: UpdateOptions = {}): void {
    this.updateSymref(refname, target, { ...options, expect: this.#zeroOid });
  }

  /**
   * Has a ref point at another one.
   *
   * @param target The full name of the other ref, which need not exist.
   * @param options Unless `noDeref` is false, the ref itself is meant.
   */
  updateSymref(
    refname: string,
    target: string,
    options: UpdateOptions & ExpectedTarget = {},
  ): void {
    if (!isGoodRefname(target)) throw badName(target);
    this.#add(refname, { kind: "symref", target }, this.#expected(options), options, true);
  }

  /** Deletes a symbolic ref itself; see {@linkcode RefTransaction.delete}. */
  deleteSymref(
    refname: string,
    options: Omit<UpdateOptions, "noDeref"> & ExpectedTarget = {},
  ): void {
    this.delete(refname, { ...options, noDeref: true });
  }

  /**
   * Checks where a symbolic ref points, without changing it.
   *
   * @param target The ref that it must point at; `undefined` when there must be no ref.
   */
  verifySymref(refname: string, target: string | undefined): void {
    const expected = target === undefined ? this.#absent : { kind: "symref", target } as const;
    this.#add(refname, undefined, expected, {}, true);
  }

  /**
   * Checks the objects that refs are to hold, where objects can be read: {@linkcode RefTransaction.prepare} does it for
   * users, programs that answer to each change do it sooner.
   *
   * @returns What is to be waited for, if anything is.
   * @throws {ReftableError} With code `"new-value"` when an object is not there, or is no commit where there must be
   * one, unless that may be rejected.
   * @internal
   */
  checkObjects(): void | Promise<void> {
    const { objects } = this.#context;
    if (!objects) return;
    this.#objectChecks ??= new ObjectChecks(objects, this.#updates, (update, error) => {
      refuseUpdate(update, error, { onRejected: this.#onRejected });
    });
    return this.#objectChecks.run();
  }
  #objectChecks: ObjectChecks | undefined;

  /** Notes what is rejected, where that is allowed. */
  get #onRejected(): ((update: Update, error: ReftableError) => void) | undefined {
    if (!this.#options.allowRejections) return undefined;
    return (update, error) => this.#noteRejection(update, error);
  }

  /**
   * Locks the refs and checks them. From then on nothing can be added.
   *
   * @throws {ReftableError} With the code of what is wrong: `"lock"`, `"old-value"`, `"exists"`, `"not-exist"`,
   * `"new-value"`, `"name-conflict"`. The transaction is over then, and nothing has changed.
   */
  async prepare(): Promise<void> {
    if (this.#state !== "open") throw wrongState(this.#state);
    this.#state = "preparing";
    await (this.#step = this.#prepare());
  }

  async #prepare(): Promise<void> {
    try {
      const { objects, worktreeId } = this.#context;
      const backend = this.#context.backend();
      const { lockTimeout } = this.#options;
      const options: PrepareOptions = {
        zeroOid: this.#zeroOid,
        format: backend.format,
        worktreeId,
        onRejected: this.#onRejected,
      };
      await this.checkObjects();
      this.#session = await backend.begin({ lockTimeout, isPeeled: objects !== undefined });
      await prepareUpdates(this.#session, this.#updates, options);
    } catch (error) {
      await this.#giveUp();
      throw firstError(error);
    }
    this.#state = "prepared";
  }

  /**
   * Makes the changes, after {@linkcode RefTransaction.prepare} when that was not called.
   *
   * @throws {ReftableError} As that does, or when the changes cannot be written.
   */
  async commit(): Promise<void> {
    if (this.#state === "open") await this.prepare();
    if (this.#state !== "prepared") throw wrongState(this.#state);
    this.#state = "committing";
    await (this.#step = this.#commit());
  }

  async #commit(): Promise<void> {
    try {
      const { backend, policy, identity } = this.#context;
      const changes = buildChanges(this.#session!, this.#updates, {
        format: backend().format,
        policy,
        identity: () => identity(this.#options.identity),
        zeroOid: this.#zeroOid,
      });
      await this.#session!.commit(changes);
    } catch (error) {
      await this.#giveUp();
      throw firstError(error);
    }
    await this.#close();
  }

  /** Gives the transaction up because something has failed: whether locks can be given back then is of no interest. */
  async #giveUp(): Promise<void> {
    try {
      await this.#close();
    } catch (error) {
      if (!(error instanceof ReftableError)) throw error;
    }
  }

  /**
   * Gives the transaction up, once what is under way has come to its end. Nothing has changed, unless it was committed.
   */
  async abort(): Promise<void> {
    let step: Promise<void> | undefined;
    while (step !== this.#step) {
      step = this.#step;
      // Who began it is told how it ended.
      await step?.catch(() => {});
    }
    await this.#close();
  }

  async #close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#state = "closed";
    try {
      await session?.[Symbol.asyncDispose]();
    } catch (error) {
      throw firstError(error);
    }
  }

  /** Gives the transaction up unless it was committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  #noteRejection(update: Update, error: ReftableError): void {
    this.#rejections.push(describeRejection(update, error, this.#zeroOid));
  }

  #add(
    refname: string,
    value: NewValue | undefined,
    expected: OldValue | undefined,
    { message, createReflog = false, skipReflog = false, noDeref }: UpdateOptions,
    isSymref = false,
  ): void {
    if (this.#state !== "open") throw wrongState(this.#state);
    checkName(refname, value);
    if (createReflog && skipReflog) {
      throw new ReftableError("api", "refusing to force and skip creation of reflog");
    }
    const manner = this.#mannerOf({
      noDeref: noDeref ?? isSymref,
      log: createReflog ? "always" : skipReflog ? "never" : "configured",
      message: message === undefined ? this.#message : givenMessage(message),
    });
    this.#updates.push(new Update({ refname, value, expected, manner }));
  }

  /** Gives the last manner again if it is the same: there may be very many updates, and all are kept. */
  #mannerOf(manner: UpdateManner): UpdateManner {
    const last = this.#manner;
    const isSame = last !== undefined && last.noDeref === manner.noDeref &&
      last.log === manner.log && last.message === manner.message;
    return isSame ? last : this.#manner = manner;
  }
  #manner: UpdateManner | undefined;

  #value(oid: string, { peeled }: WriteOptions): NewValue {
    const { hash } = this.#context;
    checkOid(oid, hash);
    if (peeled === undefined) return { kind: "direct", oid };
    return { kind: "peeled", oid, peeled: checkOid(peeled, hash) };
  }

  #expected({ expect, expectTarget }: ExpectedTarget): OldValue | undefined {
    if (expectTarget === undefined) {
      return expect === undefined
        ? undefined
        : { kind: "oid", oid: checkOid(expect, this.#context.hash) };
    }
    if (expect === undefined) return { kind: "symref", target: expectTarget };
    throw new ReftableError("api", "Cannot expect both an object id and a target of a ref");
  }
}

/** Checks that a ref may have its name when it is written, or that it does no harm when it is not. */
function checkName(refname: string, value: NewValue | undefined): void {
  if (isPseudoRef(refname)) {
    throw refError("refname", refname, `refusing to update pseudoref '${refname}'`);
  }
  const isWritten = value !== undefined && value.kind !== "delete";
  if (isWritten && !isGoodRefname(refname)) throw badName(refname);
  if (oidOf(value) === undefined && !isSafeRefname(refname)) throw badName(refname);
}

function wrongState(state: string): ReftableError {
  return new ReftableError("api", `Cannot use the transaction: it is ${state}`);
}
