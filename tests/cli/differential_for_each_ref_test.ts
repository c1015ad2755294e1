import { type Case, differentialTest, line } from "./differential.ts";
import {
  makeBare,
  makeDetached,
  makeEmpty,
  makeFull,
  makeMistakenTags,
  makePacked,
  makeWorktrees,
} from "./differential_repositories.ts";

function list(...args: string[]): Case {
  return { args: ["for-each-ref", ...args] };
}

/** Formats of what refs alone know. */
const FORMATS = [
  "%(objectname) %(refname)",
  "%(refname:short)",
  "%(refname:lstrip=1)|%(refname:lstrip=2)|%(refname:lstrip=-1)|%(refname:lstrip=-9)",
  "%(refname:strip=2)|%(refname:strip=9)|%(refname:lstrip=0)|%(refname:lstrip=-2)",
  "%(refname:rstrip=1)|%(refname:rstrip=9)|%(refname:rstrip=-1)|%(refname:rstrip=-9)",
  "%(refname:rstrip=0)%(refname:)",
  "%(symref)|%(symref:short)|%(symref:lstrip=2)|%(symref:rstrip=1)",
  "%(*refname) %(*symref) %(*HEAD)",
  "%(HEAD) %(refname)",
  "%(objectname:short) %(objectname:short=4) %(objectname:short=1) %(objectname:short=100)",
  "%(color:red)%(refname)%(color:reset)",
  "%(color:bold blue)%(refname)",
  "%41%42%zz%4%%41%%%(refname)%c3%a9%",
  "%(align:30)%(refname)%(end)|",
  "%(align:30,right)%(refname)%(end)|",
  "%(align:31,middle)%(refname:short)%(end)|",
  "%(align:width=30,position=right)%(refname)%(end)|%(align:left,12)x%(end)|%(align:0)y%(end)",
  "%(align:20)%(align:10,right)%(HEAD)%(end)%(refname:short)%(end)|",
  "%(if)%(symref)%(then)%(refname) -> %(symref)%(end)",
  "%(if)%(symref)%(then)yes%(else)no%(end)",
  "%(if:equals=refs/heads/main)%(refname)%(then)main%(else)other%(end)",
  "%(if:notequals=refs/heads/main)%(refname)%(then)other%(end)",
  "%(if:equals=)%(symref)%(then)plain%(end)",
  "%(if)%(HEAD)%(then)* %(else)  %(end)%(refname:short)",
  "%(if)%(then)x%(else)y%(end)%(if) \t%(then)x%(else)y%(end)",
  "%(if)%(symref)%(then)%(if)%(HEAD)%(then)a%(else)b%(end)%(else)c%(end)",
  "%(align:20)%(if)%(symref)%(then)S%(else)%(refname:short)%(end)%(end)|",
  "%(worktreepath)",
  "",
  "plain",
];

/** Formats that make no sense, or depend on something else. */
const BAD_FORMATS = [
  "%(frob)",
  "%(refname:frob)",
  "%(refname:lstrip=x)",
  "%(refname:rstrip=x)",
  "%(refname:strip=)",
  "%(symref:strip=1x)",
  "%(",
  "%(refname",
  "%()",
  "%(*)",
  "%(*frob)",
  "%(objectname:short=0)",
  "%(objectname:short=x)",
  "%(objectname:long)",
  "%(HEAD:x)",
  "%(rest)",
  "%(color)",
  "%(color:frob)",
  "%(color:red green blue)",
  "%(align)x%(end)",
  "%(align:x)x%(end)",
  "%(align:position=up)x%(end)",
  "%(align:width=x)x%(end)",
  "%(align:left)x%(end)",
  "%(align:-3)x%(end)",
  "%(align:5)x",
  "%(end)",
  "%(then)",
  "%(else)",
  "%(if)x%(end)",
  "%(if)x%(else)y%(end)",
  "%(if)x%(then)y",
  "%(if)x%(then)y%(then)z%(end)",
  "%(if)x%(then)y%(else)z%(else)a%(end)",
  "%(if)x%(then)y%(else)z%(then)a%(end)",
  "%(if:like=x)x%(then)y%(end)",
  "%(align:3)%(then)%(end)",
  "%(objecttype:x)",
  "%(objectsize:x)",
];

