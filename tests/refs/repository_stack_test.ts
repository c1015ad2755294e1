import { assert, assertEquals, assertRejects } from "@std/assert";
import { copy } from "@std/fs";
import { fromFileUrl, join } from "@std/path";
import {
  denoFileSystem,
  openRepositoryStack,
  ReftableError,
  type RepositoryStackOptions,
  type Stack,
} from "@reftable/reftable";
import { fixture } from "../fixtures.ts";
import { GitRepo, gitTest, peer } from "../peers/git.ts";

const OID = "0123456789abcdef0123456789abcdef01234567";

const REFTABLE = "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\trefStorage = reftable\n";

/** What Git wants to see before it takes a directory for its own. */
function gitDirectory(path: string, config: string): Record<string, string> {
  return {
    [`${path}/HEAD`]: "ref: refs/heads/.invalid\n",
    [`${path}/config`]: config,
    [`${path}/objects/info/x`]: "",
    [`${path}/refs/heads`]: "this repository uses the reftable format\n",
    [`${path}/reftable/tables.list`]: "",
  };
}

/** The files of a repository without a commit. */
const REPOSITORY = {
  ...gitDirectory("main/.git", `${REFTABLE}[reftable]\n\tblockSize = 512\n`),
  "main/.git/worktrees/x/HEAD": "ref: refs/heads/.invalid\n",
  "main/.git/worktrees/x/commondir": "../..\n",
  "main/.git/worktrees/x/reftable/tables.list": "",
  "main/sub/file": "",
  "linked/.git": "gitdir: ../main/.git/worktrees/x\n",
  ...gitDirectory("bare.git", `${REFTABLE}\tobjectFormat = sha256\n`),
  "alone/tables.list": "",
  "config": "[reftable]\n\tblockSize = 1024\n",
  ...gitDirectory("files/.git", "[core]\n\tbare = false\n"),
  "files/.git/HEAD": "ref: refs/heads/main\n",
};

/** A temporary directory with some files, removed on disposal. */
function makeFiles(files: Readonly<Record<string, string>>): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "reftable-files-" });
  for (const [name, text] of Object.entries(files)) {
    Deno.mkdirSync(join(path, name, ".."), { recursive: true });
    Deno.writeTextFileSync(join(path, name), text);
  }
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** Adds a ref, and tells what the block size of its table is. */
async function writtenBlockSize(stack: Stack): Promise<number> {
  const { nextUpdateIndex: updateIndex } = stack;
  await stack.add((writer) =>
    writer.addRef({ kind: "symref", refname: "HEAD", updateIndex, target: "refs/heads/main" })
  );
  return stack.tables.at(-1)!.blockSize;
}

Deno.test("openRepositoryStack() opens the stack that a path means, with its settings", async () => {
  using dir = makeFiles(REPOSITORY);
  const main = "main/.git/reftable";
  const linked = "main/.git/worktrees/x/reftable";
  const cases: readonly [string, RepositoryStackOptions, string, number][] = [
    ["main", {}, main, 512],
    ["main/", {}, main, 512],
    ["main/.git", {}, main, 512],
    ["main/sub", {}, main, 512],
    ["main/.git/reftable", {}, main, 512],
    ["linked", {}, main, 512],
    ["linked/.git", {}, main, 512],
    ["main/.git/worktrees/x", {}, main, 512],
    ["main/.git/worktrees/x/reftable", {}, linked, 512],
    ["linked", { worktree: true }, linked, 512],
    ["linked/.git", { worktree: true }, linked, 512],
    ["main", { worktree: true }, main, 512],
    ["bare.git", {}, "bare.git/reftable", 4096],
    // A directory of tables has only the settings of a repository that it is in.
    ["alone", {}, "alone", 4096],
  ];
  for (const [path, options, directory, blockSize] of cases) {
    await using stack = await openRepositoryStack(`${dir.path}/${path}`, options);
    assertEquals(Deno.realPathSync(stack.directory), Deno.realPathSync(`${dir.path}/${directory}`));
    assertEquals(await writtenBlockSize(stack), blockSize, path);
    assertEquals(stack.hash, path === "bare.git" ? "sha256" : "sha1");
  }
});

