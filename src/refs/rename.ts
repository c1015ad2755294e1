import { compareText } from "../bytes/text.ts";
import { zeroOid, zerosLike } from "../format/hash.ts";
import type { Io } from "../io/io.ts";
import type { LogChange, RefBackend, RefChange, RefSession, SessionOptions } from "./backend.ts";
import { givenMessage } from "./log_line.ts";
import { isGoodRefname, isPseudoRef } from "./names.ts";
import { badName, nameTaken, refError } from "./ref_errors.ts";
import type { TransactionContext } from "./ref_transaction.ts";
import type { Identity } from "./reflog_entry.ts";
import { beginsLog, type ReflogPolicy } from "./reflog_policy.ts";
import type { Repository } from "./repository.ts";
import { resolveRef } from "./resolve.ts";
import type { NewRefValue, StoredDirectRef, StoredPeeledRef, StoredRef } from "./stored_ref.ts";
import { changeLocked } from "./transaction/change_locked.ts";
import { buildChanges } from "./transaction/changes.ts";
import { prepareUpdates } from "./transaction/prepare.ts";
import { Update } from "./transaction/update.ts";
import { locateWorktrees } from "./worktrees.ts";

/** How to rename or copy a ref. */
export interface RenameOptions {
  /** Why, for the logs. */
  readonly message?: string | undefined;
  /** Who does it; as configured by default. */
  readonly identity?: Identity | undefined;
  /** Whether a ref that has the new name already is replaced. */
  readonly force?: boolean | undefined;
  /** Whether the HEADs of all working trees that point at the ref point at the new name then. */
  readonly moveHeads?: boolean | undefined;
  /** How long to wait for each lock, in milliseconds, −1 for ever; as configured by default. */
  readonly lockTimeout?: number | undefined;
}

/** A ref that gets another name. */
export interface Renaming {
  /** Its full name. */
  readonly from: string;
  /** Its new full name. */
  readonly to: string;
  /** Whether the old name remains too. */
  readonly keep: boolean;
  /** Who does it. */
  readonly identity: () => Identity;
  /** Which refs get a log by themselves. */
  readonly policy: ReflogPolicy;
}

/** Renames or copies a ref with its log. */
export async function renameRef(
  backend: RefBackend,
  renaming: Renaming,
  { message = "", force = false, lockTimeout }: RenameOptions,
): Promise<void> {
  const { from, to, keep } = renaming;
  if (!isGoodRefname(to) || isPseudoRef(to)) throw badName(to);
  const names = from === to ? [from] : [from, to];
  if (!keep && pointsAt(backend.read("HEAD"), from)) names.push("HEAD");
  const options: SessionOptions = { lockTimeout, replaces: true };
  await changeLocked(backend, names, options, (session) => {
    const ref = findRef(session, renaming);
    if (from === to) return [];
    if (!force) checkUnused(session, to);
    const removed = new Set(keep ? [] : [from]);
    const other = session.findConflicts([to], removed).get(to);
    if (other !== undefined) throw nameTaken(to, other);
    return new RenameChanges(backend, session, renaming, message).build(ref);
  });
}

function pointsAt(ref: StoredRef | undefined, target: string): boolean {
  return ref?.kind === "symref" && ref.target === target;
}

function findRef(
  session: RefSession,
  { from, keep }: Renaming,
): StoredDirectRef | StoredPeeledRef {
  const ref = session.read(from);
  if (ref === undefined || ref.kind === "broken") {
    throw refError("not-exist", from, `refname ${from} not found`);
  }
  if (ref.kind !== "symref") return ref;
  const what = keep ? "copying" : "renaming";
  const message = `refname ${from} is a symbolic ref, ${what} it is not supported`;
  throw refError("unsupported", from, message, { found: ref.target });
}

function checkUnused(session: RefSession, refname: string): void {
  const ref = session.read(refname);
  if (ref === undefined) return;
  const message = `cannot lock ref '${refname}': reference already exists`;
  const found = ref.kind === "symref" ? ref.target : ref.kind === "broken" ? undefined : ref.oid;
  throw refError("exists", refname, message, { found });
}

