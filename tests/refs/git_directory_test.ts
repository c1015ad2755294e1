import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import {
  findGitDirectory,
  findGitDirectorySync,
  type FindOptions,
  ReftableError,
} from "@reftable/reftable";
import { GitRepo, gitTest, peer, runGit } from "../peers/git.ts";

/** A temporary directory with some files, removed on disposal. */
function makeFiles(files: Readonly<Record<string, string>>): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "reftable-files-" });
  for (const [name, text] of Object.entries(files)) {
    Deno.mkdirSync(join(path, name, ".."), { recursive: true });
    Deno.writeTextFileSync(join(path, name), text);
  }
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** What both ways to look find. */
async function find(path: string): Promise<[string, string]> {
  const found = await findGitDirectory(path);
  assertEquals(findGitDirectorySync(path), found);
  return [found.gitDir, found.commonDir];
}

/** What both ways to look complain about. */
async function findError(path: string, options?: FindOptions): Promise<ReftableError> {
  const error = await assertRejects(() => findGitDirectory(path, options), ReftableError);
  const same = assertThrows(() => findGitDirectorySync(path, options), ReftableError);
  assertEquals([same.message, same.code, same.file], [error.message, error.code, error.file]);
  return error;
}

/** What Git wants to see before it takes a directory for its own. */
function gitDirectory(path: string, head = "ref: refs/heads/.invalid\n"): Record<string, string> {
  return { [`${path}/HEAD`]: head, [`${path}/objects/x/y`]: "", [`${path}/refs/heads`]: "" };
}

/** A repository with a linked worktree and a submodule, as git lays them out. */
const LAYOUT = {
  ...gitDirectory("main/.git"),
  ...gitDirectory("main/.git/modules/sub"),
  "main/.git/worktrees/x/HEAD": "0123456789012345678901234567890123456789\n",
  "main/.git/worktrees/x/commondir": "../..\n",
  "main/.git/worktrees/x/gitdir": "/elsewhere/.git\n",
  "main/sub/.git": "gitdir: ../.git/modules/sub\n",
  "main/src/deep/file": "",
  "linked/.git": "gitdir: ../main/.git/worktrees/x\r\n",
  "linked/src/file": "",
  ...gitDirectory("bare.git", "ref:refs/heads/main"),
  "moved/.git": "gitdir: TOP/main/.git",
  ...gitDirectory("strayed/.git"),
  "strayed/.git/commondir": "TOP/main/.git",
};

Deno.test("findGitDirectory() finds what a path means", async () => {
  using dir = makeFiles(LAYOUT);
  const top = Deno.realPathSync(dir.path);
  for (const name of ["moved/.git", "strayed/.git/commondir"] as const) {
    Deno.writeTextFileSync(`${top}/${name}`, LAYOUT[name].replace("TOP", top));
  }
  const main = [`${top}/main/.git`, `${top}/main/.git`];
  const worktree = [`${top}/main/.git/worktrees/x`, `${top}/main/.git`];
  const bare = [`${top}/bare.git`, `${top}/bare.git`];
  const cases: readonly [string, readonly string[]][] = [
    ["main", main],
    ["main/", main],
    ["main/.git", main],
    ["main/.git/objects", main],
    ["main/src/deep", main],
    ["main/src/deep/file", main],
    ["main/src/deep/", main],
    ["main/.git/worktrees/x", worktree],
    ["main/.git/worktrees", main],
    ["linked", worktree],
    ["linked/.git", worktree],
    ["linked/src", worktree],
    ["linked/src/file", worktree],
    ["main/sub", [`${top}/main/.git/modules/sub`, `${top}/main/.git/modules/sub`]],
    ["bare.git", bare],
    ["bare.git/refs", bare],
    ["bare.git/HEAD", bare],
    // Absolute paths, which is what git writes unless told otherwise.
    ["moved", main],
    ["strayed", [`${top}/strayed/.git`, `${top}/main/.git`]],
  ];
  for (const [path, expected] of cases) assertEquals(await find(`${top}/${path}`), expected, path);
});

