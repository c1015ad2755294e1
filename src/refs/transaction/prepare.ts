import type { ReftableError, ReftableErrorCode } from "../../errors.ts";
import type { RefFormat, RefSession } from "../backend.ts";
import { canonicalName, isGoodRefname, isSafeRefname } from "../names.ts";
import { badName, changedTwice, lockRefused, refError } from "../ref_errors.ts";
import { resolveStored } from "../resolve.ts";
import type { StoredBrokenRef, StoredRef, StoredSymbolicRef } from "../stored_ref.ts";
import { checkOldValue, missingRef, needsRef } from "./checks.ts";
import { checkNames, findConflict, LiveNames, NamesBelow } from "./name_conflicts.ts";
import { type NewValue, oidOf, Update } from "./update.ts";

/** What can be wrong with one ref while the rest of its transaction goes through. */
const REJECTABLE: ReadonlySet<ReftableErrorCode> = new Set<ReftableErrorCode>([
  "exists",
  "lock",
  "name-conflict",
  "new-value",
  "not-exist",
  "old-value",
]);

/** What a transaction may do, and with what. */
export interface PrepareOptions {
  /** Is told which update is rejected, when that is allowed. */
  readonly onRejected: ((update: Update, error: ReftableError) => void) | undefined;
  /** The object id of zeros. */
  readonly zeroOid: string;
  /** How refs are stored. */
  readonly format: RefFormat;
  /** The linked working tree; `undefined` in the main one. */
  readonly worktreeId: string | undefined;
}

/**
 * Locks all refs of a transaction, follows symbolic ones, and checks what the refs hold.
 *
 * @param updates What is to be done; updates that follow from them are appended.
 * @throws {ReftableError} With the first update that is not possible, unless it could be rejected.
 */
export async function prepareUpdates(
  session: RefSession,
  updates: Update[],
  options: PrepareOptions,
): Promise<void> {
  await new Preparation(session, updates, options).run();
}

/** Gives one update up, or the whole transaction where that is not allowed. */
export function refuseUpdate(
  update: Update,
  error: ReftableError,
  { onRejected }: Pick<PrepareOptions, "onRejected">,
): void {
  if (!onRejected || !REJECTABLE.has(error.code)) throw error;
  update.reject(error);
  onRejected(update, error);
}

class Preparation {
  readonly #session: RefSession;
  readonly #updates: Update[];
  readonly #options: PrepareOptions;
  /** The names of refs that change, without those that were rejected. */
  readonly #names: LiveNames;
  /** The names of refs that are locked where locks are files. */
  readonly #inTheWay: Set<string> | undefined;
  /** The shortest names of refs that are locked; only where a ref could occur by two names. */
  readonly #held: Set<string> | undefined;
  /** Updates of refs that do not exist. */
  readonly #missing: Update[] = [];
  #below: NamesBelow | undefined;
  /** The branch that HEAD points at. */
  #head: string | undefined;

  constructor(session: RefSession, updates: Update[], options: PrepareOptions) {
    this.#session = session;
    this.#updates = updates;
    this.#options = options;
    this.#inTheWay = options.format === "reftable" ? undefined : new Set();
    this.#names = new LiveNames(this.#withoutDropped(updates).map(({ refname }) => refname));
    const hasAliases = updates.some(({ refname }) => this.#canonical(refname) !== refname);
    if (hasAliases) this.#held = new Set();
  }

  #canonical(refname: string): string {
    return canonicalName(refname, this.#options.worktreeId);
  }

  #withoutDropped(updates: readonly Update[]): readonly Update[] {
    // Otherwise the first that is refused ends it all.
    const mayDrop = this.#options.onRejected !== undefined;
    return mayDrop ? updates.filter(({ isDropped }) => !isDropped) : updates;
  }