const PLAIN = "--format=%(objectname) %(refname)";
const NAMES = "--format=%(refname)";

const OPTIONS = [
  ...["refs/heads", "refs/heads/", "refs/heads/m", "refs/heads/m*", "refs/*/main", "refs/**"],
  ...[
    "refs/**/main",
    "**/main",
    "main",
    "*main",
    "refs/heads/dir/",
    "refs/heads/dir",
    "refs/tags/v?",
  ],
  ...[
    "refs/heads/[m-t]*",
    "refs/heads/[!m-t]*",
    "refs/heads/*/*",
    "refs/heads/dir*",
    "refs/heads/dir**",
  ],
  ...[
    "refs/heads/UPPER",
    "refs/heads/upper",
    "refs/heads/upper --ignore-case",
    "HEAD",
    "nothing",
    "refs",
  ],
  ...[
    "refs/heads/UPPER* --ignore-case",
    "refs/tags refs/heads",
    "refs/heads/main refs/heads",
    "r*",
  ],
  ...[
    "refs/heads/main refs/heads/main",
    "refs/heads/\\main",
    "refs/heads/[[:upper:]]*",
    "refs/heads/[",
  ],
  ...[
    "refs/heads/??",
    "refs/heads/ü*",
    "refs/heads/[[:upper:]]* --ignore-case",
    "refs/heads// refs/",
  ],
  ...[
    "--exclude=refs/heads",
    "--exclude=refs/heads/ --exclude=refs/tags/v*",
    "--exclude=refs/*/main",
  ],
  ...[
    "--exclude=refs/heads/m",
    "--exclude=refs/heads/main --no-exclude",
    "refs/tags --exclude=**/v*",
  ],
  ...["--count=2", "--count=0", "--count=100", "--count 1 refs/tags", "--no-count", "--count=0x2"],
  ...["--sort=refname", "--sort=-refname", "--sort=version:refname", "--sort=-v:refname refs/tags"],
  ...["--sort=objectname", "--sort=-objectname --sort=refname", "--sort=refname --sort=objectname"],
  ...[
    "--sort=symref",
    "--sort=HEAD",
    "--sort=-HEAD",
    "--sort=refname:short",
    "--sort=refname:lstrip=-1",
  ],
  ...[
    "--ignore-case --sort=refname",
    "--sort=-refname --ignore-case",
    "--no-sort",
    "--no-sort --sort=v:refname",
  ],
  ...["--sort=v:refname --ignore-case", "--sort=-refname --count=3", "--no-sort --count=2"],
  "--sort=v:refname refs/tags -s",
  ...[
    "--start-after=refs/heads/m",
    "--start-after=refs/heads/main",
    "--start-after=refs/tags/v1.10-rc1",
  ],
  ...[
    "--start-after=a",
    "--start-after=refs/heads/main --count=2",
    "--start-after=",
  ],
  ...["--start-after=refs/heads/m --exclude=refs/tags/", "--start-after=HEAD --include-root-refs"],
  ...[
    "--include-root-refs",
    "--include-root-refs HEAD",
    "--include-root-refs refs/heads",
    "--include-root-refs *_HEAD",
  ],
  ...[
    "--include-root-refs --sort=-refname",
    "--omit-empty",
    "-s",
    "-p",
    "--python",
    "--tcl",
    "--no-shell",
  ],
  ...[
    "-s --no-shell",
    "--shell --count=2",
    "--end-of-options refs/heads",
    "-- refs/heads",
    "-- --count=2",
  ],
];

const ERRORS = [
  ...[
    "-s -p",
    "--shell --tcl --python",
    "--count=-1",
    "--count=x",
    "--count=",
    "--count",
    "--count=9999999999",
  ],
  ...[
    "--sort=frob",
    "--sort=",
    "--sort=-",
    "--sort=v:",
    "--format",
    "--frob",
    "-x",
    "--sort",
    "-shell",
    "--st",
  ],
  ...[
    "--start-after=x --sort=refname",
    "--start-after=x refs/heads",
    "--color=sometimes",
    "--ex",
    "--in",
    "--no",
  ],
  ...[
    "-h",
    "-sh",
    "--no-omit",
    "--s",
    "--p",
    "--forma=%(refname) --cou=1",
    "--color=always --count=1",
    "--stdin x",
  ],
];

