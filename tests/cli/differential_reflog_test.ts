import { type Case, differentialTest, gitIn, type Kind, KINDS, line } from "./differential.ts";
import { makeDetached, makeEmpty, makeFull, makeWorktrees } from "./differential_repositories.ts";

const ZERO = "0".repeat(40);
const MISSING = "1".repeat(40);

/** Log options, tried on several logs. */
const SHOW = [
  ...["", "-1", "-n1", "-n 2", "-2 -1", "--max-count=1", "--skip=1", "--skip=1 -1", "-0", "-n -1"],
  ...["--no-abbrev", "--abbrev=4", "--abbrev=12", "--no-abbrev-commit", "--abbrev-commit", "-q"],
  ...["--oneline", "--pretty=oneline", "--format=%H", "--format=%h %gd %gD %gs"],
  ...["--format=%gn|%gN|%ge|%gE|%n|%%|%x41|%q", "--pretty=format:%gd", "--format=tformat:%gd"],
  ...["--format=%C(red)%gd%Creset", "--color=always --format=%C(red)%gd%Creset%C(bold blue)x"],
  ...["--color=always", "--color=never", "--color=auto", "--format=%C(always,red)%gs"],
  ...["--date=raw", "--date=short", "--date=iso", "--date=unix", "--relative-date", "--date=rfc"],
  ...["--date=format:%Y --format=%gd", "--date=default", "-g", "--walk-reflogs", "--no-date"],
  ...["-c log.date=short reflog HEAD@{now}"],
];

/** What shows commits, which takes objects that can be read. */
const SHOW_COMMITS = [
  ...["--pretty", "--format=short", "--format=medium", "--pretty=full", "--format=fuller"],
  ...["--format=short --color=always", "--format=fuller --date=iso", "--format=medium --no-abbrev"],
  ...["--format=%an|%ae|%al|%ad|%ar|%at|%ai|%aI|%as|%aD|%ah", "--format=%cn|%ce|%cd|%cI|%q|%ax"],
  ...["--format=%s|%f|%b|%B|%T|%t|%P|%p", "--pretty=format:%s", "--format=%as --date=short"],
].flatMap((options) =>
  ["", "topic", "main@{now}", "refs/odd/one", "--all"].map((rest) =>
    line(`reflog ${options} ${rest}`)
  )
);

const REVISIONS = [
  ...["HEAD", "main", "refs/heads/main", "heads/main", "@", "@{0}", "@{1}", "@{-1}", "topic"],
  ...["HEAD@{1}", "HEAD@{2}", "HEAD@{100}", "main@{1}", "main@{0}", "HEAD@{now}", "main@{now}"],
  ...["HEAD@{yesterday}", "HEAD@{2023-11-14 23:30:00 +0000}", "HEAD@{1.hour.ago}", "nothing"],
  ...[
    "HEAD@{",
    "HEAD@{}",
    "refs/tags/v2",
    "v2",
    "annotated",
    "alias",
    "dangling",
    "loop1",
    "^HEAD",
  ],
  ...["origin/HEAD", "origin", "refs/stash", "stash", "HEAD main", "main HEAD", "HEAD nothing"],
  ...[
    "ORIG_HEAD",
    "refs/remotes/origin/main",
    "refs/bisect/bad",
    "main --",
    "--",
    "-- ",
    "nothing --",
  ],
];

const SHOWING: readonly Case[] = [
  ...SHOW.map((options) => line(options.startsWith("-c ") ? options : `reflog ${options}`)),
  ...SHOW.filter((options) => !options.startsWith("-c ")).map((options) =>
    line(`reflog show ${options} main`)
  ),
  ...REVISIONS.map((revision) => line(`reflog ${revision}`)),
  ...REVISIONS.map((revision) => line(`reflog show --date=raw ${revision}`)),
  ...REVISIONS.map((revision) => line(`reflog --format=%gd ${revision}`)),
  ...["--frob", "-x", "--date=frob", "--format=frob", "-1x", "-n x", "--skip=x", "--max-count"]
    .map((options) => line(`reflog ${options}`)),
  ...["--all", "--all -2", "--all --date=raw", "--all --format=%gd"].map((options) =>
    line(`reflog ${options}`)
  ),
  ...["-h", "show -h", "list -h", "exists -h", "write -h", "delete -h", "drop -h", "expire -h"]
    .map((options) => line(`reflog ${options}`)),
];

