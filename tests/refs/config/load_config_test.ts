import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { denoFileSystem, ReftableError } from "@reftable/reftable";
import { decodeText, encodeText } from "../../../src/bytes/text.ts";
import { type Io, perform, runAsync, runSync } from "../../../src/io/io.ts";
import { loadConfig, type LoadConfigOptions } from "../../../src/refs/config/load_config.ts";
import { seeded } from "../../fixtures.ts";
import { GitRepo, gitSync, gitTest, peer } from "../../peers/git.ts";

/** What is configured: where, and what. */
type Listing = readonly (readonly [origin: string, variable: string])[];

/** What a configuration holds, or what it is refused for. */
function load(options: LoadConfigOptions): Listing | string {
  try {
    const { variables } = runSync(loadConfig(denoFileSystem, options));
    return variables.map(({ name, value, file }) => [
      file === undefined ? "command line:" : `file:${file}`,
      value === undefined ? name : `${name}\n${value}`,
    ]);
  } catch (error) {
    assert(error instanceof ReftableError, `${error}`);
    assertEquals(error.code, "format");
    return error.message;
  }
}

/** A user's directory with a repository in it, and what both find to be configured there. */
class Places implements Disposable {
  readonly #repo: GitRepo;
  /** The user's directory. */
  readonly home: string;
  /** The repository. */
  readonly gitDir: string;

  private constructor(repo: GitRepo) {
    this.#repo = repo;
    this.home = Deno.realPathSync(`${repo.dir}/..`);
    this.gitDir = Deno.realPathSync(repo.gitDir);
  }

  static async create(): Promise<Places> {
    return new Places(await GitRepo.create());
  }

  /** Writes files of the user's directory; `config` is the repository's. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = name.startsWith("config") ? `${this.gitDir}/${name}` : `${this.home}/${name}`;
      Deno.mkdirSync(path.replace(/[^/]*$/, ""), { recursive: true });
      const isOwn = name === "config";
      Deno.writeFileSync(path, encodeText((isOwn ? FORMAT : "") + this.#fill(text)));
    }
  }

  /** Compares what both find, which is returned. */
  compare(
    variables: Readonly<Record<string, string>> = {},
    { gitDir = this.gitDir, parameters = [], ...rest }: LoadConfigOptions & {
      /** Where git is run. */
      readonly cwd?: string;
    } = {},
  ): Listing | string {
    const env: Record<string, string> = { HOME: this.home, GIT_CONFIG_NOSYSTEM: "1" };
    for (const [name, value] of Object.entries(variables)) env[name] = this.#fill(value);
    const filled = parameters.map((parameter) => this.#fill(parameter));
    const theirs = runWithGit(filled, gitDir, env, rest.cwd ?? this.home);
    const ours = load({
      gitDir,
      commonDir: gitDir,
      environment: (name) => env[name],
      parameters: filled,
      ...rest,
    });
    assertEquals(ours, theirs, JSON.stringify({ variables, parameters }));
    return ours;
  }

  #fill(text: string): string {
    return text.replaceAll("HOME", this.home);
  }

  [Symbol.dispose](): void {
    this.#repo[Symbol.dispose]();
  }
}

/** What git wants to find in a repository. */
const FORMAT =
  "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = reftable\n\tworktreeConfig\n";

function runWithGit(
  parameters: readonly string[],
  gitDir: string,
  env: Readonly<Record<string, string>>,
  cwd: string,
): Listing | string {
  assert(peer.available);
  const { code, stdout, stderr } = new Deno.Command(peer.path, {
    args: [
      ...parameters.flatMap((parameter) => ["-c", parameter]),
      ...[`--git-dir=${gitDir}`, "config", "--list", "--show-origin", "-z", "--includes"],
    ],
    clearEnv: true,
    env,
    cwd,
  }).outputSync();
  if (code !== 0) return decodeText(stderr).replaceAll(/^(?:fatal|error): /gm, "").trimEnd();
  const words = decodeText(stdout).split("\0").slice(0, -1);
  return Array.from({ length: words.length / 2 }, (_, i) => [words[2 * i]!, words[2 * i + 1]!]);
}

/** The values of a variable, in order. */
function values(found: Listing | string, name: string): string {
  assert(typeof found === "object", `${found}`);
  const start = `${name}\n`;
  return found.map(([, variable]) => variable)
    .filter((variable) => variable.startsWith(start))
    .map((variable) => variable.slice(start.length))
    .join(" ");
}

