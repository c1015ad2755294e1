import { type Case, differentialTest, KINDS, line } from "./differential.ts";
import { makeDetached, makeEmpty, makeFull, makeWorktrees } from "./differential_repositories.ts";

/** Object ids of zeros and ones that no repository has, for both hashes. */
const IDS: readonly (readonly [name: string, digit: string])[] = [["ZERO", "0"], ["NONE", "1"]];

/** Object ids in place of words, as long as the hash wants them. */
function expand(item: Case, length: number): Case {
  const replace = (text: string) =>
    IDS.reduce((text, [name, digit]) => text.replaceAll(name, digit.repeat(length)), text);
  return {
    ...item,
    args: item.args.map(replace),
    ...(item.stdin === undefined ? {} : { stdin: replace(item.stdin) }),
  };
}

/** Most of these are refused. */
const REFUSED = [
  ...[
    "",
    "refs/heads/x",
    "refs/heads/x main topic extra",
    "-d",
    "-d a b c",
    "--frob",
    "-x",
    "-m",
    "-h",
  ],
  ...[
    "-m '' refs/heads/x main",
    "-z refs/heads/x main",
    "--stdin x",
    "--stdin -d",
    "--batch-updates x main",
  ],
  ...[
    "-0 x main",
    "refs/heads/x nothing",
    "refs/heads/x main nothing",
    "refs/heads/x main@{99}",
    "-d x nothing",
  ],
  ...[
    "refs/heads/x refs/heads/dangling",
    "refs/heads/x ''",
    "refs/heads/main topic NONE",
    "refs/heads/main topic ZERO",
  ],
  ...[
    "refs/heads/main topic topic",
    "refs/heads/new topic topic",
    "refs/heads/new main NONE",
    "-d refs/heads/main topic",
  ],
  ...[
    "-d refs/heads/main NONE",
    "-d refs/heads/nothing main",
    "refs/heads/main/x main",
    "refs/heads/dir main",
  ],
  ...[
    "'refs/heads/bad..name' main",
    "'refs/heads/a b' main",
    "lower main",
    "refs/heads/x.lock main",
    "FETCH_HEAD main",
  ],
  ...[
    "MERGE_HEAD main",
    "-d FETCH_HEAD",
    "-d lower",
    "refs/heads/dangling main ZERO --no-deref",
    "--stdi --fro",
  ],
  ...[
    "refs main",
    "refs/ main",
    "/refs/heads/x main",
    "refs/heads/../x main",
    "refs/heads/main main topic",
  ],
  ...[
    "refs/heads/loop1 main",
    "-d refs/heads/loop1",
    "--no-stdin -z x main",
    "HEAD~1 main",
  ],
].map((text) => line(`update-ref ${text}`));

const WRITING = [
  ...[
    "refs/heads/new main",
    "refs/heads/new main ZERO",
    "refs/heads/new main ''",
    "refs/heads/main topic",
  ],
  ...[
    "refs/heads/main topic main",
    "refs/heads/main main",
    "-m reason refs/heads/new main",
    "HEAD topic",
  ],
  ...[
    "-m 'a  b\tc ' refs/heads/main topic",
    "HEAD topic main",
    "--no-deref HEAD topic",
    "-m x --no-deref HEAD main",
  ],
  ...[
    "--create-reflog refs/tags/new main",
    "refs/tags/new main",
    "--create-reflog refs/heads/main main",
  ],
  ...[
    "refs/tags/annotated main",
    "refs/tags/x annotated",
    "refs/tags/x nested",
    "refs/tags/x tree",
    "refs/tags/x blob",
  ],
  ...[
    "-d refs/heads/topic",
    "-d refs/heads/topic topic",
    "-d refs/heads/nothing",
    "-d refs/heads/main",
    "-d HEAD",
  ],
  ...[
    "-d --no-deref HEAD",
    "-d refs/heads/topic ZERO",
    "-d refs/heads/topic ''",
    "-d -m gone refs/heads/loose",
  ],
  ...[
    "-d refs/heads/alias",
    "--no-deref -d refs/heads/alias",
    "refs/heads/alias main",
    "--no-deref refs/heads/alias main",
  ],
  ...[
    "refs/heads/dangling main",
    "--no-deref refs/heads/dangling main",
    "-d refs/heads/dangling",
    "ORIG_HEAD main",
  ],
  ...[
    "-d --no-deref refs/heads/dangling",
    "-d --no-deref refs/heads/loop1",
    "--no-deref refs/heads/loop1 main",
  ],
  ...[
    "-d ORIG_HEAD",
    "-d refs/tags/annotated",
    "refs/heads/topic ZERO",
    "refs/heads/topic ZERO topic",
    "refs/x main",
  ],
  ...[
    "refs/heads/nothing ZERO",
    "refs/heads/new refs/tags/v2",
    "refs/heads/new origin",
    "refs/heads/new HEAD@{0}",
  ],
  ...[
    "refs/heads/new HEAD@{1}",
    "refs/heads/new main@{1}",
    "refs/heads/new @{1}",
    "refs/heads/new main@{2}",
    "refs/heads/new @",
  ],
  ...[
    "refs/heads/new main@{3}",
    "refs/heads/new heads/topic",
    "refs/stash main",
    "-d refs/stash",
    "refs/notes/x main",
  ],
  ...[
    "refs/bisect/good main",
    "refs/worktree/x main",
    "refs/rewritten/y main",
    "refs/remotes/origin/x main",
    "CUSTOM_HEAD main",
  ],
  ...[
    "-d refs/bisect/bad",
  ],
  ...[
    "--deref HEAD topic",
    "--no-deref --deref HEAD topic",
  ],
  ...[
    "-- refs/heads/new main",
    "--end-of-options refs/heads/new main",
    "refs/heads/日本 topic",
    "'refs/heads/a!b' main",
  ],
  ...[
    "refs/heads/main ZERO",
    "-d refs/heads/dir2 dir2",
    "refs/heads/dir2/sub main",
    "-m '\n' refs/heads/new main",
  ],
].map((text) => line(`update-ref ${text}`));

