import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import type { RefBackend, RefChange } from "../../../src/refs/backend.ts";
import { type GitRepo, gitTest } from "../../peers/git.ts";
import { change, COMMITTER, makeCommits } from "../open_backend.ts";
import { gitRefs, makeFilesRepo, openFiles, refFiles, refLines } from "./open_files.ts";

const ZEROS = "0".repeat(40);

const PARAGRAPH = "\n\nAnother git process seems to be running in this repository, " +
  "or the lock file may be stale";

function write(refname: string, newOid: string, oldOid = ZEROS, message = "why"): RefChange {
  return {
    refname,
    value: { kind: "direct", oid: newOid },
    log: { kind: "append", oldOid, newOid, committer: COMMITTER, message },
  };
}

/** Two repositories with the same commits: one that git changes, and one that we do. */
async function makeTwins(count: number) {
  const theirs = await makeFilesRepo();
  const ours = await makeFilesRepo();
  const oids = await makeCommits(theirs, count);
  await makeCommits(ours, count);
  const backend = await openFiles(ours.dir);
  return {
    theirs,
    ours,
    oids,
    backend,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await theirs[Symbol.asyncDispose]();
      await ours[Symbol.asyncDispose]();
    },
  };
}

/** What is in the files of refs and logs. */
function contents(repo: GitRepo): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of refFiles(repo)) {
    files[name] = name.endsWith("/") ? "" : Deno.readTextFileSync(`${repo.gitDir}/${name}`);
  }
  return files;
}

function git(repo: GitRepo, ...lines: readonly string[]): Promise<string> {
  const stdin = lines.map((line) => `${line}\n`).join("");
  return repo.ok(["update-ref", "--create-reflog", "-m", "why", "--stdin"], { stdin });
}

gitTest("commit() leaves the files that git leaves", async () => {
  await using twins = await makeTwins(3);
  const { theirs, ours, oids: [a = "", b = "", c = ""], backend } = twins;
  const same = () => assertEquals(contents(ours), contents(theirs));
  same();
  await git(
    theirs,
    `create refs/heads/x ${a}`,
    `create refs/heads/a/b/c ${a}`,
    `create refs/t ${b}`,
  );
  await change(backend, write("refs/heads/a/b/c", a), write("refs/heads/x", a), write("refs/t", b));
  same();
  await git(theirs, `update refs/heads/x ${b} ${a}`, `create refs/tags/t ${c}`);
  await change(backend, write("refs/heads/x", b, a), write("refs/tags/t", c));
  same();
  await theirs.ok(["symbolic-ref", "refs/heads/s", "refs/heads/none"]);
  await theirs.ok(["symbolic-ref", "HEAD", "refs/heads/other"]);
  await change(
    backend,
    { refname: "HEAD", value: { kind: "symref", target: "refs/heads/other" } },
    { refname: "refs/heads/s", value: { kind: "symref", target: "refs/heads/none" } },
  );
  same();
  // What is packed, loose, or both.
  for (const repo of [theirs, ours]) {
    await repo.ok(["pack-refs", "--all"]);
    await repo.ok(["update-ref", "-m", "again", "refs/heads/a/b/c", b]);
    await repo.ok(["update-ref", "-m", "again", "refs/heads/a/d/e", b]);
  }
  same();
  await git(theirs, "delete refs/heads/x", "delete refs/heads/a/b/c", "delete refs/heads/a/d/e");
  await change(
    backend,
    ...["a/b/c", "a/d/e", "x"].map((name): RefChange => {
      return { refname: `refs/heads/${name}`, value: "delete" };
    }),
  );
  same();
  await git(theirs, "delete refs/t", "delete refs/tags/t");
  await change(
    backend,
    { refname: "refs/t", value: "delete" },
    { refname: "refs/tags/t", value: "delete" },
  );
  same();
  await theirs.ok(["symbolic-ref", "--delete", "refs/heads/s"]);
  await change(backend, { refname: "refs/heads/s", value: "delete" });
  same();
  await theirs.ok(["fsck", "--strict"]);
  await ours.ok(["fsck", "--strict"]);
});

