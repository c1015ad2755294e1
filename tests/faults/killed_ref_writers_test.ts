import { assert, assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { RefStore, verifyStack } from "@reftable/reftable";
import { Groups, tornGroups } from "../interop/ref_groups.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import { changeRefs, IDENTITY } from "./change_refs.ts";
import { type Killed, killSoon, PIPED } from "./kill_soon.ts";
import { randomNumbers } from "./try_faults.ts";

/** How many processes are killed for each way to store refs. */
const KILLS = 24;

/** The permissions of the files of those who are killed, which nobody else has. */
const MODES = [0o600, 0o620] as const;

const VICTIM = fromFileUrl(new URL("./ref_victim.ts", import.meta.url));

/** Starts a process whose files have certain permissions, and kills it at some moment. */
async function kill(
  repo: GitRepo,
  { path, prefix, mode }: { path: string; prefix: string; mode: number },
  random: () => number,
  oids: readonly string[],
): Promise<Killed> {
  const kind = random() < 0.3 ? "pack" : "write";
  const deno = [
    ...[Deno.execPath(), "run", "--no-prompt", "--allow-read", "--allow-env"],
    ...[`--allow-write=${repo.gitDir}`, VICTIM, path, prefix, kind, ...oids],
  ];
  const umask = (0o666 & ~mode).toString(8);
  const command = new Deno.Command("sh", {
    args: ["-c", `umask ${umask} && exec "$@"`, "sh", ...deno],
    ...PIPED,
  });
  return await killSoon(command, random, new Groups(prefix, oids), kind === "write");
}

/** The locks in a repository and packed refs that are not complete, which git takes for one, with their permissions. */
function locks(directory: string): [path: string, mode: number][] {
  return Array.from(Deno.readDirSync(directory)).flatMap(({ name, isDirectory }) => {
    const path = `${directory}/${name}`;
    try {
      if (isDirectory) return locks(path);
      if (!/\.lock$|^packed-refs\.new$/.test(name)) return [];
      return [[path, (Deno.statSync(path).mode ?? 0) & 0o777]];
    } catch (error) {
      // Somebody gave it back meanwhile, or removed an empty directory.
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
}

/**
 * Removes the locks of a process that was killed, and nobody else's.
 *
 * @returns How many there were.
 */
function removeLocks(directory: string, mode: number): number {
  const stale = locks(directory).filter(([, found]) => found === mode);
  // As long as the packed refs are locked, nobody else writes any.
  const paths = stale.map(([path]) => path).sort().reverse();
  for (const path of paths) Deno.removeSync(path);
  return stale.length;
}

/** Changes refs in this process until there is nobody more to kill. */
async function changeHere(refs: RefStore, oids: readonly string[], isOver: () => boolean) {
  const groups = new Groups("refs/heads/here", oids);
  while (!isOver()) {
    const change = groups.next();
    await changeRefs(refs, change);
    groups.acknowledge(change);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return groups;
}

/** Lists refs as git sees them in a worktree. */
async function refsOfGit(repo: GitRepo, cwd: string): Promise<[string, string][]> {
  const format = "--format=%(refname) %(objectname)";
  const text = await repo.ok(["for-each-ref", format, "refs/heads/", "refs/worktree/"], { cwd });
  return text.split("\n").slice(0, -1).map((line) => line.split(" ") as [string, string]);
}

for (const refFormat of ["files", "reftable"] as const) {
  gitTest(`RefStore loses nothing when processes are killed: ${refFormat}`, async () => {
    const config = {
      "core.logAllRefUpdates": "always",
      "core.filesRefLockTimeout": "5000",
      "core.packedRefsTimeout": "5000",
      "reftable.lockTimeout": "5000",
    };
    await using repo = await GitRepo.create({ bare: true, config, refFormat });
    const tree = (await repo.ok(["mktree"])).trim();
    const oids: string[] = [];
    for (let i = 0; i < 5; i++) {
      oids.push((await repo.ok(["commit-tree", "-m", `${i}`, tree])).trim());
    }
    await repo.ok(["update-ref", "refs/heads/main", oids[0]!]);
    const worktree = `${repo.dir}/../worktree`;
    await repo.ok(["worktree", "add", "-q", "--detach", worktree, oids[0]!]);

    const random = randomNumbers(51);
    const killed: Killed[] = [];
    let stale = 0;
    let isOver = false;
    await using refs = await RefStore.open(repo.dir, { identity: IDENTITY });
    const changing = changeHere(refs, oids, () => isOver);
    let number = 0;
    const lane = async (mode: number) => {
      while (number < KILLS) {
        const isLinked = ++number % 3 === 0;
        const path = isLinked ? worktree : repo.dir;
        const prefix = `refs/${isLinked ? "worktree" : "heads"}/killed-${number}`;
        killed.push(await kill(repo, { path, prefix, mode }, random, oids));
        stale += removeLocks(repo.gitDir, mode);
      }
    };
    const killing = Promise.all(MODES.map(lane)).finally(() => isOver = true);
    await Promise.allSettled([killing, changing]);
    await killing;
    const here = await changing;

    const theirs = new Map(await refsOfGit(repo, worktree));
    theirs.delete("refs/heads/main");
    const unknown = new Set<string>();
    for (const { underWay } of killed) {
      const { names = [], before, after } = underWay ?? {};
      for (const name of names) {
        unknown.add(name);
        // Where refs are files, some of them may have been changed.
        assert([before, after].includes(theirs.get(name)), name);
      }
    }
    if (refFormat === "reftable") assertEquals(tornGroups(theirs), []);
    const expected = [here, ...killed.map(({ groups }) => groups)]
      .flatMap((groups) => Object.entries(groups.outcome.refs))
      .filter(([name]) => !unknown.has(name));
    assertEquals(
      [...theirs].filter(([name]) => !unknown.has(name)).sort(),
      expected.map(([name, { oid }]): [string, string] => [name, oid]).sort(),
    );
    await using linked = await RefStore.open(worktree);
    for (const [refname, { entries }] of expected) {
      assertEquals(linked.reflog(refname).toArray().length, entries, refname);
    }
    for (const [refname, { oid }] of expected.slice(0, 3)) {
      const log = await repo.ok(["reflog", "show", "--format=%H", refname], { cwd: worktree });
      assertEquals(log.split("\n")[0], oid);
    }
    // Nobody else's lock is left, and git can go on.
    assertEquals(locks(repo.gitDir), []);
    for (const cwd of [repo.dir, worktree]) {
      await repo.ok(["refs", "verify", "--strict"], { cwd });
      await repo.ok(["update-ref", "refs/worktree/later", oids[1]!], { cwd });
      await repo.ok(["pack-refs", "--all"], { cwd });
    }
    await repo.ok(["fsck", "--strict"]);
    assertEquals(
      (await refsOfGit(repo, worktree)).map(([name]) => name).sort(),
      [...theirs.keys(), "refs/heads/main", "refs/worktree/later"].sort(),
    );
    if (refFormat === "reftable") {
      for (const directory of [repo.gitDir, `${repo.gitDir}/worktrees/worktree`]) {
        const { problems } = await verifyStack(`${directory}/reftable`);
        assertEquals(problems.filter(({ severity }) => severity === "error"), []);
      }
    }
    const acknowledged = killed.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    assertEquals(killed.length, KILLS);
    assertGreater(acknowledged, 0);
    assertGreater(stale, 0);
    console.log(
      `${KILLS} processes killed (${refFormat}), ${stale} locks left behind, ` +
        `${acknowledged} changes acknowledged`,
    );
  });
}
