import { assert, assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { openRepositoryStack, type Stack, verifyStack } from "@reftable/reftable";
import { applyChange } from "../interop/apply_change.ts";
import { Groups, tornGroups } from "../interop/ref_groups.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import { assertTidy, filesIn } from "../stack/changes.ts";
import { type Killed, killSoon, PIPED } from "./kill_soon.ts";
import { randomNumbers } from "./try_faults.ts";

/** How many processes are killed. */
const KILLS = 40;

/** How many work at a time, each until it is killed. */
const AT_A_TIME = 2;

const VICTIM = fromFileUrl(new URL("./victim.ts", import.meta.url));

/** Starts a process, and kills it at some moment. */
async function kill(
  repo: GitRepo,
  prefix: string,
  mode: number,
  random: () => number,
  oids: readonly string[],
): Promise<Killed> {
  const kind = random() < 0.3 ? "compact" : "write";
  const workers = random() < 0.3 ? "always" : "never";
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-read", `--allow-write=${repo.reftableDir}`, VICTIM],
      ...[repo.dir, prefix, mode.toString(8), kind, workers, ...oids],
    ],
    ...PIPED,
  });
  return await killSoon(command, random, new Groups(prefix, oids), kind === "write");
}

/** The permissions of a new file, before those are set that its maker wants. */
const UMASK_MODE = newFileMode();

function newFileMode(): number {
  const path = Deno.makeTempFileSync();
  Deno.removeSync(path);
  // A temporary file is nobody else's business; the one that takes its place is as the umask has it.
  Deno.writeTextFileSync(path, "");
  try {
    return (Deno.statSync(path).mode ?? 0o644) & 0o777;
  } finally {
    Deno.removeSync(path);
  }
}

/** Permissions of which each process has its own, so that its locks are known by them. */
const MODES = [0o600, 0o602, 0o604, 0o606, 0o620, 0o622, 0o624, 0o626, 0o640, 0o642, 0o646]
  .filter((mode) => mode !== UMASK_MODE);

/** The locks in a directory with certain permissions, by their inodes. */
function locks(directory: string, mode: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of filesIn(directory)) {
    if (!name.endsWith(".lock")) continue;
    const path = `${directory}/${name}`;
    try {
      const info = Deno.statSync(path);
      if (((info.mode ?? 0) & 0o777) === mode) found.set(info.ino ?? 0, path);
    } catch (error) {
      // Somebody gave it back meanwhile.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return found;
}

/**
 * Removes the locks of a process that was killed, and nobody else's.
 *
 * @returns How many there were.
 */
async function removeLocks(directory: string, mode: number): Promise<number> {
  const stale = locks(directory, mode);
  // It may have been killed before it set the permissions. Those who live set them at once.
  const young = locks(directory, UMASK_MODE);
  if (young.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const [inode, path] of locks(directory, UMASK_MODE)) {
      if (young.has(inode)) stale.set(inode, path);
    }
  }
  for (const path of stale.values()) Deno.removeSync(path);
  return stale.size;
}

/** Has git change refs, until there is nobody more to kill. */
async function changeByGit(repo: GitRepo, oids: readonly string[], isOver: () => boolean) {
  const groups = new Groups("refs/heads/git", oids);
  while (!isOver()) {
    const change = groups.next();
    const { names, before, after } = change;
    const stdin = names.map((name) => `update ${name} ${after ?? "0".repeat(40)} ${before ?? ""}\n`)
      .join("");
    const { code, stderr } = await repo.run(["update-ref", "-m", "git", "--stdin"], { stdin });
    if (code === 0) groups.acknowledge(change);
    else assert(/data is locked|concurrently modified|cannot lock/.test(stderr), stderr);
  }
  return groups;
}

