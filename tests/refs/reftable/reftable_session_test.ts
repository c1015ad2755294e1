import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { copy } from "@std/fs";
import { ReftableError, Stack } from "@reftable/reftable";
import type { LogChange, RefBackend, RefChange } from "../../../src/refs/backend.ts";
import { GitRepo, type GitRepoOptions, gitTest } from "../../peers/git.ts";
import { change, COMMITTER, makeCommits, openReftables } from "../open_backend.ts";

const ZERO = "0".repeat(40);

/** Two repositories that are alike: git changes one, we the other. */
class Twins implements AsyncDisposable {
  readonly git: GitRepo;
  readonly ours: string;
  readonly oids: readonly string[];
  readonly zero: string;

  private constructor(git: GitRepo, ours: string, oids: readonly string[]) {
    this.git = git;
    this.ours = ours;
    this.oids = oids;
    this.zero = "0".repeat(oids[0]!.length);
  }

  /** @param setup Has git make what both are to have. */
  static async create(
    setup: (repo: GitRepo, oids: readonly string[]) => Promise<unknown>,
    options: GitRepoOptions = {},
  ): Promise<Twins> {
    const config = { "core.logAllRefUpdates": "always", ...options.config };
    const repo = await GitRepo.create({ ...options, config });
    const oids = await makeCommits(repo, 5);
    await setup(repo, oids);
    const ours = `${repo.dir}/../ours`;
    await copy(repo.dir, ours);
    return new Twins(repo, ours, oids);
  }

  /** Makes the same changes with git and with us, and asserts that every table is the same, byte for byte. */
  async assertSame(args: readonly string[], stdin: string, ...changes: RefChange[]): Promise<void> {
    await this.git.ok(args, { stdin });
    await this.change(...changes);
    assertEquals(await tablesOf(this.ours), await tablesOf(this.git.dir));
  }