const STDIN: Case[] = [
  line("for-each-ref --stdin --format=%(refname)", { stdin: "refs/heads/main\nrefs/tags\n" }),
  line("for-each-ref --stdin --format=%(refname)", { stdin: "refs/heads/m*" }),
  line("for-each-ref --stdin --format=%(refname)", { stdin: "" }),
  line("for-each-ref --stdin --format=%(refname)", { stdin: "nothing\n\n" }),
];

const REFS_ALONE: Case[] = [
  ...FORMATS.map((format) => list(`--format=${format}`)),
  ...FORMATS.map((format) => list(`--format=${format}`, "--omit-empty", "--color=always")),
  ...["shell", "perl", "python", "tcl"].flatMap((style) =>
    [
      "%(refname)",
      "x='%(refname:short)' %(symref)",
      "%(align:30)%(refname)%(end)|%(if)%(symref)%(then)'%(refname)%(end)",
      "%(color:red)%(refname)",
      "%(if)%(HEAD)%(then)%(align:9)%(refname)%(end)%(end)%0a%09",
    ].map((format) => list(`--${style}`, "--color=always", `--format=${format}`))
  ),
  ...BAD_FORMATS.map((format) => list(`--format=${format}`, "--color=always")),
  ...OPTIONS.map((text) => line(`for-each-ref '${PLAIN}' ${text}`)),
  ...ERRORS.map((text) => line(`for-each-ref '${NAMES}' ${text}`)),
  ...STDIN,
  ...["red", "brightblue white", "bold", "nobold red", "no-ul", "#f80 #0088ff", "208 -1", "default"]
    .flatMap((color) => [color, `reset ${color}`])
    .map((color) => list("--color=always", "--count=1", `--format=%(color:${color})x`)),
  list("--color", "--count=1", "--format=%(color:red)x%(color:reset)y%(color:green)z"),
  list("--no-color", "--count=1", "--format=%(color:red)x"),
  {
    args: ["-c", "versionsort.suffix=-rc", ...list("--sort=v:refname", NAMES, "refs/tags").args],
  },
  { args: ["-c", "core.warnAmbiguousRefs=false", ...list("--format=%(refname:short)").args] },
  { args: ["-c", "core.abbrev=12", ...list("--format=%(objectname:short)").args] },
  { args: ["-c", "core.abbrev=no", ...list("--format=%(objectname:short)").args] },
];

/** Formats of what objects know. */
const OBJECT_FORMATS = [
  "%(objecttype) %(objectsize) %(*objecttype) %(*objectsize) %(*objectname)",
  "%(*objectname:short) %(*objectname:short=9)",
  "%(tree) %(tree:short) %(parent) %(parent:short=5) %(numparent) %(*tree) %(*parent)",
  "%(object) %(type) %(tag) %(*object) %(*type) %(*tag)",
  "%(author)|%(authorname)|%(authoremail)|%(authoremail:trim)|%(authoremail:localpart)",
  "%(committer)|%(committername)|%(committeremail:trim,localpart)|%(*committer)",
  "%(tagger)|%(taggername)|%(taggeremail)|%(*tagger)",
  "%(creator)|%(*creator)|%(creatordate)|%(*creatordate)",
  ...[
    "",
    "default",
    "iso",
    "iso8601",
    "iso-strict",
    "rfc",
    "rfc2822",
    "short",
    "raw",
    "unix",
    "relative",
    "human",
  ]
    .map((format) =>
      `%(creatordate:${format}) %(authordate:${format}) %(*committerdate:${format})`
    ),
  ...[
    "local",
    "iso-local",
    "raw-local",
    "short-local",
    "default-local",
    "format:%Y/%m/%d %H:%M:%S %z",
  ]
    .map((format) => `%(creatordate:${format})`),
  "%(creatordate:format:%a %A %b %B %c %C %d %D %e %F %g %G %H %I %j %m %M %n %p %r %R %s %S %T %u %U %V %w %W %x %X %y %Y %% %q)",
  "%(creatordate:format-local:%F %T %z)",
  "%(subject)|%(subject:sanitize)|%(*subject)",
  "%(body)|%(*body)",
  "%(contents)|%(contents:subject)|%(contents:body)|%(contents:size)|%(contents:signature)",
  "%(contents:lines=1)|%(contents:lines=2)|%(contents:lines=9)|%(contents:lines=0)",
  "%(raw:size)|%(*raw:size)",
  "%(raw)",
  "%(if)%(*objecttype)%(then)tag of %(*objecttype)%(else)%(objecttype)%(end) %(refname:short)",
  "%(align:60)%(subject)%(end)|",
];