gitTest("commit() changes the refs of the working trees that names lead to", async () => {
  await using twins = await makeTwins(3);
  const { theirs, ours, oids: [a = "", b = "", c = ""] } = twins;
  const refs = ["HEAD", "refs/bisect/bad", "refs/worktree/x/y", "refs/heads/main", "ORIG_HEAD"];
  for (const repo of [theirs, ours]) {
    await repo.ok(["update-ref", "refs/heads/main", a]);
    await repo.ok(["worktree", "add", "-q", "--detach", `${repo.dir}/../linked`, a]);
  }
  const linked = `${ours.dir}/../linked`;
  const cwd = `${theirs.dir}/../linked`;
  await using own = await openFiles(linked);
  for (const name of refs) {
    await theirs.ok(["update-ref", "--no-deref", "-m", "why", "--create-reflog", name, b], { cwd });
  }
  // Adding a working tree sets ORIG_HEAD too.
  const oldOid = (name: string) => /HEAD|main$/.test(name) ? a : ZEROS;
  await change(own, ...refs.map((name) => write(name, b, oldOid(name))));
  const trees = (repo: GitRepo) => {
    const files = [...contentsBelow(repo)];
    return files.filter(([name]) => !/gitdir|commondir|index|COMMIT|config|objects/.test(name));
  };
  assertEquals(trees(ours), trees(theirs));
  const names = [
    "main-worktree/ORIG_HEAD",
    "main-worktree/refs/bisect/bad",
    "worktrees/linked/HEAD",
  ];
  for (const name of names) {
    await theirs.ok(["update-ref", "--no-deref", "-m", "why", "--create-reflog", name, c]);
  }
  await using main = await openFiles(ours.dir);
  await change(main, ...names.map((name) => write(name, c, name.endsWith("/HEAD") ? b : ZEROS)));
  assertEquals(trees(ours), trees(theirs));
  const failures = await lockFailures(
    main,
    "worktrees/none/HEAD",
    "worktrees/../HEAD",
    "refs/../x",
  );
  assertEquals(failures.map(([name, code]) => `${name} ${code}`), [
    "worktrees/none/HEAD not-exist",
    "worktrees/../HEAD refname",
    "refs/../x refname",
  ]);
});

function* contentsBelow(repo: GitRepo): Generator<[string, string]> {
  const visit = function* (prefix: string): Generator<[string, string]> {
    const entries = [...Deno.readDirSync(`${repo.gitDir}/${prefix}`)];
    for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      if (isDirectory) {
        yield [`${prefix}${name}/`, ""];
        yield* visit(`${prefix}${name}/`);
      } else yield [prefix + name, Deno.readTextFileSync(`${repo.gitDir}/${prefix}${name}`)];
    }
  };
  yield* visit("");
}

async function lockFailures(
  backend: RefBackend,
  ...names: readonly string[]
): Promise<[string, string, string][]> {
  await using session = await backend.begin({ lockTimeout: 0 });
  const failures = await session.lock(names);
  return Array.from(failures, ([name, { code, message }]) => [name, code, message]);
}

gitTest("lock() refuses a ref that somebody else has locked, in git's words", async () => {
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openFiles(repo.dir);
  const path = `${repo.gitDir}/refs/heads/x`;
  await Deno.writeTextFile(`${path}.lock`, "");
  const expected = `Unable to create '${path}.lock': File exists.${PARAGRAPH}`;
  const { stderr } = await repo.run(["update-ref", "refs/heads/x", a]);
  assertStringIncludes(stderr, expected);
  const names = ["refs/heads/x", "refs/heads/y"];
  assertEquals(await lockFailures(backend, ...names), [["refs/heads/x", "lock", expected]]);
  assertEquals(refFiles(repo).filter((name) => name.endsWith(".lock")), ["refs/heads/x.lock"]);
  // Whoever has it gives it back in time.
  await using session = await backend.begin({ lockTimeout: 60_000 });
  const locked = session.lock(["refs/heads/x"]);
  await Deno.remove(`${path}.lock`);
  assertEquals((await locked).size, 0);
});

gitTest("lock() waits as long as is configured", async () => {
  await using repo = await makeFilesRepo({ config: { "core.filesRefLockTimeout": "60000" } });
  await using backend = await openFiles(repo.dir);
  const path = `${repo.gitDir}/refs/heads/x.lock`;
  await Deno.writeTextFile(path, "");
  await using session = await backend.begin();
  const locked = session.lock(["refs/heads/x"]);
  setTimeout(() => Deno.removeSync(path), 300);
  assertEquals((await locked).size, 0);
});

