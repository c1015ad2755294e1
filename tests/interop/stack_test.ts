import { assert, assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { openRepositoryStack, type Stack, type WorkerMode } from "@reftable/reftable";
import { GitRepo, gitTest, peer } from "../peers/git.ts";
import { assertTidy, filesIn, listedNames, refnames } from "../stack/changes.ts";
import { Groups, type Outcome, tornGroups } from "./ref_groups.ts";

/** Makes a bare repository that logs everything, and some commits. */
async function makeRepository(): Promise<{ repo: GitRepo; oids: string[] }> {
  const config = { "core.logAllRefUpdates": "always" };
  const repo = await GitRepo.create({ bare: true, config });
  const tree = (await repo.ok(["mktree"])).trim();
  const oids: string[] = [];
  for (let i = 0; i < 12; i++) {
    oids.push((await repo.ok(["commit-tree", "-m", `${i}`, tree])).trim());
  }
  return { repo, oids };
}

/** How git says that others are at work. */
const BUSY = /data is locked|data concurrently modified|cannot lock references/;

/** Has git change refs for some time, a process for each change. */
async function changeByGit(repo: GitRepo, prefix: string, end: number, oids: string[]) {
  const groups = new Groups(prefix, oids);
  const failures: Record<string, number> = {};
  while (Date.now() < end) {
    const change = groups.next();
    const { names, before, after } = change;
    const stdin = names.map((name) =>
      after === undefined
        ? `delete ${name} ${before}\n`
        : before === undefined
        ? `create ${name} ${after}\n`
        : `update ${name} ${after} ${before}\n`
    ).join("");
    const { code, stderr } = await repo.run(["update-ref", "-m", prefix, "--stdin"], { stdin });
    if (code === 0) {
      groups.acknowledge(change);
    } else {
      assert(BUSY.test(stderr), stderr);
      failures[stderr.trim()] = (failures[stderr.trim()] ?? 0) + 1;
    }
  }
  return { ...groups.outcome, failures };
}

const [major = 0, minor = 0] = peer.available ? peer.version.split(".").map(Number) : [];

/** The ways in which git compacts; older ones know only the first. */
const COMPACTIONS: readonly (readonly string[])[] = [
  ["pack-refs", "--all"],
  ["pack-refs", "--auto"],
  ...(major > 2 || minor >= 52 ? [["refs", "optimize"]] : []),
];

/** Has git compact for some time. */
async function compactByGit(repo: GitRepo, end: number): Promise<number> {
  let compactions = 0;
  for (let round = 0; Date.now() < end; round++) {
    const args = COMPACTIONS[round % COMPACTIONS.length]!;
    const { code, stderr } = await repo.run(args);
    if (code === 0) compactions++;
    // That it could not clean it does not explain.
    else assert(stderr === "" || BUSY.test(stderr), stderr);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return compactions;
}

/** Changes refs for some time in a process of its own. */
async function changeByUs(
  repo: GitRepo,
  prefix: string,
  duration: number,
  workers: WorkerMode,
  oids: string[],
): Promise<Outcome> {
  const script = fromFileUrl(new URL("stack_worker.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-read", `--allow-write=${repo.reftableDir}`, script],
      ...[repo.dir, prefix, `${duration}`, workers, ...oids],
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function parseRefs(text: string): [string, string][] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [oid = "", name = ""] = line.split(" ");
    return [name, oid];
  });
}

const FORMAT = "--format=%(objectname) %(refname)";

/** Reads for some time, and finds every change whole. */
async function readByBoth(repo: GitRepo, end: number): Promise<number> {
  await using stack = await openRepositoryStack(repo.dir);
  let changes = 0;
  for (let round = 0; Date.now() < end; round++) {
    if (await stack.reload()) changes++;
    const refs = stack.refs({ prefix: "refs/heads/" })
      .map((ref) => [ref.refname, "oid" in ref ? ref.oid : ""] as const);
    assertEquals(tornGroups(refs), []);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (round % 10 > 0) continue;
    const theirs = await repo.ok(["for-each-ref", FORMAT, "refs/heads/"]);
    assertEquals(tornGroups(parseRefs(theirs)), []);
  }
  return changes;
}

gitTest("Stack and git change the same stack at the same time, and nothing is lost", async () => {
  const { repo, oids } = await makeRepository();
  await using _ = repo;
  const duration = 4000;
  const end = Date.now() + duration;
  const work = [
    Promise.all(["a", "b"].map((name) => changeByGit(repo, `refs/heads/git-${name}`, end, oids))),
    Promise.all(
      (["never", "always"] as const).map((workers, i) =>
        changeByUs(repo, `refs/heads/our-${i}`, duration, workers, oids)
      ),
    ),
    compactByGit(repo, end),
    readByBoth(repo, end),
  ] as const;
  // When one of them fails, the repository is still needed by the others.
  await Promise.allSettled(work);
  const [theirs, ours, theirCompactions, changesSeen] = await Promise.all(work);
  const all = [...theirs, ...ours];
  for (const side of [theirs, ours]) {
    for (const kind of ["created", "updated", "deleted"] as const) {
      assertGreater(side.reduce((sum, outcome) => sum + outcome[kind], 0), 0, kind);
    }
  }
  assertGreater(theirCompactions, 0);
  assertGreater(ours.reduce((sum, { compactions }) => sum + compactions, 0), 0);
  assertGreater(changesSeen, 0);

  const expected = all.flatMap(({ refs }) => Object.entries(refs)).sort(([a], [b]) =>
    a < b ? -1 : 1
  );
  const refs = expected.map(([name, { oid }]) => [name, oid]);
  assertEquals(parseRefs(await repo.ok(["for-each-ref", FORMAT])), refs);
  await using stack = await openRepositoryStack(repo.dir);
  const found = stack.refs({ prefix: "refs/" });
  assertEquals(found.map((ref) => [ref.refname, "oid" in ref ? ref.oid : ""]).toArray(), refs);
  for (const [refname, { oid, entries }] of expected) {
    const logs = stack.logs({ refname }).toArray();
    assertEquals(logs.length, entries, refname);
    const [newest] = logs;
    assertEquals(newest?.kind === "update" && newest.newOid, oid);
    const log = await repo.ok(["reflog", "show", "--format=%H", refname]);
    assertEquals(log.trim().split("\n").length, entries, refname);
  }
  assertEquals(await repo.ok(["reflog", "list"]), expected.map(([name]) => `${name}\n`).join(""));
  assertTidy(repo.reftableDir);
  await repo.ok(["refs", "verify", "--strict"]);
  await repo.ok(["fsck", "--strict"]);
});

gitTest("Stack stays readable while git changes and compacts for ten rounds", async () => {
  const { repo, oids } = await makeRepository();
  await using _ = repo;
  const create = (names: readonly string[]) =>
    repo.ok(["update-ref", "--stdin"], {
      stdin: names.map((name) => `create ${name} ${oids[0]}\n`).join(""),
    });
  const names = Array.from({ length: 3000 }, (_, i) => `refs/heads/${10_000 + i}`);
  await create(names);
  await using reader = await openRepositoryStack(repo.dir);
  // A table that is kept open, and one that is kept in memory.
  assertGreater(reader.tables.at(-1)!.size, 0x8000);
  await create(["refs/tags/small"]);
  await reader.reload();
  const listing = reader.refs({ prefix: "refs/" });
  const begun = [listing.next().value!.refname];
  const held = reader.tableNames;
  for (let round = 0; round < 10; round++) {
    const stdin = `delete ${names[round]}\nupdate refs/tags/small ${oids[round + 1]}\n`;
    await repo.ok(["update-ref", "--stdin"], { stdin });
    await repo.ok(["pack-refs", "--all"]);
    assertEquals(reader.ref(names[round]!)?.refname, names[round]);
    begun.push(listing.next().value!.refname);
  }
  assertEquals(held.filter((name) => filesIn(repo.reftableDir).includes(name)), []);
  const expected = [...names, "refs/tags/small"];
  assertEquals(refnames(reader).filter((name) => name !== "HEAD"), expected);
  assertEquals([...begun, ...listing.map(({ refname }) => refname)], expected);
  assertEquals(await reader.reload(), true);
  assertEquals(refnames(reader).length, 2992);
});

gitTest("Stack changes and compacts for ten rounds under a git that goes on", async () => {
  const { repo, oids } = await makeRepository();
  await using _ = repo;
  assert(peer.available);
  // One process that has the stack open all the time.
  const child = new Deno.Command(peer.path, {
    args: [`--git-dir=${repo.gitDir}`, "update-ref", "--stdin"],
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const ask = async (text: string, answer: string) => {
    await writer.write(new TextEncoder().encode(text));
    let answered = "";
    while (answered.length < answer.length) answered += (await reader.read()).value ?? "\0";
    assertEquals(answered, answer);
  };
  await using stack = await openRepositoryStack(repo.dir, { lockTimeout: -1 });
  const listPath = `${repo.reftableDir}/tables.list`;
  for (let round = 0; round < 10; round++) {
    await ask(`start\ncreate refs/heads/git-${round} ${oids[round]}\n`, "start: ok\n");
    await ask("prepare\n", "prepare: ok\n");
    // It holds the lock; our addition waits until it has committed.
    assertEquals(filesIn(repo.reftableDir).includes("tables.list.lock"), true);
    const { ino } = Deno.statSync(listPath);
    const adding = addLargeRefs(stack, round, oids[0]!);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(Deno.statSync(listPath).ino, ino);
    await ask("commit\n", "commit: ok\n");
    await adding;
    await stack.compact();
    await stack.clean();
    assertEquals(listedNames(repo.reftableDir).length, 1);
    assertEquals(filesIn(repo.reftableDir).length, 2);
  }
  await writer.close();
  await reader.cancel();
  assertEquals((await child.status).code, 0);
  assertEquals((await repo.ok(["for-each-ref", "--format=x"])).length / 2, 10 * 1001);
  await repo.ok(["refs", "verify", "--strict"]);
  await repo.ok(["fsck", "--strict"]);
});

/** Adds a thousand refs, which take more than 32 KiB. */
async function addLargeRefs(stack: Stack, round: number, oid: string): Promise<void> {
  await stack.add((writer) => {
    const { nextUpdateIndex: updateIndex } = stack;
    for (let i = 0; i < 1000; i++) {
      const refname = `refs/heads/our-${round}/${10_000 + i}`;
      writer.addRef({ kind: "direct", refname, updateIndex, oid });
    }
  }, { reload: true });
}