const TELLING: readonly Case[] = [
  ...["", "x", "--frob", "-h x"].map((options) => line(`reflog list ${options}`)),
  ...[
    ...["", "HEAD", "main", "refs/heads/main", "refs/heads/nothing", "refs/heads/alias", "a b"],
    ...["a..b", "-- refs/heads/main", "--end-of-options HEAD", "refs/heads/main HEAD", "--frob"],
    ...["worktrees/linked/HEAD", "main-worktree/HEAD", "refs/bisect/bad", "refs/heads", "''"],
  ].map((options) => line(`reflog exists ${options}`)),
];

/** All that is refused before anything is done. */
const REFUSED: readonly Case[] = [
  ...[
    ...["", "main", "nothing@{0}", "v2@{0}", "--frob main@{0}", "dangling@{0}"],
  ].map((options) => line(`reflog delete ${options}`)),
  ...["", "nothing", "--all main", "nothing also", "--frob", "--single-worktree", "main@{0}"].map(
    (options) => line(`reflog drop ${options}`),
  ),
  ...[
    ...["", "nothing", "nothing also", "--expire=frob main", "--expire main", "--no-expire main"],
    ...["--expire-unreachable=frob main", "--expire", "--frob", "main@{0}", "--single-worktree"],
  ].map((options) => line(`reflog expire ${options}`)),
  line("-c gc.reflogExpire=frob reflog expire main"),
  line("-c gc.refs/heads/*.reflogExpire=frob reflog expire main", { stderr: false }),
  ...[
    ...["", "refs/heads/x", `refs/heads/x ${ZERO} ${ZERO}`, `refs/heads/x ${ZERO} ${ZERO} m more`],
    ...[`refs/heads/x 1 ${ZERO} m`, `refs/heads/x ${ZERO} 1 m`, `refs/heads/x ${ZERO} main m`],
    ...[`refs/heads/x ${MISSING} ${ZERO} m`, `refs/heads/x ${ZERO} ${MISSING} m`],
    ...[`x ${ZERO} ${ZERO} m`, `refs/heads/a..b ${ZERO} ${ZERO} m`, `FETCH_HEAD ${ZERO} ${ZERO} m`],
    ...[`'refs/heads/ x' ${ZERO} ${ZERO} m`, `'' ${ZERO} ${ZERO} m`, `x/y/ ${ZERO} ${ZERO} m`],
  ].map((options) => line(`reflog write ${options}`)),
];

const DELETING: readonly Case[] = [
  ...["HEAD@{0}", "HEAD@{1}", "HEAD@{99}", "HEAD@{}", "main@{0}", "main@{1}", "main@{2}", "@{0}"],
  ...["HEAD@{1.hour.ago}", "HEAD@{2023-11-14 23:30:00 +0000}", "HEAD@{yesterday}", "HEAD@{frob}"],
  ...[
    "main@{",
    "@{",
    "HEAD@{0} HEAD@{0}",
    "HEAD@{0} nothing@{0} HEAD@{1}",
    "main main@{0}",
    "topic@{0}",
  ],
].flatMap((operands) =>
  ["", "--rewrite", "--updateref", "--rewrite --updateref --verbose", "-n --verbose", "--dry-run"]
    .map((options) => line(`reflog delete ${options} ${operands}`))
);

const DROPPING: readonly Case[] = [
  ...["HEAD", "main", "refs/heads/main topic", "main nothing topic", "--all", "alias", "@"],
  ...["--all --single-worktree", "HEAD HEAD", "refs/worktree/mine"],
].map((options) => line(`reflog drop ${options}`));