gitTest("nothing changes when packed refs are locked and some are deleted", async () => {
  await using repo = await makeFilesRepo({ config: { "core.packedRefsTimeout": "0" } });
  const [a = "", b = ""] = await makeCommits(repo, 2);
  await git(repo, `create refs/heads/x ${a}`, `create refs/heads/y ${a}`);
  await using backend = await openFiles(repo.dir);
  await Deno.writeTextFile(`${repo.gitDir}/packed-refs.lock`, "");
  const before = contents(repo);
  const expected = `Unable to create '${repo.gitDir}/packed-refs.lock': File exists.${PARAGRAPH}`;
  const { stderr } = await repo.run(["update-ref", "-d", "refs/heads/y"]);
  assertStringIncludes(stderr, expected);
  const changes = [write("refs/heads/new/x", b), write("refs/heads/x", b, a)];
  const deletion: RefChange = { refname: "refs/heads/y", value: "delete" };
  const error = await assertRejects(() => change(backend, ...changes, deletion), ReftableError);
  assertEquals([error.code, error.message], ["lock", expected]);
  assertEquals(contents(repo), before);
  // Only those who delete wait for it.
  await change(backend, ...changes);
  assertEquals(backend.read("refs/heads/x"), { kind: "direct", refname: "refs/heads/x", oid: b });
});

gitTest("a session that is given up leaves nothing", async () => {
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  await git(repo, `create refs/heads/x ${a}`);
  await using backend = await openFiles(repo.dir);
  const before = contents(repo);
  {
    await using session = await backend.begin();
    const names = ["refs/heads/a/b/c", "refs/heads/a/b/d/e", "refs/heads/x", "HEAD", "X_HEAD"];
    assertEquals((await session.lock(names)).size, 0);
    assertEquals((await session.lock(names)).size, 0);
    assertEquals(refFiles(repo).filter((name) => name.endsWith(".lock")), [
      "HEAD.lock",
      "X_HEAD.lock",
      "refs/heads/a/b/c.lock",
      "refs/heads/a/b/d/e.lock",
      "refs/heads/x.lock",
    ]);
    assertEquals(session.read("refs/heads/x"), backend.read("refs/heads/x"));
    assertEquals(session.read("refs/heads/a/b/c"), undefined);
  }
  assertEquals(contents(repo), before);
});

gitTest("two names of one ref have one lock", async () => {
  await using repo = await makeFilesRepo();
  await using backend = await openFiles(repo.dir);
  await using session = await backend.begin();
  assertEquals((await session.lock(["HEAD", "main-worktree/HEAD"])).size, 0);
  for (const refname of ["HEAD", "main-worktree/HEAD"]) {
    assertEquals(session.read(refname), { kind: "symref", refname, target: "refs/heads/main" });
  }
});

gitTest("only refs that are locked can be changed, and no pseudo refs", async () => {
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openFiles(repo.dir);
  await using session = await backend.begin();
  const [[name, error] = ["", undefined]] = await session.lock(["FETCH_HEAD"]);
  assertEquals([name, error?.message], ["FETCH_HEAD", "refusing to update pseudoref 'FETCH_HEAD'"]);
  const committed = session.commit([write("refs/heads/x", a)]);
  assertEquals((await assertRejects(() => committed, ReftableError)).code, "api");
  assertEquals(backend.list().toArray(), []);
});

gitTest("empty directories make room for refs and logs", async () => {
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openFiles(repo.dir);
  for (const place of ["refs/heads/x/deep/er", "logs/refs/heads/x/y", "refs/heads/y/z"]) {
    await Deno.mkdir(`${repo.gitDir}/${place}`, { recursive: true });
  }
  await change(backend, write("refs/heads/x", a));
  assertEquals(await gitRefs(repo), [`refs/heads/x ${a}  `]);
  assertEquals(await repo.ok(["reflog", "refs/heads/x", "--format=%gs"]), "why\n");
  // Also those that appear after the ref was locked.
  await using session = await backend.begin();
  await session.lock(["refs/heads/y"]);
  await Deno.mkdir(`${repo.gitDir}/refs/heads/y/again`, { recursive: true });
  await session.commit([write("refs/heads/y", a)]);
  assertEquals((await gitRefs(repo)).length, 2);
});

