import { assertEquals, assertThrows } from "@std/assert";
import { RefStore, ReftableError } from "@reftable/reftable";
import { GitRepo, gitTest } from "../peers/git.ts";
import { COMMITTER, makeCommits, NO_ENVIRONMENT } from "./open_backend.ts";

const NAMES = [
  ...["HEAD", "ORIG_HEAD", "refs/bisect/bad", "refs/heads/a", "refs/notes/n", "refs/other/x"],
  ...["refs/remotes/o/x", "refs/stash", "refs/tags/t", "refs/worktree/w"],
];

gitTest("RefStore logs what core.logAllRefUpdates says, as git does", async () => {
  const values = [undefined, "true", "false", "always", "Always", "1", "0", ""];
  for (const bare of [false, true]) {
    for (const value of values) {
      const logged: string[][] = [];
      for (const writer of ["git", "us"]) {
        await using repo = await GitRepo.create({ bare });
        const [oid] = await makeCommits(repo, 1) as [string];
        const args = ["config", "core.logAllRefUpdates", `${value}`];
        if (value !== undefined) await repo.ok(args);
        else await repo.run(["config", "unset", "core.logAllRefUpdates"]);
        const options = { identity: COMMITTER, environment: NO_ENVIRONMENT };
        await using refs = await RefStore.open(repo.dir, options);
        const stdin = NAMES.map((refname) => `update ${refname} ${oid}\n`).join("");
        if (writer === "git") {
          await repo.ok(["update-ref", "--stdin"], { stdin });
        } else {
          await refs.transaction((transaction) => {
            for (const refname of NAMES) transaction.update(refname, oid);
          });
        }
        await refs.reload();
        logged.push(refs.reflogNames().toArray());
      }
      assertEquals(logged[1], logged[0], `${value}, ${bare ? "" : "not "}bare`);
    }
  }
});

gitTest("RefStore.open() refuses a core.logAllRefUpdates that makes no sense", async () => {
  await using repo = await GitRepo.create();
  const { gitDir } = repo;
  const config = await Deno.readTextFile(`${gitDir}/config`);
  for (const line of ["logAllRefUpdates = sometimes", "logAllRefUpdates"]) {
    await Deno.writeTextFile(`${gitDir}/config`, `${config}[core]\n\t${line}\n`);
    const error = assertThrows(() => RefStore.openSync(repo.dir), ReftableError);
    assertEquals(error.code, "format");
    const { code } = await repo.run(["update-ref", "HEAD", "1".repeat(40)]);
    assertEquals(code, 128);
  }
});