const CONFIGURED = [
  ...["refs/tags/new main", "refs/x/y main", "CUSTOM_HEAD main", "refs/heads/new main"].flatMap((
    text,
  ) =>
    ["always", "true", "false"].map((value) =>
      line(`-c core.logAllRefUpdates=${value} update-ref ${text}`)
    )
  ),
];

const STDIN = [
  "create refs/heads/new main\n",
  "create refs/heads/new main\ncreate refs/heads/new2 topic\ndelete refs/heads/topic\n",
  "update refs/heads/main topic main\nverify refs/heads/dir2\n",
  "update refs/heads/main topic\nverify refs/heads/dir2 dir2\n",
  "verify refs/heads/nothing\ncreate refs/heads/new main\n",
  "verify refs/heads/nothing ZERO\n",
  "delete refs/heads/topic topic\nupdate refs/heads/main main\n",
  "delete refs/heads/nothing\n",
  "create refs/heads/b main\ncreate refs/heads/a main\nverify refs/heads/b\nverify refs/heads/a\n",
  "option no-deref\nupdate refs/heads/alias main\n",
  "option no-deref\nupdate refs/heads/alias main\nupdate refs/heads/chain main\n",
  "option no-deref\ndelete refs/heads/alias\n",
  "symref-create refs/heads/sym refs/heads/main\n",
  "symref-update refs/heads/alias refs/heads/main\n",
  "symref-update refs/heads/alias refs/heads/main ref refs/heads/chain\n",
  "symref-update refs/heads/alias refs/heads/main ref refs/heads/topic\n",
  "symref-update refs/heads/topic refs/heads/main oid topic\n",
  "symref-update refs/heads/topic refs/heads/main oid main\n",
  "symref-update refs/heads/new refs/heads/main oid ZERO\n",
  "symref-update refs/heads/new refs/heads/main ref refs/heads/x\n",
  "option no-deref\nsymref-delete refs/heads/alias\n",
  "option no-deref\nsymref-delete refs/heads/alias refs/heads/chain\n",
  "option no-deref\nsymref-delete refs/heads/alias refs/heads/topic\n",
  "option no-deref\nsymref-delete refs/heads/main\n",
  "option no-deref\nsymref-delete refs/heads/nothing\n",
  "symref-delete refs/heads/alias\n",
  "option no-deref\nsymref-verify refs/heads/alias refs/heads/chain\n",
  "option no-deref\nsymref-verify refs/heads/alias refs/heads/topic\n",
  "option no-deref\nsymref-verify refs/heads/nothing\n",
  "option no-deref\nsymref-verify refs/heads/alias\n",
  "symref-verify refs/heads/alias refs/heads/chain\n",
  "start\ncreate refs/heads/new main\ncommit\n",
  "start\ncreate refs/heads/new main\nprepare\ncommit\n",
  "start\ncreate refs/heads/new main\nabort\n",
  "start\ncreate refs/heads/new main\nprepare\nabort\n",
  "start\ncreate refs/heads/new main\n",
  "start\ncreate refs/heads/new main\nprepare\n",
  "create refs/heads/new main\nprepare\n",
  "create refs/heads/new main\ncommit\n",
  "start\ncommit\nstart\ncreate refs/heads/new main\ncommit\n",
  "start\nstart\n",
  "start\ncommit\ncommit\n",
  "start\ncommit\ncreate refs/heads/new main\n",
  "start\nprepare\ncreate refs/heads/new main\n",
  "prepare\nprepare\n",
  "commit\n",
  "abort\n",
  "start x\n",
  "prepare x\n",
  "start\ncreate refs/heads/main main\nprepare\n",
  "start\ncreate refs/heads/main main\ncommit\n",
  "",
  "\n",
  " create refs/heads/new main\n",
  "\tcreate refs/heads/new main\n",
  "frob refs/heads/new\n",
  "create\n",
  "create \n",
  "create refs/heads/new\n",
  "create refs/heads/new \n",
  "create refs/heads/new main",
  "create  refs/heads/new main\n",
  "create refs/heads/new  main\n",
  "create refs/heads/new main extra\n",
  "create refs/heads/new main \n",
  "create refs/heads/new\tmain\n",
  "create refs/heads/new nothing\n",
  "create refs/heads/new ZERO\n",
  'create refs/heads/new ""\n',
  "create bad..name main\n",
  "create refs/heads/main main\n",
  "create refs/heads/new main\ncreate refs/heads/new main\n",
  "update refs/heads/new\n",
  "update\n",
  "update refs/heads/new main main main\n",
  "update refs/heads/new main nothing\n",
  'update refs/heads/new "" main\n',
  'update refs/heads/topic ""\n',
  "update refs/heads/topic ZERO topic\n",
  "update refs/heads/main topic ZERO\n",
  "update refs/heads/main topic NONE\n",
  "update refs/heads/main topic\nupdate HEAD main\n",
  "delete refs/heads/topic ZERO\n",
  "delete refs/heads/topic main\n",
  "delete\n",
  "delete refs/heads/topic topic topic\n",
  "verify\n",
  "verify refs/heads/main topic\n",
  "verify refs/heads/main ZERO\n",
  "option\n",
  "option frob\n",
  "option no-deref x\n",
  "optionx\n",
  'create "refs/heads/quoted" main\n',
  'create "refs/heads/\\303\\274" main\n',
  'create "refs/heads/quoted main\n',
  'create "refs/heads/quoted"x main\n',
  'create "refs/heads/\\q" main\n',
  "create refs/heads/a main\ncreate refs/heads/a/b main\n",
  "create refs/heads/main/x main\n",
  "delete refs/heads/main\ncreate refs/heads/main/x main\n",
  "delete refs/heads/dir/sub/deep\ncreate refs/heads/dir main\n",
  "symref-create\n",
  "symref-create refs/heads/sym\n",
  "symref-create refs/heads/sym bad..name\n",
  "symref-create refs/heads/main refs/heads/topic\n",
  "symref-update\n",
  "symref-update refs/heads/alias\n",
  "symref-update refs/heads/alias refs/heads/main ref\n",
  "symref-update refs/heads/alias refs/heads/main oid\n",
  "symref-update refs/heads/alias refs/heads/main frob x\n",
  "symref-update refs/heads/alias refs/heads/main oid nothing\n",
  "symref-update refs/heads/alias refs/heads/main ref bad..name\n",
  "symref-update refs/heads/alias refs/heads/main ref refs/heads/chain x\n",
  "update refs/heads/a main\nupdate refs/heads/b topic\nupdate refs/tags/c annotated\nupdate HEAD topic\n",
];