/** Expiry by time alone. */
const EXPIRING: readonly Case[] = [
  ...["--expire=now", "--expire=all --rewrite", "--expire=never", "--expire=false --verbose"],
  ...["--expire=2023-11-14T23:30:00Z --verbose", "--expire=1700004000 --rewrite --verbose"],
  ...["--expire=1700004000 --updateref", "--expire=1700004000 --updateref --rewrite"],
  ...["--expire=1700004000 -n", "--expire=now --dry-run", "--expire=now --updateref"],
  ...[
    "--expire=now --expire=never",
    "--expire=1.hour.ago",
    "--expire=now --expire-unreachable=now",
  ],
].flatMap((options) =>
  ["HEAD", "main", "main topic", "main nothing topic", "--all", "--all --single-worktree"].map(
    (operands) => line(`reflog expire --expire-unreachable=never ${options} ${operands}`),
  )
);

/** Told of a single log, git says of entries that they are pruned even where they are not. */
const DRY_RUN: readonly Case[] = ["--all", "--all --single-worktree"].map((operands) =>
  line(`reflog expire --expire-unreachable=never --expire=1700004000 -n --verbose ${operands}`)
);

const CONFIGURED: readonly Case[] = [
  ...["gc.reflogExpire=now", "gc.reflogExpire=never", "gc.refs/heads/*.reflogExpire=now"],
  ...["gc.refs/heads/main.reflogExpire=now", "gc.refs/remotes/*.reflogExpire=now"],
].flatMap((variable) => [
  line(`-c gc.reflogExpireUnreachable=never -c ${variable} reflog expire --all`),
  line(`-c gc.reflogExpire=never -c ${variable} reflog expire --expire-unreachable=never --all`),
  line(`-c ${variable} reflog expire --expire=never --expire-unreachable=never --all`),
]);

/** The id of a tree without files. */
const EMPTY_TREE = {
  sha1: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  sha256: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
};

/** Entries for many sorts of refs. */
function writing({ hash }: Kind): Case[] {
  const tree = EMPTY_TREE[hash];
  const zeros = "0".repeat(tree.length);
  return [
    ...["HEAD", "refs/heads/main", "refs/heads/new", "refs/tags/v2", "refs/heads/main/below"],
    ...["ORIG_HEAD", "refs/heads/alias", "refs/bisect/bad", "refs/heads/dir", "MY_HEAD"],
  ].flatMap((refname) => [
    line(`reflog write ${refname} ${zeros} ${tree} message`),
    line(`reflog write ${refname} ${tree} ${tree.toUpperCase()} ' some   white\n\nspace '`),
    line(`reflog write ${refname} ${zeros}more ${tree}more ''`),
  ]);
}

/** Expiry by what is part of the history. */
const UNREACHABLE: readonly Case[] = [
  ...["--expire=never --expire-unreachable=now", "--expire-unreachable=now --rewrite --verbose"],
  ...["--expire=never --expire-unreachable=1700003000 --verbose", "", "--expire=never --updateref"],
  ...[
    "--expire=never --stale-fix --verbose",
    "--expire=never --expire-unreachable=never --stale-fix",
  ],
].flatMap((options) =>
  ["HEAD", "main", "topic", "symbolic", "refs/odd/tree", "refs/odd/tag", "broken", "--all"].map(
    (operands) => line(`reflog expire ${options} ${operands}`),
  )
);

const UNREACHABLE_CONFIGURED: readonly Case[] = [
  ...["gc.refs/heads/main.reflogExpireUnreachable=now", "gc.reflogExpireUnreachable=now"],
  ...["gc.refs/*.reflogExpireUnreachable=1700003000"],
].map((variable) => line(`-c ${variable} reflog expire --all`));