gitTest(
  "loadConfig() reads the files of system, user, repository and worktree in order",
  async () => {
    using places = await Places.create();
    places.write({
      "system": "[a]k = system",
      "global": "[a]k = global",
      ".config/git/config": "[a]k = xdg",
      "xdg/git/config": "[a]k = moved",
      ".gitconfig": "[a]k = home",
      "config": "[a]k = local",
      "config.worktree": "[a]k = worktree",
    });
    const system = { GIT_CONFIG_NOSYSTEM: "no", GIT_CONFIG_SYSTEM: "HOME/system" };
    const cases: readonly [Record<string, string>, string][] = [
      [{}, "xdg home local worktree"],
      [{ XDG_CONFIG_HOME: "HOME/xdg" }, "moved home local worktree"],
      [{ XDG_CONFIG_HOME: "" }, "xdg home local worktree"],
      [{ XDG_CONFIG_HOME: "HOME/nowhere" }, "home local worktree"],
      [{ GIT_CONFIG_GLOBAL: "HOME/global" }, "global local worktree"],
      [{ GIT_CONFIG_GLOBAL: "/dev/null" }, "local worktree"],
      [{ GIT_CONFIG_GLOBAL: "HOME/nowhere" }, "local worktree"],
      [{ GIT_CONFIG_GLOBAL: "" }, "local worktree"],
      [system, "system xdg home local worktree"],
      [{ ...system, GIT_CONFIG_NOSYSTEM: "yes" }, "xdg home local worktree"],
      [{ ...system, HOME: "HOME/nowhere" }, "system local worktree"],
      [
        {
          GIT_CONFIG_COUNT: "2",
          GIT_CONFIG_KEY_0: "A.K",
          GIT_CONFIG_VALUE_0: "counted",
          GIT_CONFIG_KEY_1: "a.b.K",
          GIT_CONFIG_VALUE_1: "",
          GIT_CONFIG_PARAMETERS: "'a.k'='quoted'",
          GIT_CONFIG_GLOBAL: "/dev/null",
        },
        "local worktree counted quoted given",
      ],
    ];
    for (const [variables, expected] of cases) {
      const parameters = "GIT_CONFIG_COUNT" in variables ? ["a.k=given", "a.flag"] : [];
      const found = places.compare(variables, { worktreeConfig: true, parameters });
      assertEquals(values(found, "a.k"), expected, JSON.stringify(variables));
    }
  },
);

gitTest(
  "loadConfig() takes variables of the command line as git does, or refuses them",
  async () => {
    using places = await Places.create();
    places.write({ config: "[a]k = local" });
    const parameters = [
      ...["a.b=c", "a.b", "a.b=", "A.x.Y.B==c=", "a.=x", "a", "=b", "", ".b=c", "a.1b=1", "a.b_=1"],
      ...["a_.b=1", "a..b=1", "a.b.c d.e=1", "a.x\ny.b=1", "-.a-1=\n", "ä.b=1", "a.ä.b=ü"],
    ];
    for (const parameter of parameters) places.compare({}, { parameters: ["x.y=1", parameter] });
    const counted = (count: string, ...pairs: readonly string[]) => {
      const env: Record<string, string> = { GIT_CONFIG_COUNT: count };
      for (const [i, pair] of pairs.entries()) {
        const [key, value] = pair.split("=");
        env[`GIT_CONFIG_KEY_${i}`] = key!;
        if (value !== undefined) env[`GIT_CONFIG_VALUE_${i}`] = value;
      }
      places.compare(env);
    };
    for (const count of ["", "0", "-0", " 1", "+1", "1x", "x", "-1", "2147483648", "1 "]) {
      counted(count, "a.b=c");
    }
    counted("2", "a.b=c");
    counted("1", "a.b");
    counted("1", "=x");
    counted("1", "a=x");
    const quoted = [
      ...["'a.b=c'", "'a.b'='c'", "'a.b'", "'a.b'=", "'a.b'= 'c.d'", "'a.b=c'  'c.d=e' ", "", " "],
      ...["a.b=c", "'a.b=c", "'a.b'x", "'a.b'=c", "'a.b'='c", "'a.b'='c'd", "'a.b'='c' x", "''"],
      ...[
        "''=''",
        "'a.b'='it'\\''s'\\!'!'",
        "'a.b'='c'\\'",
        "'a.b'\\x'c'",
        " 'a.b=c'",
        "'a.b=c'\v",
      ],
      ...["'a.b\\'='c'", "'a=b.c'='d'", "'a=b.c'", "'a.b'\t'c.d'\n'e.f'\r"],
    ];
    for (const text of quoted) places.compare({ GIT_CONFIG_PARAMETERS: text });
    places.compare({ GIT_CONFIG_NOSYSTEM: "maybe" });
  },
);

