import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { copy } from "@std/fs";
import { fromFileUrl } from "@std/path";
import {
  environmentOptions,
  openRepository,
  type OpenRepositoryOptions,
  openRepositorySync,
  permittedEnvironment,
  ReftableError,
  type Repository,
} from "@reftable/reftable";
import { encodeText } from "../../src/bytes/text.ts";
import { MemoryFileSystem } from "../../src/io/memory_file_system.ts";
import { GitRepo, gitTest, runGit } from "../peers/git.ts";

const FIXTURE = fromFileUrl(new URL("../fixtures/repository/git", import.meta.url));

/** Opens a repository in both ways. */
async function open(path: string, options?: OpenRepositoryOptions): Promise<Repository> {
  const repository = await openRepository(path, options);
  const same = openRepositorySync(path, options);
  assertEquals({ ...same, config: same.config.variables }, {
    ...repository,
    config: repository.config.variables,
  });
  return repository;
}

/** Why a repository cannot be opened in either way. */
async function openError(path: string, options?: OpenRepositoryOptions): Promise<ReftableError> {
  const error = await assertRejects(() => openRepository(path, options), ReftableError);
  const same = assertThrows(() => openRepositorySync(path, options), ReftableError);
  assertEquals([same.code, same.message], [error.code, error.message]);
  return error;
}

/** Compares with what git finds. */
async function compare(
  path: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Repository> {
  const options = ["--absolute-git-dir", "--git-common-dir", "--is-bare-repository"];
  const formats = ["--show-object-format", "--show-ref-format"];
  const args = ["rev-parse", "--path-format=absolute", ...options, ...formats];
  const { stdout, stderr, code } = await runGit(args, { cwd: path, env });
  assertEquals(code, 0, stderr);
  const found = await open(path, environmentOptions((name) => env[name]));
  const top = await runGit(["rev-parse", "--show-toplevel"], { cwd: path, env });
  const real = (path: string) => Deno.realPathSync(path);
  assertEquals(
    [
      ...[real(found.gitDir), real(found.commonDir), `${found.isBare}`, found.hash],
      ...[found.refFormat, found.workTree && real(found.workTree)],
    ],
    [...stdout.trim().split("\n"), top.code === 0 ? top.stdout.trim() : undefined],
    path,
  );
  return found;
}

gitTest("openRepository() finds what git finds", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    for (const hash of ["sha1", "sha256"] as const) {
      await using repo = await GitRepo.create({ refFormat, hash });
      const top = Deno.realPathSync(`${repo.dir}/..`);
      await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
      await repo.ok(["worktree", "add", "-q", "../linked"]);
      await repo.ok(["clone", "-q", "--bare", `--ref-format=${refFormat}`, ".", "../bare"]);
      await repo.ok(["worktree", "add", "-q", "../beside"], { cwd: `${top}/bare` });
      await repo.ok(["clone", "-q", "--separate-git-dir=../apart", ".", "../separated"]);
      Deno.mkdirSync(`${repo.dir}/sub/sub`, { recursive: true });
      const main = await compare(repo.dir);
      assertEquals([main.isLinked, main.worktreeId], [false, undefined]);
      assertEquals([main.storage, main.worktreeStorage], [repo.gitDir, repo.gitDir]);
      for (const name of ["repo/sub/sub", "bare", "bare/refs", "separated"]) {
        await compare(`${top}/${name}`);
      }
      for (const name of ["linked", "beside"]) {
        const linked = await compare(`${top}/${name}`);
        assertEquals([linked.isLinked, linked.worktreeId], [true, name]);
        assertEquals(linked.storage, linked.commonDir);
        assertEquals(linked.worktreeStorage, `${linked.commonDir}/worktrees/${name}`);
      }
    }
  }
});

gitTest("openRepository() tells where the working tree is, as git does", async () => {
  await using repo = await GitRepo.create();
  const top = Deno.realPathSync(`${repo.dir}/..`);
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  await repo.ok(["worktree", "add", "-q", "../linked"]);
  Deno.mkdirSync(`${top}/elsewhere`);
  const changes: readonly (readonly string[])[] = [
    ["core.bare", "true"],
    ["--unset", "core.bare"],
    ["core.worktree", "../../elsewhere"],
    ["core.worktree", `${top}/elsewhere`],
    ["--unset", "core.worktree"],
    ["extensions.worktreeConfig", "true"],
    ["core.bare", "true"],
    ["--worktree", "core.bare", "false"],
    ["--worktree", "core.worktree", "../../elsewhere"],
  ];
  for (const change of changes) {
    await repo.ok(["--git-dir", repo.gitDir, "config", ...change], { cwd: top });
    for (const name of ["repo", "linked"]) {
      await compare(`${top}/${name}`);
      await compare(`${top}/${name}`, { GIT_WORK_TREE: `${top}/elsewhere` });
      await compare(`${top}/${name}`, { GIT_WORK_TREE: ".", GIT_DIR: ".git" });
    }
    await compare(top, { GIT_DIR: repo.gitDir });
  }
});