Deno.test("openRepositoryStack() lets options go before the configuration", async () => {
  using dir = makeFiles(REPOSITORY);
  const cases: readonly [number | undefined, number][] = [[1024, 1024], [0, 4096], [
    undefined,
    512,
  ]];
  for (const [blockSize, expected] of cases) {
    await using stack = await openRepositoryStack(`${dir.path}/main`, { blockSize });
    assertEquals(await writtenBlockSize(stack), expected);
  }
});

Deno.test("openRepositoryStack() uses all settings of the configuration", async () => {
  using dir = makeFiles({
    ...REPOSITORY,
    "main/.git/config": `${REFTABLE}[core]
	sharedRepository = 0600
[reftable]
	blockSize = 128
	restartInterval = 1
	indexObjects = false
	geometricFactor = 255
	lockTimeout = 0
`,
  });
  let creations = 0;
  const fileSystem: typeof denoFileSystem = {
    ...denoFileSystem,
    create: (path, mode) => {
      if (path.endsWith("tables.list.lock")) creations++;
      return denoFileSystem.create(path, mode);
    },
  };
  await using stack = await openRepositoryStack(`${dir.path}/main`, { fileSystem });
  const add = async (count: number) => {
    const { nextUpdateIndex: updateIndex } = stack;
    await stack.add((writer) => {
      for (let i = 0; i < count; i++) {
        const refname = `refs/heads/${1000 * updateIndex + i}`;
        writer.addRef({ kind: "direct", refname, updateIndex, oid: OID });
      }
    });
  };
  await add(50);
  const [table] = stack.tables;
  assertEquals(table!.blockSize, 128);
  const blocks = table!.blocks().toArray();
  assert(blocks.filter(({ type }) => type === "ref").length > 3);
  assertEquals(blocks.filter(({ type }) => type === "object"), []);
  assert(blocks.every(({ restarts, entries }) => restarts === entries), "a restart for each key");
  for (const name of ["tables.list", stack.tableNames[0]!]) {
    const { mode } = Deno.statSync(`${stack.directory}/${name}`);
    if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600, name);
  }
  // The first table is not 255 times as large as the second.
  await add(1);
  assertEquals(stack.tables.length, 1);
  creations = 0;
  Deno.writeTextFileSync(`${stack.directory}/tables.list.lock`, "");
  await assertRejects(() => stack.add(() => {}), ReftableError, "Cannot lock");
  assertEquals(creations, 1, "without patience there is one try");
});

Deno.test("openRepositoryStack() refuses tables of another hash than the repository's", async () => {
  using dir = makeFiles(REPOSITORY);
  const put = (repository: string, name: Parameters<typeof fixture>[0]) => {
    Deno.writeFileSync(`${dir.path}/${repository}/reftable/a.ref`, fixture(name).bytes);
    Deno.writeTextFileSync(`${dir.path}/${repository}/reftable/tables.list`, "a.ref\n");
  };
  put("main/.git", "git/sha256.ref");
  put("bare.git", "git/mixed-4k.ref");
  const cases = [["main", "sha256", "sha1"], ["bare.git", "sha1", "sha256"]] as const;
  for (const [path, found, expected] of cases) {
    const error = await assertRejects(
      () => openRepositoryStack(`${dir.path}/${path}`),
      ReftableError,
      `its hash is ${found}, that of the stack is ${expected}`,
    );
    assertEquals(error.code, "format");
    await using stack = await openRepositoryStack(`${dir.path}/${path}`, { hash: found });
    assertEquals(stack.hash, found);
  }
});

