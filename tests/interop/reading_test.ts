import { assert, assertEquals } from "@std/assert";
import { copy, walk } from "@std/fs";
import { join, relative } from "@std/path";
import { Stack } from "@reftable/reftable";
import { decodeText } from "../../src/bytes/text.ts";
import { GitRepo, type GitRepoOptions, gitTest, peer } from "../peers/git.ts";
import {
  GitView,
  logFile,
  logLines,
  type RepositoryRecords,
  seenFromWorktree,
} from "./git_view.ts";

/** Reads all records of a stack. */
async function readStack(directory: string, hash: "sha1" | "sha256"): Promise<RepositoryRecords> {
  using stack = await Stack.open(directory, { hash });
  return { refs: stack.refs().toArray(), logs: stack.logs().toArray() };
}

/** Leaves each transaction in a table of its own, so that there is something to merge. */
const ONE_TABLE_EACH = { GIT_TEST_REFTABLE_AUTOCOMPACTION: "false" };

/** Dates that git stores well, but fails to carry from tables to files. */
const ODD_DATES = ["@86400 -0001", "@4294967296 +0100", "@253402300799 -1200"];

/** Makes a repository with all kinds of refs and logs. */
async function fill(repo: GitRepo, moreDates: readonly string[]): Promise<void> {
  let time = 1_700_000_000;
  const git = (
    args: readonly string[],
    env: Record<string, string> = {},
    stdin?: string | Uint8Array,
  ) =>
    repo.ok(args, {
      env: { ...ONE_TABLE_EACH, GIT_COMMITTER_DATE: `${time += 60} -0730`, ...env },
      stdin,
    });
  /** Runs a line of shell in which `git` is git, for words that are not UTF-8. */
  const shell = (line: string) => git(["-c", `alias.sh=!${line}`, "sh"]);
  const commit = (subject: string, env: Record<string, string> = {}) =>
    git(["commit", "-q", "--allow-empty", "-m", subject], env);

  await commit("one");
  const dates = [
    "@1700000000 +0000",
    "@1700000000 +1400",
    "@1700000000 -1130",
    "@1700000000 +0545",
  ];
  dates.push("@0 +0000", "@2147483648 +0100", ...moreDates);
  for (const date of dates) await commit(`at ${date}`, { GIT_COMMITTER_DATE: date });
  const people: readonly [string, string][] = [
    ["Ünï Cødé", "ü@例え.jp"],
    ["日本 太郎 😀", "taro@example.com"],
    ["  Surrounded.", ""],
    ["A\tTab; \"quotes\" 'and' \\", "a b@example.com"],
    ["x".repeat(300), "long@example.com"],
  ];
  for (const [name, email] of people) {
    await commit(`by ${name}`, { GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email });
  }
  await shell(`GIT_COMMITTER_NAME=$(printf 'J\\374rgen') git commit -q --allow-empty -m latin`);
  await shell(`git update-ref -m "$(printf 'caf\\351 \\t  spaced')" refs/heads/latin HEAD`);
  await git(["update-ref", "-m", `long ${"message ".repeat(200)}`, "refs/heads/long", "HEAD~1"]);
  await git(["update-ref", "refs/heads/silent", "HEAD~2"]);

  await git(["tag", "-m", "version 1", "v1", "HEAD~1"]);
  await git(["tag", "-m", "a tag of a tag", "nested", "v1"]);
  await git(["tag", "-m", "a tag of a tag of a tag", "nested-again", "nested"]);
  await git(["tag", "-m", "a tree", "tree", "HEAD^{tree}"]);
  await git(["tag", "light", "nested"]);
  const blob = await git(["hash-object", "-w", "--stdin"], {}, "words\n");
  await git(["tag", "blob", blob.trim()]);

  await git(["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
  await git(["symbolic-ref", "refs/heads/alias-of-alias", "refs/heads/alias"]);
  await git(["symbolic-ref", "refs/heads/dangling", "refs/heads/nowhere"]);
  await git(["symbolic-ref", "refs/tags/symbolic", "refs/tags/nested"]);
  const bytes = Uint8Array.from([..."create refs/heads/"].map((c) => c.charCodeAt(0)));
  const oid = (await git(["rev-parse", "HEAD"])).trim();
  const rest = new TextEncoder().encode(` ${oid}\ncreate refs/heads/größe/名 ${oid}\n`);
  await git(["update-ref", "--stdin"], {}, Uint8Array.of(...bytes, 0xfc, 0xff, ...rest));

  await git(["branch", "gone"]);
  await git(["branch", "-q", "-D", "gone"]);
  await git(["branch", "back"]);
  await git(["branch", "-q", "-D", "back"]);
  await git(["branch", "back", "HEAD~3"]);
  await git(["branch", "-m", "silent", "renamed/deeply"]);
  await git(["reflog", "delete", "refs/heads/main@{2}", "refs/heads/main@{4}"]);
  await git(["reflog", "expire", "--expire=all", "refs/heads/latin"]);
  Deno.writeTextFileSync(join(repo.dir, "file"), "words\n");
  await git(["add", "file"]);
  await git(["stash", "push", "-q", "-m", "put aside"]);
  await git(["switch", "-q", "--detach", "HEAD~2"]);

  await git(["worktree", "add", "-q", "-b", "side", "../linked", "v1"]);
  const linked = join(repo.dir, "../linked");
  const there = { cwd: linked, env: ONE_TABLE_EACH };
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "in the linked one"], there);
  await repo.ok(["update-ref", "refs/worktree/mine", "HEAD"], there);
  await repo.ok(["update-ref", "refs/bisect/bad", "HEAD~1"], there);
  await git(["update-ref", "refs/worktree/mine", "HEAD~1"]);
}

