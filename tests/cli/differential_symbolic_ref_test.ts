import { differentialTest, line } from "./differential.ts";
import { makeDetached, makeEmpty, makeFull, makeWorktrees } from "./differential_repositories.ts";

const READING = [
  ...[
    "HEAD",
    "-q HEAD",
    "--short HEAD",
    "--no-recurse HEAD",
    "refs/heads/alias",
    "--short refs/heads/alias",
  ],
  ...["--no-recurse refs/heads/alias", "--no-recurse --short refs/heads/alias", "refs/heads/main"],
  ...[
    "-q refs/heads/main",
    "--quiet refs/heads/main",
    "refs/heads/nothing",
    "-q refs/heads/nothing",
  ],
  ...[
    "refs/heads/dangling",
    "refs/heads/loop1",
    "--no-recurse refs/heads/loop1",
    "-q refs/heads/loop1",
  ],
  ...[
    "refs/remotes/origin/HEAD",
    "--short refs/remotes/origin/HEAD",
    "main",
    "heads/alias",
    "ORIG_HEAD",
  ],
  ...["", "a b c", "-d", "-d a b", "--frob", "-x", "-m", "-m ''", "-m '' HEAD", "--no-short HEAD"],
  ...[
    "--recurse HEAD",
    "'bad..name'",
    "refs/heads",
    "-h",
    "worktrees/linked/HEAD",
    "main-worktree/HEAD",
  ],
  ...[
    "worktrees/other/HEAD",
    "--delete refs/heads/main",
    "-d refs/heads/nothing",
    "-d HEAD",
    "-q -d HEAD",
  ],
  ...[
    "HEAD main",
    "HEAD HEAD",
    "refs/heads/x 'bad..name'",
    "HEAD refs",
    "HEAD 'refs/heads/bad name'",
  ],
].map((text) => line(`symbolic-ref ${text}`));

const WRITING = [
  ...[
    "HEAD refs/heads/topic",
    "HEAD refs/heads/new",
    "HEAD refs/tags/v2",
    "refs/heads/new refs/heads/main",
  ],
  ...[
    "refs/heads/new refs/heads/nowhere",
    "refs/heads/alias refs/heads/main",
    "refs/heads/main refs/heads/topic",
  ],
  ...[
    "-m reason HEAD refs/heads/topic",
    "-m reason refs/heads/new refs/heads/main",
    "refs/heads/new main",
  ],
  ...[
    "-m 'a  b' HEAD refs/heads/new",
    "-d refs/heads/alias",
    "--delete refs/heads/dangling",
    "-d refs/heads/loop1",
  ],
  ...[
    "-d refs/remotes/origin/HEAD",
    "refs/heads/main/sub refs/heads/topic",
    "refs/heads/dir refs/heads/main",
  ],
  ...[
    "refs/heads/self refs/heads/self",
    "ORIG_HEAD refs/heads/main",
  ],
  ...[
    "NEW_HEAD refs/heads/main",
    "FETCH_HEAD refs/heads/main",
    "lower refs/heads/main",
    "refs/heads/new refs/x",
  ],
  ...[
    "worktrees/linked/HEAD refs/heads/main",
    "HEAD refs/heads/linked",
    "refs/worktree/s refs/worktree/mine",
  ],
  ...["main-worktree/HEAD refs/heads/linked", "-d refs/heads/alias -q"],
].map((text) => line(`symbolic-ref ${text}`));

differentialTest("symbolic-ref", makeFull, { reading: READING, writing: WRITING });
differentialTest("symbolic-ref without commits", makeEmpty, { reading: READING, writing: WRITING });
differentialTest("symbolic-ref with a detached HEAD", makeDetached, {
  reading: READING,
  writing: WRITING.slice(0, 12),
});
differentialTest("symbolic-ref in a linked working tree", makeWorktrees, {
  reading: READING.map((item) => ({ ...item, cwd: "linked" })),
  writing: WRITING.map((item) => ({ ...item, cwd: "linked" })),
});
