import { assertEquals, assertLess } from "@std/assert";
import { RefStore } from "@reftable/reftable";
import { runMain } from "../cli/run_main.ts";
import { GitRepo, gitTest } from "../peers/git.ts";

const IDENTITY = { name: "A", email: "a@example.com", time: 1, tzOffset: 0 };
const OID = "1".repeat(40);

/** Counts the tables of a repository. */
async function countTables({ reftableDir }: GitRepo): Promise<number> {
  return (await Deno.readTextFile(`${reftableDir}/tables.list`)).trimEnd().split("\n").length;
}

gitTest("RefStore leaves tables alone where it is told to", async () => {
  for (const autoCompact of [undefined, true, false]) {
    await using repo = await GitRepo.create();
    await using refs = await RefStore.open(repo.dir, { autoCompact, identity: IDENTITY });
    const before = await countTables(repo);
    for (let i = 0; i < 8; i++) {
      await refs.transaction((transaction) => transaction.create(`refs/heads/b${i}`, OID));
    }
    if (autoCompact === false) assertEquals(await countTables(repo), before + 8);
    else assertLess(await countTables(repo), before + 4);
  }
});

gitTest("the command line leaves tables alone where git's tests ask for it", async () => {
  for (const wish of ["false", "true"]) {
    await using repo = await GitRepo.create();
    const before = await countTables(repo);
    for (let i = 0; i < 6; i++) {
      const env = { GIT_TEST_REFTABLE_AUTOCOMPACTION: wish };
      await runMain(["symbolic-ref", `refs/heads/s${i}`, "refs/heads/x"], { cwd: repo.dir, env });
    }
    const added = await countTables(repo) - before;
    assertEquals(added === 6, wish === "false");
  }
});