  async run(): Promise<void> {
    let done = 0;
    while (done < this.#updates.length) {
      const round = this.#withoutDropped(this.#updates.slice(done));
      done = this.#updates.length;
      const failures = await this.#session.lock(round.map(({ refname }) => refname));
      this.#head ??= this.#readHead();
      for (const update of round) {
        // To look for a name takes a while even where there are none.
        const failure = failures.size > 0 ? failures.get(update.refname) : undefined;
        // What was rejected meanwhile may have led to it.
        if (update.isDropped) continue;
        const error = this.#check(update, failure);
        if (error) this.#refuse(update, error);
      }
    }
    const missing = this.#withoutDropped(this.#missing);
    const names = { live: this.#names, inTheWay: this.#inTheWay };
    checkNames(this.#session, missing, names, (update, error) => this.#refuse(update, error));
  }

  #readHead(): string | undefined {
    const head = this.#session.read("HEAD");
    return head?.kind === "symref" ? head.target : undefined;
  }

  #refuse(update: Update, error: ReftableError): void {
    // What only tells HEAD's log goes with the branch.
    const refused = update.origin.branch ?? update;
    refuseUpdate(refused, error, this.#options);
    this.#names.delete(refused.refname);
  }

  #check(update: Update, failure: ReftableError | undefined): ReftableError | undefined {
    if (failure) return this.#lockError(update, failure);
    this.#inTheWay?.add(update.refname);
    if (this.#held?.has(this.#canonical(update.refname))) return changedTwice(update.refname);
    if (update.origin.branch) return this.#checkHead(update, update.origin.branch);
    if (update.refname === this.#head && !update.origin.isViaHead) {
      if (this.#names.has("HEAD")) {
        return changedTwice("HEAD", `its referent '${update.refname}'`);
      }
      this.#tellHead(update);
    }
    const stored = this.#session.read(update.refname);
    update.oldOid = this.#options.zeroOid;
    if (stored?.kind === "broken") return brokenRef(update, stored);
    if (!stored && needsRef(update, this.#options.zeroOid)) return missingRef(update);
    this.#held?.add(this.#canonical(update.refname));
    if (stored) return this.#checkStored(update, stored);
    this.#missing.push(update);
    update.isQueued = update.value !== undefined;
    return undefined;
  }

  #lockError(update: Update, failure: ReftableError): ReftableError {
    const { refname, originalName } = update;
    if (failure.code !== "name-conflict") return lockRefused(refname, originalName, failure);
    if (needsRef(update, this.#options.zeroOid)) return missingRef(update);
    this.#below ??= new NamesBelow(this.#names.set);
    const conflict = findConflict(this.#session, refname, this.#names.set, this.#below);
    return lockRefused(refname, originalName, conflict ?? failure);
  }

  #checkStored(
    update: Update,
    stored: Exclude<StoredRef, StoredBrokenRef>,
  ): ReftableError | undefined {
    update.existed = true;
    if (stored.kind === "symref") {
      const error = this.#checkSymref(update, stored);
      if (error) return error;
    } else {
      update.oldOid = stored.oid;
    }
    const mismatch = checkOldValue(update, stored, this.#options.format);
    if (mismatch) return mismatch;
    update.isQueued = update.wasSymref || changes(update);
    return undefined;
  }

  #checkSymref(update: Update, stored: StoredSymbolicRef): ReftableError | undefined {
    const { refname, originalName, expected, manner } = update;
    const { oid, isBroken, finding } = resolveStored(this.#session, stored);
    update.wasSymref = true;
    if (oid !== undefined) update.oldOid = oid;
    if (!manner.noDeref) return this.#follow(update, stored.target);
    if (!expected || !isBroken) return undefined;
    const message = `cannot lock ref '${originalName}': error reading reference`;
    return refError("format", refname, message, { found: finding });
  }

  /** Leaves a symbolic ref as it is, and changes the one that it leads to. */
  #follow(update: Update, target: string): ReftableError | undefined {
    if (this.#names.has(target)) return changedTwice(target, `symref '${update.refname}'`);
    // A bad name shall not be in the way of who gets rid of it.
    const { value, expected, manner } = update;
    const isDeletion = value?.kind === "delete" && isSafeRefname(target);
    if (!isGoodRefname(target) && !isDeletion) return badName(target);
    const isViaHead = update.origin.isViaHead || update.refname === "HEAD";
    const request = { refname: target, value, expected, manner };
    this.#updates.push(new Update(request, { parent: update, isViaHead }));
    this.#names.add(target);
    update.isLogOnly = true;
    return undefined;
  }

  /** Has the log of HEAD tell what happens to the branch that it points at. */
  #tellHead(branch: Update): void {
    const { value, expected } = branch;
    if (value === undefined) return;
    const manner = { ...branch.manner, noDeref: true };
    const request = { refname: "HEAD", value: loggedValue(value), expected, manner };
    this.#updates.push(new Update(request, { branch }));
  }

  #checkHead(update: Update, branch: Update): ReftableError | undefined {
    const head = this.#session.read("HEAD");
    if (head?.kind !== "symref" || head.target !== branch.refname) {
      return refError("outdated", "HEAD", "HEAD has been racily updated");
    }
    update.wasSymref = true;
    update.isQueued = true;
    update.oldOid = resolveStored(this.#session, head).oid ?? this.#options.zeroOid;
    return undefined;
  }
}

/** What HEAD's log tells of a branch. That of one which becomes a symbolic ref ends there, as Git has it. */
function loggedValue(value: NewValue): NewValue {
  return value.kind === "symref" ? { kind: "delete" } : value;
}

/** Tells whether a ref that is no symbolic one holds something else afterwards. */
function changes({ value, oldOid }: Update): boolean {
  if (value === undefined) return false;
  return oidOf(value) !== oldOid;
}

function brokenRef({ refname, originalName }: Update, { finding }: StoredBrokenRef): ReftableError {
  const message = `cannot lock ref '${originalName}': ` +
    `unable to resolve reference '${refname}': reference broken`;
  return refError("format", refname, message, { found: finding });
}