for (const hash of ["sha1", "sha256"] as const) {
  gitTest(`Stack reads what git lists in a ${hash} repository`, async (t) => {
    await using repo = await GitRepo.create({ hash });
    await fill(repo, ODD_DATES);
    const linked = join(repo.gitDir, "worktrees/linked");
    /** What is done, and how many tables there are then. */
    const steps: readonly [string, readonly string[], RegExp][] = [
      ["with a table for each transaction", ["version"], /^(.+\n){40}/],
      ["compacted", ["pack-refs", "--all"], /^.+\n$/],
      ["compacted and changed", ["branch", "-q", "-D", "latin"], /^.+\n(.+\n)?$/],
    ];
    for (const [name, args, tables] of steps) {
      await t.step(name, async () => {
        await repo.ok(args);
        assert(tables.test(Deno.readTextFileSync(`${repo.reftableDir}/tables.list`)));
        const records = await readStack(repo.reftableDir, hash);
        await new GitView(repo.gitDir).assertAgrees(records);
        const own = await readStack(join(linked, "reftable"), hash);
        await new GitView(linked).assertAgrees(seenFromWorktree(records, own));
      });
    }
    await t.step("as git finds refs one by one", async () => {
      const view = new GitView(repo.gitDir);
      using stack = Stack.openSync(repo.reftableDir);
      const names = ["HEAD", "refs/heads/main", "refs/heads/gone", "refs/heads/back", "refs/heads"];
      names.push(
        "refs/heads/größe/名",
        "refs/heads/dangling",
        "refs/heads/latin",
        "refs/tags/light",
      );
      for (const name of names) {
        const there = stack.ref(name) !== undefined;
        assertEquals(there, await view.says(["show-ref", "--exists", name]), name);
        const logged = stack.log(name) !== undefined;
        assertEquals(logged, await view.says(["reflog", "exists", name]), name);
      }
    });
    await t.step("as git finds refs by object", async () => {
      const view = new GitView(repo.gitDir);
      using stack = Stack.openSync(repo.reftableDir);
      for (const name of ["HEAD", "main", "v1", "v1^{commit}", "nested-again", "tree^{}", "blob"]) {
        const oid = (await view.lines(["rev-parse", name])).join();
        const args = ["for-each-ref", `--points-at=${oid}`, "--format=%(refname)"];
        // Git counts symbolic refs by where they lead, and looks at a tag within a tag.
        const listed = (await view.lines(args)).filter((refname) => {
          const ref = stack.ref(refname);
          return ref?.kind === "direct" ||
            ref?.kind === "peeled" && [ref.oid, ref.peeled].includes(oid);
        });
        const found = stack.refsFor(oid).map(({ refname }) => refname);
        assert(found.length > 0, name);
        assertEquals(found.filter((refname) => refname.startsWith("refs/")), listed, name);
      }
    });
  });
}

const [major = 0, minor = 0] = peer.available ? peer.version.split(".").map(Number) : [];
/** Older ones leave the logs behind. */
const leavesLogs = peer.available && (major < 2 || major === 2 && minor < 50);

