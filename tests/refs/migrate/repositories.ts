/**
 * Repositories to migrate, and what git says is in them.
 *
 * @module
 */

import { walk } from "@std/fs";
import { relative } from "@std/path";
import { decodeText } from "../../../src/bytes/text.ts";
import { GitRepo, type GitRepoOptions } from "../../peers/git.ts";

/** A repository, and the directories of its working trees, the main one first. */
export interface Trees extends AsyncDisposable {
  readonly repo: GitRepo;
  readonly directories: readonly string[];
}

/**
 * Makes a repository with something of everything: branches, notes, stashes, tags, symbolic refs that lead somewhere
 * and nowhere, logs without entries, refs that are packed and loose, and two linked working trees with refs of their own.
 */
export async function makeTrees(options: GitRepoOptions): Promise<Trees> {
  const repo = await GitRepo.create(options);
  const [one, two] = [`${repo.dir}/../one`, `${repo.dir}/../two`];
  const run = (...args: string[]) => repo.ok(args);
  for (let i = 0; i < 4; i++) {
    await Deno.writeTextFile(`${repo.dir}/file`, `${i}\n`);
    await run("add", "file");
    await run("commit", "-q", "-m", `commit ${i}`);
  }
  await run("tag", "-a", "-m", "tagged", "v1");
  await run("tag", "light");
  await run("branch", "topic", "HEAD~1");
  await run("branch", "-m", "topic", "renamed");
  await run("branch", "ünï-codé/ß");
  await run("symbolic-ref", "refs/heads/alias", "refs/heads/main");
  await run("symbolic-ref", "refs/heads/dangling", "refs/heads/none");
  await run("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");
  await run("update-ref", "--create-reflog", "-m", "some reason", "refs/other/ref", "HEAD");
  await run("notes", "add", "-m", "noted");
  for (const text of ["stashed", "again"]) {
    await Deno.writeTextFile(`${repo.dir}/file`, text);
    await run("stash", "-q");
  }
  await run("worktree", "add", "-q", "-b", "side", one);
  await run("worktree", "add", "-q", "--detach", two, "HEAD~1");
  await run("pack-refs", "--all");
  await run("update-ref", "-m", "back", "refs/heads/main", "HEAD~1");
  await run("reset", "-q", "--hard");
  await run("update-ref", "refs/bisect/bad", "HEAD");
  await repo.ok(["update-ref", "refs/bisect/good", "HEAD~1"], { cwd: one });
  await repo.ok(["update-ref", "refs/worktree/deep/er", "HEAD"], { cwd: two });
  await repo.ok(["update-ref", "-m", "mine", "REBASE_HEAD", "HEAD"], { cwd: two });
  await run("update-ref", "-d", "refs/heads/renamed");
  await run("branch", "emptied");
  await run("reflog", "expire", "--expire=all", "refs/heads/emptied");
  return {
    repo,
    directories: [repo.dir, one, two],
    [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose](),
  };
}

/** All that git says about refs and logs, as each working tree sees them. */
export async function viewOf({ repo, directories }: Pick<Trees, "repo" | "directories">) {
  const view: Record<string, string> = {};
  for (const [i, cwd] of directories.entries()) {
    const format = "--format=%(refname) %(objectname) %(symref) %(*objectname)";
    view[`${i} refs`] = await repo.ok(["for-each-ref", "--include-root-refs", format], { cwd });
    view[`${i} status`] = await repo.ok(["status", "-sb"], { cwd });
    const names = (await repo.ok(["reflog", "list"], { cwd })).split("\n").slice(0, -1);
    view[`${i} logs`] = names.join("\n");
    for (const name of names) {
      const args = ["reflog", "show", "--date=raw", "--format=%H %gd %gn <%ge> %gs", name, "--"];
      view[`${i} log ${name}`] = await repo.ok(args, { cwd });
    }
  }
  view["fsck"] = (await repo.run(["fsck", "--strict"])).stderr;
  return view;
}

/** What is in a repository's directory beside objects: names, and what files hold, as a short text. */
export async function contentsOf(gitDir: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const { path, isFile } of walk(gitDir, { skip: [/\/objects$/] })) {
    const name = relative(gitDir, path);
    contents[name] = isFile ? await shortText(await Deno.readFile(path)) : "directory";
  }
  return contents;
}

/** The names of what is in a repository's directory beside objects, tables without what chance adds. */
export async function namesIn(gitDir: string): Promise<string[]> {
  const names = Object.keys(await contentsOf(gitDir));
  return names.map((name) => name.replace(/-[0-9a-f]{8}\.ref$/, "-x.ref")).sort();
}

/** Tells bytes from others: by themselves when they are few. */
async function shortText(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.length <= 100) return decodeText(bytes);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
