import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { GitRepo, gitTest } from "../peers/git.ts";
import { CLI } from "./run_cli.ts";

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** Runs `reftable` in a directory: paths in messages are as they are seen from there. */
async function runIn(cwd: string, ...args: string[]): Promise<[code: number, stderr: string]> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-read", "--allow-write", "--config", CONFIG, CLI, ...args],
    cwd,
  }).output();
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