(leavesLogs ? Deno.test.ignore : gitTest)(
  "Stack reads the logs that git turns into files",
  async () => {
    await using repo = await GitRepo.create();
    await fill(repo, []);
    await repo.ok(["worktree", "remove", "--force", "../linked"]);
    const records = await readStack(repo.reftableDir, "sha1");
    const migrated = join(repo.dir, "../migrated");
    await copy(repo.dir, migrated);
    await repo.ok(["refs", "migrate", "--ref-format=files"], { cwd: migrated });
    const names = new Set<string>();
    const logs = join(migrated, ".git/logs");
    for await (const { path } of walk(logs, { includeDirs: false })) {
      const name = relative(logs, path);
      // A file whose name is not UTF-8 cannot be opened here.
      if (name.includes("\ufffd")) continue;
      names.add(name);
      const text = decodeText(Deno.readFileSync(path));
      assertEquals(logFile(records, name), text.split("\n").slice(0, -1), name);
    }
    assert(names.size > 5);
    const filled = records.logs.map(({ refname }) => refname)
      .filter((name) => name.isWellFormed() && logFile(records, name).length > 0);
    assertEquals([...new Set(filled)], [...names].sort());
  },
);

const LARGE: readonly { name: string; options: GitRepoOptions }[] = [
  { name: "blocks of the usual size", options: {} },
  { name: "small blocks", options: { config: { "reftable.blockSize": "512" } } },
  { name: "SHA-256", options: { hash: "sha256" } },
  { name: "no objects", options: { config: { "reftable.indexObjects": "false" } } },
];

for (const { name, options } of LARGE) {
  gitTest(`Stack reads thousands of refs as git does: ${name}`, async () => {
    const { hash = "sha1", config = {} } = options;
    const always = { ...config, "core.logAllRefUpdates": "always" };
    await using repo = await GitRepo.create({ ...options, bare: true, config: always });
    const oids: string[] = [];
    const [tree] = await new GitView(repo.gitDir).lines(["mktree"]);
    for (let i = 0; i < 5; i++) {
      oids.push((await repo.ok(["commit-tree", "-m", `${i}`, tree!])).trim());
    }
    for (const [i, oid] of oids.entries()) await repo.ok(["tag", "-m", "a tag", `tag-${i}`, oid]);
    const commands: string[] = [];
    for (let i = 0; i < 2500; i++) {
      const change = `${10000 + (i * 7919) % 10000}`;
      const refname = `refs/changes/${change.slice(-2)}/${change}/${1 + i % 3}`;
      commands.push(`create ${refname} ${oids[i % 7] ?? oids[0]}\n`);
    }
    await repo.ok(["update-ref", "-m", "created", "--stdin"], { stdin: commands.join("") });
    const more = [
      `delete refs/changes/00/10000/1\n`,
      `update refs/changes/19/17919/2 ${oids[4]}\n`,
    ];
    await repo.ok(["update-ref", "-m", "changed", "--stdin"], {
      env: ONE_TABLE_EACH,
      stdin: more.join(""),
    });

    const view = new GitView(repo.gitDir);
    using stack = await Stack.open(repo.reftableDir, { hash });
    assert(stack.tables.length > 1);
    const types = new Set(stack.tables.flatMap((table) => [...table.blocks()].map((b) => b.type)));
    const expected = ["index", "log", "ref"];
    if (name !== "no objects") expected.push("object");
    assertEquals([...types].sort(), expected.sort());
    const listed = await view.refs();
    const records = { refs: stack.refs().toArray(), logs: stack.logs().toArray() };
    assertEquals(listed.length, 2504);
    assertEquals(records.refs.filter(({ refname }) => refname !== "HEAD").length, listed.length);
    const lines = new Set(listed);
    for (const { refname } of records.refs.slice(1)) {
      const ref = stack.ref(refname);
      assert(ref?.kind === "direct" || ref?.kind === "peeled", refname);
      const line = `${ref.oid} ${refname}  ${ref.kind === "peeled" ? ref.peeled : ""}`;
      assert(lines.delete(line), line);
    }
    assertEquals(lines.size, 0);
    for (const oid of [...oids, "0".repeat(oids[0]!.length)]) {
      const names = listed.map((line) => line.split(" "))
        .filter(([object, , , peeled]) => object === oid || peeled === oid).map(([, name]) => name);
      assertEquals(stack.refsFor(oid).map(({ refname }) => refname), names);
    }
    const prefix = "refs/changes/19/";
    const names = await view.lines(["for-each-ref", "--format=%(refname)", prefix]);
    assert(names.length > 10);
    assertEquals(stack.refs({ prefix }).map((ref) => ref.refname).toArray(), names);

    assertEquals([...new Set(records.logs.map(({ refname }) => refname))], await view.logNames());
    for (const refname of ["refs/changes/19/17919/2", names[0]!, names.at(-1)!]) {
      const logs = stack.logs({ refname }).toArray();
      assert(logs.length > 0, refname);
      assertEquals(logLines({ refs: [], logs }, refname), await view.log(refname), refname);
    }
  });
}
