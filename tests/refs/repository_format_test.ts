import { assert, assertEquals } from "@std/assert";
import { openRepository, ReftableError } from "@reftable/reftable";
import { encodeText } from "../../src/bytes/text.ts";
import { parseConfig } from "../../src/refs/config/parse_config.ts";
import { type RepositoryFormat, repositoryFormat } from "../../src/refs/repository_format.ts";
import { GitRepo, gitTest } from "../peers/git.ts";

/** What a configuration says, or why it is refused. */
function read(text: string, file = "config"): RepositoryFormat | string {
  try {
    return repositoryFormat(Array.from(parseConfig(encodeText(text), file)));
  } catch (error) {
    assert(error instanceof ReftableError, `${error}`);
    const isUnknown = /^Expected|^unknown|^invalid value/.test(error.message);
    assertEquals([error.code, error.file], [isUnknown ? "unsupported" : "format", file]);
    return error.message;
  }
}

function config(version: number | string | undefined, ...lines: readonly string[]): string {
  const format = version === undefined ? "" : `[core]\n\trepositoryFormatVersion = ${version}\n`;
  return `${format}[extensions]\n${lines.map((line) => `\t${line}\n`).join("")}`;
}

const PLAIN: RepositoryFormat = {
  hash: "sha1",
  refStorage: undefined,
  worktreeConfig: false,
  isBare: undefined,
  workTree: undefined,
};

Deno.test("repositoryFormat() reads what a repository is made like", () => {
  const cases: readonly [string, Partial<RepositoryFormat>][] = [
    ["", {}],
    [config(undefined), {}],
    [config(0), {}],
    [config(1), {}],
    [config(-1, "unknown"), {}],
    [config(undefined, "unknown = 1"), {}],
    [config(0, "unknown = 1", "noop"), {}],
    [config(0, "worktreeConfig"), { worktreeConfig: true }],
    [config(1, "worktreeConfig = no"), {}],
    [config(1, "noop", "noop-v1", "preciousObjects", "partialClone = origin"), {}],
    [config(1, "relativeWorktrees", "submodulePathConfig", "compatObjectFormat = sha256"), {}],
    [config(1, "objectFormat = sha256"), { hash: "sha256" }],
    [config(1, "objectFormat = sha256", "OBJECTFORMAT = sha1"), {}],
    [
      config(1, "refStorage = reftable"),
      { refStorage: { format: "reftable", payload: undefined } },
    ],
    [config(1, "refStorage = files"), { refStorage: { format: "files", payload: undefined } }],
    [
      config(1, "refStorage = files", "refStorage = reftable:///a://b"),
      { refStorage: { format: "reftable", payload: "/a://b" } },
    ],
    [config(1, "refStorage = files://x"), { refStorage: { format: "files", payload: "x" } }],
    ["[core]\n\tbare\n\tworktree = ../x\n", { isBare: true, workTree: "../x" }],
    ["[core]\n\tbare = no\n", { isBare: false }],
    // Extensions with subsections are not known either.
    [config(0).replace("[extensions]", '[extensions "a"]b'), {}],
  ];
  for (const [text, expected] of cases) assertEquals(read(text), { ...PLAIN, ...expected }, text);
});