gitTest("loadConfig() reads what is included", async () => {
  using places = await Places.create();
  places.write({
    "config": `[a]k = 1
[include]
	path = more
	path = ../../beside
	path = HOME/absolute
	path = ~/at-home
	path = nowhere
	path = /dev/null
	path
	other = more
[a]k = 9`.replace("\tpath\n", ""),
    "repo/.git/more": "[a]k = 2\n[include]path = deeper/more\n[a]k = 4",
    "repo/.git/deeper/more": "[a]k = 3\n[include]path = ../other",
    "repo/.git/other":
      '[a "x"]k = y\n[includeIf "unknown:x"]path = more\n[include "sub"]path = more',
    "beside": "[a]k = 5",
    "absolute": "[a]k = 6",
    "at-home": "[a]k = 7\n[include]path = sub/file",
    "sub/file": "[a]k = 8",
    ".gitconfig": "[include]path = sub/file\n",
  });
  const found = places.compare({}, { parameters: ["include.path=~/beside"] });
  assertEquals(values(found, "a.k"), "8 1 2 3 4 5 6 7 8 9 5");
});

gitTest("loadConfig() refuses what cannot be included, as git does", async () => {
  using places = await Places.create();
  places.write({
    itself: "[include]path = itself\n",
    a: "[include]path = b\n",
    b: "\n[include]path = a\n",
    broken: "[a]k = 1\n!\n",
  });
  for (const text of ["path", "path = HOME/itself", "path = HOME/a", "path = HOME/broken"]) {
    places.write({ config: `[a]b\n[include]\n\t${text}\n` });
    const found = places.compare();
    assert(typeof found === "string", text);
    const condition = `[includeIf "gitdir:HOME/**"]\n\t${text}\n`;
    places.write({ config: condition });
    assert(typeof places.compare() === "string", text);
  }
  places.write({ config: "" });
  for (const parameter of ["include.path=relative", "include.path", "include.path=HOME/itself"]) {
    assert(typeof places.compare({}, { parameters: [parameter] }) === "string", parameter);
  }
  // Ten levels are not too many.
  for (let i = 0; i < 11; i++) {
    places.write({ [`level-${i}`]: `[a]k = ${i}\n[include]path = level-${i + 1}\n` });
  }
  places.write({ config: "[include]path = HOME/level-1" });
  assertEquals(values(places.compare(), "a.k"), "1 2 3 4 5 6 7 8 9 10");
  places.write({ config: "[include]path = HOME/level-0" });
  assert(typeof places.compare() === "string");
});

gitTest("loadConfig() includes what is meant for a repository's place", async () => {
  using places = await Places.create();
  Deno.symlinkSync(`${places.home}/repo`, `${places.home}/link`);
  places.write({ "sub/yes": "[a]k = yes" });
  const conditions = [
    ...["gitdir:HOME/repo/", "gitdir:HOME/repo/.git", "gitdir:HOME/repo/.git/", "gitdir:HOME/repo"],
    ...[
      "gitdir:~/repo/.git",
      "gitdir:~/",
      "gitdir:repo/",
      "gitdir:.git",
      "gitdir:REPO/",
      "gitdir:",
    ],
    ...["gitdir/i:REPO/", "gitdir/i:~/Repo/.GIT", "gitdir:**/re*o/**", "gitdir:re?o/.git"],
    ...["gitdir:../repo/", "gitdir:./", "gitdir:./repo/", "gitdir:./.git", "gitdir:~nobody/repo/"],
    ...["gitdir:link/", "gitdir:~/link/.git", "gitdir:~/link/", "gitdir:HOME/l*/", "Gitdir:repo/"],
    ...["gitdir", "gitdir:/", "gitdir:\\\\repo/", "gitdir/x:repo/", "gitdir:[r]epo/**"],
  ];
  const include = (condition: string, key = "path") =>
    `[includeIf "${condition}"]\n\t${key} = HOME/sub/yes\n`;
  let included = 0;
  const places2 = ["repo/.git", "link/.git"].map((name) => `${places.home}/${name}`);
  for (const condition of conditions) {
    for (const gitDir of places2) {
      for (const file of ["config", ".gitconfig", "sub/.gitconfig"]) {
        places.write({ config: "", ".gitconfig": "", "sub/.gitconfig": "" });
        places.write({ [file]: include(condition) });
        const GIT_CONFIG_GLOBAL = file === "sub/.gitconfig" ? `HOME/${file}` : "HOME/.gitconfig";
        const found = places.compare({ GIT_CONFIG_GLOBAL }, { gitDir });
        if (values(found, "a.k") === "yes") included++;
      }
    }
  }
  assert(included > 50, `${included}`);
  // Sections and keys are not case-sensitive, and only one key has a meaning.
  places.write({ config: include("gitdir:repo/", "PATH").replace("includeIf", "INCLUDEIF") });
  assertEquals(values(places.compare(), "a.k"), "yes");
  places.write({ config: include("gitdir:repo/", "paths") });
  assertEquals(values(places.compare(), "a.k"), "");
  // As the user sees the place who came through a link.
  places.write({ config: include("gitdir:~/link/") });
  const cwd = `${places.home}/link`;
  const before = Deno.cwd();
  Deno.chdir(cwd);
  try {
    for (const PWD of ["HOME/link", "HOME/repo", "HOME", "link"]) {
      const found = places.compare({ PWD }, { gitDir: ".git", commonDir: ".git", cwd });
      assertEquals(values(found, "a.k"), PWD === "HOME/link" ? "yes" : "");
    }
  } finally {
    Deno.chdir(before);
  }
});

