/**
 * Backends of repositories that real git made, opened without what decides above them.
 *
 * @module
 */

import { runAsync } from "../../src/io/io.ts";
import type { RefBackend, RefChange } from "../../src/refs/backend.ts";
import { openReftableBackend } from "../../src/refs/reftable/reftable_backend.ts";
import { openRepository } from "../../src/refs/repository.ts";
import type { Identity } from "../../src/refs/reflog_entry.ts";
import type { GitRepo } from "../peers/git.ts";

/** Who commits when git is run for tests. */
export const COMMITTER: Identity = {
  name: "C O Mitter",
  email: "c@example.com",
  time: 1700000000,
  tzOffset: -730,
};

/** An environment in which nothing outside of the repository counts. */
export const NO_ENVIRONMENT = (name: string): string | undefined => {
  return name === "GIT_CONFIG_NOSYSTEM" ? "1" : undefined;
};

/** Opens the reftables of a repository or of one of its working trees. */
export async function openReftables(path: string): Promise<RefBackend> {
  return await runAsync(
    openReftableBackend(await openRepository(path, { environment: NO_ENVIRONMENT })),
  );
}

/** Locks what changes are about and makes them. */
export async function change(backend: RefBackend, ...changes: readonly RefChange[]): Promise<void> {
  await using session = await backend.begin();
  const failures = await session.lock(changes.map(({ refname }) => refname));
  for (const failure of failures.values()) throw failure;
  await session.commit(changes);
}

/** Makes commits that no ref leads to. */
export async function makeCommits(repo: GitRepo, count: number): Promise<string[]> {
  const tree = (await repo.ok(["mktree"])).trim();
  const oids: string[] = [];
  for (let i = 0; i < count; i++) {
    oids.push((await repo.ok(["commit-tree", "-m", `${i}`, tree])).trim());
  }
  return oids;
}
