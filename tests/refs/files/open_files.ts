/**
 * Repositories with refs in files that real git made, and ways to compare what is in them.
 *
 * @module
 */

import { runAsync } from "../../../src/io/io.ts";
import type { RefBackend } from "../../../src/refs/backend.ts";
import { openFilesBackend } from "../../../src/refs/files/files_backend.ts";
import { openRepository, type OpenRepositoryOptions } from "../../../src/refs/repository.ts";
import type { StoredRef } from "../../../src/refs/stored_ref.ts";
import { GitRepo, type GitRepoOptions } from "../../peers/git.ts";
import { NO_ENVIRONMENT } from "../open_backend.ts";

/** Makes an empty repository with refs in files. */
export async function makeFilesRepo(options: GitRepoOptions = {}): Promise<GitRepo> {
  return await GitRepo.create({ ...options, refFormat: "files" });
}

/** Opens the refs of a repository or of one of its working trees. */
export async function openFiles(
  path: string,
  options: OpenRepositoryOptions = {},
): Promise<RefBackend> {
  return await runAsync(
    openFilesBackend(await openRepository(path, { environment: NO_ENVIRONMENT, ...options })),
  );
}

/** Refs as git shows them, broken ones left out. */
export async function gitRefs(repo: GitRepo, args: string[] = [], cwd = repo.dir) {
  const format = "--format=%(refname) %(objectname) %(symref) %(*objectname)";
  return (await repo.ok(["for-each-ref", format, ...args], { cwd })).split("\n").slice(0, -1);
}

/** Refs in the same way. What tags lead to is only told where it is stored. */
export function refLines(
  backend: RefBackend,
  refs: Iterable<StoredRef>,
  peeled: ReadonlyMap<string, string> = new Map(),
): string[] {
  const lines: string[] = [];
  for (const ref of refs) {
    let found: StoredRef | undefined = ref;
    for (let depth = 0; depth < 5; depth++) {
      if (found?.kind === "symref") found = backend.read(found.target);
    }
    if (!found || !("oid" in found)) continue;
    const target = ref.kind === "symref" ? ref.target : "";
    const object = found.kind === "peeled" ? found.peeled : peeled.get(found.oid) ?? "";
    lines.push(`${ref.refname} ${found.oid} ${target} ${object}`);
  }
  return lines;
}

/** The names of all files and directories below a directory, in order. */
export function namesBelow(directory: string): string[] {
  const names: string[] = [];
  const visit = (prefix: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(`${directory}/${prefix}`)) {
      names.push(prefix + name + (isDirectory ? "/" : ""));
      if (isDirectory) visit(`${prefix}${name}/`);
    }
  };
  visit("");
  return names.sort();
}

/** The files and directories of refs and logs, in order. */
export function refFiles(repo: GitRepo): string[] {
  const entries = namesBelow(repo.gitDir);
  return entries.filter((name) => /^(?:refs|logs|packed-refs|[A-Z_]+(?:\.lock)?$)/.test(name));
}
