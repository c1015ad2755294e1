import { assertEquals, assertMatch } from "@std/assert";
import { GitRepo, gitTest } from "../peers/git.ts";
import { makeCommits } from "../refs/open_backend.ts";
import { change, changeOk } from "./changing_cli.ts";

gitTest("refs migrate goes there and back, with linked working trees", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  const [oid = ""] = await makeCommits(repo, 1);
  await repo.ok(["update-ref", "-m", "reason", "refs/heads/main", oid]);
  await repo.ok(["worktree", "add", "-q", `${repo.dir}/../linked`]);
  const refs = () => repo.ok(["for-each-ref", "--include-root-refs"]);
  const before = await refs();
  const log = () => repo.ok(["reflog", "show", "main"]);
  assertMatch(await log(), /reason/);
  const [to, back] = ["--ref-format=reftable", "--ref-format=files"];
  const told = await changeOk(["-C", repo.dir, "refs", "migrate", "--dry-run", to]);
  const [, directory = ""] = /^Finished dry-run .* can be found at '(.*)'\n$/.exec(told) ?? [];
  assertEquals(Deno.statSync(`${directory}/reftable/tables.list`).isFile, true);
  await Deno.remove(directory, { recursive: true });
  assertEquals((await repo.ok(["rev-parse", "--show-ref-format"])).trim(), "files");
  assertEquals(await changeOk(["-C", `${repo.dir}/../linked`, "refs", "migrate", to]), "");
  assertEquals((await repo.ok(["rev-parse", "--show-ref-format"])).trim(), "reftable");
  assertEquals([await refs(), /reason/.test(await log())], [before, true]);
  const again = await change(["-C", repo.dir, "refs", "migrate", to]);
  const message = "error: repository already uses 'reftable' format\n";
  assertEquals([again.code, again.stderr], [255, message]);
  assertEquals(await changeOk(["-C", repo.dir, "refs", "migrate", "--no-reflog", back]), "");
  assertEquals([await refs(), await log()], [before, ""]);
});

gitTest("refs migrate lists what is in the way", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  await Deno.writeTextFile(`${repo.gitDir}/refs/heads/broken`, "nothing\n");
  const { code, stderr } = await change([
    ...["-C", repo.dir, "refs", "migrate", "--ref-format=reftable"],
  ]);
  const lines = `broken refs:\n\t'refs/heads/broken' holds "nothing"\n`;
  assertEquals([code, stderr], [255, `error: Cannot migrate refs: ${lines}`]);
});