gitTest("what is no ref but in the way is told in git's words", async () => {
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openFiles(repo.dir);
  await Deno.mkdir(`${repo.gitDir}/refs/heads/x/y`, { recursive: true });
  await Deno.writeTextFile(`${repo.gitDir}/refs/heads/x/y/z.lock`, "");
  await Deno.writeTextFile(`${repo.gitDir}/refs/heads/file`, "no ref\n");
  await git(repo, `create refs/heads/ref ${a}`);
  for (
    const [refname, code] of [
      ["refs/heads/x", "name-conflict"],
      ["refs/heads/file/x", "io"],
      ["refs/heads/ref/x", "name-conflict"],
    ] as const
  ) {
    const { stderr } = await repo.run(["update-ref", refname, a]);
    const expected = stderr.trim().replace(/^.*cannot lock ref '\S*': /, "");
    const failures = await lockFailures(backend, refname);
    const shown = expected.replaceAll("'.git/", `'${repo.gitDir}/`)
      .replace(" .git/", ` ${repo.gitDir}/`);
    assertEquals(failures, [[refname, code, shown]]);
  }
  await Deno.mkdir(`${repo.gitDir}/logs/refs/heads/y/z`, { recursive: true });
  await Deno.writeTextFile(`${repo.gitDir}/logs/refs/heads/y/z/log`, "");
  const before = contents(repo);
  const { stderr } = await repo.run(["update-ref", "refs/heads/y", a]);
  const error = await assertRejects(() => change(backend, write("refs/heads/y", a)), ReftableError);
  assertStringIncludes(stderr, error.message.replace(`${repo.gitDir}/`, ".git/"));
  assertEquals(contents(repo), before);
});

gitTest("findConflicts() names the refs that git names", async () => {
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  const existing = ["p/a", "p/b/c", "p/b/d", "l/a", "l/b/c", "m/x/y", "p/b-c", "l/b.c"];
  await git(repo, ...existing.map((name) => `create refs/heads/${name} ${a}`));
  await repo.ok(["pack-refs", "--all"]);
  const loose = ["l/a", "l/b/c", "m/x/z", "l/b/b"].map((name) => `refs/heads/${name}`);
  for (const name of loose) await repo.ok(["update-ref", name, a]);
  for (const name of ["l/a", "l/b/c"]) {
    await repo.ok(["update-ref", "-d", `refs/heads/${name}`]);
    await repo.ok(["update-ref", `refs/heads/${name}`, a]);
  }
  const wanted = ["p/a/x", "p/b", "p/b/c/x/y", "l/a/x", "l/b", "m/x", "m", "p", "p/a", "l/c", "q"];
  await using backend = await openFiles(repo.dir);
  const names = wanted.map((name) => `refs/heads/${name}`).sort();
  const expected = new Map<string, string>();
  for (const name of names) {
    const { stderr } = await repo.run(["update-ref", name, a, ZEROS]);
    const other = /: '(\S+)' exists; cannot create/.exec(stderr)?.[1];
    if (other !== undefined) expected.set(name, other);
    else if (!stderr) await repo.ok(["update-ref", "-d", name]);
  }
  assertEquals(expected.size, 8);
  // Locked or not, the answer is the same.
  for (const locks of [true, false]) {
    await using session = await backend.begin();
    const failures = locks ? await session.lock(names) : new Map<string, ReftableError>();
    const found = new Map(session.findConflicts(names, new Set()));
    assertEquals(found, expected);
    for (const [name, { code }] of failures) {
      assertEquals([code, expected.has(name)], ["name-conflict", true], name);
    }
    // What goes is in nobody's way.
    const gone = new Set(existing.map((name) => `refs/heads/${name}`).concat(loose));
    assertEquals(session.findConflicts(names, gone), new Map());
    const rest = new Set(gone);
    rest.delete("refs/heads/p/b/d");
    assertEquals(Object.fromEntries(session.findConflicts(names, rest)), {
      "refs/heads/p": "refs/heads/p/b/d",
      "refs/heads/p/b": "refs/heads/p/b/d",
    });
  }
});

