import { assertEquals, assertRejects } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { gitTest } from "../peers/git.ts";
import { REF_FORMATS, RefsRepository } from "./refs_repository.ts";

/** Makes a repository with branches that have been changed. */
async function createRepository(refFormat: "files" | "reftable"): Promise<RefsRepository> {
  const repository = await RefsRepository.create({ refFormat });
  const { refs, oids: [a, b] } = repository;
  for (const [oid, message] of [[a, "one"], [b, "two"]] as const) {
    await refs.transaction((transaction) => {
      transaction.update("refs/heads/main", oid!);
      transaction.update("refs/heads/a", oid!);
    }, { message });
  }
  return repository;
}

for (const refFormat of REF_FORMATS) {
  gitTest(`RefStore.rename() takes the log along as git does, with ${refFormat}`, async () => {
    await using ours = await createRepository(refFormat);
    await using gits = await createRepository(refFormat);
    // The new name may have the old one as its directory, or be its directory.
    const steps = [["a", "b"], ["b", "b/c"], ["b/c", "b"], ["b", "d/e/f"]] as const;
    for (const [from, to] of steps) {
      const message = `Branch: renamed refs/heads/${from} to refs/heads/${to}`;
      await ours.refs.rename(`refs/heads/${from}`, `refs/heads/${to}`, { message });
      await gits.git(["branch", "-m", from, to]);
      assertEquals(ours.refs.read(`refs/heads/${from}`), undefined);
      assertEquals(ours.log(`refs/heads/${to}`), gits.log(`refs/heads/${to}`));
      assertEquals(await ours.git(["for-each-ref"]), await gits.git(["for-each-ref"]));
      assertEquals(await ours.git(["reflog", "list"]), await gits.git(["reflog", "list"]));
    }
  });

  gitTest(`RefStore.copy() copies the log as git does, with ${refFormat}`, async () => {
    await using ours = await createRepository(refFormat);
    await using gits = await createRepository(refFormat);
    const message = "Branch: copied refs/heads/a to refs/heads/b/c";
    await ours.refs.copy("refs/heads/a", "refs/heads/b/c", { message });
    await gits.git(["branch", "-c", "a", "b/c"]);
    for (const refname of ["refs/heads/a", "refs/heads/b/c"]) {
      assertEquals(ours.log(refname), gits.log(refname));
    }
    assertEquals(await ours.git(["for-each-ref"]), await gits.git(["for-each-ref"]));
  });

  gitTest(
    `RefStore.rename() leaves HEAD alone unless told otherwise, with ${refFormat}`,
    async () => {
      await using repository = await createRepository(refFormat);
      const { refs, repo, oids: [, b] } = repository;
      await refs.rename("refs/heads/main", "refs/heads/trunk", { message: "away" });
      assertEquals(refs.resolve("HEAD")?.refname, "refs/heads/main");
      assertEquals(repository.log("HEAD")[0], ["0".repeat(40), b!, "away"]);
      await refs.rename("refs/heads/trunk", "refs/heads/main");
      await repo.ok(["worktree", "add", "-q", "../linked", "a"]);
      await refs.reload();
      await refs.rename("refs/heads/a", "refs/heads/b", { message: "follow", moveHeads: true });
      assertEquals(refs.resolve("HEAD")?.refname, "refs/heads/main");
      assertEquals(refs.resolve("worktrees/linked/HEAD")?.refname, "refs/heads/b");
      const head = await repo.ok(["symbolic-ref", "HEAD"], { cwd: `${repo.dir}/../linked` });
      assertEquals(head, "refs/heads/b\n");
      const [, , message] = repository.log("worktrees/linked/HEAD")[0]!;
      assertEquals(message, "follow");
    },
  );

  gitTest(`RefStore.rename() refuses what it cannot do, with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const { refs } = repository;
    await repository.git(["symbolic-ref", "refs/heads/s", "refs/heads/a"]);
    const before = await repository.git(["for-each-ref"]);
    const [a, s] = ["refs/heads/a", "refs/heads/s"];
    const refused = [
      ["refs/heads/x", "refs/heads/y", "not-exist", "refname refs/heads/x not found"],
      [s, "refs/heads/t", "unsupported", `refname ${s} is a symbolic ref`],
      [a, "refs/heads/main", "exists", "reference already exists"],
      [a, "refs/heads/main/x", "name-conflict", "'refs/heads/main' exists; cannot create"],
      [a, "refs/heads/a..b", "refname", "bad name"],
      [a, "FETCH_HEAD", "refname", "bad name"],
    ] as const;
    for (const [from, to, code, message] of refused) {
      for (const method of ["rename", "copy"] as const) {
        const error = await assertRejects(() => refs[method](from, to), ReftableError, message);
        assertEquals(error.code, code);
      }
    }
    assertEquals(await repository.git(["for-each-ref"]), before);
    await refs.rename(a, a);
    await refs.rename(a, "refs/heads/main", { force: true });
    assertEquals(refs.read(a), undefined);
  });
}