/** Changes refs in this process, and looks at everybody's. */
async function changeHere(stack: Stack, oids: readonly string[], isOver: () => boolean) {
  const groups = new Groups("refs/heads/here", oids);
  while (!isOver()) {
    const change = groups.next();
    await applyChange(stack, change, "here");
    groups.acknowledge(change);
    const refs = stack.refs({ prefix: "refs/heads/" });
    const values = refs.map((ref) => [ref.refname, "oid" in ref ? ref.oid : ""] as const);
    assertEquals(tornGroups(values), []);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return groups;
}

gitTest("Stack loses nothing when processes are killed", async () => {
  const config = { "core.logAllRefUpdates": "always", "reftable.lockTimeout": "5000" };
  await using repo = await GitRepo.create({ bare: true, config });
  // A mode that nobody else has, also where the umask leaves the same.
  await repo.ok(["config", "core.sharedRepository", "0660"]);
  const tree = (await repo.ok(["mktree"])).trim();
  const oids: string[] = [];
  for (let i = 0; i < 8; i++) {
    oids.push((await repo.ok(["commit-tree", "-m", `${i}`, tree])).trim());
  }
  const tags = Array.from({ length: 2000 }, (_, i) => `create refs/tags/${i} ${oids[0]}\n`);
  await repo.ok(["update-ref", "--stdin"], { stdin: tags.join("") });

  const random = randomNumbers(50);
  const killed: Killed[] = [];
  let stale = 0;
  let isOver = false;
  let started = 0;
  const lane = async (modes: readonly number[]) => {
    while (started < KILLS) {
      const number = started++;
      const mode = modes[number % modes.length]!;
      killed.push(await kill(repo, `refs/heads/killed-${number}`, mode, random, oids));
      stale += await removeLocks(repo.reftableDir, mode);
    }
  };
  const half = MODES.length >> 1;
  await using stack = await openRepositoryStack(repo.dir, { lockTimeout: -1 });
  const others = [
    changeByGit(repo, oids, () => isOver),
    changeHere(stack, oids, () => isOver),
  ] as const;
  const killing = Promise.all(
    Array.from({ length: AT_A_TIME }, (_, i) => lane(MODES.slice(i * half, (i + 1) * half))),
  ).finally(() => isOver = true);
  await Promise.allSettled([killing, ...others]);
  await killing;
  const alive = await Promise.all(others);

  // Of a change under way it is not known whether it was done; of everything else it is.
  const unknown = new Set(killed.flatMap(({ underWay }) => underWay?.names ?? []));
  const expected = [...killed.map(({ groups }) => groups), ...alive]
    .flatMap((groups) => Object.entries(groups.outcome.refs));
  const theirs = new Map(
    (await repo.ok(["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/"]))
      .split("\n").slice(0, -1).map((line) => line.split(" ") as [string, string]),
  );
  assertEquals(tornGroups(theirs), []);
  for (const { underWay } of killed) {
    if (!underWay) continue;
    const [name = ""] = underWay.names;
    assert([underWay.before, underWay.after].includes(theirs.get(name)), name);
  }
  const known = ([name]: readonly [string, ...unknown[]]) => !unknown.has(name);
  assertEquals(
    [...theirs].filter(known).sort(),
    expected.filter(known).map(([name, { oid }]) => [name, oid]).sort(),
  );
  await stack.reload();
  for (const [refname, { entries }] of expected.filter(known)) {
    assertEquals([...stack.logs({ refname })].length, entries, refname);
  }
  await repo.ok(["refs", "verify", "--strict"]);
  await repo.ok(["fsck", "--strict"]);
  assertEquals(locks(repo.reftableDir, 0o660), new Map());
  await stack.clean();
  assertTidy(repo.reftableDir);
  const { problems } = await verifyStack(repo.reftableDir);
  assertEquals(problems.filter(({ severity }) => severity !== "info"), []);
  const acknowledged = killed.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  assertEquals(killed.length, KILLS);
  assertGreater(acknowledged, 0);
  assertGreater(stale, 0);
  console.log(
    `${KILLS} processes killed, ${stale} locks left behind, ${acknowledged} changes acknowledged`,
  );
});
