import { assert, assertEquals, assertRejects } from "@std/assert";
import { walk } from "@std/fs";
import { relative } from "@std/path";
import {
  denoFileSystem,
  type FileSystem,
  type InitOptions,
  initRepository,
  readHead,
  ReftableError,
} from "@reftable/reftable";
import { git, gitTest, runGit } from "../peers/git.ts";

/** A temporary directory, removed on disposal. */
function temporary(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "reftable-init-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** All that is below a directory: permissions and contents by name; tables have random names. */
async function contents(path: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const entry of walk(path)) {
    const name = relative(path, entry.path);
    const { mode } = Deno.statSync(entry.path);
    const tableName = /-[0-9a-f]{8}(?=\.ref)/g;
    const text = entry.isFile
      ? String.fromCharCode(...Deno.readFileSync(entry.path)).replace(tableName, "-")
      : "directory";
    found[name.replace(tableName, "-")] = `${(mode ?? 0).toString(8)} ${text}`;
  }
  return found;
}

/** The options of both. */
const CASES: readonly (readonly [options: InitOptions, args: readonly string[]])[] = [
  [{}, []],
  [{ bare: true }, ["--bare"]],
  [{ hash: "sha256", initialBranch: "trunk/ü" }, ["--object-format=sha256", "-b", "trunk/ü"]],
  [{ sharedRepository: "group" }, ["--shared=group"]],
  [{ sharedRepository: "all", bare: true }, ["--shared=all", "--bare"]],
  [{ sharedRepository: "0640" }, ["--shared=0640"]],
  [{ sharedRepository: "0660", bare: true }, ["--shared=0660", "--bare"]],
  [{ sharedRepository: "umask" }, ["--shared=umask"]],
];

gitTest("initRepository() makes what git init makes", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    for (const [options, args] of CASES) {
      using dir = temporary();
      const env = { GIT_CONFIG_COUNT: "0" };
      const format = ["--template=", `--ref-format=${refFormat}`];
      await git(["init", "-q", ...format, ...args, `${dir.path}/a/theirs`], { env });
      const repository = await initRepository(`${dir.path}/b/ours`, { ...options, refFormat });
      const label = `${refFormat} ${args.join(" ")}`;
      assertEquals(
        await contents(`${dir.path}/b/ours`),
        await contents(`${dir.path}/a/theirs`),
        label,
      );
      assertEquals(repository.isBare, options.bare ?? false);
      assertEquals([repository.refFormat, repository.hash], [refFormat, options.hash ?? "sha1"]);
      const cwd = `${dir.path}/b/ours`;
      const branch = `refs/heads/${options.initialBranch ?? "master"}`;
      assertEquals(readHead(cwd), { refname: branch, oid: undefined });
      assertEquals((await git(["symbolic-ref", "HEAD"], { cwd })).trim(), branch);
      await git(["fsck", "--strict"], { cwd });
      await git(["refs", "verify", "--strict"], { cwd });
      if (options.bare) continue;
      await git(["status"], { cwd });
      await git(["commit", "-q", "--allow-empty", "-m", "one"], { cwd });
      const oid = (await git(["rev-parse", "HEAD"], { cwd })).trim();
      assertEquals(readHead(cwd), { refname: branch, oid });
    }
  }
});

Deno.test("initRepository() takes a directory with files in it, but no repository", async () => {
  using dir = temporary();
  Deno.writeTextFileSync(`${dir.path}/file`, "");
  await initRepository(dir.path);
  const before = await contents(dir.path);
  for (const options of [{}, { refFormat: "files" }, { bare: true }] as const) {
    const path = options === undefined || "bare" in options ? `${dir.path}/.git` : dir.path;
    const error = await assertRejects(() => initRepository(path, options), ReftableError);
    assertEquals(error.code, "exists");
    assertEquals(
      error.message,
      `Cannot create a repository in "${dir.path}/.git": there is one already`,
    );
  }
  assertEquals(await contents(dir.path), before);
});

Deno.test("initRepository() refuses bad names of branches", async () => {
  using dir = temporary();
  for (const initialBranch of ["", "a..b", "a b", "/", ".lock", "a/"]) {
    const error = await assertRejects(
      () => initRepository(dir.path, { initialBranch }),
      ReftableError,
    );
    assertEquals(error.code, "refname");
    assertEquals(error.message, `invalid initial branch name: '${initialBranch}'`);
  }
  assertEquals(Array.from(Deno.readDirSync(dir.path)), []);
});

Deno.test("initRepository() leaves nothing behind when it fails", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    for (const isThere of [true, false]) {
      let [steps, all] = [0, 0];
      for (let failing = 0; failing <= all; failing++) {
        using dir = temporary();
        const top = isThere ? dir.path : `${dir.path}/top`;
        Deno.writeTextFileSync(`${dir.path}/file`, "");
        steps = 0;
        const fail =
          <Args extends readonly unknown[], Result>(action: (...args: Args) => Result) =>
          (...args: Args): Result => {
            if (++steps === failing) throw new ReftableError("io", "no more room");
            return action(...args);
          };
        const fileSystem: FileSystem = {
          ...denoFileSystem,
          create: fail(async (...args) => {
            const file = await denoFileSystem.create(...args);
            return file && {
              write: fail((bytes: Uint8Array) => file.write(bytes)),
              sync: fail(() => file.sync()),
              [Symbol.dispose]: () => file[Symbol.dispose](),
            };
          }),
          makeDirectory: fail(denoFileSystem.makeDirectory),
          rename: fail(denoFileSystem.rename),
          syncDirectory: fail(denoFileSystem.syncDirectory),
        };
        const making = initRepository(top, { refFormat, fileSystem });
        if (failing === 0) {
          await making;
          all = steps;
          assert(all > 8);
          continue;
        }
        await assertRejects(() => making, ReftableError, "no more room");
        const left = Array.from(Deno.readDirSync(dir.path), ({ name }) => name);
        assertEquals(left, ["file"], `${refFormat}, step ${failing}`);
      }
    }
  }
});

gitTest("initRepository() makes no repository before it is complete", async () => {
  using dir = temporary();
  const fileSystem: FileSystem = {
    ...denoFileSystem,
    create: async (path, mode) => {
      const { code } = await runGit(["rev-parse", "--git-dir"], { cwd: dir.path });
      assertEquals(code, 128, path);
      return await denoFileSystem.create(path, mode);
    },
  };
  await initRepository(dir.path, { fileSystem });
  await git(["rev-parse", "--git-dir"], { cwd: dir.path });
});
