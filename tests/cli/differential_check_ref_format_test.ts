import { differentialTest, line } from "./differential.ts";
import { makeEmpty } from "./differential_repositories.ts";

const NAMES = [
  ...[
    "refs/heads/main",
    "main",
    "HEAD",
    "''",
    "/",
    "//",
    "a/b",
    "/a/b",
    "a//b",
    "a/b/",
    "a/b//",
    "/a//b/c",
  ],
  ...[
    "a/.b",
    ".a/b",
    "a./b",
    "a/b.",
    "a/b.lock",
    "a.lock/b",
    "a/b.lock/c",
    "a..b/c",
    "a/@",
    "@",
    "@/a",
    "a/@{b",
  ],
  ...[
    "a/b~",
    "a/^b",
    "a/b:c",
    "a/?b",
    "a/[b",
    "a/*",
    "a/*/b",
    "a/*b/*",
    "*",
    "a\\b/c",
    "'a b/c'",
    "a/b c",
    "a/ü",
  ],
  ...[
    "-a/b",
    "--a/b",
    "a/-b",
    "refs/heads/*.lock",
    "a/b\x7f",
    "a/\x01b",
    "a{b/c",
    "a/@b",
    "a/.",
    "a/..",
    "./a",
  ],
];

const OPTIONS = [
  ...[
    "",
    "--normalize",
    "--print",
    "--allow-onelevel",
    "--refspec-pattern",
    "--normalize --allow-onelevel",
  ],
  ...[
    "--allow-onelevel --no-allow-onelevel",
    "--refspec-pattern --allow-onelevel",
    "--normalize --refspec-pattern",
  ],
];

const CASES = [
  ...OPTIONS.flatMap((options) => NAMES.map((name) => line(`check-ref-format ${options} ${name}`))),
  ...["", "-h", "--frob a/b", "a b", "--normalize", "--allow-onelevel --", "-- a/b", "--norm a/b"]
    .map((text) => line(`check-ref-format ${text}`)),
];

differentialTest("check-ref-format", makeEmpty, { reading: CASES }, [
  { refFormat: "reftable", hash: "sha1" },
]);