gitTest("openRepository() goes where the environment says, if it is asked to", async () => {
  await using repo = await GitRepo.create();
  await using other = await GitRepo.create({ refFormat: "files", hash: "sha256" });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  await repo.ok(["worktree", "add", "-q", "../linked"]);
  const found = await compare(repo.dir, { GIT_DIR: other.gitDir });
  assertEquals([found.refFormat, found.hash], ["files", "sha256"]);
  await compare(`${repo.dir}/..`, { GIT_DIR: "linked/.git" });
  await compare(repo.dir, { GIT_REFERENCE_BACKEND: "files" });
  // The environment alone is there for the configuration.
  const environment = (name: string) => name === "GIT_DIR" ? other.gitDir : undefined;
  assertEquals((await open(repo.dir, { environment })).gitDir, repo.gitDir);
  const unknown = await openError(repo.dir, { refStorage: "odd" });
  assertEquals(unknown.message, "unknown ref storage format: 'odd'");
});

gitTest("openRepository() finds where refs are kept", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat });
    const top = Deno.realPathSync(`${repo.dir}/..`);
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    await repo.ok(["worktree", "add", "-q", "../linked"]);
    await repo.ok(["config", "core.repositoryFormatVersion", "1"]);
    const elsewhere = `${top}/elsewhere`;
    for (const payload of [elsewhere, "../../elsewhere"]) {
      await repo.ok(["config", "extensions.refStorage", `${refFormat}://${payload}`]);
      const missing = await openError(repo.dir);
      assertEquals(missing.code, "not-exist");
      Deno.mkdirSync(elsewhere);
      const main = await open(repo.dir);
      assertEquals([main.refFormat, main.storage, main.worktreeStorage], [
        ...[refFormat, elsewhere, elsewhere],
      ]);
      const linked = await open(`${top}/linked`);
      assertEquals([linked.storage, linked.worktreeStorage], [
        elsewhere,
        `${elsewhere}/worktrees/linked`,
      ]);
      Deno.removeSync(elsewhere);
    }
  }
});

gitTest("openRepository() tells files from a stack in place of packed refs", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  assertEquals((await open(repo.dir)).refFormat, "files");
  Deno.mkdirSync(repo.reftableDir);
  assertEquals((await open(repo.dir)).refFormat, "hybrid");
  await repo.ok(["config", "core.repositoryFormatVersion", "1"]);
  await repo.ok(["config", "extensions.refStorage", "files"]);
  assertEquals((await open(repo.dir)).refFormat, "files");
});

gitTest("openRepository() never takes reftables for files", async () => {
  await using repo = await GitRepo.create();
  const file = `${repo.gitDir}/config`;
  const config = Deno.readTextFileSync(file);
  // However much of the configuration is lost.
  for (let length = 0; length < config.length - 1; length++) {
    Deno.writeTextFileSync(file, config.slice(0, length));
    const found = await openRepository(repo.dir).catch((error) => error);
    if (found instanceof ReftableError) {
      const isName = found.message.startsWith("invalid value");
      assertEquals([found.code, found.file], [isName ? "unsupported" : "format", file]);
    } else assertEquals(found.refFormat, "reftable");
  }
  Deno.removeSync(file);
  const { message } = await openError(repo.dir);
  assert(message.includes("expected extensions.refStorage"), message);
});

