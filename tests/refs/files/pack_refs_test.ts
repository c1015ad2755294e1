import { assertEquals } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import type { PackOptions } from "../../../src/refs/backend.ts";
import { type GitRepo, gitTest } from "../../peers/git.ts";
import { makeCommits } from "../open_backend.ts";
import { makeFilesRepo, openFiles, refFiles } from "./open_files.ts";

/** Finds out with git what annotated tags lead to. */
async function peeler(repo: GitRepo): Promise<NonNullable<PackOptions["peel"]>> {
  const peeled = new Map<string, string | undefined>();
  const { stdout } = await repo.run(["cat-file", "--batch-all-objects", "--batch-check"]);
  for (const line of stdout.split("\n").slice(0, -1)) {
    const [oid = "", type] = line.split(" ");
    const isTag = type === "tag";
    peeled.set(oid, isTag ? (await repo.ok(["rev-parse", `${oid}^{}`])).trim() : undefined);
  }
  return (oid) => {
    if (peeled.has(oid)) return Promise.resolve(peeled.get(oid));
    return Promise.reject(new ReftableError("not-exist", `no object ${oid}`));
  };
}

/** Fills two repositories in the same way. */
async function makeTwins(fill: (repo: GitRepo, oids: readonly string[]) => Promise<void>) {
  const repos = [await makeFilesRepo(), await makeFilesRepo()] as const;
  for (const repo of repos) await fill(repo, await makeCommits(repo, 3));
  const [theirs, ours] = repos;
  const backend = await openFiles(ours.dir);
  return {
    theirs,
    ours,
    backend,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      for (const repo of repos) await repo[Symbol.asyncDispose]();
    },
  };
}

