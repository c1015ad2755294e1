import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { runAsync, runSync } from "../../../src/io/io.ts";
import type { RefBackend } from "../../../src/refs/backend.ts";
import { openReftableBackend } from "../../../src/refs/reftable/reftable_backend.ts";
import { openRepositorySync } from "../../../src/refs/repository.ts";
import type { StoredRef } from "../../../src/refs/stored_ref.ts";
import { GitRepo, gitTest } from "../../peers/git.ts";
import { makeCommits, openReftables } from "../open_backend.ts";

/** A repository with a linked working tree `../linked`, whose stack has refs of its own. */
async function makeRepository(): Promise<{ repo: GitRepo; linked: string; oids: string[] }> {
  const repo = await GitRepo.create({ config: { "core.logAllRefUpdates": "always" } });
  const oids = await makeCommits(repo, 4);
  const [a = "", b = "", c = "", d = ""] = oids;
  const linked = `${repo.dir}/../linked`;
  await repo.ok(["update-ref", "-m", "first", "refs/heads/main", a]);
  await repo.ok(["worktree", "add", "-q", "-b", "side", linked]);
  const stdin = [
    `create refs/heads/topic ${b}`,
    `create refs/bisect/bad ${c}`,
    `create refs/worktree/x ${c}`,
    `create ORIG_HEAD ${b}`,
    `symref-create refs/heads/alias refs/heads/topic`,
  ].map((line) => `${line}\n`).join("");
  await repo.ok(["update-ref", "--no-deref", "-m", "many", "--stdin"], { stdin });
  await repo.ok(["tag", "-a", "-m", "tag", "v1", b]);
  const own = [
    `create refs/bisect/good ${d}`,
    `create refs/worktree/x ${d}`,
    `create refs/rewritten/one ${d}`,
    `update ORIG_HEAD ${d}`,
  ].map((line) => `${line}\n`).join("");
  await repo.ok(["update-ref", "-m", "own", "--stdin"], { cwd: linked, stdin: own });
  return { repo, linked, oids };
}

/** Refs as `git for-each-ref` shows them. */
async function gitRefs(repo: GitRepo, cwd: string, ...args: string[]): Promise<string[]> {
  const format = "--format=%(refname) %(objectname) %(symref) %(*objectname)";
  return (await repo.ok(["for-each-ref", format, ...args], { cwd })).split("\n").slice(0, -1);
}

/** Refs in the same way, symbolic ones followed. */
function refLines(backend: RefBackend, refs: Iterable<StoredRef>): string[] {
  return Array.from(refs, (ref) => {
    let found: StoredRef | undefined = ref;
    while (found?.kind === "symref") found = backend.read(found.target);
    const oid = found && "oid" in found ? found.oid : "";
    const target = ref.kind === "symref" ? ref.target : "";
    return `${ref.refname} ${oid} ${target} ${ref.kind === "peeled" ? ref.peeled : ""}`;
  });
}

gitTest("list() gives the refs that git lists, in every working tree", async () => {
  const { repo, linked } = await makeRepository();
  await using _ = repo;
  for (const cwd of [repo.dir, linked]) {
    await using backend = await openReftables(cwd);
    assertEquals(refLines(backend, backend.list()), await gitRefs(repo, cwd));
    const withRoot = await gitRefs(repo, cwd, "--include-root-refs");
    assertEquals(refLines(backend, backend.list({ includeRoot: true })), withRoot);
    for (const prefix of ["refs/", "refs/heads/", "refs/bisect/", "refs/heads/t", "refs/none"]) {
      const expected = withRoot.filter((line) => line.startsWith(prefix));
      assertEquals(refLines(backend, backend.list({ prefix })), expected);
      assertEquals(refLines(backend, backend.list({ prefix, includeRoot: true })), expected);
    }
    const origHead = withRoot.filter((line) => line.startsWith("ORIG"));
    assertEquals(refLines(backend, backend.list({ prefix: "ORIG" })), []);
    assertEquals(refLines(backend, backend.list({ prefix: "ORIG", includeRoot: true })), origHead);
    for (const line of withRoot) {
      const [after = ""] = line.split(" ");
      const rest = withRoot.slice(withRoot.indexOf(line) + 1);
      assertEquals(refLines(backend, backend.list({ after, includeRoot: true })), rest);
      const below = rest.filter((other) => other.startsWith("refs/heads/"));
      assertEquals(refLines(backend, backend.list({ after, prefix: "refs/heads/" })), below);
    }
  }
});