Deno.test("findGitDirectory() finds its way behind symbolic links", async () => {
  using dir = makeFiles(LAYOUT);
  const top = Deno.realPathSync(dir.path);
  Deno.mkdirSync(`${top}/a/b`, { recursive: true });
  Deno.mkdirSync(`${top}/a/c`);
  Deno.symlinkSync(`${top}/main/.git/worktrees/x`, `${top}/a/b/gitdir`);
  Deno.symlinkSync(`${top}/linked/src`, `${top}/a/src`);
  Deno.symlinkSync(`${top}/linked/.git`, `${top}/a/.git`);
  Deno.symlinkSync(`${top}/linked/.git`, `${top}/a/c/.git`);
  Deno.symlinkSync(`${top}/main/.git`, `${top}/a/b/.git`);
  const common = `${top}/main/.git`;
  assertEquals(await find(`${top}/a/b/gitdir`), [`${top}/a/b/gitdir`, common]);
  assertEquals(await find(`${top}/a/src`), [`${common}/worktrees/x`, common]);
  assertEquals(await find(`${top}/a/src/file`), [`${common}/worktrees/x`, common]);
  assertEquals(await find(`${top}/a/b`), [`${top}/a/b/.git`, `${top}/a/b/.git`]);
  // A file that is reached by a link names a directory as seen from where the link is.
  assertEquals(await find(`${top}/a`), [`${common}/worktrees/x`, common]);
  assertEquals((await findError(`${top}/a/c`)).code, "not-exist");
});

Deno.test("findGitDirectory() gives paths that begin with the one given", async () => {
  const fixture = "tests/fixtures/repository/git";
  const root = fromFileUrl(new URL("../..", import.meta.url));
  const cwd = Deno.cwd();
  using dir = makeFiles({ ...gitDirectory("bare"), ...gitDirectory("main/.git") });
  const top = Deno.realPathSync(dir.path);
  const cases = {
    [join(root, fixture)]: join(root, fixture),
    "bare/../bare": "bare/../bare",
    "main": "main/.git",
    ".": ".git",
    "bare/refs": `${top}/bare`,
  };
  Deno.chdir(dir.path);
  try {
    for (const [path, gitDir] of Object.entries(cases)) {
      Deno.chdir(path === "." ? `${top}/main` : top);
      assertEquals(await find(path), [gitDir, gitDir]);
    }
  } finally {
    Deno.chdir(cwd);
  }
  const linked = join(root, fixture, "worktrees/linked");
  assertEquals(await find(linked), [linked, Deno.realPathSync(join(root, fixture))]);
});

Deno.test("findGitDirectory() goes where it is told", async () => {
  using dir = makeFiles(LAYOUT);
  const top = dir.path;
  const options: readonly [FindOptions, string, string][] = [
    [{ gitDir: "main/.git" }, `${top}/main/.git`, `${top}/main/.git`],
    [{ gitDir: `${top}/bare.git` }, `${top}/bare.git`, `${top}/bare.git`],
    [{ gitDir: "linked/.git" }, `${top}/main/.git/worktrees/x`, `${top}/main/.git`],
    [{ gitDir: "bare.git", commonDir: "main/.git" }, `${top}/bare.git`, `${top}/main/.git`],
  ];
  for (const [option, gitDir, commonDir] of options) {
    assertEquals(await findGitDirectory(top, option), { gitDir, commonDir });
    assertEquals(findGitDirectorySync(top, option), { gitDir, commonDir });
  }
  // Directories above are not looked into then.
  for (const gitDir of ["main", "nowhere", "main/src"]) {
    const error = await findError(`${top}/main/src`, { gitDir: `${top}/${gitDir}` });
    assertEquals(error.message, `not a git repository: '${top}/${gitDir}'`);
    assertEquals(error.code, "not-exist");
  }
});