/** Configurations that are refused, and the message. */
const REFUSED: readonly [string, string][] = [
  [config(2), "Expected git repo version <= 1, found 2"],
  [config("1g"), "Expected git repo version <= 1, found 1073741824"],
  [config(2, "unknown"), "Expected git repo version <= 1, found 2"],
  [config(1, "unknown"), "unknown repository extension found:\n\tunknown"],
  [
    config(1, "noop", "Zebra", "refStorage = files", "apple = 1"),
    "unknown repository extensions found:\n\tzebra\n\tapple",
  ],
  [
    config(1).replace("[extensions]", '[extensions "A"]B'),
    "unknown repository extension found:\n\tA.b",
  ],
  [
    config(0, "refStorage = reftable"),
    "repo version is 0, but v1-only extension found:\n\trefstorage",
  ],
  [
    config(0, "unknown", "objectFormat = sha1", "noop", "noop-v1"),
    "repo version is 0, but v1-only extensions found:\n\tobjectformat\n\tnoop-v1",
  ],
  [
    config("x"),
    "bad numeric config value 'x' for 'core.repositoryformatversion' in file FILE: invalid unit",
  ],
  [
    config("4g"),
    "bad numeric config value '4g' for 'core.repositoryformatversion' in file FILE: out of range",
  ],
  [
    config(1, "refStorage = odd"),
    "invalid value for 'extensions.refstorage': 'odd'\nbad config line 4 in file FILE",
  ],
  [
    config(1, "refStorage = odd://x"),
    "invalid value for 'extensions.refstorage': 'odd://x'\nbad config line 4 in file FILE",
  ],
  [
    config(1, "refStorage"),
    "missing value for 'extensions.refstorage'\nbad config line 4 in file FILE",
  ],
  [
    config(1, "noop", "objectFormat = md5"),
    "invalid value for 'extensions.objectformat': 'md5'\nbad config line 5 in file FILE",
  ],
  [
    config(1, "objectFormat = SHA256"),
    "invalid value for 'extensions.objectformat': 'SHA256'\nbad config line 4 in file FILE",
  ],
  [
    config(1, "compatObjectFormat = x"),
    "invalid value for 'extensions.compatobjectformat': 'x'\nbad config line 4 in file FILE",
  ],
  [
    config(1, "compatObjectFormat = sha256", "compatObjectFormat = sha1"),
    "'extensions.compatobjectformat' already specified as 'sha256'\nbad config line 5 in file FILE",
  ],
  [
    config(1, "partialClone"),
    "missing value for 'extensions.partialclone'\nbad config line 4 in file FILE",
  ],
  [
    config(1, "preciousObjects = maybe"),
    "bad boolean config value 'maybe' for 'extensions.preciousobjects'",
  ],
  [
    config(1, "worktreeConfig = 2x"),
    "bad boolean config value '2x' for 'extensions.worktreeconfig'",
  ],
  ["[core]\n\tbare = maybe\n", "bad boolean config value 'maybe' for 'core.bare'"],
  ["[core]\n\tworktree\n", "missing value for 'core.worktree'\nbad config line 2 in file FILE"],
];

Deno.test("repositoryFormat() refuses what it does not know, and names it", () => {
  for (const [text, message] of REFUSED) {
    assertEquals(read(text), message.replace("FILE", "config"), text);
  }
});

gitTest("repositoryFormat() refuses what git refuses, in the same words", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  const file = `${repo.gitDir}/config`;
  for (const [text, message] of REFUSED) {
    Deno.writeTextFileSync(file, text);
    const { code, stderr } = await repo.run(["rev-parse", "--git-dir"]);
    assertEquals(code, 128, text);
    const said = stderr.replaceAll(/^(?:error|fatal): /gm, "").trimEnd();
    assertEquals(said, message.replace("FILE", ".git/config"), text);
  }
});

gitTest(
  "repositoryFormat() refuses an extension that git would not see for want of a version",
  async () => {
    await using repo = await GitRepo.create();
    const file = `${repo.gitDir}/config`;
    Deno.writeTextFileSync(file, config(undefined, "refStorage = reftable"));
    await repo.ok(["rev-parse", "--git-dir"]);
    const message = "repo version is 0, but v1-only extension found:\n\trefstorage";
    assertEquals(read(Deno.readTextFileSync(file)), message);
    // Files that are included have no say.
    Deno.writeTextFileSync(`${repo.gitDir}/more`, config(1, "unknown"));
    Deno.writeTextFileSync(file, config(1, "refStorage = reftable") + "[include]path = more\n");
    await repo.ok(["rev-parse", "--git-dir"]);
    assertEquals((await openRepository(repo.dir)).refFormat, "reftable");
  },
);
