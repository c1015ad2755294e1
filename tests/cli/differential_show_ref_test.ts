import { differentialTest, line } from "./differential.ts";
import {
  makeDetached,
  makeEmpty,
  makeFull,
  makeMistakenTags,
  makeWorktrees,
} from "./differential_repositories.ts";

const LINES = [
  ...["", "--head", "-d", "--dereference", "--head -d", "-s", "--hash", "--hash=7", "-s9", "-s0"],
  ...["--hash=40", "--hash=100", "--hash=1", "--abbrev", "--abbrev=5", "--abbrev=0", "--no-abbrev"],
  ...["--abbrev=8 -s", "-s --abbrev=8", "--hash=8 --abbrev=5", "--abbrev=5 --no-hash", "--no-hash"],
  ...["--tags", "--branches", "--heads", "--tags --branches", "--tags --head", "--no-tags"],
  ...[
    "--branches --no-heads",
    "main",
    "topic",
    "heads/topic",
    "refs/heads/topic",
    "opic",
    "nothing",
  ],
  ...["HEAD", "--head HEAD", "--head nothing", "-q", "-q nothing", "--quiet main", "-d annotated"],
  ...["-d nested", "-d --tags", "-d -s --tags", "-- main", "-- --main", "--end-of-options main"],
  ...["main topic", "origin/HEAD", "ünïcödé", "alias", "dangling", "loop1", "-h", "-h main", "-qh"],
  "-d -h",
];

const VERIFY = [
  ...["", "refs/heads/main", "main", "HEAD", "ORIG_HEAD", "refs/heads/nothing", "-q refs/heads/no"],
  ...["-q refs/heads/main", "refs/heads/main refs/tags/v2", "refs/heads/main refs/heads/no"],
  ...["-d refs/tags/annotated", "-d refs/tags/nested", "-s refs/heads/main", "-s5 refs/heads/main"],
  ...["--abbrev refs/heads/main", "refs/heads/alias", "refs/heads/dangling", "refs/heads/loop1"],
  ...["refs/heads/", "refs/heads", "refs//heads/main", "refs/heads/main/x", "NOTHING", "''", "@"],
  ...["refs/heads/../heads/main", "FETCH_HEAD", "-- refs/heads/main", "refs/heads/dir", "-d HEAD"],
  ...["refs/worktree/mine", "refs/bisect/bad", "main-worktree/HEAD", "worktrees/linked/HEAD"],
  ...["worktrees/linked/refs/bisect/good", "worktrees/none/HEAD", "refs/bisect/good"],
];

const EXISTS = [
  ...["", "refs/heads/main", "main", "HEAD", "refs/heads/no", "refs/heads/dangling", "ORIG_HEAD"],
  ...["refs/heads/main refs/heads/topic", "refs/heads", "refs/heads/dir", "NOTHING", "FETCH_HEAD"],
  ...["refs/heads/alias", "refs/heads/loop1", "worktrees/linked/HEAD"],
];

const EXCLUDE = "refs/heads/main\nrefs/heads/other\nabc refs/tags/v2^{}\nabc refs/tags/v3^{}\n" +
  "x refs/heads/bad..name\nmain\nabc\trefs/heads/tab\n\nrefs/heads/last";

const CASES = [
  ...LINES.map((options) => line(`show-ref ${options}`)),
  ...VERIFY.map((options) => line(`show-ref --verify ${options}`)),
  ...EXISTS.map((options) => line(`show-ref --exists ${options}`)),
  ...["", "=refs/heads/", "=refs/tags/v", "=main"].map((pattern) =>
    line(`show-ref --exclude-existing${pattern}`, { stdin: EXCLUDE })
  ),
  ...["--verify --exists x", "--verify --exclude-existing", "--exists --verify --exclude-existing"]
    .map((options) => line(`show-ref ${options}`)),
  ...["--frob", "--frob=x", "-x", "-dx", "--ver", "--exi", "--hea", "--no-verify", "--abbrev=x"]
    .map((options) => line(`show-ref ${options}`)),
  ...[
    "--hash=",
    "--verify=1",
    "-verify",
    "-dverify",
    "--no-exclude-existing",
    "--hash=0x10",
    "--no",
  ]
    .map((options) => line(`show-ref ${options}`)),
];

differentialTest("show-ref", makeFull, { reading: CASES });
differentialTest("show-ref in a directory below", makeFull, {
  reading: [line("show-ref", { cwd: "sub/dir" }), line("-C .. show-ref main", { cwd: "sub/dir" })],
});
differentialTest("show-ref of tags that are not packed, and err", makeMistakenTags, {
  reading: ["", "--head", "a-wrong", "b-right", "c-nested b-right d-wrong", "-s", "--tags"]
    .map((rest) => line(`show-ref -d ${rest}`)),
});
differentialTest("show-ref without commits", makeEmpty, { reading: CASES });
differentialTest("show-ref with a detached HEAD", makeDetached, { reading: CASES });
differentialTest("show-ref in a linked working tree", makeWorktrees, {
  reading: CASES.flatMap((item) => ["linked", "other", "."].map((cwd) => ({ ...item, cwd }))),
});
