import { assertEquals, assertRejects } from "@std/assert";
import { ReftableError, Stack, verifyStack } from "@reftable/reftable";
import type { RefChange } from "../../../src/refs/backend.ts";
import { type GitRepo, gitTest } from "../../peers/git.ts";
import { change, COMMITTER, makeCommits } from "../open_backend.ts";
import { gitRefs, makeFilesRepo, namesBelow, openFiles, refFiles, refLines } from "./open_files.ts";

const ZEROS = "0".repeat(40);

/** A repository with a stack in place of `packed-refs`. */
async function makeHybrid(): Promise<GitRepo> {
  const repo = await makeFilesRepo();
  await Deno.mkdir(repo.reftableDir);
  return repo;
}

function write(refname: string, newOid: string, oldOid = ZEROS): RefChange {
  return {
    refname,
    value: { kind: "direct", oid: newOid },
    log: { kind: "append", oldOid, newOid, committer: COMMITTER, message: "why" },
  };
}

function remove(refname: string): RefChange {
  return { refname, value: "delete" };
}

async function stackRefs(repo: GitRepo): Promise<string[]> {
  await using stack = await Stack.open(repo.reftableDir, { hash: "sha1" });
  assertEquals((await verifyStack(repo.reftableDir)).problems, []);
  assertEquals(stack.logs().toArray(), []);
  return stack.refs().map((ref) => {
    return `${ref.refname} ${ref.kind === "peeled" ? `^${ref.peeled}` : ref.kind}`;
  }).toArray();
}

/** The files of refs, without those of logs. */
function looseFiles(repo: GitRepo): string[] {
  return refFiles(repo).filter((name) => /^(?:refs\/.*[^/]|packed.*|[A-Z_]+)$/.test(name));
}

gitTest("a stack takes the place of packed-refs, and loose refs win over it", async () => {
  await using repo = await makeHybrid();
  const [a = "", b = "", c = ""] = await makeCommits(repo, 3);
  await using backend = await openFiles(repo.dir);
  assertEquals(backend.format, "hybrid");
  assertEquals(backend.list().toArray(), []);
  const names = ["refs/heads/a.b", "refs/heads/a/b", "refs/heads/main", "refs/tags/light"];
  await change(backend, ...names.map((name) => write(name, a)));
  await repo.ok(["tag", "-a", "-m", "tag", "v1", b]);
  await repo.ok(["symbolic-ref", "refs/heads/sym", "refs/heads/main"]);
  await repo.ok(["update-ref", "refs/bisect/bad", c]);
  const listed = await gitRefs(repo, ["--include-root-refs"]);
  const tag = (await repo.ok(["rev-parse", "v1"])).trim();
  const lines = () => refLines(backend, backend.list({ includeRoot: true }), new Map([[tag, b]]));
  assertEquals(lines(), listed);

  await backend.pack({ all: true, peel: (oid) => Promise.resolve(oid === tag ? b : undefined) });
  assertEquals(await stackRefs(repo), [
    ...names.map((name) => `${name} direct`),
    `refs/tags/v1 ^${b}`,
  ]);
  assertEquals(looseFiles(repo), ["HEAD", "refs/bisect/bad", "refs/heads/sym"]);
  assertEquals(lines(), listed);
  for (const { refname } of backend.list()) assertEquals(backend.read(refname)?.refname, refname);
  assertEquals(backend.read("refs/tags/v1")?.kind, "peeled");

  // Loose refs win, and logs stay where they are.
  await change(backend, write("refs/heads/main", b, a), write("refs/heads/new", c));
  assertEquals(backend.read("refs/heads/main"), {
    kind: "direct",
    refname: "refs/heads/main",
    oid: b,
  });
  assertEquals(looseFiles(repo), [
    "HEAD",
    "refs/bisect/bad",
    "refs/heads/main",
    "refs/heads/new",
    "refs/heads/sym",
  ]);
  const log = backend.log("refs/heads/main", "newest-first").map(({ newOid }) => newOid);
  assertEquals(log.toArray(), [b, a]);
  assertEquals(
    lines().find((line) => line.startsWith("refs/heads/main")),
    `refs/heads/main ${b}  `,
  );

  // What is deleted is gone from both.
  await change(
    backend,
    remove("refs/heads/main"),
    remove("refs/heads/a/b"),
    remove("refs/heads/new"),
  );
  const rest = ["refs/heads/a.b", "refs/tags/light", "refs/tags/v1"];
  assertEquals((await stackRefs(repo)).map((line) => line.split(" ")[0]), rest);
  assertEquals(backend.list({ prefix: "refs/heads/" }).map(({ refname }) => refname).toArray(), [
    "refs/heads/a.b",
    "refs/heads/sym",
  ]);
  assertEquals(backend.hasLog("refs/heads/main"), false);
  assertEquals(namesBelow(repo.gitDir).filter((name) => /lock$/.test(name)), []);
});

