import type { Io } from "../io/io.ts";
import { zeroOid } from "./object_id.ts";
import type { TransactionContext } from "./ref_transaction.ts";
import type { Identity } from "./reflog_entry.ts";
import { beginsLog } from "./reflog_policy.ts";
import type { Repository } from "./repository.ts";
import { resolveRef } from "./resolve.ts";
import { buildChanges } from "./transaction/changes.ts";
import { prepareUpdates } from "./transaction/prepare.ts";
import { Update } from "./transaction/update.ts";
import { locateWorktrees } from "./worktrees.ts";

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
      noDeref: true,
      log,
      message,
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
