import { firstError, ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { refnameProblem } from "../format/refname.ts";
import type { RefBackend, RefSession } from "./backend.ts";
import { collapseMessage } from "./log_message.ts";
import { isPseudoRef, isSafeRefname } from "./names.ts";
import { checkOid, isZero, zeroOid } from "./object_id.ts";
import type { ObjectReader } from "./object_reader.ts";
import { badName, changedTwice, refError } from "./ref_errors.ts";
import type { Identity } from "./reflog_entry.ts";
import type { ReflogPolicy } from "./reflog_policy.ts";
import { buildChanges } from "./transaction/changes.ts";
import { checkObjects } from "./transaction/check_objects.ts";
import { type PrepareOptions, prepareUpdates, refuseUpdate } from "./transaction/prepare.ts";
import { describeRejection, type RefRejection } from "./transaction/rejection.ts";
import { type NewValue, type OldValue, Update } from "./transaction/update.ts";

/** How to change one ref. */
export interface UpdateOptions {
  /** Why, for the logs; what the transaction says by default. */
  readonly message?: string | undefined;
  /** Whether a symbolic ref itself is meant; else what it leads to is. */
  readonly noDeref?: boolean | undefined;
  /** Whether a log is begun, whatever is configured. */
  readonly createReflog?: boolean | undefined;
  /** Whether nothing is logged. */
  readonly skipReflog?: boolean | undefined;
}

/** How to write an object id to a ref. */
export interface WriteOptions extends UpdateOptions {
  /** The object that the new one leads to, when it is an annotated tag; found out when objects can be read. */
  readonly peeled?: string | undefined;
}

/** What a ref must hold before it is changed. */
export interface ExpectedValue {
  /** The object id that it must lead to; all zeros when it must not exist. Anything is fine without it. */
  readonly expect?: string | undefined;
}

/** What a symbolic ref must hold before it is changed. */
export interface ExpectedTarget extends ExpectedValue {
  /** The ref that it must point at. */
  readonly expectTarget?: string | undefined;
}

/** How to change refs together. */
export interface TransactionOptions {
  /** Why, for the logs. */
  readonly message?: string | undefined;
  /** Whether the rest goes through when single refs cannot be changed as asked. */
  readonly allowRejections?: boolean | undefined;
  /** How long to wait for each lock, in milliseconds, −1 for ever; as configured by default. */
  readonly lockTimeout?: number | undefined;
  /** Who makes the changes; as configured by default. */
  readonly identity?: Identity | undefined;
}

/** What a transaction has to do with the repository. */
export interface TransactionContext {
  /** Where refs are stored. */
  readonly backend: RefBackend;
  /** The hash of the object ids. */
  readonly hash: HashName;
  /** The linked working tree that is open; `undefined` when it is the main one. */
  readonly worktreeId: string | undefined;
  /** Which refs get a log by themselves. */
  readonly policy: ReflogPolicy;
  /** Tells who makes the changes. */
  readonly identity: () => Identity;
  /** Reads objects, where they are to be checked. */
  readonly objects: ObjectReader | undefined;
}

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
    this.#message = collapseMessage(options.message ?? "");
    this.#zeroOid = zeroOid(context.hash);
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
    this.update(refname, oid, { ...options, expect: this.#zeroOid });
  }

  /**
   * Writes an object id to a ref.
   *
   * @param oid The object id that it is to hold; all zeros to delete it.
   * @throws {ReftableError} With code `"refname"` when the name is a bad one, `"api"` when an id is none.
   */
  update(refname: string, oid: string, options: WriteOptions & ExpectedValue = {}): void {
    const value: NewValue = isZero(oid) ? { kind: "delete" } : {
      kind: "oid",
      oid: checkOid(oid, this.#context.hash),
      peeled: options.peeled && checkOid(options.peeled, this.#context.hash),
    };
    this.#add(refname, value, options, false);
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
    this.#add(refname, { kind: "delete" }, options, options.expectTarget !== undefined);
  }

  /**
   * Checks what a ref holds, without changing it.
   *
   * @param oid The object id that it must lead to; all zeros when it must not exist.
   */
  verify(refname: string, oid: string, options: Pick<UpdateOptions, "noDeref"> = {}): void {
    this.#add(refname, undefined, { ...options, expect: oid }, false);
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
    if (refnameProblem(target) !== undefined) throw badName(target);
    this.#add(refname, { kind: "symref", target }, options, true);
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
    const expected = target === undefined ? { expect: this.#zeroOid } : { expectTarget: target };
    this.#add(refname, undefined, expected, true);
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
      const { backend, objects, worktreeId } = this.#context;
      const { lockTimeout, allowRejections = false } = this.#options;
      const options: PrepareOptions = {
        zeroOid: this.#zeroOid,
        format: backend.format,
        worktreeId,
        onRejected: allowRejections
          ? (update, error) => this.#noteRejection(update, error)
          : undefined,
      };
      if (objects) {
        await checkObjects(objects, this.#updates, (update, error) => {
          refuseUpdate(update, error, options);
        });
      }
      this.#checkTwice();
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
        format: backend.format,
        policy,
        identity: () => this.#options.identity ?? identity(),
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
    options: UpdateOptions & ExpectedTarget,
    isSymref: boolean,
  ): void {
    if (this.#state !== "open") throw wrongState(this.#state);
    checkName(refname, value);
    const { createReflog = false, skipReflog = false, noDeref = isSymref } = options;
    if (createReflog && skipReflog) {
      throw new ReftableError("api", "refusing to force and skip creation of reflog");
    }
    this.#updates.push(
      new Update({
        refname,
        value,
        expected: this.#expected(options),
        noDeref,
        log: createReflog ? "always" : skipReflog ? "never" : "configured",
        message: options.message === undefined ? this.#message : collapseMessage(options.message),
      }),
    );
  }

  #expected({ expect, expectTarget }: ExpectedTarget): OldValue | undefined {
    if (expect !== undefined && expectTarget !== undefined) {
      throw new ReftableError("api", "Cannot expect both an object id and a target of a ref");
    }
    if (expectTarget !== undefined) return { kind: "symref", target: expectTarget };
    return expect === undefined
      ? undefined
      : { kind: "oid", oid: checkOid(expect, this.#context.hash) };
  }

  #checkTwice(): void {
    const names = new Set<string>();
    for (const { refname, isDropped } of this.#updates) {
      if (isDropped) continue;
      if (names.has(refname)) throw changedTwice(refname);
      names.add(refname);
    }
  }
}

/** Checks that a ref may have its name when it is written, or that it does no harm when it is not. */
function checkName(refname: string, value: NewValue | undefined): void {
  if (isPseudoRef(refname)) {
    throw refError("refname", refname, `refusing to update pseudoref '${refname}'`);
  }
  const isWritten = value !== undefined && value.kind !== "delete";
  if (isWritten && refnameProblem(refname) !== undefined) throw badName(refname);
  if (value?.kind !== "oid" && !isSafeRefname(refname)) throw badName(refname);
}

function wrongState(state: string): ReftableError {
  return new ReftableError("api", `Cannot use the transaction: it is ${state}`);
}