/** Tells that a branch is checked out. */
function* checkedOut(branch: string): Io<string> {
  return yield* perform({ sync: () => branch, async: () => Promise.resolve(branch) });
}

gitTest("loadConfig() includes what is meant for a branch", async () => {
  using places = await Places.create();
  places.write({ yes: "[a]k = yes" });
  const conditions = [
    ...["main", "topic/one", "topic/", "topic/*", "*", "**", "m*n", "Main", "refs/heads/main"],
  ];
  for (const branch of ["main", "topic/one"]) {
    places.write({ config: "" });
    gitSync(["symbolic-ref", "HEAD", `refs/heads/${branch}`], { cwd: `${places.home}/repo` });
    for (const condition of conditions) {
      places.write({ config: `[includeIf "onbranch:${condition}"]path = HOME/yes` });
      places.compare({}, { currentBranch: () => checkedOut(branch) });
    }
  }
  places.write({ config: `[includeIf "onbranch:**"]path = HOME/yes` });
  assertEquals(load({ gitDir: places.gitDir, commonDir: places.gitDir }).length, 4);
});

gitTest("loadConfig() includes what is meant for remotes", async () => {
  using places = await Places.create();
  places.write({ yes: "[a]k = yes", url: '[remote "x"]url = https://example.com/x' });
  const remote = '[remote "origin"]\n\turl = https://example.com/repo.git\n';
  const conditions = [
    ...["https://example.com/**", "https://example.com/*", "https://example.com/repo.git", "*"],
    ...["https://example.com/", "**", "https://EXAMPLE.com/**", "https://**/repo.git"],
  ];
  for (const condition of conditions) {
    const include = `[includeIf "hasconfig:remote.*.url:${condition}"]path = HOME/yes\n`;
    places.write({ config: include + remote, ".gitconfig": "" });
    places.compare();
    places.write({ config: remote, ".gitconfig": include });
    places.compare();
    places.write({ config: "", ".gitconfig": include });
    places.compare({}, { parameters: ["remote.x.url=https://example.com/y"] });
  }
  // Files that are included so must not have addresses, even when another condition includes them.
  const include = '[includeIf "hasconfig:remote.*.url:**"]path = HOME/';
  for (const text of [`${include}url`, `${include}yes\n[includeIf "gitdir:**"]path = HOME/url`]) {
    places.write({ config: `${remote}${text}\n` });
    assert(typeof places.compare() === "string", text);
  }
  places.write({ config: `${include}yes\n[include]path = HOME/url` });
  assertEquals(values(places.compare(), "a.k"), "yes");
});

