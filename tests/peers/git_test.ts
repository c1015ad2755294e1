import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { existsSync } from "@std/fs";
import { GitRepo, gitTest } from "./git.ts";

for (const hash of ["sha1", "sha256"] as const) {
  gitTest(
    `GitRepo.create() makes a repository that stores ${hash} references in tables`,
    async () => {
      await using repo = await GitRepo.create({ hash });
      assertEquals(await repo.ok(["rev-parse", "--show-ref-format"]), "reftable\n");
      assertEquals(await repo.ok(["symbolic-ref", "HEAD"]), "refs/heads/main\n");
      assertMatch(Deno.readTextFileSync(`${repo.reftableDir}/tables.list`), /^0x[^\n]+\.ref\n$/);
    },
  );
}

gitTest("GitRepo makes the same objects everywhere", async () => {
  await using repo = await GitRepo.create();
  await repo.ok(["commit", "--allow-empty", "-q", "-m", "one"]);
  const oid = repo.okSync(["rev-parse", "HEAD"]);
  assertEquals(oid, "a21a7b89deac23eea8e48041850bcc451170ea0a\n");
});

gitTest("GitRepo runs programs that git runs in turn", async () => {
  await using repo = await GitRepo.create({ config: { "reftable.blockSize": "512" } });
  await repo.ok(["commit", "--allow-empty", "-q", "-m", "one"]);
  await repo.ok(["gc", "-q", "--prune=now"]);
  await repo.ok(["fsck", "--strict"]);
  await repo.ok(["clone", "-q", "--no-local", "--ref-format=reftable", ".", "../copy"]);
  await repo.ok(["remote", "add", "copy", "../copy"]);
  await repo.ok(["push", "-q", "copy", "HEAD:refs/heads/pushed"]);
  await repo.ok(["fetch", "-q", "copy"]);
  const refs = await repo.ok(["for-each-ref", "--format=%(refname)"]);
  assertEquals(refs.split("\n").filter(Boolean), [
    "refs/heads/main",
    "refs/remotes/copy/HEAD",
    "refs/remotes/copy/main",
    "refs/remotes/copy/pushed",
  ]);
});

gitTest("GitRepo.run() passes input on and returns what git printed as bytes", async () => {
  await using repo = await GitRepo.create({ bare: true });
  const bytes = Uint8Array.of(0xff, 0x00, 0x0a, 0xfe);
  const oid = (await repo.ok(["hash-object", "-w", "--stdin"], { stdin: bytes })).trim();
  assertEquals((await repo.run(["cat-file", "blob", oid])).stdoutBytes, bytes);
  assertEquals(repo.runSync(["cat-file", "blob", oid]).stdoutBytes, bytes);
});

gitTest("GitRepo.run() survives a git that leaves its input unread", async () => {
  await using repo = await GitRepo.create({ bare: true });
  const stdin = "x".repeat(1_000_000);
  assertEquals((await repo.run(["rev-parse", "--git-dir"], { stdin })).stdout, ".\n");
});

gitTest("GitRepo.ok() throws what git complains about", async () => {
  await using repo = await GitRepo.create();
  const args = ["rev-parse", "--verify", "refs/heads/missing"];
  await assertRejects(
    () => repo.ok(args),
    Error,
    "exited with 128: fatal: Needed a single revision",
  );
  assertThrows(() => repo.okSync(args), Error, "exited with 128: fatal: Needed a single revision");
});

gitTest("GitRepo removes its directory", async () => {
  let dir: string;
  {
    await using repo = await GitRepo.create();
    dir = repo.dir;
  }
  assertEquals(existsSync(dir), false);
});
