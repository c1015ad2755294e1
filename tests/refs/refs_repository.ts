/**
 * Repositories that real git made, with the refs of the library opened on top.
 *
 * @module
 */

import { openObjects, RefStore, type RefStoreOptions } from "@reftable/reftable";
import { GitRepo, type GitRepoOptions } from "../peers/git.ts";
import { COMMITTER, makeCommits, NO_ENVIRONMENT } from "./open_backend.ts";

/** How refs can be stored. */
export const REF_FORMATS = ["reftable", "files"] as const;

/** A repository with commits that no ref leads to, and its refs. */
export class RefsRepository implements AsyncDisposable {
  /** The repository. */
  readonly repo: GitRepo;
  /** Its refs. */
  readonly refs: RefStore;
  /** The commits. */
  readonly oids: readonly string[];

  private constructor(repo: GitRepo, refs: RefStore, oids: readonly string[]) {
    this.repo = repo;
    this.refs = refs;
    this.oids = oids;
  }

  /** Makes a repository without refs but HEAD; objects are checked unless it is said otherwise. */
  static async create(
    options: GitRepoOptions = {},
    storeOptions: RefStoreOptions = {},
  ): Promise<RefsRepository> {
    const repo = await GitRepo.create(options);
    const oids = await makeCommits(repo, 3);
    const environment = NO_ENVIRONMENT;
    const defaults = { identity: COMMITTER, objects: openObjects, environment };
    const refs = await RefStore.open(repo.dir, { ...defaults, ...storeOptions });
    return new RefsRepository(repo, refs, oids);
  }

  /** Has git do something, and looks at the refs again. */
  async git(args: readonly string[], stdin?: string): Promise<string> {
    const output = await this.repo.ok(args, { stdin });
    await this.refs.reload();
    return output.trim();
  }

  /** The new ids, old ids and messages of a log, the newest entry first. */
  log(refname: string): string[][] {
    return this.refs.reflog(refname)
      .map(({ newOid, oldOid, message }) => [newOid, oldOid, message.trimEnd()]).toArray();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refs[Symbol.asyncDispose]();
    await this.repo[Symbol.asyncDispose]();
  }
}
