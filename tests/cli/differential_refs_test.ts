import { differentialTest, line } from "./differential.ts";
import { makeDetached, makeEmpty, makeFull, makeWorktrees } from "./differential_repositories.ts";

const READING = [
  ...[
    "",
    "-h",
    "--frob",
    "-x",
    "frob",
    "migrate -h",
    "verify -h",
    "list -h",
    "exists -h",
    "optimize -h",
    "-- migrate",
  ],
  ...[
    "migrate",
    "migrate x",
    "migrate --ref-format=frob",
    "migrate --ref-format",
  ],
  ...[
    "verify",
    "verify x",
    "verify --strict",
    "verify --frob",
  ],
  ...[
    "list --format=%(refname)",
    "list refs/heads --format=%(refname) --count=2",
    "list --frob",
    "list --format=%(frob)",
  ],
  ...[
    "exists",
    "exists refs/heads/main",
    "exists main",
    "exists HEAD",
    "exists refs/heads/nothing",
    "exists a b",
  ],
  ...[
    "exists refs/heads/dangling",
    "exists --frob",
    "exists refs/heads/loop1",
    "exists ''",
    "exists refs/heads",
  ],
  ...["optimize x", "optimize --frob", "optimize --include", "--help"].filter((text) =>
    text !== "--help"
  ),
].map((text) => line(`refs ${text}`));

const PACK = [
  ...[
    "",
    "--all",
    "--auto",
    "--all --auto",
    "--no-prune",
    "--all --no-prune",
    "--include=refs/heads/*",
  ],
  ...[
    "--exclude=refs/tags/*",
    "--all --exclude=refs/heads/*",
    "--include 'refs/heads/m*' --include refs/tags/v1.2",
  ],
  ...[
    "--no-all",
    "--prune",
    "x",
    "--frob",
    "-x",
    "-h",
    "--include",
    "--no-include --exclude=x",
    "--al",
  ],
];

differentialTest("refs", makeFull, { reading: READING });
differentialTest("refs without commits", makeEmpty, { reading: READING });
differentialTest("refs in a linked working tree", makeWorktrees, {
  reading: READING.map((item) => ({ ...item, cwd: "linked" })),
});
differentialTest("pack-refs", makeFull, {
  writing: [
    ...PACK.map((text) => line(`pack-refs ${text}`)),
    ...PACK.slice(0, 6).map((text) => line(`refs optimize ${text}`)),
  ],
});
differentialTest("pack-refs in a linked working tree", makeWorktrees, {
  writing: PACK.slice(0, 4).map((text) => line(`pack-refs ${text}`, { cwd: "linked" })),
});

/** What a repository can be migrated to. */
const MIGRATIONS = [
  ...[
    "--ref-format=reftable",
    "--ref-format=files",
    "--ref-format=reftable --no-reflog",
    "--ref-forma=files",
  ],
  ...["--ref-format=files --no-reflog", "--ref-format=reftable --reflog", "--no-ref-format"],
].map((text) => line(`refs migrate ${text}`));

differentialTest("refs migrate", makeFull, { writing: MIGRATIONS });
differentialTest("refs migrate without commits", makeEmpty, { writing: MIGRATIONS });
differentialTest("refs migrate with a detached HEAD", makeDetached, { writing: MIGRATIONS });
