import { assert, assertEquals } from "@std/assert";
import { type ListedRef, RefStore } from "@reftable/reftable";
import { gitTest } from "../peers/git.ts";
import { REF_FORMATS, RefsRepository } from "./refs_repository.ts";

/** Makes a repository with refs of all kinds. */
async function createRepository(refFormat: "files" | "reftable"): Promise<RefsRepository> {
  const repository = await RefsRepository.create({ refFormat });
  const [a, b] = repository.oids as [string, string];
  const names = [
    "refs/heads/main",
    "refs/heads/a-b",
    "refs/heads/a/b",
    "refs/heads/ä",
    "ORIG_HEAD",
  ];
  await repository.refs.transaction((transaction) => {
    for (const refname of names) transaction.create(refname, a);
    transaction.create("refs/worktree/w", b);
    transaction.createSymref("refs/heads/s", "refs/heads/a/b");
    transaction.createSymref("refs/heads/t", "refs/heads/s");
    transaction.createSymref("refs/heads/dangling", "refs/heads/gone");
  });
  await repository.git(["tag", "-m", "a tag", "v1", b]);
  return repository;
}

/** Spells a ref as `git for-each-ref` does; nothing for one that leads nowhere. */
function spell(ref: ListedRef): string[] {
  if (ref.kind === "broken") return [];
  if (ref.kind !== "symref") return [`${ref.refname} ${ref.oid} []`];
  const { oid, refname } = ref.resolved;
  return oid === undefined ? [] : [`${ref.refname} ${oid} [${refname}]`];
}

for (const refFormat of REF_FORMATS) {
  gitTest(`RefStore.list() lists what git lists, with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const { refs } = repository;
    const format = "--format=%(refname) %(objectname) [%(symref)]";
    const all = await repository.git(["for-each-ref", "--include-root-refs", format]);
    assertEquals(refs.list({ includeRoot: true }).flatMap(spell).toArray(), all.split("\n"));
    for (const prefix of ["refs/heads/", "refs/heads/a/", "refs/tags/", "refs/worktree/"]) {
      const some = await repository.git(["for-each-ref", format, prefix]);
      assertEquals(refs.list({ prefix }).flatMap(spell).toArray(), some.split("\n"));
    }
    const after = refs.list({ prefix: "refs/heads/", after: "refs/heads/a/b" });
    assertEquals(after.map(({ refname }) => refname).toArray(), [
      ...["dangling", "main", "s", "t", "ä"].map((name) => `refs/heads/${name}`),
    ]);
  });

  gitTest(`RefStore.list() gives symbolic refs as they are, with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const symrefs = repository.refs.list().filter((ref) => ref.kind === "symref");
    const found = symrefs.map(({ refname, target, resolved }) => {
      return [refname, target, resolved.refname, resolved.oid];
    });
    const [a] = repository.oids;
    assertEquals(found.toArray(), [
      ["refs/heads/dangling", "refs/heads/gone", "refs/heads/gone", undefined],
      ["refs/heads/s", "refs/heads/a/b", "refs/heads/a/b", a],
      ["refs/heads/t", "refs/heads/s", "refs/heads/a/b", a],
    ]);
  });

  gitTest(`RefStore reads what belongs to other working trees, with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const { refs, repo, oids: [a, b] } = repository;
    await repo.ok(["worktree", "add", "-q", "--detach", "../linked", a!]);
    const linked = `${repo.dir}/../linked`;
    await repo.ok(["update-ref", "refs/worktree/w", a!], { cwd: linked });
    await using own = await RefStore.open(linked);
    assertEquals(own.repository.worktreeId, "linked");
    const names = ["refs/worktree/w", "HEAD", "refs/heads/main"];
    assertEquals(names.map((refname) => own.resolve(refname)?.oid), [a, a, a]);
    assertEquals(own.resolve("main-worktree/refs/worktree/w")?.oid, b);
    assertEquals(own.resolve("main-worktree/HEAD")?.refname, "refs/heads/main");
    await refs.reload();
    assertEquals(refs.resolve("worktrees/linked/refs/worktree/w")?.oid, a);
    assertEquals(refs.read("worktrees/linked/HEAD")?.kind, "direct");
    assertEquals(refs.read("worktrees/other/HEAD"), undefined);
    assertEquals(own.list({ prefix: "refs/worktree/" }).flatMap(spell).toArray(), [
      `refs/worktree/w ${a} []`,
    ]);
  });

  gitTest(
    `RefStore reads FETCH_HEAD and MERGE_HEAD from their files, with ${refFormat}`,
    async () => {
      await using repository = await createRepository(refFormat);
      const { refs, repo, oids: [a, b] } = repository;
      assertEquals(refs.read("MERGE_HEAD"), undefined);
      await Deno.writeTextFile(`${repo.gitDir}/FETCH_HEAD`, `${b}\t\tbranch 'x' of y\n${a}\t\tz\n`);
      assertEquals(refs.resolve("FETCH_HEAD")?.oid, b);
      assertEquals(refs.expand("FETCH_HEAD")?.resolved.oid, b);
      assert(!refs.list({ includeRoot: true }).some(({ refname }) => refname === "FETCH_HEAD"));
      assertEquals(await refs.oidOf("FETCH_HEAD"), b);
    },
  );
}

gitTest("RefStore.list() flags what makes no sense", async () => {
  await using repository = await createRepository("files");
  const { refs, repo, oids: [a] } = repository;
  const heads = `${repo.gitDir}/refs/heads`;
  await Deno.writeTextFile(`${heads}/nonsense`, "nonsense\n");
  await Deno.writeTextFile(`${heads}/zero`, `${"0".repeat(40)}\n`);
  await Deno.writeTextFile(`${heads}/bad..name`, `${a}\n`);
  await Deno.writeTextFile(`${heads}/out`, "ref: ../outside\n");
  const broken = refs.list().filter((ref) => ref.kind === "broken");
  assertEquals(broken.map(({ refname, finding }) => [refname, finding]).toArray(), [
    ["refs/heads/bad..name", "a bad name"],
    ["refs/heads/nonsense", '"nonsense"'],
    ["refs/heads/zero", "an object id of zeros"],
  ]);
  const { stderr } = await repo.run(["for-each-ref"]);
  const told = [...stderr.matchAll(/^warning: ignoring .* (refs\S*)$/gm)].map(([, name]) => name);
  assertEquals(told.sort(), ["bad..name", "nonsense", "zero"].map((name) => `refs/heads/${name}`));
  const out = refs.list().find(({ refname }) => refname === "refs/heads/out");
  assert(out?.kind === "symref" && out.resolved.isBroken);
});
