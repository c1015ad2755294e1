/**
 * The repositories on which command lines are compared with git's.
 *
 * @module
 */

import { gitIn, type Kind, runGitIn } from "./differential.ts";

function init(directory: string, { refFormat, hash }: Kind, ...options: string[]): void {
  Deno.mkdirSync(directory, { recursive: true });
  const formats = [`--ref-format=${refFormat}`, `--object-format=${hash}`];
  gitIn(directory, "init", "-q", "--template=", ...formats, ...options, ".");
}

/** Runs git with a date, counted in hours from the usual one. */
function gitAt(directory: string, hours: number, ...args: string[]): void {
  const date = `${1700000000 + hours * 3600} +0100`;
  const { code, stderr } = runGitIn(directory, {
    args,
    env: { GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date },
  });
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
}

/** No commits. */
export function makeEmpty(directory: string, kind: Kind): void {
  init(directory, kind);
}

/** Branches, tags of all sorts, remotes, symbolic refs, names of all sorts, and logs. */
export function makeFull(directory: string, kind: Kind): void {
  init(directory, kind);
  for (const [i, message] of ["one", "two\n\nwith a body\nof two lines", "three"].entries()) {
    gitAt(directory, i, "commit", "-q", "--allow-empty", "-m", message);
  }
  const git = (...args: string[]) => gitIn(directory, ...args);
  git("branch", "topic", "HEAD~1");
  git("branch", "dir/sub/deep", "HEAD~2");
  git("branch", "dir2", "HEAD~2");
  git("branch", "ünïcödé");
  git("branch", "a!b'c$d\"e");
  git("branch", "UPPER");
  git("branch", "日本");
  git("update-ref", "refs/heads/v1", "HEAD~1");
  for (const tag of ["v1.2", "v1.10", "v1.10-rc1", "v1.9", "v2"]) git("tag", tag);
  gitAt(directory, 5, "tag", "-a", "-m", "annotated\n\nbody", "annotated", "HEAD~1");
  gitAt(directory, 6, "tag", "-a", "-m", "nested", "nested", "annotated");
  git("tag", "topic");
  git("tag", "tree", "HEAD^{tree}");
  const blob = runGitIn(directory, { args: ["hash-object", "-w", "--stdin"], stdin: "text\n" });
  git("tag", "blob", blob.stdout.trim());
  git("update-ref", "refs/remotes/origin/main", "HEAD");
  git("update-ref", "refs/remotes/origin/topic", "topic~0");
  git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");
  git("symbolic-ref", "refs/heads/alias", "refs/heads/chain");
  git("symbolic-ref", "refs/heads/chain", "refs/heads/topic");
  git("symbolic-ref", "refs/heads/dangling", "refs/heads/nowhere");
  git("symbolic-ref", "refs/heads/loop1", "refs/heads/loop2");
  git("symbolic-ref", "refs/heads/loop2", "refs/heads/loop1");
  git("update-ref", "refs/notes/commits", "HEAD");
  git("update-ref", "refs/stash", "HEAD");
  git("update-ref", "ORIG_HEAD", "HEAD~1");
  git("update-ref", "refs/bisect/bad", "HEAD");
  git("checkout", "-q", "topic", "--");
  git("checkout", "-q", "dir2", "--");
  git("checkout", "-q", "main", "--");
  git("pack-refs", "--all");
  git("update-ref", "refs/heads/loose", "HEAD~2");
  Deno.mkdirSync(`${directory}/sub/dir`, { recursive: true });
}

/** The same with all objects in a pack, some of them made from others. */
export function makePacked(directory: string, kind: Kind): void {
  makeFull(directory, kind);
  const signed =
    "signed\n\nbody\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";
  const long = Array.from({ length: 200 }, (_, i) => `line ${i} of many`).join("\n");
  gitAt(directory, 7, "tag", "-a", "-m", signed, "signed", "HEAD");
  for (const i of [1, 2, 3]) {
    gitAt(directory, 7 + i, "tag", "-a", "-m", `${long}\nthis is ${i}\n`, `long${i}`, "HEAD");
  }
  gitIn(
    directory,
    "commit",
    "-q",
    "--allow-empty",
    "-m",
    "Ünïcode: a/b  c...\r\nsecond line\r\n\r\nbody",
  );
  gitIn(directory, "commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "");
  gitIn(directory, "repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50");
  gitIn(directory, "commit", "-q", "--allow-empty", "-m", "loose");
}

/** Annotated tags whose refs are not packed; some do not say rightly what they name. */
export function makeMistakenTags(directory: string, kind: Kind): void {
  init(directory, kind);
  gitAt(directory, 0, "commit", "-q", "--allow-empty", "-m", "one");
  gitAt(directory, 1, "tag", "-a", "-m", "right", "b-right");
  gitAt(directory, 2, "tag", "-a", "-m", "nested", "c-nested", "b-right");
  const stdin = gitIn(directory, "cat-file", "tag", "b-right").replace("commit\n", "blob\n");
  const args = ["hash-object", "-w", "-t", "tag", "--stdin"];
  const wrong = runGitIn(directory, { args, stdin }).stdout.trim();
  for (const name of ["a-wrong", "d-wrong"]) {
    gitIn(directory, "update-ref", `refs/tags/${name}`, wrong);
  }
}

/** Nothing checked out but a commit. */
export function makeDetached(directory: string, kind: Kind): void {
  init(directory, kind);
  gitAt(directory, 0, "commit", "-q", "--allow-empty", "-m", "one");
  gitAt(directory, 1, "commit", "-q", "--allow-empty", "-m", "two");
  gitIn(directory, "checkout", "-q", "--detach", "HEAD~1");
}

/** Without a working tree. */
export function makeBare(directory: string, kind: Kind): void {
  makeDetached(`${directory}/../source`, kind);
  gitIn(`${directory}/..`, ...["clone", "-q", "--bare", "--template=", "source", "repo"]);
  if (kind.refFormat === "reftable") {
    Deno.removeSync(directory, { recursive: true });
    init(directory, kind, "--bare");
    gitIn(directory, "fetch", "-q", "../source", "+refs/heads/*:refs/heads/*");
  }
}

/** Linked working trees with refs of their own. */
export function makeWorktrees(directory: string, kind: Kind): void {
  init(directory, kind);
  gitAt(directory, 0, "commit", "-q", "--allow-empty", "-m", "one");
  gitAt(directory, 1, "commit", "-q", "--allow-empty", "-m", "two");
  gitIn(directory, "worktree", "add", "-q", "-b", "linked", "linked");
  gitIn(directory, "worktree", "add", "-q", "--detach", "other", "HEAD~1");
  gitIn(directory, "update-ref", "refs/worktree/mine", "HEAD");
  gitIn(`${directory}/linked`, "update-ref", "refs/worktree/mine", "HEAD~1");
  gitIn(`${directory}/linked`, "update-ref", "refs/bisect/good", "HEAD~1");
  gitIn(`${directory}/linked`, "update-ref", "ORIG_HEAD", "HEAD~1");
  // Twins lie elsewhere: what leads to them must be relative.
  for (const name of ["linked", "other"]) {
    Deno.writeTextFileSync(`${directory}/${name}/.git`, `gitdir: ../.git/worktrees/${name}\n`);
    Deno.writeTextFileSync(`${directory}/.git/worktrees/${name}/gitdir`, `../../../${name}/.git\n`);
  }
}