gitTest("list() leaves deleted refs out, and can be left before its end", async () => {
  const { repo, linked } = await makeRepository();
  await using _ = repo;
  await repo.ok(["update-ref", "-d", "refs/heads/topic"]);
  await repo.ok(["update-ref", "-d", "refs/worktree/x"], { cwd: linked });
  await using backend = await openReftables(linked);
  const names = backend.list().map(({ refname }) => refname).toArray();
  assertEquals(names, [
    "refs/bisect/good",
    "refs/heads/alias",
    "refs/heads/main",
    "refs/heads/side",
    "refs/rewritten/one",
    "refs/tags/v1",
  ]);
  assertEquals(backend.list().take(1).map(({ refname }) => refname).toArray(), names.slice(0, 1));
});

gitTest("read() finds refs of this working tree and, by name, of others", async () => {
  const { repo, linked, oids: [a = "", b = "", c = "", d = ""] } = await makeRepository();
  await using _ = repo;
  const read = (backend: RefBackend, refname: string) => {
    const ref = backend.read(refname);
    assertEquals(ref?.refname ?? refname, refname);
    return ref?.kind === "symref" ? ref.target : ref?.kind === "direct" ? ref.oid : ref;
  };
  await using main = await openReftables(repo.dir);
  await using own = await openReftables(linked);
  assertEquals(read(main, "HEAD"), "refs/heads/main");
  assertEquals(read(own, "HEAD"), "refs/heads/side");
  for (const backend of [main, own]) {
    assertEquals(read(backend, "refs/heads/main"), a);
    assertEquals(read(backend, "refs/heads/alias"), "refs/heads/topic");
    assertEquals(read(backend, "refs/heads/none"), undefined);
    assertEquals(read(backend, "main-worktree/HEAD"), "refs/heads/main");
    assertEquals(read(backend, "main-worktree/ORIG_HEAD"), b);
    assertEquals(read(backend, "main-worktree/refs/bisect/bad"), c);
    assertEquals(read(backend, "main-worktree/refs/heads/main"), undefined);
    assertEquals(read(backend, "worktrees/linked/HEAD"), "refs/heads/side");
    assertEquals(read(backend, "worktrees/linked/refs/worktree/x"), d);
    assertEquals(read(backend, "worktrees/linked/refs/heads/main"), undefined);
    for (const id of ["", ".", "..", "none", "none/../linked"]) {
      assertEquals(read(backend, `worktrees/${id}/HEAD`), undefined);
    }
    const tag = backend.read("refs/tags/v1");
    assertEquals(tag?.kind === "peeled" && tag.peeled, b);
  }
  assertEquals(read(main, "refs/worktree/x"), c);
  assertEquals(read(own, "refs/worktree/x"), d);
  assertEquals(read(own, "refs/bisect/bad"), undefined);
});

gitTest("read() reads FETCH_HEAD and MERGE_HEAD from files", async () => {
  const { repo, linked, oids: [a = "", b = ""] } = await makeRepository();
  await using _ = repo;
  await repo.ok(["fetch", "-q", ".", "refs/heads/main", "refs/heads/topic"]);
  await Deno.writeTextFile(`${repo.gitDir}/worktrees/linked/FETCH_HEAD`, "nothing\n");
  await using main = await openReftables(repo.dir);
  await using own = await openReftables(linked);
  assertEquals(main.read("FETCH_HEAD"), { kind: "direct", refname: "FETCH_HEAD", oid: a });
  assertEquals((await repo.ok(["rev-parse", "FETCH_HEAD"])).trim(), a);
  const broken = own.read("FETCH_HEAD");
  assertEquals(broken, { kind: "broken", refname: "FETCH_HEAD", finding: '"nothing"' });
  assertEquals(main.read("MERGE_HEAD"), undefined);
  assertEquals(
    main.list({ includeRoot: true }).some(({ refname }) => /^[FM]/.test(refname)),
    false,
  );
  await Deno.writeTextFile(`${repo.gitDir}/MERGE_HEAD`, `${b}\n`);
  assertEquals(main.read("MERGE_HEAD"), { kind: "direct", refname: "MERGE_HEAD", oid: b });
});