  async change(...changes: readonly RefChange[]): Promise<void> {
    await using backend = await openReftables(this.ours);
    await change(backend, ...changes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.git[Symbol.asyncDispose]();
  }
}

/** The bytes of the tables of a repository, and the records in them, for people. */
async function tablesOf(directory: string) {
  await using stack = await Stack.open(`${directory}/.git/reftable`);
  return stack.tables.map((table, place) => ({
    records: [...table.refs(), ...table.logs()],
    bytes: Deno.readFileSync(`${stack.directory}/${stack.tableNames[place]}`).toHex(),
  }));
}

function append(oldOid: string, newOid: string, message: string): LogChange & { kind: "append" } {
  return { kind: "append", oldOid, newOid, committer: COMMITTER, message };
}

/** A change that creates a ref with a log. */
function create(refname: string, oid: string, message = ""): RefChange {
  const log = append("0".repeat(oid.length), oid, message);
  return { refname, value: { kind: "direct", oid }, log };
}

for (const hash of ["sha1", "sha256"] as const) {
  gitTest(`commit() writes the tables that git writes (${hash})`, async () => {
    await using twins = await Twins.create(() => Promise.resolve(), { hash });
    const { zero, oids: [a = "", b = "", c = ""] } = twins;
    const names = Array.from({ length: 200 }, (_, i) => `refs/heads/${i}`);
    await twins.assertSame(
      ["update-ref", "-m", "new", "--stdin"],
      names.map((name, i) => `create ${name} ${i % 2 ? a : b}\n`).join(""),
      // The order does not matter.
      ...names.map((name, i) => create(name, i % 2 ? a : b, "new")),
    );
    await twins.assertSame(
      ["update-ref", "-m", "next", "--stdin"],
      `update refs/heads/1 ${c}\ncreate refs/tags/t ${a}\n`,
      {
        refname: "refs/heads/1",
        value: { kind: "direct", oid: c },
        log: append(a, c, "next"),
      },
      create("refs/tags/t", a, "next"),
    );
    await twins.assertSame(
      ["update-ref", "--no-deref", "--stdin"],
      names.slice(1, 190).map((name) => `delete ${name}\n`).join("") +
        `symref-update HEAD refs/heads/other\nsymref-create refs/heads/s refs/heads/1\n` +
        `create refs/heads/0ther ${a}\n`,
      ...names.slice(1, 190).map((refname): RefChange => ({ refname, value: "delete" })),
      { refname: "HEAD", value: { kind: "symref", target: "refs/heads/other" } },
      {
        refname: "refs/heads/s",
        value: { kind: "symref", target: "refs/heads/1" },
        log: append(zero, c, ""),
      },
      create("refs/heads/0ther", a),
    );
  });
}

gitTest("commit() leaves of a large table what git leaves once it has compacted it", async () => {
  await using twins = await Twins.create(() => Promise.resolve());
  const { oids: [a = ""] } = twins;
  const names = Array.from({ length: 2500 }, (_, i) => `refs/heads/${10_000 + i}`);
  await twins.assertSame(
    ["update-ref", "-m", "new", "--stdin"],
    names.map((name) => `create ${name} ${a}\n`).join(""),
    ...names.map((name) => create(name, a, "new")),
  );
});

gitTest("read() finds refs of a large table that is damaged elsewhere", async () => {
  await using repo = await GitRepo.create();
  const names = Array.from({ length: 60_000 }, (_, i) => `refs/heads/${100_000 + i}`);
  const oid = "1".repeat(40);
  {
    await using backend = await openReftables(repo.dir);
    await change(
      backend,
      ...names.map((refname): RefChange => ({ refname, value: { kind: "direct", oid } })),
    );
  }
  const path = await (async () => {
    await using stack = await Stack.open(repo.reftableDir);
    return `${stack.directory}/${stack.tableNames.at(-1)}`;
  })();
  const bytes = Deno.readFileSync(path);
  // The third block of refs is none any more.
  bytes[2 * 4096] = 0x3f;
  Deno.writeFileSync(path, bytes);
  await using backend = await openReftables(repo.dir);
  const readable = names.filter((name) => {
    try {
      return backend.read(name);
    } catch (error) {
      if (!(error instanceof ReftableError)) throw error;
      return false;
    }
  });
  await using session = await backend.begin();
  await session.lock(readable);
  for (const name of readable) {
    const ref = session.read(name);
    if (ref?.refname !== name) assertEquals(ref?.refname, name);
  }
  assertLess(readable.length, names.length);
  assertLess(names.length - 500, readable.length);
});

gitTest("commit() stores what tags lead to, as git does", async () => {
  await using twins = await Twins.create(() => Promise.resolve());
  const { oids: [a = ""] } = twins;
  await twins.git.ok(["tag", "-a", "-m", "tag", "v1", a]);
  const tag = (await twins.git.ok(["rev-parse", "v1"])).trim();
  await twins.change({
    refname: "refs/tags/v1",
    value: { kind: "peeled", oid: tag, peeled: a },
    log: append(ZERO, tag, `tag: tagging ${a.slice(0, 7)} (0, 2023-11-14)`),
  });
  const records = (await tablesOf(twins.ours)).flatMap(({ records }) => records);
  assertEquals(records.find(({ kind }) => kind === "peeled"), {
    kind: "peeled",
    refname: "refs/tags/v1",
    updateIndex: 2,
    oid: tag,
    peeled: a,
  });
  assertEquals(await tablesOf(twins.ours), await tablesOf(twins.git.dir));
});

gitTest("commit() cuts messages as git does", async () => {
  const config = { "reftable.blockSize": "1024" };
  await using twins = await Twins.create(() => Promise.resolve(), { config });
  const { oids: [a = ""] } = twins;
  const messages = [
    "x".repeat(511),
    "x".repeat(512),
    "x".repeat(513),
    "é".repeat(400),
    `x${"é".repeat(400)}`,
    "€".repeat(256),
  ];
  for (const [i, message] of messages.entries()) {
    const refname = `refs/heads/${i}`;
    await twins.assertSame(
      ["update-ref", "-m", message, refname, a],
      "",
      create(refname, a, message),
    );
  }
});

gitTest("commit() renames and copies with logs as git does", async () => {
  await using twins = await Twins.create(async (repo, [a = "", b = ""]) => {
    await repo.ok(["update-ref", "-m", "1", "refs/heads/old", a]);
    await repo.ok(["update-ref", "-m", "2", "refs/heads/old", b]);
    await repo.ok(["update-ref", "-m", "3", "refs/heads/main", b]);
    await repo.ok(["update-ref", "-m", "4", "refs/heads/target", a]);
  });
  const { oids: [, b = "", c = ""] } = twins;
  const value = { kind: "direct", oid: b } as const;
  const transferred = (oid: string, message: string, from: string, keep: boolean): LogChange => ({
    ...append(oid, oid, message),
    transfer: { from, keep },
  });
  await twins.assertSame(
    ["branch", "-m", "old", "new"],
    "",
    { refname: "refs/heads/old", value: "delete" },
    {
      refname: "refs/heads/new",
      value,
      log: transferred(
        b,
        "Branch: renamed refs/heads/old to refs/heads/new",
        "refs/heads/old",
        false,
      ),
    },
  );
  await twins.assertSame(["branch", "-c", "new", "copy"], "", {
    refname: "refs/heads/copy",
    value,
    log: transferred(b, "Branch: copied refs/heads/new to refs/heads/copy", "refs/heads/new", true),
  });
  // What is there already keeps its log, too.
  const onto = "Branch: renamed refs/heads/new to refs/heads/target";
  await twins.assertSame(
    ["branch", "-M", "new", "target"],
    "",
    { refname: "refs/heads/new", value: "delete" },
    { refname: "refs/heads/target", value, log: transferred(b, onto, "refs/heads/new", false) },
  );
  await twins.assertSame(["update-ref", "-m", "5", "refs/heads/target", c], "", {
    refname: "refs/heads/target",
    value: { kind: "direct", oid: c },
    log: append(b, c, "5"),
  });
  // The branch that is checked out: HEAD is told before and after.
  await twins.git.ok(["branch", "-m", "main", "trunk"]);
  const message = "Branch: renamed refs/heads/main to refs/heads/trunk";
  await twins.change(
    { refname: "HEAD", log: append(b, ZERO, message) },
    { refname: "refs/heads/main", value: "delete" },
    {
      refname: "refs/heads/trunk",
      value,
      log: transferred(b, message, "refs/heads/main", false),
    },
  );
  await twins.change({
    refname: "HEAD",
    value: { kind: "symref", target: "refs/heads/trunk" },
    log: append(ZERO, b, message),
  });
  assertEquals(await tablesOf(twins.ours), await tablesOf(twins.git.dir));
});

gitTest("commit() creates, deletes and rewrites logs so that git finds them alike", async () => {
  const config = { "core.logAllRefUpdates": "false" };
  await using twins = await Twins.create(async (repo, [a = "", b = "", c = "", d = ""]) => {
    for (const oid of [a, b, c, d]) {
      await repo.ok(["update-ref", "--create-reflog", "-m", oid, "refs/heads/main", oid]);
    }
    // So much that what is added is not compacted with it.
    const names = Array.from({ length: 999 }, (_, i) => `create refs/tags/${i} ${a}\n`);
    await repo.ok(["update-ref", "--stdin"], { stdin: names.join("") });
    await repo.ok(["pack-refs", "--all"]);
  }, { config });
  const { git, oids: [a = ""] } = twins;
  // To begin a branch without commits with a log marks that there is one.
  await git.ok(["checkout", "-q", "-l", "--orphan", "new"]);
  await twins.change({ refname: "refs/heads/new", log: { kind: "create" } });
  await twins.change({ refname: "HEAD", value: { kind: "symref", target: "refs/heads/new" } });
  assertEquals(await tablesOf(twins.ours), await tablesOf(git.dir));
  {
    // A second one would be of no use.
    const before = await tablesOf(twins.ours);
    await twins.change({ refname: "refs/heads/new", log: { kind: "create" } });
    assertEquals(await tablesOf(twins.ours), before);
  }
  await git.ok(["reflog", "delete", "--rewrite", "refs/heads/main@{2}"]);
  const rewrite = async (map: (i: number, count: number) => boolean) => {
    await using backend = await openReftables(twins.ours);
    await using session = await backend.begin();
    await session.lock(["refs/heads/main"]);
    const before = session.log("refs/heads/main", "oldest-first").toArray();
    let oldOid = ZERO;
    const after = before.map((entry, i) => {
      if (!map(i, before.length)) return undefined;
      const kept = entry.oldOid === oldOid ? entry : { ...entry, oldOid };
      oldOid = entry.newOid;
      return kept;
    });
    await session.commit([{ refname: "refs/heads/main", log: { kind: "rewrite", before, after } }]);
  };
  await rewrite((i) => i !== 1);
  const log = (cwd: string) => git.ok(["log", "-g", "--format=%H %gd %gs", "main"], { cwd });
  assertEquals(await log(twins.ours), await log(git.dir));
  {
    // What did not change was not written again.
    const { records } = (await tablesOf(twins.ours)).at(-1)!;
    const ofMain = records.filter(({ refname }) => refname === "refs/heads/main");
    assertEquals(ofMain.map(({ kind }) => kind), ["update", "deletion"]);
  }
  await git.ok(["reflog", "expire", "--expire=all", "refs/heads/main"]);
  await rewrite(() => false);
  assertEquals(await log(twins.ours), "");
  const exists = (cwd: string) => git.run(["reflog", "exists", "refs/heads/main"], { cwd });
  assertEquals((await exists(twins.ours)).code, 0);
  assertEquals((await exists(git.dir)).code, 0);
  await git.ok(["reflog", "drop", "refs/heads/main"]);
  await twins.change({ refname: "refs/heads/main", log: { kind: "delete" } });
  assertEquals((await exists(twins.ours)).code, 1);
  assertEquals((await exists(git.dir)).code, 1);
  assertEquals((await git.ok(["rev-parse", "main"], { cwd: twins.ours })).trim().length, a.length);
});

gitTest("commit() keeps the log of a ref that goes when it is told to", async () => {
  await using twins = await Twins.create((repo, [a = ""]) => {
    return repo.ok(["update-ref", "-m", "1", "refs/heads/main", a]);
  });
  const { oids: [a = ""] } = twins;
  await twins.change({ refname: "refs/heads/main", value: "delete", log: append(a, ZERO, "gone") });
  await using backend = await openReftables(twins.ours);
  assertEquals(backend.read("refs/heads/main"), undefined);
  const messages = backend.log("refs/heads/main", "oldest-first").map(({ message }) => message);
  assertEquals(messages.toArray(), ["1\n", "gone\n"]);
});

gitTest("A session locks the stacks of several working trees, and changes all", async () => {
  await using repo = await GitRepo.create();
  const [a = "", b = ""] = await makeCommits(repo, 2);
  await repo.ok(["update-ref", "refs/heads/main", a]);
  for (const name of ["one", "two"]) {
    await repo.ok(["worktree", "add", "-q", "--detach", `${repo.dir}/../${name}`]);
  }
  await using backend = await openReftables(`${repo.dir}/../one`);
  const names = [
    "HEAD",
    "refs/heads/main",
    "main-worktree/X_HEAD",
    "worktrees/two/refs/bisect/bad",
  ];
  const changes = names.map((refname): RefChange => ({
    refname,
    value: { kind: "direct", oid: b },
  }));
  const stacks = ["", "worktrees/one/", "worktrees/two/"].map((d) => `${repo.gitDir}/${d}reftable`);
  {
    await using session = await backend.begin();
    assertEquals((await session.lock(names.slice(0, 2))).size, 0);
    assertEquals(stacks.map(isLocked), [true, true, false]);
    const failures = await session.lock([...names, "FETCH_HEAD", "worktrees/none/HEAD"]);
    assertEquals(Array.from(failures, ([name, { code }]) => [name, code]), [
      ["FETCH_HEAD", "refname"],
      ["worktrees/none/HEAD", "not-exist"],
    ]);
    assertEquals(stacks.map(isLocked), [true, true, true]);
    await session.commit(changes);
    assertEquals(stacks.map(isLocked), [false, false, false]);
  }
  for (const name of names) {
    const ref = backend.read(name);
    assertEquals(ref?.kind === "direct" && ref.oid, b, name);
  }
  const parsed = await repo.ok(["rev-parse", "main", "X_HEAD", "worktrees/one/HEAD"]);
  assertEquals(parsed, `${b}\n`.repeat(3));
  const other = await repo.ok(["rev-parse", "refs/bisect/bad"], { cwd: `${repo.dir}/../two` });
  assertEquals(other.trim(), b);
});

function isLocked(directory: string): boolean {
  try {
    Deno.statSync(`${directory}/tables.list.lock`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

gitTest("A session reads what is stored under the lock", async () => {
  await using repo = await GitRepo.create({ config: { "core.logAllRefUpdates": "always" } });
  const [a = "", b = ""] = await makeCommits(repo, 2);
  await repo.ok(["worktree", "add", "-q", "--orphan", "-b", "side", `${repo.dir}/../linked`]);
  await using backend = await openReftables(`${repo.dir}/../linked`);
  await repo.ok(["update-ref", "refs/heads/main", a]);
  await repo.ok(["symbolic-ref", "HEAD", "refs/heads/other"], { cwd: `${repo.dir}/../linked` });
  await using session = await backend.begin();
  await session.lock(["refs/heads/main"]);
  const main = session.read("refs/heads/main");
  assertEquals(main?.kind === "direct" && main.oid, a);
  assertEquals(session.hasLog("refs/heads/main"), true);
  assertEquals(session.log("refs/heads/main", "newest-first").toArray().length, 1);
  // Neither is that old which is not locked.
  const head = session.read("HEAD");
  assertEquals(head?.kind === "symref" && head.target, "refs/heads/other");
  await using other = await openReftables(repo.dir);
  await using late = await other.begin({ lockTimeout: 0 });
  const error = await assertRejects(() => late.lock(["refs/heads/main"]), ReftableError);
  assertEquals(error.code, "lock");
  await session[Symbol.asyncDispose]();
  await change(other, create("refs/heads/x", b));
});

gitTest("Sessions of one backend follow each other", async () => {
  await using repo = await GitRepo.create();
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openReftables(repo.dir);
  const names = Array.from({ length: 50 }, (_, i) => `refs/heads/${100 + i}`);
  await Promise.all(names.map((name) => change(backend, create(name, a))));
  assertEquals(backend.list().map(({ refname }) => refname).toArray(), names);
  assertEquals(await repo.ok(["for-each-ref", "--format=%(refname)"]), names.join("\n") + "\n");
});

gitTest("findConflicts() finds refs above and below new ones", async () => {
  await using repo = await GitRepo.create();
  const [a = ""] = await makeCommits(repo, 1);
  const linked = `${repo.dir}/../linked`;
  await repo.ok(["worktree", "add", "-q", "--orphan", "-b", "side", linked]);
  const existing = ["a", "b/c", "b/d", "b-e/f/g", "gone", "gone2/x", "gone2/y", "z/z"];
  const stdin = existing.map((name) => `create refs/heads/${name} ${a}\n`).join("");
  await repo.ok(["update-ref", "--stdin"], { stdin });
  await repo.ok(["update-ref", "-d", "refs/heads/z/z"]);
  await repo.ok(["update-ref", "refs/worktree/w/x", a], { cwd: linked });
  await using backend = await openReftables(repo.dir);
  await using own = await openReftables(linked);
  const find = async (backend: RefBackend, created: string[], removed: string[] = []) => {
    await using session = await backend.begin();
    await session.lock(created);
    return Object.fromEntries(session.findConflicts(created, new Set(removed)));
  };
  const created = ["a-x", "a/x", "a/y/z", "aa", "b", "b-e/f", "b/", "b/c/d", "gone/x", "gone2", "z"]
    .map((name) => `refs/heads/${name}`);
  for (const view of [backend, own]) {
    assertEquals(await find(view, created, ["refs/heads/gone", "refs/heads/gone2/x"]), {
      "refs/heads/a/x": "refs/heads/a",
      "refs/heads/a/y/z": "refs/heads/a",
      "refs/heads/b": "refs/heads/b/c",
      "refs/heads/b-e/f": "refs/heads/b-e/f/g",
      "refs/heads/b/c/d": "refs/heads/b/c",
      "refs/heads/gone2": "refs/heads/gone2/y",
    });
  }
  assertEquals(await find(backend, ["refs", "refs/heads"]), {
    "refs": "refs/heads/a",
    "refs/heads": "refs/heads/a",
  });
  // Both a name and what is below it are new, and something is there below both.
  assertEquals(await find(backend, ["refs/heads/b", "refs/heads/b-e", "refs/heads/b/c"]), {
    "refs/heads/b": "refs/heads/b/c",
    "refs/heads/b-e": "refs/heads/b-e/f/g",
  });
  assertEquals(await find(own, ["refs/worktree/w"]), { "refs/worktree/w": "refs/worktree/w/x" });
  assertEquals(await find(backend, ["refs/worktree/w"]), {});
  assertEquals(await find(backend, ["worktrees/linked/refs/worktree/w"]), {
    "worktrees/linked/refs/worktree/w": "worktrees/linked/refs/worktree/w/x",
  });
});

gitTest("commit() changes nothing when something cannot be written", async () => {
  await using repo = await GitRepo.create();
  const [a = ""] = await makeCommits(repo, 1);
  await repo.ok(["worktree", "add", "-q", "--orphan", "-b", "side", `${repo.dir}/../linked`]);
  await using backend = await openReftables(repo.dir);
  const good: RefChange = { refname: "refs/heads/a", value: { kind: "direct", oid: a } };
  const bad: readonly RefChange[][] = [
    [good, { refname: "worktrees/linked/X_HEAD", value: { kind: "direct", oid: "x" } }],
    [good, good],
    [good, {
      refname: "worktrees/linked/X_HEAD",
      log: { ...append(a, a, ""), transfer: { from: "refs/heads/x", keep: true } },
    }],
  ];
  for (const changes of bad) await assertRejects(() => change(backend, ...changes), ReftableError);
  {
    await using session = await backend.begin();
    const error = await assertRejects(() => session.commit([good]), ReftableError);
    assertEquals(error.code, "api");
  }
  assertEquals(backend.list().toArray(), []);
  for (const directory of ["reftable", "worktrees/linked/reftable"]) {
    const names = Array.from(Deno.readDirSync(`${repo.gitDir}/${directory}`), ({ name }) => name);
    assertEquals(names.filter((name) => !/^(tables\.list|0x.*\.ref)$/.test(name)), []);
  }
});

gitTest("pack() compacts all tables, or those that it pays for", async () => {
  await using repo = await GitRepo.create();
  const [a = "", b = ""] = await makeCommits(repo, 2);
  const linked = `${repo.dir}/../linked`;
  await repo.ok(["worktree", "add", "-q", "--orphan", "-b", "side", linked]);
  const env = { GIT_TEST_REFTABLE_AUTOCOMPACTION: "false" };
  const fill = async (oid: string) => {
    for (let i = 0; i < 4; i++) {
      await repo.ok(["update-ref", `refs/heads/${i}`, oid], { env });
      await repo.ok(["update-ref", `refs/worktree/${i}`, oid], { env, cwd: linked });
    }
  };
  const counts = () =>
    ["reftable", "worktrees/linked/reftable"].map((directory) => {
      return Deno.readTextFileSync(`${repo.gitDir}/${directory}/tables.list`).split("\n").length -
        1;
    });
  await fill(a);
  assertEquals(counts(), [5, 5]);
  {
    await using backend = await openReftables(linked);
    await backend.pack({ all: true });
  }
  // What all working trees share is packed in the main one, as with git.
  assertEquals(counts(), [5, 1]);
  {
    await using backend = await openReftables(repo.dir);
    await backend.pack({ all: true });
  }
  assertEquals(counts(), [1, 1]);
  await fill(b);
  assertEquals(counts(), [5, 5]);
  await repo.ok(["pack-refs", "--all"], { cwd: linked });
  assertEquals(counts(), [5, 1]);
  await repo.ok(["pack-refs", "--all"]);
  assertEquals(counts(), [1, 1]);
  const names = Array.from({ length: 999 }, (_, i) => `create refs/tags/${i} ${a}\n`).join("");
  await repo.ok(["update-ref", "--stdin"], { stdin: names });
  await using backend = await openReftables(repo.dir);
  await repo.ok(["update-ref", "refs/heads/x", a], { env });
  const before = counts();
  assertEquals(before, [2, 1]);
  await backend.pack({ auto: true });
  assertEquals(counts(), before);
  await backend.pack();
  assertEquals(counts(), [1, 1]);
  await repo.ok(["fsck", "--strict"]);
});

gitTest("ReftableSession reads many refs of a large stack as it reads one", async () => {
  await using repo = await GitRepo.create({ refFormat: "reftable" });
  const refname = (i: number) => `refs/heads/${(i * 7919) % 100_003}-${"x".repeat(i % 30)}`;
  const names = Array.from({ length: 80_000 }, (_, i) => refname(i)).sort();
  const oidOf = (i: number) => i.toString(16).padStart(40, "a");
  await using stack = await Stack.open(`${repo.dir}/.git/reftable`);
  const { nextUpdateIndex: updateIndex } = stack;
  await stack.add((writer) => {
    for (const [i, refname] of names.entries()) {
      if (i % 10 === 0) writer.addRef({ kind: "symref", refname, updateIndex, target: names[0]! });
      else writer.addRef({ kind: "direct", refname, updateIndex, oid: oidOf(i) });
    }
  });
  await using backend = await openReftables(repo.dir);
  // Others have changed some since it was opened.
  await stack.add((writer) => {
    const { nextUpdateIndex: updateIndex } = stack;
    for (const [i, refname] of names.entries()) {
      if (i % 7 === 0) writer.addRef({ kind: "deletion", refname, updateIndex });
    }
  });
  const asked = [
    ...Array.from({ length: 5000 }, (_, i) => refname(i * 31)),
    ...Array.from({ length: 500 }, (_, i) => `refs/heads/none-${i}`),
    "HEAD",
    `main-worktree/${names[1]}`,
  ];
  await using session = await backend.begin();
  assertEquals(await session.lock(asked), new Map());
  const found = new Map(asked.map((name) => [name, session.read(name)]));
  const kinds = Object.groupBy(found.values(), (ref) => ref?.kind ?? "missing");
  assertEquals(Object.keys(kinds).sort(), ["direct", "missing", "symref"]);
  await backend.reload();
  const expected = new Map(asked.map((name) => [name, backend.read(name)]));
  assertEquals(found, expected);
});
