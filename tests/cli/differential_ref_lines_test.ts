import { type Case, differentialTest } from "./differential.ts";
import { makeBare, makeEmpty, makeFull, makeWorktrees } from "./differential_repositories.ts";

const LINES = "--format=%(objectname) %(refname)";

const PATTERNS = [
  ...[
    "refs",
    "refs/",
    "refs//",
    "refs/heads",
    "refs/heads/",
    "refs/heads/main",
    "refs/heads/main/",
  ],
  ...[
    "refs/h",
    "refs/heads/m*",
    "refs/tags",
    "refs/tags/v1",
    "refs/none",
    "HEAD",
    "heads",
    "/",
    "",
  ],
];

const CASES: readonly Case[] = [
  { args: ["for-each-ref", LINES] },
  ...PATTERNS.map((pattern) => ({ args: ["for-each-ref", LINES, pattern] })),
  ...PATTERNS.map((stdin) => ({ args: ["for-each-ref", "--stdin", LINES], stdin: `${stdin}\n` })),
  { args: ["for-each-ref", "--stdin", LINES], stdin: "" },
  { args: ["for-each-ref", LINES, "refs/heads", "refs/tags"] },
  ...["--count=2", "--sort=-refname", "--exclude=refs/tags", "--shell", "--ignore-case"].map(
    (option) => ({ args: ["for-each-ref", LINES, option, "refs/heads"] }),
  ),
];

differentialTest("for-each-ref of lines", makeFull, { reading: CASES });
differentialTest("for-each-ref of lines without commits", makeEmpty, { reading: CASES });
differentialTest("for-each-ref of lines in a bare repository", makeBare, { reading: CASES });
differentialTest("for-each-ref of lines in a linked working tree", makeWorktrees, {
  reading: ["linked", "."].flatMap((cwd) => CASES.map((item) => ({ ...item, cwd }))),
});
