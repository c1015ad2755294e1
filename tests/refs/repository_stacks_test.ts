import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { copy } from "@std/fs";
import { findRepositoryStacks, ReftableError } from "@reftable/reftable";
import { FIXTURES } from "../cli/run_cli.ts";
import { fixture } from "../fixtures.ts";
import { tidyTest } from "../stack/changes.ts";

const REPOSITORY = `${FIXTURES}/repository/git`;

/** A directory of its own for a test. */
function temporary(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "reftable-stacks-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

tidyTest(
  "findRepositoryStacks() finds the shared stack and those of linked working trees",
  async () => {
    const expected = {
      directories: [`${REPOSITORY}/reftable`, `${REPOSITORY}/worktrees/linked/reftable`],
      hash: "sha1" as const,
      geometricFactor: undefined,
    };
    const { settings, ...found } = await findRepositoryStacks(REPOSITORY);
    assertEquals(found, expected);
    assertEquals(Object.values(settings).filter((value) => value !== undefined), []);
    const linked = await findRepositoryStacks(`${REPOSITORY}/worktrees/linked`);
    assertEquals(linked.directories.map((path) => Deno.realPathSync(path)), expected.directories);
    const sha256 = await findRepositoryStacks(`${FIXTURES}/repository-sha256/git`);
    assertEquals([sha256.directories.length, sha256.hash], [1, "sha256"]);
  },
);

tidyTest("findRepositoryStacks() takes a directory of tables by itself", async () => {
  using directory = temporary();
  const path = `${directory.path}/git/worktrees/linked/reftable`;
  await copy(REPOSITORY, `${directory.path}/git`);
  const expected = { directories: [path], hash: "sha1" as const, geometricFactor: undefined };
  assertObjectMatch(await findRepositoryStacks(path), expected);
  // It may be damaged.
  Deno.removeSync(`${path}/tables.list`);
  assertObjectMatch(await findRepositoryStacks(path), expected);
  // Outside of a repository nobody knows its hash.
  await copy(path, `${directory.path}/alone`);
  assertEquals(await findRepositoryStacks(`${directory.path}/alone`), {
    directories: [`${directory.path}/alone`],
    hash: undefined,
    geometricFactor: undefined,
    settings: {},
  });
});

tidyTest("findRepositoryStacks() tells how they are changed", async () => {
  using directory = temporary();
  await copy(REPOSITORY, directory.path, { overwrite: true });
  const config =
    "[reftable]\nblockSize = 512\ngeometricFactor = 3\n[core]\nsharedRepository = 0660\n";
  Deno.writeTextFileSync(`${directory.path}/config`, config, { append: true });
  const { settings, geometricFactor } = await findRepositoryStacks(directory.path);
  assertEquals([settings.blockSize, settings.mode, geometricFactor], [512, 0o660, 3]);
});

tidyTest(
  "findRepositoryStacks() does not take a working tree for a directory of tables",
  async () => {
    using directory = temporary();
    await copy(REPOSITORY, `${directory.path}/.git`);
    for (const name of ["debug.log", "0x000000000001-0x000000000001-00000001.ref"]) {
      Deno.writeFileSync(`${directory.path}/${name}`, fixture("git/one-ref.ref").bytes);
    }
    const { directories } = await findRepositoryStacks(directory.path);
    assertEquals(directories[0], `${directory.path}/.git/reftable`);
  },
);

tidyTest("findRepositoryStacks() takes settings and places from the configuration", async () => {
  using directory = temporary();
  await copy(REPOSITORY, `${directory.path}/git`);
  const config = `${directory.path}/git/config`;
  Deno.writeTextFileSync(config, "[reftable]\n\tgeometricFactor = 7\n", { append: true });
  const { geometricFactor } = await findRepositoryStacks(`${directory.path}/git`);
  assertEquals(geometricFactor, 7);
  const elsewhere = `${directory.path}/refs`;
  Deno.mkdirSync(elsewhere);
  for (const name of ["reftable", "worktrees"]) {
    Deno.renameSync(`${directory.path}/git/${name}`, `${elsewhere}/${name}`);
  }
  const storage = `[extensions]\n\trefStorage = reftable://${elsewhere}\n`;
  Deno.writeTextFileSync(config, storage, { append: true });
  const { directories } = await findRepositoryStacks(`${directory.path}/git`);
  assertEquals(directories, [`${elsewhere}/reftable`, `${elsewhere}/worktrees/linked/reftable`]);
});

tidyTest("findRepositoryStacks() tells why it finds none", async () => {
  using directory = temporary();
  const nowhere = `${directory.path}/nowhere`;
  const missing = await assertRejects(() => findRepositoryStacks(nowhere), ReftableError);
  assertEquals([missing.code, missing.file], ["not-exist", nowhere]);
  const empty = await assertRejects(() => findRepositoryStacks(directory.path), ReftableError);
  assertEquals(empty.code, "not-exist");
  await copy(REPOSITORY, `${directory.path}/git`);
  Deno.removeSync(`${directory.path}/git/reftable`, { recursive: true });
  const files = await assertRejects(
    () => findRepositoryStacks(`${directory.path}/git`),
    ReftableError,
    `Cannot find "${directory.path}/git/reftable": it does not exist`,
  );
  assertEquals(files.code, "not-exist");
});
