/**
 * Git and the library change the same files at the same time: neither loses what the other has done.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { RefBackend, RefChange } from "../../../src/refs/backend.ts";
import { type GitRepo, gitTest } from "../../peers/git.ts";
import { COMMITTER, makeCommits } from "../open_backend.ts";
import { makeFilesRepo, openFiles, refFiles } from "./open_files.ts";

const ZEROS = "0".repeat(40);

/** Nobody gives up on a lock while a test runs. */
const PATIENT = { "core.filesRefLockTimeout": "60000", "core.packedRefsTimeout": "60000" };

/** Does something over and over again, with pauses for others, until something else has ended. */
async function during(main: Promise<unknown>[], ...others: readonly (() => Promise<unknown>)[]) {
  let isOver = false;
  const loops = others.map(async (action) => {
    while (!isOver) {
      await action();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  try {
    await Promise.all(main);
  } finally {
    isOver = true;
    await Promise.all(loops);
  }
}

/** Writes an object id to a ref, whatever it holds. */
async function write(backend: RefBackend, refname: string, newOid: string): Promise<void> {
  await using session = await backend.begin();
  for (const failure of (await session.lock([refname])).values()) throw failure;
  const ref = session.read(refname);
  const oldOid = ref && "oid" in ref ? ref.oid : ZEROS;
  await session.commit([{
    refname,
    value: { kind: "direct", oid: newOid },
    log: { kind: "append", oldOid, newOid, committer: COMMITTER, message: "ours" },
  }]);
}

async function remove(backend: RefBackend, ...refnames: readonly string[]): Promise<void> {
  await using session = await backend.begin();
  for (const failure of (await session.lock(refnames)).values()) throw failure;
  await session.commit(refnames.map((refname): RefChange => ({ refname, value: "delete" })));
}

/** Makes commits that no ref leads to, with one run of git. */
async function makeManyCommits(repo: GitRepo, count: number): Promise<string[]> {
  const commits = Array.from({ length: count }, (_, i) => {
    return `commit refs/heads/all\ncommitter C <c@d> ${1_700_000_000 + i} +0000\ndata 0\n`;
  });
  await repo.ok(["fast-import", "--quiet"], { stdin: commits.join("") });
  const oids = (await repo.ok(["rev-list", "refs/heads/all"])).trim().split("\n");
  await repo.ok(["update-ref", "-d", "refs/heads/all"]);
  return oids;
}

function leftovers(repo: GitRepo): string[] {
  return refFiles(repo).filter((name) => /\.lock$|\.new$/.test(name));
}

gitTest("no update of a ref is lost that git and we change and pack at the same time", async () => {
  await using repo = await makeFilesRepo({ config: PATIENT });
  const count = 40;
  // No value comes twice: who packs looks whether a ref holds again what was packed, and only then removes its
  // file, also when another has packed something else meanwhile.
  const oids = await makeManyCommits(repo, 5 * count);
  const refname = "refs/heads/deep/er/x";
  await using backend = await openFiles(repo.dir);
  await using other = await openFiles(repo.dir);
  const theirs = (async () => {
    for (let i = 0; i < count; i++) {
      await repo.ok(["update-ref", "-m", "theirs", refname, oids[i]!]);
    }
  })();
  const ours = (async () => {
    for (let i = 0; i < 4 * count; i++) await write(backend, refname, oids[count + i]!);
  })();
  await during(
    [theirs, ours],
    () => repo.ok(["pack-refs", "--all"]),
    () => other.pack({ all: true }),
  );
  const entries = backend.log(refname, "oldest-first").toArray();
  const updates = Map.groupBy(entries, ({ message }) => message);
  assertEquals(updates.get("theirs\n")!.length, count);
  assertEquals(updates.get("ours\n")!.length, 4 * count);
  let last = ZEROS;
  for (const { oldOid, newOid, message } of entries) {
    // Git looks at seconds, and may not see that others have packed twice in one: then it logs an older value.
    if (message === "ours\n") assertEquals(oldOid, last);
    last = newOid;
  }
  assertEquals((await repo.ok(["rev-parse", refname])).trim(), last);
  assertEquals(leftovers(repo), []);
  await repo.ok(["fsck", "--strict"]);
});

gitTest("refs come and go in the same directories, by git and by us", async () => {
  await using repo = await makeFilesRepo({ config: PATIENT });
  const [a = ""] = await makeCommits(repo, 1);
  const count = 30;
  await using backend = await openFiles(repo.dir);
  const name = (who: string, i: number) => `refs/heads/d/${i % 3}/${i % 2}/${who}${i}`;
  const theirs = (async () => {
    for (let i = 0; i < count; i++) {
      await repo.ok(["update-ref", name("git", i), a]);
      if (i % 10 !== 0) await repo.ok(["update-ref", "-d", name("git", i)]);
    }
  })();
  const ours = (async () => {
    for (let i = 0; i < 5 * count; i++) {
      await write(backend, name("us", i), a);
      if (i % 10 !== 0) await remove(backend, name("us", i));
    }
  })();
  await during([theirs, ours], () => repo.ok(["pack-refs", "--all"]));
  const expected = [
    ...Array.from({ length: count / 10 }, (_, i) => name("git", 10 * i)),
    ...Array.from({ length: 5 * count / 10 }, (_, i) => name("us", 10 * i)),
  ].sort();
  const listed = await repo.ok(["for-each-ref", "--format=%(refname)"]);
  assertEquals(listed.trim().split("\n"), expected);
  assertEquals(backend.list().map(({ refname }) => refname).toArray(), expected);
  assertEquals(backend.logNames().toArray(), expected);
  assertEquals(leftovers(repo), []);
});

gitTest("what is deleted does not come back while git packs", async () => {
  await using repo = await makeFilesRepo({ config: PATIENT });
  const [a = "", b = ""] = await makeCommits(repo, 2);
  await using backend = await openFiles(repo.dir);
  await using other = await openFiles(repo.dir);
  const names = Array.from({ length: 10 }, (_, i) => `refs/heads/${i}`);
  const ours = (async () => {
    for (let round = 0; round < 10; round++) {
      for (const name of names) await write(backend, name, round % 2 ? a : b);
      await remove(backend, ...names.slice(1));
      assertEquals(await repo.ok(["for-each-ref", "--format=%(refname)"]), "refs/heads/0\n");
      assertEquals(backend.list().map(({ refname }) => refname).toArray(), ["refs/heads/0"]);
    }
  })();
  await during(
    [ours],
    () => repo.ok(["pack-refs", "--all"]),
    () => other.pack({ all: true }),
  );
});

gitTest("refs that are packed and changed are always found", async () => {
  await using repo = await makeFilesRepo({ config: PATIENT });
  const [a = "", b = ""] = await makeCommits(repo, 2);
  const names = Array.from({ length: 20 }, (_, i) => `refs/heads/d/${i}`);
  const lines = names.map((name) => `create ${name} ${a}\n`);
  await repo.ok(["update-ref", "--stdin"], { stdin: lines.join("") });
  await using backend = await openFiles(repo.dir);
  await using other = await openFiles(repo.dir);
  const ours = (async () => {
    for (let round = 0; round < 10; round++) {
      for (const name of names) await write(backend, name, round % 2 ? a : b);
      await backend.pack({ all: true });
    }
  })();
  const look = () => {
    for (const name of names) assertEquals(other.read(name)?.kind, "direct", name);
    assertEquals(other.list().map(({ refname }) => refname).toArray(), names.toSorted());
    return Promise.resolve();
  };
  await during([ours], () => repo.ok(["pack-refs", "--all"]), look);
});

gitTest("many refs are deleted at the same time", async () => {
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  const names = Array.from({ length: 300 }, (_, i) => `refs/heads/${i}`);
  const lines = names.map((name) => `create ${name} ${a}\n`);
  await repo.ok(["update-ref", "--stdin"], { stdin: lines.join("") });
  await repo.ok(["pack-refs", "--all"]);
  await using backend = await openFiles(repo.dir);
  await Promise.all(names.map((name) => remove(backend, name)));
  assertEquals(await repo.ok(["for-each-ref"]), "");
});
