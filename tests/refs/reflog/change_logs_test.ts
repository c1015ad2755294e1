import { assertEquals, assertRejects } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { gitTest } from "../../peers/git.ts";
import { COMMITTER } from "../open_backend.ts";
import { REF_FORMATS, RefsRepository } from "../refs_repository.ts";

const ZERO = "0".repeat(40);

for (const refFormat of REF_FORMATS) {
  gitTest(`RefStore.writeReflog() appends to a log and begins it, with ${refFormat}`, async () => {
    await using repository = await RefsRepository.create({ refFormat });
    const { refs, oids: [a, b] } = repository;
    const entries = [{ oldOid: ZERO, newOid: a!, message: " one\n" }, { oldOid: a!, newOid: b! }];
    for (const entry of entries) await refs.writeReflog("refs/heads/a", entry);
    assertEquals(repository.log("refs/heads/a"), [[b!, a!, ""], [a!, ZERO, "one"]]);
    assertEquals(refs.read("refs/heads/a"), undefined);
    const oldestFirst = refs.reflog("refs/heads/a", { order: "oldest-first" });
    assertEquals(oldestFirst.map(({ newOid }) => newOid).toArray(), [a!, b!]);
  });

  gitTest(`RefStore.writeReflog() refuses in git's words, with ${refFormat}`, async () => {
    await using repository = await RefsRepository.create({ refFormat });
    const { refs, repo, oids: [a] } = repository;
    const missing = "1".repeat(40);
    const refused = [
      ["refs/heads/a", missing, a!, "new-value"],
      ["refs/heads/a", a!, missing, "new-value"],
      ["FOO", a!, a!, "refname"],
      ["refs/heads/a..b", a!, a!, "refname"],
    ] as const;
    for (const [refname, oldOid, newOid, code] of refused) {
      const { stderr } = await repo.run(["reflog", "write", refname, oldOid, newOid, "m"]);
      const error = await assertRejects(
        () => refs.writeReflog(refname, { oldOid, newOid }),
        ReftableError,
      );
      assertEquals(error.code, code);
      if (code === "new-value") assertEquals(`fatal: ${error.message}`, stderr.trim());
    }
    const error = await assertRejects(
      () => refs.writeReflog("FETCH_HEAD", { oldOid: a!, newOid: a! }),
      ReftableError,
    );
    assertEquals(error.message, "refusing to update reflog for pseudoref 'FETCH_HEAD'");
  });

  gitTest(`RefStore.createReflog() has all changes logged, with ${refFormat}`, async () => {
    await using repository = await RefsRepository.create({ refFormat });
    const { refs, repo, oids: [a, b] } = repository;
    await refs.createReflog("refs/tags/t");
    assertEquals([refs.hasReflog("refs/tags/t"), repository.log("refs/tags/t")], [true, []]);
    assertEquals((await repo.run(["reflog", "exists", "refs/tags/t"])).code, 0);
    await refs.transaction((transaction) => transaction.create("refs/tags/t", a!));
    await repository.git(["update-ref", "-m", "two", "refs/tags/t", b!]);
    await refs.createReflog("refs/tags/t");
    assertEquals(repository.log("refs/tags/t"), [[b!, a!, "two"], [a!, ZERO, ""]]);
  });

  gitTest(`RefStore.dropReflogs() deletes logs and nothing else, with ${refFormat}`, async () => {
    await using repository = await RefsRepository.create({ refFormat });
    const { refs, repo, oids: [a] } = repository;
    const names = ["refs/heads/a", "refs/heads/b", "refs/heads/c"];
    await refs.transaction((transaction) => {
      for (const refname of names) transaction.create(refname, a!);
    });
    await refs.dropReflogs(["refs/heads/a", "refs/heads/c", "refs/heads/c", "refs/heads/none"]);
    assertEquals(refs.reflogNames().toArray(), ["refs/heads/b"]);
    assertEquals((await repo.ok(["reflog", "list"])).trim(), "refs/heads/b");
    assertEquals(refs.list().map(({ refname }) => refname).toArray(), names);
  });

  gitTest(
    `RefStore.deleteReflogEntries() closes gaps when asked to, with ${refFormat}`,
    async () => {
      const [a, b, c, d] = ["a", "b", "c", "d"].map((digit) => digit.repeat(40));
      const logs = { "false": [[d, c], [b, a], [a, ZERO]], "true": [[d, b], [b, a], [a, ZERO]] };
      for (const rewrite of [false, true]) {
        const unchecked = { objects: undefined };
        await using repository = await RefsRepository.create({ refFormat }, unchecked);
        const { refs } = repository;
        for (const oid of [a, b, c, d]) {
          await refs.transaction((transaction) => transaction.update("refs/heads/a", oid!));
        }
        const dryRun = await refs.deleteReflogEntries("refs/heads/a", [1], {
          rewrite,
          dryRun: true,
        });
        assertEquals(repository.log("refs/heads/a").length, 4);
        const { refname, removed, kept } = await refs.deleteReflogEntries("refs/heads/a", [1, 7], {
          rewrite,
        });
        assertEquals([refname, removed.map(({ newOid }) => newOid), kept], [
          "refs/heads/a",
          [c],
          3,
        ]);
        assertEquals([dryRun.removed.length, dryRun.kept], [1, 3]);
        const left = repository.log("refs/heads/a").map(([newOid, oldOid]) => [newOid, oldOid]);
        assertEquals(left, logs[`${rewrite}`]);
      }
    },
  );

  gitTest(`RefStore.deleteReflogEntries() sets the ref back, with ${refFormat}`, async () => {
    await using repository = await RefsRepository.create({ refFormat });
    const { refs, oids: [a, b, c] } = repository;
    for (const oid of [a, b, c]) {
      await refs.transaction((transaction) => transaction.update("refs/heads/main", oid!));
    }
    await refs.deleteReflogEntries("refs/heads/main", [0], { updateRef: true });
    assertEquals(refs.resolve("refs/heads/main")?.oid, b);
    // What a symbolic ref leads to stays as it is.
    await refs.deleteReflogEntries("HEAD", [0, 1], { updateRef: true });
    assertEquals([refs.resolve("HEAD")?.oid, repository.log("HEAD").length], [b, 1]);
    const all = await refs.deleteReflogEntries("refs/heads/main", [0, 1], { updateRef: true });
    assertEquals([all.kept, refs.hasReflog("refs/heads/main")], [0, true]);
    assertEquals(refs.resolve("refs/heads/main")?.oid, b);
  });

  gitTest(`RefStore.deleteReflogEntries() wants a log, with ${refFormat}`, async () => {
    await using repository = await RefsRepository.create({ refFormat });
    const error = await assertRejects(
      () => repository.refs.deleteReflogEntries("refs/heads/a", [0]),
      ReftableError,
      "reflog could not be found: 'refs/heads/a'",
    );
    assertEquals(error.code, "not-exist");
  });

  gitTest(`RefStore.expireReflogs() takes out what is old, with ${refFormat}`, async () => {
    await using repository = await RefsRepository.create({ refFormat });
    const { refs, oids: [a, b, c] } = repository;
    for (const [i, oid] of [a, b, c].entries()) {
      const identity = { ...COMMITTER, time: 1000 * (i + 1) };
      await refs.transaction((transaction) => {
        transaction.update("refs/heads/main", oid!);
        transaction.update("refs/heads/x", oid!);
      }, { identity });
    }
    const names = ["refs/heads/main", "refs/heads/x", "refs/heads/none"];
    const results = await refs.expireReflogs(names, { before: 2000 });
    assertEquals(results.map(({ removed, kept }) => [removed.length, kept]), [
      ...[[1, 2], [1, 2], [0, 0]],
    ]);
    assertEquals(repository.log("refs/heads/x").map(([newOid]) => newOid), [c!, b!]);
    await refs.expireReflogs(["HEAD"], { filter: ({ newOid }) => newOid === b });
    assertEquals(repository.log("HEAD").map(([newOid]) => newOid), [c!, a!]);
    await refs.expireReflogs(["refs/heads/x"], { filter: (_entry, position) => position === 0 });
    assertEquals(repository.log("refs/heads/x").map(([newOid]) => newOid), [b!]);
    await refs.expireReflogs(["refs/heads/x"], { before: Infinity });
    assertEquals([refs.hasReflog("refs/heads/x"), repository.log("refs/heads/x")], [true, []]);
  });

  gitTest(
    `RefStore.expireReflogs() takes out what cannot be reached, with ${refFormat}`,
    async () => {
      await using repository = await RefsRepository.create({ refFormat });
      const { refs, repo } = repository;
      for (const message of ["one", "two", "lost"]) {
        await repo.ok(["commit", "-q", "--allow-empty", "-m", message]);
      }
      await repo.ok(["reset", "-q", "--soft", "HEAD~"]);
      await repository.git(["tag", "-m", "a tag", "v1"]);
      // The newest entry tells of the reset.
      const lost = repository.log("refs/heads/main")[1]![0]!;
      const unreachableBefore = COMMITTER.time + 1;
      const [result] = await refs.expireReflogs(["refs/heads/main"], { unreachableBefore });
      assertEquals(result!.removed.map(({ newOid, oldOid }) => [newOid, oldOid].includes(lost)), [
        ...[true, true],
      ]);
      assertEquals(repository.log("refs/heads/main").map(([, , message]) => message), [
        ...["commit: two", "commit (initial): one"],
      ]);
      // Any ref counts for HEAD.
      await repository.git(["branch", "keep", lost]);
      const [head] = await refs.expireReflogs(["HEAD"], { unreachableBefore });
      assertEquals(head!.removed, []);
      await repository.git(["branch", "-D", "keep"]);
      const [again] = await refs.expireReflogs(["HEAD"], { unreachableBefore });
      assertEquals(again!.removed.length, 2);
    },
  );
}

gitTest("RefStore.expireReflogs() cannot tell what can be reached without objects", async () => {
  await using repository = await RefsRepository.create({}, { objects: undefined });
  const error = await assertRejects(
    () => repository.refs.expireReflogs(["HEAD"], { unreachableBefore: 1 }),
    ReftableError,
  );
  assertEquals(error.code, "api");
});