const NULS = [
  "create refs/heads/new\0main\0",
  "update refs/heads/main\0topic\0main\0",
  "update refs/heads/main\0topic\0\0",
  "update refs/heads/topic\0\0\0",
  "update refs/heads/topic\0\0topic\0",
  "update refs/heads/new\0main\0",
  "update refs/heads/new\0main",
  "update refs/heads/new\0",
  "update refs/heads/new",
  "update \0",
  "delete refs/heads/topic\0\0",
  "delete refs/heads/topic\0topic\0",
  "delete refs/heads/topic\0",
  "verify refs/heads/topic\0topic\0",
  "verify refs/heads/nothing\0\0",
  "verify refs/heads/topic\0",
  "option no-deref\0update refs/heads/alias\0main\0\0",
  "option frob\0",
  "start\0create refs/heads/new\0main\0commit\0",
  "start\0prepare\0abort\0",
  "start\0create refs/heads/new\0main\0",
  "\0",
  " create\0",
  "frob x\0",
  "create\0",
  "create refs/heads/new\nmain\0",
  "create refs/heads/new\0\0",
  "create refs/heads/new\0nothing\0",
  "create refs/heads/new main\0main\0",
  'create "refs/heads/new"\0main\0',
  "symref-create refs/heads/sym\0refs/heads/main\0",
  "symref-update refs/heads/alias\0refs/heads/main\0\0\0",
  "symref-update refs/heads/alias\0refs/heads/main\0ref\0refs/heads/chain\0",
  "symref-update refs/heads/alias\0refs/heads/main\0oid\0nothing\0",
  "symref-update refs/heads/alias\0refs/heads/main\0ref\0\0",
  "option no-deref\0symref-delete refs/heads/alias\0refs/heads/chain\0",
  "option no-deref\0symref-delete refs/heads/alias\0\0",
  "option no-deref\0symref-verify refs/heads/alias\0refs/heads/chain\0",
];