gitTest("many new names are compared with many refs", async () => {
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  const count = 5000;
  const name = (i: number) => `refs/heads/${String(i).padStart(6, "0")}`;
  const text = Array.from({ length: count }, (_, i) => `${a} ${name(2 * i)}/x\n`).join("");
  const header = "# pack-refs with: peeled fully-peeled sorted \n";
  await Deno.writeTextFile(`${repo.gitDir}/packed-refs`, header + text);
  await using backend = await openFiles(repo.dir);
  await using session = await backend.begin();
  const created = Array.from({ length: 2 * count }, (_, i) => name(i));
  const found = session.findConflicts(created, new Set([`${name(0)}/x`]));
  assertEquals(found.size, count - 1);
  assertEquals(found.get(name(2)), `${name(2)}/x`);
  assertEquals(found.get(name(3)), undefined);
});

gitTest("a new repository is filled at once", async () => {
  await using repo = await makeFilesRepo();
  const [a = "", b = ""] = await makeCommits(repo, 2);
  await repo.ok(["tag", "-a", "-m", "tag", "v1", a]);
  const tag = (await repo.ok(["rev-parse", "v1"])).trim();
  await repo.ok(["tag", "-d", "v1"]);
  const changes: RefChange[] = [
    { refname: "HEAD", value: { kind: "symref", target: "refs/heads/other" } },
    { refname: "ORIG_HEAD", value: { kind: "direct", oid: b } },
    { refname: "refs/bisect/bad", value: { kind: "direct", oid: b } },
    write("refs/heads/a/b", a),
    write("refs/heads/other", b),
    { refname: "refs/remotes/origin/HEAD", value: { kind: "symref", target: "refs/heads/a/b" } },
    { refname: "refs/tags/plain", value: { kind: "direct", oid: a } },
    { refname: "refs/tags/v1", value: { kind: "peeled", oid: tag, peeled: a } },
  ];
  await using backend = await openFiles(repo.dir);
  await using session = await backend.begin({ initial: true, isPeeled: true });
  assertEquals((await session.lock(changes.map(({ refname }) => refname))).size, 0);
  assertEquals(session.findConflicts(changes.map(({ refname }) => refname), new Set()).size, 0);
  await session.commit(changes);
  assertEquals(
    await Deno.readTextFile(`${repo.gitDir}/packed-refs`),
    [
      "# pack-refs with: peeled fully-peeled sorted \n",
      `${a} refs/heads/a/b\n`,
      `${b} refs/heads/other\n`,
      `${a} refs/tags/plain\n`,
      `${tag} refs/tags/v1\n^${a}\n`,
    ].join(""),
  );
  const refs = await gitRefs(repo, ["--include-root-refs"]);
  assertEquals(refLines(backend, backend.list({ includeRoot: true })), refs);
  assertEquals(refs.length, changes.length);
  assertEquals(await repo.ok(["reflog", "refs/heads/other", "--format=%gs"]), "why\n");
  assertEquals(refFiles(repo).filter((name) => /lock|new$/.test(name)), []);
  await repo.ok(["fsck", "--strict"]);
});

gitTest("files get the permissions that core.sharedRepository wants", async () => {
  if (Deno.build.os === "windows") return;
  for (const shared of ["group", "all", "0640", "umask"]) {
    const config = { "core.sharedRepository": shared };
    await using theirs = await makeFilesRepo({ config });
    await using ours = await makeFilesRepo({ config });
    const [a = ""] = await makeCommits(theirs, 1);
    await makeCommits(ours, 1);
    await using backend = await openFiles(ours.dir);
    await git(theirs, `create refs/heads/a/b ${a}`, `create refs/heads/c ${a}`);
    await change(backend, write("refs/heads/a/b", a), write("refs/heads/c", a));
    const modes = (repo: GitRepo) => {
      return refFiles(repo).map((name) => {
        const { mode } = Deno.statSync(`${repo.gitDir}/${name}`);
        return `${name} ${((mode ?? 0) & 0o7777).toString(8)}`;
      });
    };
    assertEquals(modes(ours), modes(theirs), shared);
    await theirs.ok(["pack-refs", "--all"]);
    await backend.pack({ all: true });
    assertEquals(modes(ours), modes(theirs), shared);
  }
});