Deno.test("openRepository() tells that the main repository of a working tree is gone", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "reftable-gone-" });
  try {
    await copy(FIXTURE, `${dir}/main/.git`);
    Deno.mkdirSync(`${dir}/linked`);
    const file = `${dir}/linked/.git`;
    Deno.writeTextFileSync(file, `gitdir: ${dir}/main/.git/worktrees/linked\n`);
    assertEquals((await open(`${dir}/linked`)).worktreeId, "linked");
    Deno.renameSync(`${dir}/main`, `${dir}/gone`);
    const error = await openError(`${dir}/linked`);
    const gitDir = `${dir}/main/.git/worktrees/linked`;
    assertEquals(error.message, `not a git repository: ${gitDir}, where ${file} leads`);
    assertEquals(error.code, "not-exist");
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

gitTest(
  "openRepository() reads what is configured for the branch, the place and the user",
  async () => {
    await using repo = await GitRepo.create();
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    await repo.ok(["worktree", "add", "-q", "../linked", "-b", "topic/a"]);
    const home = Deno.realPathSync(`${repo.dir}/..`);
    const set = async (condition: string, value: string) => {
      Deno.writeTextFileSync(`${home}/${value}.config`, `[a]${value} = yes\n`);
      await repo.ok(["config", `includeIf.${condition}.path`, `${home}/${value}.config`]);
    };
    await set("onbranch:main", "main");
    await set("onbranch:topic/", "topic");
    await set("gitdir:**/worktrees/*", "linked");
    Deno.writeTextFileSync(`${home}/.gitconfig`, "[user]\n\tname = Somebody\n[a]path = ~/x\n");
    await repo.ok(["config", "extensions.worktreeConfig", "true"]);
    await repo.ok(["config", "--worktree", "a.own", "linked"], { cwd: `${home}/linked` });
    const environment = (name: string) => name === "HOME" ? home : undefined;
    const names = ["a.main", "a.topic", "a.linked", "a.own", "user.name", "a.given"];
    for (
      const [path, expected] of [
        ["repo", ["yes", undefined, undefined, undefined, "Somebody", "1"]],
        ["linked", [undefined, "yes", "yes", "linked", "Somebody", "1"]],
      ] as const
    ) {
      const options = { environment, parameters: ["A.Given=1"] };
      const { config } = await open(`${home}/${path}`, options);
      assertEquals(names.map((name) => config.string(name)), [...expected]);
      assertEquals(config.path("a.path"), `${home}/x`);
      for (const [index, name] of names.slice(0, -1).entries()) {
        const { stdout } = await repo.run(["config", name], {
          cwd: `${home}/${path}`,
          env: { HOME: home, GIT_CONFIG_GLOBAL: `${home}/.gitconfig` },
        });
        assertEquals(stdout.trim(), expected[index] ?? "", name);
      }
    }
  },
);

Deno.test({
  name: "openRepository() needs no more than permission to read the repository",
  permissions: { read: [FIXTURE], env: ["HOME"] },
  async fn() {
    const options = { environment: permittedEnvironment };
    const { config, refFormat } = await open(FIXTURE, options);
    assertEquals([refFormat, config.boolean("core.bare")], ["reftable", false]);
    assertEquals(permittedEnvironment("PATH"), undefined);
    assertEquals(permittedEnvironment("HOME"), Deno.env.get("HOME"));
  },
});

Deno.test("openRepository() finds a repository that is no directory of the system", async () => {
  const fileSystem = new MemoryFileSystem();
  for (const directory of ["objects", "refs", "reftable"]) {
    await fileSystem.makeDirectory(`/top/.git/${directory}`);
  }
  await fileSystem.makeDirectory("/top/sub/sub");
  fileSystem.writeFileSync("/top/.git/HEAD", encodeText("ref: refs/heads/.invalid\n"));
  const config =
    "[core]\nrepositoryFormatVersion=1\n[extensions]\nrefStorage=reftable\n[include]path=more";
  fileSystem.writeFileSync("/top/.git/config", encodeText(config));
  fileSystem.writeFileSync("/top/.git/more", encodeText("[a]k = v"));
  for (const path of ["/top", "/top/sub/sub", "/top/.git/refs"]) {
    const repository = await open(path, { fileSystem });
    assertEquals([repository.gitDir, repository.refFormat], ["/top/.git", "reftable"]);
    assertEquals(repository.config.string("a.k"), "v");
  }
  assertEquals((await openError("/", { fileSystem })).code, "not-exist");
});

gitTest("openRepository() opens a repository in which no branch can be told", async () => {
  const include = '[user]\n\tname = before\n[includeIf "onbranch:main"]\n\tpath = more\n';
  for (const refFormat of ["files", "reftable"] as const) {
    const damages: readonly ((repo: GitRepo) => Promise<unknown> | void)[] = [
      () => {},
      async (repo) => {
        await repo.ok(["symbolic-ref", "refs/heads/round", "refs/heads/round"]);
        await repo.ok(["symbolic-ref", "HEAD", "refs/heads/round"]);
      },
      ({ gitDir, reftableDir }) => {
        const isFiles = refFormat === "files";
        const file = isFiles ? `${gitDir}/refs/heads/main` : `${reftableDir}/tables.list`;
        Deno.writeTextFileSync(file, "../damaged\n");
      },
      ({ reftableDir }) =>
        refFormat === "files" ? {} : Deno.removeSync(reftableDir, { recursive: true }),
    ];
    for (const [i, damage] of damages.entries()) {
      await using repo = await GitRepo.create({ refFormat });
      await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
      Deno.writeTextFileSync(`${repo.gitDir}/config`, include, { append: true });
      Deno.writeTextFileSync(`${repo.gitDir}/more`, "[user]\n\tname = included\n");
      await damage(repo);
      const { config } = await openRepository(repo.dir);
      assertEquals(
        `${config.string("user.name")}\n`,
        await repo.ok(["config", "user.name"]),
        `${i}`,
      );
    }
  }
});

gitTest("openRepository() says what leads to a place of refs that is not there", async () => {
  await using repo = await GitRepo.create({ refFormat: "reftable" });
  await repo.ok(["config", "extensions.refStorage", "reftable://../gone"]);
  const error = await assertRejects(() => openRepository(repo.dir), ReftableError);
  assertEquals(error.code, "not-exist");
  assertEquals(
    error.message,
    `Cannot open "${repo.gitDir}": its refs are said to be in "${repo.gitDir}/../gone", ` +
      "which does not exist",
  );
});