Deno.test("findGitDirectory() looks no further up than it may", async () => {
  using dir = makeFiles(LAYOUT);
  const top = Deno.realPathSync(dir.path);
  Deno.symlinkSync(`${top}/main`, `${top}/link`);
  const deep = `${top}/main/src/deep`;
  const found = { gitDir: `${top}/main/.git`, commonDir: `${top}/main/.git` };
  const cases: readonly [readonly string[], boolean][] = [
    [[], true],
    [[top], true],
    [[deep], true],
    [["main"], true],
    [[`${top}/nowhere`], true],
    [[`${top}/main`], false],
    [[`${top}/main/`], false],
    [[`${top}/main/src`], false],
    [[top, `${top}/link`], false],
    [[top, "", `${top}/link`], true],
    [["", `${top}/main/`], false],
    [["/"], true],
  ];
  for (const [ceilingDirectories, isFound] of cases) {
    if (isFound) assertEquals(await findGitDirectory(deep, { ceilingDirectories }), found);
    else assertEquals((await findError(deep, { ceilingDirectories })).code, "not-exist");
    if (peer.available) {
      const env = { GIT_CEILING_DIRECTORIES: ceilingDirectories.join(":") };
      const { code } = await runGit(["rev-parse", "--git-dir"], { cwd: deep, env });
      assertEquals(code === 0, isFound, `${ceilingDirectories}`);
    }
  }
});

Deno.test("findGitDirectory() tells why a path is no repository", async () => {
  using dir = makeFiles({
    "plain/file": "gitdir: ../main/.git\n",
    "empty/.git": "",
    "words/.git": "gitdir:nowhere\n",
    "nothing/.git": "gitdir: \n",
    "inside/.git/objects/x": "",
    "large/.git": `gitdir: ${"x".repeat(1 << 20)}\n`,
    "itself/.git": "gitdir: .git\n",
    "chain/.git": "gitdir: ../itself/.git\n",
    "lost/HEAD": "ref: refs/heads/main\n",
    "lost/commondir": "../gone/.git\n",
    "nowhere/HEAD": "ref: refs/heads/main\n",
    "nowhere/commondir": "\n",
    ...gitDirectory("head", "ref: HEAD\n"),
    ...gitDirectory("short", "0123456789\n"),
    ...gitDirectory("looping"),
    "looping/commondir": "../looping/loop\n",
    "looping/loop/commondir": "..\n",
  });
  const { path: top } = dir;
  const none = (path: string) =>
    `not a git repository (or any of the parent directories): ${top}/${path}/.git`;
  const leads = (path: string, target: string) =>
    `not a git repository: ${top}/${path}/${target}, where ${top}/${path}/.git leads`;
  const cases: readonly [string, string, string][] = [
    ["missing", "not-exist", `Cannot open "${top}/missing": it does not exist`],
    ["plain", "not-exist", none("plain")],
    ["plain/file", "not-exist", none("plain/file")],
    ["inside", "not-exist", none("inside")],
    ["head", "not-exist", none("head")],
    ["short", "not-exist", none("short")],
    ["looping", "not-exist", none("looping")],
    ["empty", "format", `invalid gitfile format: ${top}/empty/.git`],
    ["words", "format", `invalid gitfile format: ${top}/words/.git`],
    ["words/.git", "format", `invalid gitfile format: ${top}/words/.git`],
    ["nothing", "format", `no path in gitfile: ${top}/nothing/.git`],
    ["large", "format", `too large to be a .git file: '${top}/large/.git'`],
    ["itself", "not-exist", leads("itself", ".git")],
    ["chain", "not-exist", leads("chain", "../itself/.git")],
    [
      "lost",
      "not-exist",
      `Cannot open "${top}/lost": its main repository "${top}/lost/../gone/.git" does not exist`,
    ],
    ["nowhere", "format", `failed to read ${top}/nowhere/commondir`],
  ];
  for (const [path, code, message] of cases) {
    const error = await findError(`${top}/${path}`);
    assertEquals([error.code, error.message], [code, message]);
    if (!peer.available || path === "missing" || path === "plain/file") continue;
    const { code: exitCode, stderr } = await runGit(["rev-parse", "--git-dir"], {
      cwd: path.endsWith(".git") ? join(`${top}/${path}`, "..") : `${top}/${path}`,
    });
    assertEquals(exitCode, 128, path);
    // Some paths git does not tell: the main repository's, and those in files that it finds on its way.
    if (message.includes("lead") || path === "lost" || path === "nowhere") continue;
    const expected = message.replace(/(?<=parent directories\): ).*/, ".git");
    assertEquals(stderr.split("\n")[0], `fatal: ${expected}`);
  }
});

