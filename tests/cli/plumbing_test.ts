import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { GitRepo, gitTest } from "../peers/git.ts";
import { CLI } from "./run_cli.ts";

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

const RUN = ["run", "--quiet", "--allow-read", "--allow-write", "--config", CONFIG, CLI];

/** Runs `reftable` in a directory: paths in messages are as they are seen from there. */
async function runIn(cwd: string, ...args: string[]): Promise<[code: number, stderr: string]> {
  const options = { args: [...RUN, ...args], cwd };
  const { code, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  return [code, new TextDecoder().decode(stderr)];
}

gitTest("plumbing tells of damage as git does", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const oid = (await repo.ok(["rev-parse", "HEAD"])).trim();
  const show = ["show-ref", "--verify", "refs/heads/zzzzz"];
  for (const text of [`${oid} refs/zzzzz`, "bogus content\n", `${oid.slice(0, 7)} refs/zzzzz\n`]) {
    await Deno.writeTextFile(`${repo.gitDir}/packed-refs`, text);
    const { code, stderr } = await repo.run(show);
    assertEquals(await runIn(repo.dir, ...show), [code, stderr]);
  }
});

gitTest("reflog drop finds the logs of all working trees from where it is run", async () => {
  await using repo = await GitRepo.create();
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  await repo.ok(["worktree", "add", "-q", "../linked"]);
  assertEquals(await runIn(repo.dir, "reflog", "drop", "--all"), [0, ""]);
  for (const cwd of [repo.dir, `${repo.dir}/../linked`]) {
    assertEquals(await repo.ok(["reflog", "list"], { cwd }), "");
  }
});

gitTest("pack-refs in a linked working tree merges the tables of that, and no others", async () => {
  await using repo = await GitRepo.create();
  const env = { GIT_TEST_REFTABLE_AUTOCOMPACTION: "false" };
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"], { env });
  await repo.ok(["worktree", "add", "-q", "../linked"], { env });
  const cwd = `${repo.dir}/../linked`;
  await repo.ok(["update-ref", "refs/worktree/mine", "HEAD"], { cwd, env });
  const tables = () =>
    [repo.reftableDir, `${repo.gitDir}/worktrees/linked/reftable`]
      .map((directory) => Deno.readTextFileSync(`${directory}/tables.list`).split("\n").length - 1);
  const [shared] = tables();
  assert(shared! > 1);
  assertEquals(await runIn(cwd, "pack-refs"), [0, ""]);
  assertEquals(tables(), [shared, 1]);
});

gitTest("update-ref changes more refs than files can be open", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const lines = Array.from({ length: 100 }, (_, i) => `create refs/heads/${i} HEAD\n`).join("");
  await Deno.writeTextFile(`${repo.dir}/lines`, lines);
  // Some are open already, as in shells that keep their streams elsewhere.
  const script = 'exec 3<&0 4<&0 5<&0 6<&0 7<&0 && ulimit -n 32 && exec "$@" < lines';
  const identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", Deno.execPath(), ...RUN, ...identity, "update-ref", "--stdin"],
    cwd: repo.dir,
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
});