/** Spells out what happens to the refs and logs of a renaming. */
class RenameChanges {
  readonly #session: RefSession;
  readonly #renaming: Renaming;
  readonly #message: string;
  /** Whether all is logged, as in reftables; else what is configured decides, as in files. */
  readonly #logsAll: boolean;

  constructor(backend: RefBackend, session: RefSession, renaming: Renaming, message: string) {
    this.#session = session;
    this.#renaming = renaming;
    this.#message = givenMessage(message);
    this.#logsAll = backend.format === "reftable";
  }

  build(ref: StoredDirectRef | StoredPeeledRef): RefChange[] {
    const { from, to, keep } = this.#renaming;
    const { oid } = ref;
    const value: NewRefValue = ref.kind === "peeled"
      ? { kind: "peeled", oid, peeled: ref.peeled }
      : { kind: "direct", oid };
    const hasLog = this.#session.hasLog(from);
    // In files, a log that a ref left behind which had the new name goes on.
    const isReplaced = this.#logsAll || hasLog || this.#session.read(to) !== undefined;
    const transfer = isReplaced ? { from, keep } : undefined;
    // The log tells that the ref came out of what it is, as Git has it.
    const log = hasLog || this.#isLogged(to) ? { ...this.#entry(oid, oid), transfer } : undefined;
    const created: RefChange = { refname: to, value, log };
    if (keep) return [created];
    const changes: RefChange[] = [{ refname: from, value: "delete" }, created];
    if (pointsAt(this.#session.read("HEAD"), from) && this.#isLogged("HEAD")) {
      changes.push({ refname: "HEAD", log: this.#entry(oid, zerosLike(oid)) });
    }
    return changes.sort((a, b) => compareText(a.refname, b.refname));
  }

  #isLogged(refname: string): boolean {
    return this.#logsAll || beginsLog(this.#renaming.policy, refname) ||
      this.#session.hasLog(refname);
  }

  #entry(oldOid: string, newOid: string): LogChange & { readonly kind: "append" } {
    const committer = this.#identity ??= this.#renaming.identity();
    return { kind: "append", oldOid, newOid, committer, message: this.#message };
  }
  #identity: Identity | undefined;
}

/** A branch that has a new name. */
export interface MovedBranch {
  /** Its old full name. */
  readonly from: string;
  /** Its new full name. */
  readonly to: string;
  /** Why, for the logs. */
  readonly message: string;
  /** Who did it. */
  readonly identity: () => Identity;
  /** How long to wait for each lock, in milliseconds, −1 for ever; as configured by default. */
  readonly lockTimeout: number | undefined;
}

/**
 * Has the HEADs of working trees follow a branch that was renamed.
 *
 * @param heads The names of the HEADs; see {@linkcode headNames}.
 */
export async function moveHeads(
  context: TransactionContext,
  heads: readonly string[],
  { from, to, message, identity, lockTimeout }: MovedBranch,
): Promise<void> {
  const { policy, hash, worktreeId } = context;
  const backend = context.backend();
  // Those count too that lead there by way of another symbolic ref, as in Git.
  const pointing = heads.filter((head) => {
    const resolved = resolveRef(backend, head);
    return resolved?.isSymref && resolved.refname === from;
  });
  if (pointing.length === 0) return;
  // In its own working tree each of them is just HEAD.
  const log = beginsLog(policy, "HEAD") ? "always" : "configured";
  const updates = pointing.map((refname) =>
    new Update({
      refname,
      value: { kind: "symref", target: to },
      expected: undefined,
      manner: { noDeref: true, log, message },
    })
  );
  const { format } = backend;
  const options = { zeroOid: zeroOid(hash), format, worktreeId, onRejected: undefined };
  await using session = await backend.begin({ lockTimeout });
  await prepareUpdates(session, updates, options);
  await session.commit(buildChanges(session, updates, { ...options, policy, identity }));
}

/** Names the HEADs of all working trees, as one of them sees them. */
export function* headNames(repository: Repository): Io<string[]> {
  const worktrees = yield* locateWorktrees(repository);
  return worktrees.map(({ id }) => {
    if (id === repository.worktreeId) return "HEAD";
    return id === undefined ? "main-worktree/HEAD" : `worktrees/${id}/HEAD`;
  });
}
