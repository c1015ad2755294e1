import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { findGitDirectory, findGitDirectorySync, ReftableError } from "@reftable/reftable";
import { GitRepo, gitTest } from "../peers/git.ts";

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
async function findError(path: string): Promise<ReftableError> {
  const error = await assertRejects(() => findGitDirectory(path), ReftableError);
  const same = assertThrows(() => findGitDirectorySync(path), ReftableError);
  assertEquals([same.message, same.code, same.file], [error.message, error.code, error.file]);
  return error;
}

/** A repository with a linked worktree and a submodule, as git lays them out. */
const LAYOUT = {
  "main/.git/HEAD": "ref: refs/heads/.invalid\n",
  "main/.git/modules/sub/HEAD": "ref: refs/heads/.invalid\n",
  "main/.git/worktrees/x/HEAD": "ref: refs/heads/.invalid\n",
  "main/.git/worktrees/x/commondir": "../..\n",
  "main/.git/worktrees/x/gitdir": "/elsewhere/.git\n",
  "main/sub/.git": "gitdir: ../.git/modules/sub\n",
  "main/src/file": "",
  "linked/.git": "gitdir: ../main/.git/worktrees/x\r\n",
  "bare.git/HEAD": "ref: refs/heads/main\n",
  "moved/.git": "gitdir: TOP/main/.git",
  "strayed/.git/HEAD": "ref: refs/heads/main\n",
  "strayed/.git/commondir": "TOP/main/.git",
};

Deno.test("findGitDirectory() finds what a path means", async () => {
  using dir = makeFiles(LAYOUT);
  const top = dir.path;
  for (const name of ["moved/.git", "strayed/.git/commondir"] as const) {
    Deno.writeTextFileSync(`${top}/${name}`, LAYOUT[name].replace("TOP", top));
  }
  const worktree = [`${top}/main/.git/worktrees/x`, `${top}/main/.git`];
  const cases: readonly [string, readonly string[]][] = [
    ["main", [`${top}/main/.git`, `${top}/main/.git`]],
    ["main/", [`${top}/main/.git`, `${top}/main/.git`]],
    ["main/.git", [`${top}/main/.git`, `${top}/main/.git`]],
    ["main/.git/worktrees/x", worktree],
    ["linked", worktree],
    ["linked/.git", worktree],
    ["main/sub", [`${top}/main/.git/modules/sub`, `${top}/main/.git/modules/sub`]],
    ["bare.git", [`${top}/bare.git`, `${top}/bare.git`]],
    // Absolute paths, which is what git writes unless told otherwise.
    ["moved", [`${top}/main/.git`, `${top}/main/.git`]],
    ["strayed", [`${top}/strayed/.git`, `${top}/main/.git`]],
  ];
  for (const [path, expected] of cases) assertEquals(await find(`${top}/${path}`), expected, path);
});

Deno.test("findGitDirectory() gives paths that begin with the one given", async () => {
  const fixture = "tests/fixtures/repository/git";
  const root = fromFileUrl(new URL("../..", import.meta.url));
  const cases = { [join(root, fixture)]: join(root, fixture), "bare/../bare": "bare/../bare" };
  const cwd = Deno.cwd();
  using dir = makeFiles({ "bare/HEAD": "" });
  Deno.chdir(dir.path);
  try {
    for (const [path, gitDir] of Object.entries(cases)) {
      assertEquals(await find(path), [gitDir, gitDir]);
    }
  } finally {
    Deno.chdir(cwd);
  }
  const linked = join(root, fixture, "worktrees/linked");
  assertEquals(await find(linked), [linked, join(root, fixture)]);
});

Deno.test("findGitDirectory() tells why a path is no repository", async () => {
  using dir = makeFiles({
    "plain/file": "not a gitdir\n",
    "empty/.git": "",
    "words/.git": "gitdir:nowhere\n",
    "nothing/.git": "gitdir: \n",
    "inside/.git/objects/x": "",
  });
  const line = 'expected a line "gitdir: <path>"';
  const cases: readonly [string, string, string][] = [
    ["missing", "not-exist", `Cannot open "${dir.path}/missing": it does not exist`],
    ["plain", "not-exist", `Cannot find a Git repository at "${dir.path}/plain"`],
    ["inside", "not-exist", `Cannot find a Git repository at "${dir.path}/inside"`],
    ["plain/file", "format", `Cannot read "${dir.path}/plain/file": ${line}`],
    ["empty", "format", `Cannot read "${dir.path}/empty/.git": ${line}`],
    ["words", "format", `Cannot read "${dir.path}/words/.git": ${line}`],
    ["nothing", "format", `Cannot read "${dir.path}/nothing/.git": ${line}`],
  ];
  for (const [path, code, message] of cases) {
    const error = await findError(`${dir.path}/${path}`);
    assertEquals([error.code, error.message], [code, message]);
  }
});

Deno.test("findGitDirectory() refuses a .git file that leads nowhere", async () => {
  using dir = makeFiles({ "linked/.git": "gitdir: ../gone/.git/worktrees/x\n" });
  const error = await findError(`${dir.path}/linked`);
  assertEquals(error.code, "not-exist");
  assertEquals(error.message.includes(`${dir.path}/gone/.git/worktrees/x`), true, error.message);
});

Deno.test("findGitDirectory() prefers .git to what lies beside it", async () => {
  using dir = makeFiles({ "main/.git/HEAD": "ref: refs/heads/main\n", "main/HEAD": "a file\n" });
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
  const paths = [repo.dir, repo.gitDir, `${repo.dir}/inside`, `${repo.dir}/sub`];
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