gitTest("names are compared with those in the stack", async () => {
  await using repo = await makeHybrid();
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openFiles(repo.dir);
  const names = ["refs/heads/a/b", "refs/heads/c", "refs/heads/d/e/f"];
  await change(backend, ...names.map((name) => write(name, a)));
  await backend.pack({ all: true });
  const wanted = ["refs/heads/a", "refs/heads/c/x", "refs/heads/d/e", "refs/heads/d/x"];
  await using session = await backend.begin();
  assertEquals((await session.lock(wanted)).size, 0);
  assertEquals(Object.fromEntries(session.findConflicts(wanted, new Set())), {
    "refs/heads/a": "refs/heads/a/b",
    "refs/heads/c/x": "refs/heads/c",
    "refs/heads/d/e": "refs/heads/d/e/f",
  });
  assertEquals(session.findConflicts(wanted, new Set(names)).size, 0);
});

gitTest("refs in the stack are renamed to their own directories and back", async () => {
  await using repo = await makeHybrid();
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openFiles(repo.dir);
  await change(backend, write("refs/heads/x", a));
  const steps = ["x", "x/y", "x/y/z", "x/y", "x"].map((name) => `refs/heads/${name}`);
  for (const packs of [false, true]) {
    for (const [i, to] of steps.entries()) {
      if (i === 0) continue;
      const from = steps[i - 1]!;
      if (packs) await backend.pack({ all: true });
      const created = write(to, a, a);
      const log = { ...created.log!, transfer: { from, keep: false } } as RefChange["log"];
      await using session = await backend.begin({ replaces: true });
      assertEquals((await session.lock([from, to])).size, 0);
      await session.commit([remove(from), { ...created, log }]);
      assertEquals(backend.list().map(({ refname }) => refname).toArray(), [to]);
    }
  }
  assertEquals(backend.log("refs/heads/x", "newest-first").toArray().length, 9);
});

gitTest("git's lock of packed-refs keeps others from packing into the stack", async () => {
  await using repo = await makeHybrid();
  await repo.ok(["config", "core.packedRefsTimeout", "0"]);
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openFiles(repo.dir);
  await change(backend, write("refs/heads/x", a));
  await Deno.writeTextFile(`${repo.gitDir}/packed-refs.lock`, "");
  for (
    const action of [
      () => backend.pack({ all: true }),
      () => change(backend, remove("refs/heads/x")),
    ]
  ) {
    assertEquals((await assertRejects(action, ReftableError)).code, "lock");
  }
  assertEquals(await stackRefs(repo), []);
  assertEquals(backend.read("refs/heads/x")?.kind, "direct");
});

gitTest("pack() packs into the stack only when it pays", async () => {
  await using repo = await makeHybrid();
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openFiles(repo.dir);
  const names = Array.from({ length: 16 }, (_, i) => `refs/heads/${i + 10}`);
  await change(backend, ...names.slice(1).map((name) => write(name, a)));
  await backend.pack({ all: true, auto: true });
  assertEquals(await stackRefs(repo), []);
  await change(backend, write(names[0]!, a));
  await backend.pack({ all: true, auto: true });
  assertEquals((await stackRefs(repo)).length, 16);
});

gitTest("a new repository with a stack is filled at once", async () => {
  await using repo = await makeHybrid();
  const [a = ""] = await makeCommits(repo, 1);
  await using backend = await openFiles(repo.dir);
  const changes: RefChange[] = [
    { refname: "HEAD", value: { kind: "symref", target: "refs/heads/x" } },
    write("refs/heads/x", a),
    { refname: "refs/tags/v1", value: { kind: "peeled", oid: a, peeled: a } },
  ];
  await using session = await backend.begin({ initial: true });
  await session.lock(changes.map(({ refname }) => refname));
  await session.commit(changes);
  assertEquals(await stackRefs(repo), ["refs/heads/x direct", `refs/tags/v1 ^${a}`]);
  assertEquals(looseFiles(repo), ["HEAD"]);
});