gitTest("log() gives entries in both orders, and logNames() what has a log", async () => {
  const { repo, linked, oids: [a = "", b = "", c = ""] } = await makeRepository();
  await using _ = repo;
  for (const oid of [b, c]) await repo.ok(["update-ref", "-m", oid, "refs/heads/main", oid]);
  await repo.ok(["reflog", "expire", "--expire=all", "refs/heads/topic"]);
  for (const cwd of [repo.dir, linked]) {
    await using backend = await openReftables(cwd);
    const newest = backend.log("refs/heads/main", "newest-first").toArray();
    assertEquals(newest.map(({ oldOid, newOid, message }) => [oldOid, newOid, message]), [
      [b, c, `${c}\n`],
      [a, b, `${b}\n`],
      ["0".repeat(40), a, "first\n"],
    ]);
    const oldest = backend.log("refs/heads/main", "oldest-first").toArray();
    assertEquals(oldest, newest.toReversed());
    // A log that was emptied is still there.
    assertEquals(backend.log("refs/heads/topic", "oldest-first").toArray(), []);
    assertEquals(backend.log("refs/heads/topic", "newest-first").toArray(), []);
    assertEquals(backend.hasLog("refs/heads/topic"), true);
    assertEquals(backend.hasLog("refs/heads/none"), false);
    assertEquals(backend.hasLog("worktrees/none/HEAD"), false);
    assertEquals(backend.log("worktrees/none/HEAD", "newest-first").toArray(), []);
    assertEquals(backend.hasLog("worktrees/linked/refs/bisect/good"), true);
    const names = (await repo.ok(["reflog", "list"], { cwd })).split("\n").slice(0, -1);
    assertEquals(backend.logNames().toArray(), names);
  }
});

gitTest("logNames() passes logs with many entries, and those that were deleted", async () => {
  await using repo = await GitRepo.create({ config: { "core.logAllRefUpdates": "always" } });
  const [a = "", b = ""] = await makeCommits(repo, 2);
  const update = (refname: string, count: number) => {
    return Array.from({ length: count }, (_, i) => {
      return `start\nupdate refs/heads/${refname} ${i % 2 ? a : b}\ncommit\n`;
    }).join("");
  };
  await repo.ok(["update-ref", "--stdin"], { stdin: update("b", 300) + update("c", 50) });
  for (const name of ["a", "b/", "c-d"]) {
    await repo.ok(["update-ref", `refs/tags/${name}x`, a]);
  }
  await repo.ok(["update-ref", "-d", "refs/heads/c"]);
  await repo.ok(["reflog", "delete", "refs/tags/ax@{0}"]);
  await using backend = await openReftables(repo.dir);
  const names = (await repo.ok(["reflog", "list"])).split("\n").slice(0, -1);
  assertEquals(names.length, 4);
  assertEquals(backend.logNames().toArray(), names);
});

gitTest("reload() shows what others have changed, and worktrees that came and went", async () => {
  const { repo, linked, oids: [a = "", b = ""] } = await makeRepository();
  await using _ = repo;
  await using backend = await openReftables(repo.dir);
  assertEquals(backend.read("worktrees/linked/HEAD")?.kind, "symref");
  await repo.ok(["update-ref", "refs/heads/new", b]);
  await repo.ok(["worktree", "remove", "--force", linked]);
  await repo.ok(["worktree", "add", "-q", "--detach", `${repo.dir}/../second`, a]);
  assertEquals(backend.read("refs/heads/new"), undefined);
  await runAsync(backend.reload());
  assertEquals(backend.read("refs/heads/new")?.kind, "direct");
  assertEquals(backend.read("worktrees/linked/HEAD"), undefined);
  assertEquals(backend.read("worktrees/second/HEAD")?.kind, "direct");
  await repo.ok(["update-ref", "refs/heads/newer", b]);
  runSync(backend.reload());
  assertEquals(backend.read("refs/heads/newer")?.kind, "direct");
});

gitTest("openReftableBackend() opens at once, and says what is missing", async () => {
  const { repo, linked } = await makeRepository();
  await using _ = repo;
  {
    using backend = runSync(openReftableBackend(openRepositorySync(linked)));
    assertEquals(backend.read("HEAD")?.kind, "symref");
  }
  await Deno.remove(`${repo.gitDir}/worktrees/linked/reftable`, { recursive: true });
  {
    // Git takes a stack that is not there for an empty one.
    using backend = runSync(openReftableBackend(openRepositorySync(linked)));
    assertEquals(backend.read("HEAD"), undefined);
    assertEquals(backend.read("refs/heads/main")?.kind, "direct");
    assertEquals(backend.list({ prefix: "refs/worktree/" }).toArray(), []);
    assertEquals(backend.logNames().toArray().includes("HEAD"), false);
  }
  await Deno.remove(repo.reftableDir, { recursive: true });
  const error = assertThrows(
    () => runSync(openReftableBackend(openRepositorySync(repo.dir))),
    ReftableError,
  );
  assertEquals(error.code, "not-exist");
});