gitTest(
  "loadConfig() finds what git finds in files that include each other at random",
  async () => {
    using places = await Places.create();
    const random = seeded(17);
    const pick = (words: readonly string[]) => words[random(words.length)]!;
    const files = ["one", "two", "sub/three", "sub/four"];
    const line = (): string => {
      const path = pick([...files.map((file) => `HOME/${file}`), "~/two", "two", "../one", "four"]);
      switch (random(8)) {
        case 0:
          return `[include]path = ${path}\n`;
        case 1:
          return `[includeIf "${
            pick(["gitdir:**/repo/", "gitdir:x/", "onbranch:m*"])
          }"]path = ${path}\n`;
        case 2:
          return `[remote "${pick(["o", "p"])}"]url = ${pick(["https://x", "y"])}\n`;
        case 3:
          return `[includeIf "hasconfig:remote.*.url:${
            pick(["https://*", "y", "z"])
          }"]path = ${path}\n`;
        case 4:
          return pick([
            "[a]k\n",
            '[a "B c"]\nK = "x # y" ; z\n',
            "[a.B]k=\\\n 1\n",
            "\n\n",
            "[a]!\n",
          ]);
        default:
          return `[a]\n\tk = ${random(100)}\n`;
      }
    };
    let [sound, bad] = [0, 0];
    for (let round = 0; round < 150; round++) {
      for (const file of ["config", ".gitconfig", ...files]) {
        // Few includes, or nearly all would go round in circles.
        const lines = Array.from({ length: random(3) + 1 }, line);
        places.write({ [file]: lines.join("") });
      }
      const found = places.compare({}, { currentBranch: () => checkedOut("main") });
      if (typeof found === "string") bad++;
      else sound++;
    }
    assert(sound > 30 && bad > 20, `${sound} sound, ${bad} bad`);
  },
);

Deno.test("loadConfig() gives the same whether it waits or not", async () => {
  const gitDir = "tests/fixtures/repository/git";
  const options = { gitDir, commonDir: gitDir };
  const { variables } = await runAsync(loadConfig(denoFileSystem, options));
  assertEquals(variables, runSync(loadConfig(denoFileSystem, options)).variables);
  assertEquals(variables.find(({ name }) => name === "remote.origin.url")?.line, 10);
});

Deno.test("loadConfig() reads nothing outside of the repository unless it gets the environment", () => {
  using home = temporary({
    ".gitconfig": "[a]k = home",
    "git/config": "[include]path = ~/x\n[a]k = 1",
  });
  const gitDir = `${home.path}/git`;
  const names = (found: Listing | string) => values(found, "a.k");
  assertEquals(names(load({ gitDir, commonDir: gitDir })), "1");
  assertEquals(names(load({ gitDir, commonDir: gitDir, environment: () => undefined })), "1");
  const environment = (name: string) => name === "HOME" ? home.path : undefined;
  assertEquals(names(load({ gitDir, commonDir: gitDir, environment })), "home 1");
  assertEquals(names(load({ environment })), "home");
});

Deno.test("loadConfig() leaves out what may not be read, and asks nobody", async () => {
  using home = temporary({
    ".gitconfig": "[a]k = home",
    "other": "[a]k = other",
    "git/config": "[include]path = ../other\n[a]k = 1",
  });
  const script = `
    import { denoFileSystem } from ${module("io/deno.ts")};
    import { runSync } from ${module("io/io.ts")};
    import { loadConfig } from ${module("refs/config/load_config.ts")};
    const environment = (name) => name === "HOME" ? ${JSON.stringify(home.path)} : undefined;
    const gitDir = ${JSON.stringify(`${home.path}/git`)};
    const config = runSync(loadConfig(denoFileSystem, { gitDir, commonDir: gitDir, environment }));
    console.log(config.all("a.k").map(({ value }) => value).join(" "));`;
  Deno.writeTextFileSync(`${home.path}/script.ts`, script);
  const run = async (...read: readonly string[]) => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        `--config=${CONFIG}`,
        `--allow-read=${read.join(",")}`,
        `${home.path}/script.ts`,
      ],
    }).output();
    return decodeText(stdout) + decodeText(stderr);
  };
  assertEquals(await run(`${home.path}/git`), "1\n");
  assertEquals(await run(`${home.path}/git`, `${home.path}/other`), "other 1\n");
  assertEquals(await run(home.path), "home other 1\n");
});

const CONFIG = fromFileUrl(new URL("../../../deno.json", import.meta.url));

function module(path: string): string {
  return JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);
}

/** A temporary directory with some files, removed on disposal. */
function temporary(files: Readonly<Record<string, string>>): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "reftable-config-" });
  for (const [name, text] of Object.entries(files)) {
    Deno.mkdirSync(`${path}/${name}`.replace(/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${path}/${name}`, text);
  }
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