Deno.test("openRepositoryStack() tells what is wrong with a path", async () => {
  using dir = makeFiles({
    ...REPOSITORY,
    ...gitDirectory("broken/.git", "[core]\n\tbare = false\n\t!\n"),
    ...gitDirectory("limits/.git", `${REFTABLE}[reftable]\n\tgeometricFactor = 256\n`),
    ...gitDirectory("other/.git", REFTABLE.replace("reftable", "files")),
    ...gitDirectory("odd/.git", REFTABLE.replace("reftable", "odd")),
    ...gitDirectory("empty/.git", REFTABLE),
    ...gitDirectory("cut/.git", "[core]\n\tbare = false\n"),
  });
  Deno.removeSync(`${dir.path}/files/.git/reftable`, { recursive: true });
  Deno.removeSync(`${dir.path}/empty/.git/reftable`, { recursive: true });
  const cases: readonly [string, string, string][] = [
    ["missing", "not-exist", `Cannot open "${dir.path}/missing": it does not exist`],
    [
      "",
      "not-exist",
      `not a git repository (or any of the parent directories): ${dir.path}/.git`,
    ],
    [
      "files",
      "not-exist",
      `Cannot open the stack of "${dir.path}/files/.git": its refs are stored as files`,
    ],
    ["empty", "not-exist", `Cannot open "${dir.path}/empty/.git/reftable": it does not exist`],
    ["broken", "format", `bad config line 3 in file ${dir.path}/broken/.git/config`],
    [
      "broken/.git/reftable",
      "format",
      `bad config line 3 in file ${dir.path}/broken/.git/reftable/../config`,
    ],
    ["limits", "format", "reftable geometric factor cannot exceed 255"],
    [
      "other",
      "not-exist",
      `Cannot open the stack of "${dir.path}/other/.git": its refs are stored as files`,
    ],
    [
      "odd",
      "unsupported",
      "invalid value for 'extensions.refstorage': 'odd'\n" +
      `bad config line 4 in file ${dir.path}/odd/.git/config`,
    ],
    [
      "cut",
      "format",
      `Cannot open "${dir.path}/cut/.git": its HEAD says that refs are stored in another way ` +
      `than as files, expected extensions.refStorage in "${dir.path}/cut/.git/config"`,
    ],
  ];
  for (const [path, code, message] of cases) {
    const error = await assertRejects(
      () => openRepositoryStack(`${dir.path}/${path}`),
      ReftableError,
    );
    assertEquals([error.message, error.code], [message, code]);
  }
});

Deno.test("openRepositoryStack() opens a stack that takes the place of packed refs", async () => {
  using dir = makeFiles(REPOSITORY);
  Deno.removeSync(`${dir.path}/files/.git/config`);
  await using stack = await openRepositoryStack(`${dir.path}/files`);
  assertEquals([stack.hash, await writtenBlockSize(stack)], ["sha1", 4096]);
});

Deno.test("openRepositoryStack() opens both stacks of a linked working tree", async () => {
  const fixture = fromFileUrl(new URL("../fixtures/repository/git", import.meta.url));
  using dir = makeFiles({});
  await copy(fixture, `${dir.path}/git`);
  const path = `${dir.path}/git/worktrees/linked`;
  await using shared = await openRepositoryStack(path);
  await using own = await openRepositoryStack(path, { worktree: true });
  assertEquals([shared.hash, own.hash], ["sha1", "sha1"]);
  assertEquals(Deno.realPathSync(shared.directory), Deno.realPathSync(`${dir.path}/git/reftable`));
  assertEquals(own.directory, `${path}/reftable`);
  assert(shared.ref("refs/heads/main"));
  assert(own.ref("HEAD") && !own.ref("refs/heads/main"));
});

const [major = 0, minor = 0] = peer.available ? peer.version.split(".").map(Number) : [];
/** Older ones keep their refs in the repository. */
const keepsElsewhere = !peer.available || major > 2 || (major === 2 && minor >= 54);