const BAD_OBJECT_FORMATS = [
  ...["%(authordate:frob)", "%(authoremail:frob)", "%(authorname:x)", "%(subject:x)", "%(body:x)"],
  ...["%(authoremail:trim,)", "%(authoremail:trim,,localpart)", "%(authoremail:,trim)"],
  ...["%(contents:x)", "%(contents:lines=x)", "%(raw:x)", "%(tree:x)", "%(parent:short=0)"],
];

const OBJECTS: Case[] = [
  line("for-each-ref"),
  line("for-each-ref refs/tags --count=3"),
  ...OBJECT_FORMATS.map((format) => list(`--format=${format}`)),
  ...OBJECT_FORMATS.slice(-4).map((format) => list("--perl", `--format=${format}`)),
  ...BAD_OBJECT_FORMATS.map((format) => list(`--format=${format}`)),
  list("--format=%(raw)", "--shell"),
  ...[
    "objectsize",
    "-objectsize",
    "objecttype",
    "creatordate",
    "-creatordate",
    "authordate",
    "*objectname",
    "numparent",
  ]
    .map((key) => list(NAMES, `--sort=${key}`)),
  ...[
    "taggerdate",
    "creatordate:short",
    "subject",
    "-contents:size",
    "raw:size",
    "committername",
    "*creatordate",
  ]
    .map((key) => list(NAMES, `--sort=${key}`)),
  ...[
    "HEAD",
    "main",
    "annotated",
    "annotated^{}",
    "nothing",
    "v2",
    "tree",
    "HEAD^{tree}",
    "main~1",
    "nested",
  ]
    .map((name) => list(NAMES, `--points-at=${name}`)),
  list(NAMES, "--points-at=main", "--points-at=annotated"),
  list(NAMES, "--points-at"),
  list(NAMES, "--points-at=main", "--no-points-at"),
];

differentialTest("for-each-ref of objects", makeFull, { reading: OBJECTS });
differentialTest("for-each-ref of packed objects", makePacked, { reading: OBJECTS });
differentialTest("for-each-ref of tags that err", makeMistakenTags, {
  reading: ["%(*objectname)", "%(*objecttype) %(refname)", "%(*subject)"].flatMap((format) =>
    ["", "refs/tags", "refs/tags/d-wrong", "refs/tags/b-right", "refs/tags/[b-d]*"]
      .map((pattern) => list(`--format=${format}`, ...(pattern === "" ? [] : [pattern])))
  ),
});
differentialTest("for-each-ref", makeFull, { reading: REFS_ALONE });
differentialTest("for-each-ref without commits", makeEmpty, {
  reading: REFS_ALONE.filter((_, i) => i % 5 === 0),
});
differentialTest("for-each-ref with a detached HEAD", makeDetached, {
  reading: [...FORMATS.map((format) => list("--include-root-refs", `--format=${format}`))],
});
differentialTest("for-each-ref in a bare repository", makeBare, {
  reading: [...FORMATS.map((format) => list("--include-root-refs", `--format=${format}`))],
});
differentialTest("for-each-ref in a linked working tree", makeWorktrees, {
  reading: ["linked", "other", "."].flatMap((cwd) =>
    [...FORMATS.map((format) => list("--include-root-refs", `--format=${format}`))]
      .map((item) => ({ ...item, cwd }))
  ),
});
