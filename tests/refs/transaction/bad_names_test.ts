import { assertEquals, assertRejects } from "@std/assert";
import { ReftableError } from "../../../src/errors.ts";
import { RefStore } from "../../../src/refs/ref_store.ts";
import { Stack } from "../../../src/stack/stack.ts";
import { GitRepo, gitTest } from "../../peers/git.ts";

const NAME = "refs/heads/broken...ref";
const identity = { name: "A", email: "a@example.com", time: 1, tzOffset: 0 };

/** Makes a repository with a ref of a bad name, and a symbolic ref that leads there. */
async function makeRepo(): Promise<GitRepo> {
  const repo = await GitRepo.create();
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const oid = (await repo.ok(["rev-parse", "HEAD"])).trim();
  await using stack = await Stack.open(repo.reftableDir, { skipNameCheck: true });
  const updateIndex = stack.nextUpdateIndex;
  await stack.add((writer) => {
    writer.addRef({ kind: "symref", refname: "refs/heads/alias", target: NAME, updateIndex });
    writer.addRef({ kind: "direct", refname: NAME, oid, updateIndex });
  });
  return repo;
}

gitTest(
  "RefTransaction deletes a ref of a bad name through a symbolic one, as git does",
  async () => {
    const left: string[] = [];
    for (const deleter of ["git", "ours"]) {
      await using repo = await makeRepo();
      if (deleter === "git") {
        await repo.ok(["update-ref", "-d", "refs/heads/alias"]);
      } else {
        await using refs = await RefStore.open(repo.dir, { identity });
        await refs.transaction((transaction) => transaction.delete("refs/heads/alias"));
      }
      await using refs = await RefStore.open(repo.dir);
      assertEquals([refs.read(NAME), refs.read("refs/heads/alias")?.kind], [undefined, "symref"]);
      left.push(await repo.ok(["for-each-ref"]));
    }
    assertEquals(left[0], left[1]);
  },
);

gitTest("RefTransaction writes no ref of a bad name, wherever it was asked to", async () => {
  await using repo = await makeRepo();
  await using refs = await RefStore.open(repo.dir, { identity });
  const oid = refs.resolve("HEAD")!.oid!;
  const change = () =>
    refs.transaction((transaction) => transaction.update("refs/heads/alias", oid));
  await assertRejects(change, ReftableError, `bad name '${NAME}'`);
});