(keepsElsewhere ? gitTest : Deno.test.ignore)(
  "openRepositoryStack() finds the stack where git keeps it",
  async () => {
    for (const relative of [false, true]) {
      await using repo = await GitRepo.create();
      await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
      await repo.ok(["worktree", "add", "-q", "../linked"]);
      const elsewhere = `${repo.dir}/../elsewhere`;
      const linked = `${repo.dir}/../linked`;
      Deno.mkdirSync(`${elsewhere}/worktrees/linked`, { recursive: true });
      Deno.renameSync(repo.reftableDir, `${elsewhere}/reftable`);
      const own = `${elsewhere}/worktrees/linked/reftable`;
      Deno.renameSync(`${repo.gitDir}/worktrees/linked/reftable`, own);
      const payload = relative ? "../../elsewhere" : elsewhere;
      Deno.writeTextFileSync(
        `${repo.gitDir}/config`,
        `[extensions]\n\trefStorage = reftable://${payload}\n`,
        { append: true },
      );
      const listed = (await repo.ok(["rev-parse", "--symbolic", "--all"])).trim();
      assertEquals(listed, "refs/heads/linked\nrefs/heads/main");
      const cases: readonly [string, RepositoryStackOptions, string, string][] = [
        [repo.dir, {}, `${elsewhere}/reftable`, "refs/heads/main"],
        [linked, {}, `${elsewhere}/reftable`, "refs/heads/main"],
        [linked, { worktree: true }, own, "refs/heads/linked"],
      ];
      for (const [path, options, directory, head] of cases) {
        await using stack = await openRepositoryStack(path, options);
        assertEquals(Deno.realPathSync(stack.directory), Deno.realPathSync(directory));
        const ref = stack.ref("HEAD");
        assertEquals(ref?.kind === "symref" && ref.target, head);
        const { nextUpdateIndex: updateIndex } = stack;
        const name = options.worktree ? "refs/worktree/ours" : `refs/heads/ours-${updateIndex}`;
        await stack.add((writer) => {
          writer.addRef({ kind: "symref", refname: name, updateIndex, target: "refs/heads/main" });
        });
        await repo.ok(["rev-parse", "--verify", name], { cwd: path });
      }
    }
  },
);

gitTest("openRepositoryStack() writes tables as git does with the same settings", async () => {
  for (const hash of ["sha1", "sha256"] as const) {
    const config = {
      "reftable.blockSize": "1k",
      "reftable.restartInterval": "3",
      "reftable.indexObjects": "off",
    };
    await using repo = await GitRepo.create({ hash, config });
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    const oid = (await repo.ok(["rev-parse", "HEAD"])).trim();
    const names = Array.from({ length: 300 }, (_, i) => `refs/heads/${1000 + i}`);
    const stdin = names.map((name) => `create ${name} ${oid}\n`).join("");
    const env = { GIT_TEST_REFTABLE_AUTOCOMPACTION: "false" };
    await repo.ok(["-c", "core.logAllRefUpdates=false", "update-ref", "--stdin"], { stdin, env });
    await using stack = await openRepositoryStack(repo.dir, { autoCompact: false });
    const theirs = stack.tableNames.at(-1)!;
    const updateIndex = stack.tables.at(-1)!.maxUpdateIndex;
    // The same table once more, under the same update index.
    Deno.writeTextFileSync(
      `${repo.reftableDir}/tables.list`,
      stack.tableNames.slice(0, -1).map((name) => `${name}\n`).join(""),
    );
    await stack.reload();
    assertEquals(stack.nextUpdateIndex, updateIndex);
    await stack.add((writer) =>
      writer.addRefs(names.map((refname) => ({ kind: "direct", refname, updateIndex, oid })))
    );
    const ours = stack.tableNames.at(-1)!;
    const read = (name: string) => Deno.readFileSync(`${repo.reftableDir}/${name}`);
    assertEquals(read(ours), read(theirs));
    assertEquals(await repo.run(["refs", "verify"]).then(({ code }) => code), 0);
  }
});