/** Branches that were set back, refs that are no branches, and entries of commits that are not there any more. */
function makeRewound(directory: string, kind: Kind): void {
  makeFull(directory, kind);
  const git = (...args: string[]) => gitIn(directory, ...args);
  git("commit", "-q", "--allow-empty", "-m", "lost");
  git("update-ref", "-m", "reset", "refs/heads/main", "main~2");
  git("update-ref", "-m", "lost", "refs/heads/topic", "main@{1}");
  git("update-ref", "-m", "back", "refs/heads/topic", "main");
  git("symbolic-ref", "-m", "made", "refs/heads/symbolic", "refs/heads/topic");
  git("update-ref", "--no-deref", "--create-reflog", "refs/odd/tree", "main@{1}");
  git("update-ref", "refs/odd/tree", "HEAD^{tree}");
  git("update-ref", "--create-reflog", "refs/odd/tag", "main@{1}");
  git("update-ref", "refs/odd/tag", "annotated");
  Deno.writeTextFileSync(`${directory}/file`, "text of a file\n");
  git("add", "file");
  git("commit", "-q", "-m", "with a file");
  git("update-ref", "-m", "whole", "refs/heads/broken", "HEAD");
  git("update-ref", "-m", "back", "refs/heads/main", "HEAD~1");
  git("update-ref", "-m", "back", "refs/heads/broken", "main");
  // What is in the index is not missed.
  git("rm", "-q", "--cached", "file");
  const blob = git("rev-parse", "broken@{1}:file").trim();
  Deno.removeSync(`${directory}/.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`);
}

/** Ids of another length make little difference. */
function sample(cases: readonly Case[], { hash }: Kind): readonly Case[] {
  return hash === "sha1" ? cases : cases.filter((_case, i) => i % 4 === 0);
}

/** Merges, messages of several paragraphs and without any, tags and trees among commits. */
function makeMerges(directory: string, kind: Kind): void {
  makeFull(directory, kind);
  const git = (...args: string[]) => gitIn(directory, ...args);
  git("merge", "-q", "--no-ff", "-m", "merge\n\nof two   \n\n\n  lines\n", "-s", "ours", "loose~0");
  git("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "");
  git(
    "commit",
    "-q",
    "--allow-empty",
    "--author=Ünïcödé <u@x>",
    "-m",
    "subject\nof two lines\n\nx",
  );
  git("update-ref", "--create-reflog", "-m", "tree", "refs/odd/one", "HEAD^{tree}");
  git("update-ref", "-m", "commit", "refs/odd/one", "HEAD");
  git("update-ref", "-m", "tag", "refs/odd/one", "annotated");
  git("update-ref", "-m", "again", "refs/odd/one", "HEAD~1");
}

differentialTest("reflog show", makeFull, { reading: [...SHOWING, ...TELLING] });
differentialTest("reflog show of commits", makeMerges, { reading: SHOW_COMMITS });
differentialTest("reflog without commits", makeEmpty, {
  reading: [...SHOWING, ...TELLING, ...REFUSED],
});
differentialTest("reflog with a detached HEAD", makeDetached, {
  reading: [...SHOWING, ...TELLING],
});
differentialTest("reflog in linked working trees", makeWorktrees, {
  reading: [...SHOWING, ...TELLING].flatMap((item) => [
    { ...item, cwd: "linked" },
    { ...item, cwd: "other" },
  ]),
  writing: [
    ...["HEAD", "--all --single-worktree", "refs/worktree/mine", "linked"]
      .map((options) => line(`reflog drop ${options}`)),
    ...["gc.reflogExpire=now", "gc.reflogExpire=never", "gc.*/HEAD.reflogExpire=now"].map(
      (variable) => line(`-c ${variable} reflog expire --expire-unreachable=never --all`),
    ),
    ...["--all", "--all --single-worktree --verbose", "HEAD --verbose"].map((options) =>
      line(`reflog expire --expire=1700003000 --expire-unreachable=never ${options}`)
    ),
  ].flatMap((item) => [item, { ...item, cwd: "linked" }]),
});
for (const kind of KINDS) {
  const writing = sample([...UNREACHABLE, ...UNREACHABLE_CONFIGURED], kind);
  differentialTest("reflog expire of what is unreachable", makeRewound, { writing }, [kind]);
}
differentialTest("reflog where nothing can be done", makeFull, { reading: REFUSED });
for (const kind of KINDS) {
  const all = [...DELETING, ...DROPPING, ...EXPIRING, ...DRY_RUN, ...CONFIGURED];
  const writing = sample(all, kind);
  differentialTest("reflog delete, drop and expire", makeFull, { writing }, [kind]);
}
for (const kind of KINDS) {
  differentialTest("reflog write", makeFull, { writing: writing(kind) }, [kind]);
}