/**
 * Where what HEAD or another symbolic ref leads to is rejected, git notes a change of it down in the log of the
 * symbolic ref all the same.
 */
const BATCH_WITH_SYMREFS = [
  "create refs/heads/main main\ncreate refs/heads/new main\n",
  "update refs/heads/main topic NONE\ncreate refs/heads/new main\n",
  "symref-update refs/heads/alias refs/heads/main ref refs/heads/topic\ncreate refs/heads/new main\n",
  "symref-create refs/heads/alias refs/heads/main\ncreate refs/heads/new main\n",
  "start\ncreate refs/heads/main main\ncreate refs/heads/new main\nprepare\ncommit\n",
];

const BATCH = [
  "update refs/heads/nothing topic main\ncreate refs/heads/new main\n",
  "delete refs/heads/nothing main\ndelete refs/heads/topic main\ndelete refs/heads/loose\n",
  "create refs/heads/main/x main\ncreate refs/heads/new main\n",
  "create refs/heads/a main\ncreate refs/heads/a/b main\n",
  "symref-update refs/heads/main refs/heads/topic ref refs/heads/topic\ncreate refs/heads/new main\n",
  "create refs/heads/new main\ncreate refs/heads/new main\n",
  "create bad..name main\n",
  "create refs/heads/new nothing\n",
  "verify refs/heads/main topic\ncreate refs/heads/new main\n",
  "update FETCH_HEAD main\ncreate refs/heads/new main\n",
];

const FROM_STDIN: Case[] = [
  ...STDIN.map((stdin) => line("update-ref --stdin", { stdin })),
  ...STDIN.filter((_, i) => i % 4 === 0).map((stdin) =>
    line("update-ref --no-deref -m why --create-reflog --stdin", { stdin })
  ),
  ...NULS.map((stdin) => line("update-ref -z --stdin", { stdin })),
  ...BATCH.map((stdin) => line("update-ref --stdin --batch-updates", { stdin })),
  ...BATCH_WITH_SYMREFS.map((stdin) => line("update-ref --stdin -0", { stdin, leaves: false })),
];

/** git writes what belongs to another working tree under a name by which nobody finds it. */
const WORKTREES = [
  ...[
    "worktrees/linked/refs/bisect/new main",
    "-d worktrees/linked/refs/bisect/good",
    "-d refs/bisect/good",
  ],
  ...[
    "worktrees/linked/refs/heads/x main",
    "worktrees/other/HEAD main",
    "main-worktree/refs/bisect/new HEAD",
  ],
  ...[
    "-d worktrees/linked/ORIG_HEAD",
    "worktrees/linked/refs/worktree/mine main",
    "refs/worktree/mine HEAD",
  ],
].flatMap((text) =>
  ["linked", "."].map((cwd) =>
    line(`update-ref ${text}`, /worktrees?\//.test(text) ? { cwd, leaves: false } : { cwd })
  )
);

for (const kind of KINDS) {
  const kinds = [kind];
  const { hash } = kind;
  const length = hash === "sha1" ? 40 : 64;
  // What is tried with one hash need not be tried again with the other, but for some.
  const of = (cases: readonly Case[]) =>
    cases.filter((_, i) => hash === "sha1" || i % 5 === 0).map((item) => expand(item, length));
  differentialTest("update-ref", makeFull, {
    writing: of([...REFUSED, ...WRITING, ...CONFIGURED]),
  }, kinds);
  differentialTest("update-ref --stdin", makeFull, { writing: of(FROM_STDIN) }, kinds);
  differentialTest("update-ref without commits", makeEmpty, {
    writing: of(REFUSED.slice(0, 20)),
  }, kinds);
  differentialTest("update-ref of some without commits", makeEmpty, {
    writing: of(WRITING.filter((_, i) => i % 5 === 0)),
  }, kinds);
  differentialTest("update-ref with a detached HEAD", makeDetached, {
    writing: of([...WRITING.slice(0, 16), ...FROM_STDIN.slice(0, 6)]),
  }, kinds);
  differentialTest("update-ref in a linked working tree", makeWorktrees, {
    writing: of([
      ...WRITING.filter((_, i) => i % 3 !== 1).map((item) => ({ ...item, cwd: "linked" })),
      ...WORKTREES,
    ]),
  }, kinds);
}