async function packedRefs(repo: GitRepo): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(`${repo.gitDir}/packed-refs`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Refs of all kinds, some packed already and some changed since. */
async function fillWithAll(repo: GitRepo, [a = "", b = "", c = ""]: readonly string[]) {
  const put = (name: string, oid: string) => repo.ok(["update-ref", name, oid]);
  for (const name of ["main", "a/b", "a.b", "a-b", "deep/er/x"]) await put(`refs/heads/${name}`, a);
  for (const name of ["refs/tags/light", "refs/notes/n", "refs/one"]) await put(name, b);
  await repo.ok(["tag", "-a", "-m", "tag", "v1", b]);
  await repo.ok(["pack-refs", "--all"]);
  await put("refs/heads/main", c);
  await put("refs/heads/new/y", c);
  await put("refs/bisect/bad", c);
  await put("refs/worktree/w", c);
  await put("ORIG_HEAD", c);
  await repo.ok(["tag", "-a", "-m", "tag", "v2", "v1"]);
  await repo.ok(["tag", "-f", "-a", "-m", "again", "v1", c]);
  await repo.ok(["update-ref", "-d", "refs/heads/a-b"]);
  await repo.ok(["symbolic-ref", "refs/heads/sym", "refs/heads/main"]);
  for (
    const [name, text] of [
      ["missing", `${"1".repeat(40)}\n`],
      ["broken", "broken\n"],
      ["b..d", `${a}\n`],
      ["zero", `${"0".repeat(40)}\n`],
      ["x.lock", `${a}\n`],
    ] as const
  ) await Deno.writeTextFile(`${repo.gitDir}/refs/heads/${name}`, text);
  await Deno.mkdir(`${repo.gitDir}/refs/heads/empty`);
}

const WAYS: readonly (readonly [string, string[], PackOptions])[] = [
  ["all", ["--all"], { all: true }],
  ["only tags", [], {}],
  ["all, and leaves their files", ["--all", "--no-prune"], { all: true, prune: false }],
  ["some", ["--include", "refs/heads/*", "--exclude", "refs/heads/main"], {
    accepts: (name) => name.startsWith("refs/heads/") && name !== "refs/heads/main",
  }],
  ["none", ["--include", "refs/none"], { accepts: () => false }],
];

for (const [what, args, options] of WAYS) {
  gitTest(`pack() packs ${what}, byte by byte as git does`, async () => {
    await using twins = await makeTwins(fillWithAll);
    const { theirs, ours, backend } = twins;
    assertEquals(await packedRefs(ours), await packedRefs(theirs));
    await theirs.run(["pack-refs", ...args]);
    await backend.pack({ ...options, peel: await peeler(ours) });
    assertEquals(await packedRefs(ours), await packedRefs(theirs));
    assertEquals(refFiles(ours), refFiles(theirs));
    const list = ["for-each-ref", "--include-root-refs"];
    assertEquals((await ours.run(list)).stdout, (await theirs.run(list)).stdout);
    // What is packed can be changed as before.
    for (const repo of [theirs, ours]) await repo.ok(["update-ref", "-d", "refs/tags/v1"]);
    assertEquals(await packedRefs(ours), await packedRefs(theirs));
  });
}

gitTest("pack() writes an empty file where there are no refs, as git does", async () => {
  await using twins = await makeTwins(async () => {});
  const { theirs, ours, backend } = twins;
  await theirs.ok(["pack-refs", "--all"]);
  await backend.pack({ all: true });
  assertEquals(await packedRefs(ours), await packedRefs(theirs));
  assertEquals(refFiles(ours), refFiles(theirs));
});

gitTest("pack() packs only when it pays, by git's rule", async () => {
  // Up to 16 refs for few packed refs, and more the more there are.
  for (const [packed, few, many] of [[0, 15, 16], [100, 29, 30], [1000, 44, 45], [2000, 49, 50]]) {
    for (const loose of [few!, many!]) {
      await using twins = await makeTwins(async (repo, [a = ""]) => {
        const names = Array.from({ length: packed! }, (_, i) => {
          return `refs/heads/${"x".repeat(30)}${String(i).padStart(6, "0")}`;
        });
        const header = "# pack-refs with: peeled fully-peeled sorted \n";
        const text = header + names.map((name) => `${a} ${name}\n`).join("");
        await Deno.writeTextFile(`${repo.gitDir}/packed-refs`, text);
        const lines = Array.from({ length: loose }, (_, i) => `create refs/tags/${i} ${a}\n`);
        await repo.ok(["update-ref", "--stdin"], { stdin: lines.join("") });
      });
      const { theirs, ours, backend } = twins;
      await theirs.ok(["pack-refs", "--all", "--auto"]);
      await backend.pack({ all: true, auto: true, peel: await peeler(ours) });
      assertEquals(await packedRefs(ours), await packedRefs(theirs));
      const isPacked = (await packedRefs(ours))!.includes("refs/tags/");
      assertEquals(isPacked, loose === many, `${loose} beside ${packed}`);
    }
  }
});

gitTest("pack() says nothing about what tags lead to unless it can find out", async () => {
  await using twins = await makeTwins(fillWithAll);
  const { ours, backend } = twins;
  await backend.pack({ all: true });
  const [header] = (await packedRefs(ours))!.split("\n");
  assertEquals(header, "# pack-refs with: sorted ");
  const peeled = await ours.run(["rev-parse", "v1^{}", "v2^{}"]);
  const shown = await ours.run(["for-each-ref", "--format=%(*objectname)", "refs/tags/v*"]);
  assertEquals(shown.stdout, peeled.stdout);
});

gitTest("pack() leaves the file of a ref that somebody changes", async () => {
  await using twins = await makeTwins(async (repo, [a = "", b = ""]) => {
    await repo.ok(["update-ref", "refs/heads/x", a]);
    await repo.ok(["update-ref", "refs/heads/y", b]);
    await repo.ok(["config", "core.filesRefLockTimeout", "0"]);
    await Deno.writeTextFile(`${repo.gitDir}/refs/heads/x.lock`, "");
  });
  const { theirs, ours, backend } = twins;
  await theirs.run(["pack-refs", "--all"]);
  await backend.pack({ all: true });
  assertEquals(await packedRefs(ours), await packedRefs(theirs));
  assertEquals(refFiles(ours), refFiles(theirs));
  assertEquals(refFiles(ours).includes("refs/heads/x"), true);
});

gitTest("pack() packs the refs that working trees share, whichever is open", async () => {
  await using twins = await makeTwins(async (repo, [a = "", b = ""]) => {
    await repo.ok(["update-ref", "refs/heads/main", a]);
    await repo.ok(["worktree", "add", "-q", "--detach", "../linked", a]);
    await repo.ok(["update-ref", "refs/bisect/bad", b], { cwd: `${repo.dir}/../linked` });
    await repo.ok(["update-ref", "refs/bisect/bad", a]);
  });
  const { theirs, ours } = twins;
  await theirs.ok(["pack-refs", "--all"], { cwd: `${theirs.dir}/../linked` });
  await using linked = await openFiles(`${ours.dir}/../linked`);
  await linked.pack({ all: true });
  assertEquals(await packedRefs(ours), await packedRefs(theirs));
  assertEquals(refFiles(ours), refFiles(theirs));
});

gitTest("pack() writes where a symbolic link leads, as git does", async () => {
  await using twins = await makeTwins(async (repo, [a = ""]) => {
    await repo.ok(["update-ref", "refs/heads/x", a]);
    await Deno.symlink("../../shared-packed-refs", `${repo.gitDir}/packed-refs`);
  });
  const { theirs, ours, backend } = twins;
  await theirs.ok(["pack-refs", "--all"]);
  await backend.pack({ all: true });
  for (const repo of [theirs, ours]) {
    const target = await Deno.readTextFile(`${repo.dir}/../shared-packed-refs`);
    assertEquals(target.split(" ").at(-1), "refs/heads/x\n");
    assertEquals((await Deno.lstat(`${repo.gitDir}/packed-refs`)).isSymlink, true);
  }
  await backend.pack({ all: true });
  assertEquals(backend.list().map(({ refname }) => refname).toArray(), ["refs/heads/x"]);
});
