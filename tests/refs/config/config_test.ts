import { assert, assertEquals, assertThrows } from "@std/assert";
import { Config, ReftableError } from "@reftable/reftable";
import { encodeText } from "../../../src/bytes/text.ts";
import { parseConfig } from "../../../src/refs/config/parse_config.ts";
import { GitRepo, gitTest } from "../../peers/git.ts";

const FILE = ".git/config";

function read(text: string, home?: string): Config {
  return new Config(Array.from(parseConfig(encodeText(text), FILE)), home);
}

Deno.test("Config.all() and Config.find() compare names as Git does", () => {
  const config = read('[a]k=1\nK=2\n[A "B.c"]K=3\n[a "b.c"]k=4\n[a.X]k=5\nbare\n');
  const values = (name: string) => config.all(name).map(({ value }) => value);
  assertEquals(values("a.k"), ["1", "2"]);
  assertEquals(values("A.K"), ["1", "2"]);
  assertEquals(values("A.B.c.K"), ["3"]);
  assertEquals(values("a.b.c.k"), ["4"]);
  assertEquals(values("a.b.C.k"), []);
  assertEquals(values("a.x.k"), ["5"]);
  assertEquals(values("a.X.k"), []);
  assertEquals(values("k"), []);
  assertEquals(config.find("a.k"), { name: "a.k", value: "2", file: FILE, line: 2 });
  assertEquals(config.find("a.n"), undefined);
  assertEquals(config.variables.length, 6);
});

Deno.test("Config gives values as what they are asked for", () => {
  const config = read(
    `[a]
	word = yes
	empty =
	alone
	number = 3k
	large = 3g
	path = ~/x
	home = ~
	plain = /a/~b
`,
    "/home/me",
  );
  assertEquals([config.string("a.word"), config.boolean("a.word")], ["yes", true]);
  assertEquals([config.string("a.empty"), config.boolean("a.empty")], ["", false]);
  assertEquals(config.boolean("a.alone"), true);
  assertEquals([config.number("a.number"), config.number("a.large", "signed")], [3072, 3221225472]);
  const paths = ["a.path", "a.home", "a.plain"].map((name) => config.path(name));
  assertEquals(paths, ["/home/me/x", "/home/me", "/a/~b"]);
  for (const method of ["string", "boolean", "number", "path"] as const) {
    assertEquals(config[method]("a.nothing"), undefined);
  }
});

gitTest("Config refuses what git refuses, in the same words", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  const original = Deno.readTextFileSync(`${repo.gitDir}/config`);
  const cases: readonly [
    text: string,
    ask: (config: Config) => unknown,
    args: readonly string[],
  ][] = [
    ["[user]\n\tname\n", (config) => config.string("user.name"), ["var", "GIT_COMMITTER_IDENT"]],
    [
      "[core]\n\texcludesFile\n",
      (config) => config.path("core.excludesFile"),
      ["status"],
    ],
    ["[core]\n\texcludesFile = ~nobody-here/x\n", (config) => config.path("core.excludesFile"), [
      "status",
    ]],
    ["[core]\n\tfileMode = maybe\n", (config) => config.boolean("core.fileMode"), ["status"]],
    ["[core]\n\tcompression = 3x\n", (config) => config.number("core.compression"), ["status"]],
    ["[core]\n\tcompression = 3g\n", (config) => config.number("core.compression"), ["status"]],
    ["[core]\n\tcompression\n", (config) => config.number("core.compression"), ["status"]],
  ];
  for (const [text, ask, args] of cases) {
    Deno.writeTextFileSync(`${repo.gitDir}/config`, original + text);
    const { stderr, code } = await repo.run(args);
    assertEquals(code, 128, text);
    const error = assertThrows(() => ask(read(original + text)), ReftableError);
    assertEquals(error.code, "format");
    assertEquals(error.message, stderr.replaceAll(/^(?:error|fatal): /gm, "").trimEnd(), text);
  }
  Deno.writeTextFileSync(`${repo.gitDir}/config`, original);
  const { stderr } = await repo.run(["-c", "user.name", "var", "GIT_COMMITTER_IDENT"]);
  const config = new Config([{ name: "user.name", value: undefined, file: undefined, line: 0 }]);
  const { message } = assertThrows(() => config.string("user.name"), ReftableError);
  assertEquals(message, stderr.replaceAll(/^(?:error|fatal): /gm, "").trimEnd());
  assert(message.endsWith("from command-line config"));
});