Deno.test("findGitDirectory() refuses a .git file that leads nowhere", async () => {
  using dir = makeFiles({ "linked/.git": "gitdir: ../gone/.git/worktrees/x\n" });
  const error = await findError(`${dir.path}/linked`);
  assertEquals([error.code, error.file], [
    "not-exist",
    `${dir.path}/linked/../gone/.git/worktrees/x`,
  ]);
});

Deno.test({
  name: "findGitDirectory() takes a HEAD that is a symbolic link, as Git once wrote it",
  ignore: Deno.build.os === "windows",
  async fn() {
    using dir = makeFiles({ ...gitDirectory("old/.git"), ...gitDirectory("odd/.git") });
    const top = dir.path;
    for (const [name, target] of [["old", "refs/heads/main"], ["odd", "elsewhere"]]) {
      Deno.removeSync(`${top}/${name}/.git/HEAD`);
      Deno.symlinkSync(target!, `${top}/${name}/.git/HEAD`);
    }
    assertEquals(await find(`${top}/old`), [`${top}/old/.git`, `${top}/old/.git`]);
    assertEquals((await findError(`${top}/odd`)).code, "not-exist");
  },
});

Deno.test("findGitDirectory() prefers .git to what lies beside it", async () => {
  using dir = makeFiles({ ...gitDirectory("main/.git"), ...gitDirectory("main") });
  assertEquals(await find(`${dir.path}/main`), [
    `${dir.path}/main/.git`,
    `${dir.path}/main/.git`,
  ]);
});

gitTest("findGitDirectory() finds what git finds", async () => {
  await using repo = await GitRepo.create();
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const top = join(repo.dir, "..");
  await repo.ok(["worktree", "add", "-q", "../linked"]);
  await repo.ok(["worktree", "add", "-q", "--detach", "inside"]);
  await repo.ok(["-c", "worktree.useRelativePaths=true", "worktree", "add", "-q", "../relative"]);
  await repo.ok(["clone", "-q", "--bare", "--ref-format=reftable", ".", "../bare.git"]);
  await repo.ok(["clone", "-q", "--separate-git-dir=../separate", ".", "../separated"]);
  const add = [
    "-c",
    "protocol.file.allow=always",
    "submodule",
    "--quiet",
    "add",
    "../bare.git",
    "sub",
  ];
  await repo.ok(add);
  Deno.mkdirSync(`${repo.dir}/inside/a/b`, { recursive: true });
  const paths = [repo.dir, repo.gitDir, `${repo.gitDir}/objects`];
  paths.push(`${repo.dir}/inside`, `${repo.dir}/inside/a/b`, `${repo.dir}/sub`);
  for (const name of ["linked", "relative", "bare.git", "separated", "separate"]) {
    paths.push(`${top}/${name}`);
  }
  for (const path of paths) {
    const args = ["rev-parse", "--path-format=absolute", "--absolute-git-dir", "--git-common-dir"];
    const expected = (await repo.ok(args, { cwd: path })).trim().split("\n");
    const found = (await find(path)).map((found) => Deno.realPathSync(found));
    assertEquals(found, expected.map((path) => Deno.realPathSync(path)), path);
  }
});
