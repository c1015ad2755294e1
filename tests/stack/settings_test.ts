import { assertEquals, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { type FileMode, ReftableError, sharedRepositoryMode, Stack } from "@reftable/reftable";
import { git, GitRepo, gitTest } from "../peers/git.ts";
import { addRefs, filesIn, listedNames, tidyTest } from "./changes.ts";
import { StackDirectory } from "./stack_directory.ts";

const GROUP: FileMode = { atLeast: 0o660 };
const EVERYBODY: FileMode = { atLeast: 0o664 };

const MODES: Readonly<Record<string, FileMode | undefined>> = {
  "umask": undefined,
  "group": GROUP,
  "all": EVERYBODY,
  "world": EVERYBODY,
  "everybody": EVERYBODY,
  "true": GROUP,
  "Yes": GROUP,
  "ON": GROUP,
  "false": undefined,
  "no": undefined,
  "Off": undefined,
  "": undefined,
  "0": undefined,
  "00": undefined,
  "1": GROUP,
  "2": EVERYBODY,
  "0600": 0o600,
  "0640": 0o640,
  "640": 0o640,
  "0664": 0o664,
  "0777": 0o666,
  "02770": 0o660,
};

Deno.test("sharedRepositoryMode() reads the values of core.sharedRepository", () => {
  for (const [value, mode] of Object.entries(MODES)) {
    assertEquals(sharedRepositoryMode(value), mode, value);
  }
});

Deno.test("sharedRepositoryMode() refuses what git refuses", () => {
  const owner = "The owner of files must always have read and write permissions.";
  const cases: Readonly<Record<string, string>> = {
    "Group": "bad boolean config value 'Group' for 'core.sharedrepository'",
    "ALL": "bad boolean config value 'ALL' for 'core.sharedrepository'",
    "0o640": "bad boolean config value '0o640' for 'core.sharedrepository'",
    "u=rw": "bad boolean config value 'u=rw' for 'core.sharedrepository'",
    "0400": `problem with core.sharedRepository filemode value (0400).\n${owner}`,
    "3": `problem with core.sharedRepository filemode value (0003).\n${owner}`,
    "2066": `problem with core.sharedRepository filemode value (02066).\n${owner}`,
  };
  for (const [value, message] of Object.entries(cases)) {
    const error = assertThrows(() => sharedRepositoryMode(value), ReftableError);
    assertEquals([error.message, error.code], [message, "api"]);
  }
});

function permissions(path: string): string {
  return (Deno.statSync(path).mode! & 0o777).toString(8);
}

tidyTest("Stack gives new files the permissions that it is told", async () => {
  if (Deno.build.os === "windows") return;
  for (const mode of [0o600, 0o640, 0o666]) {
    using dir = new StackDirectory();
    await using stack = await Stack.open(dir.path, { mode, autoCompact: false });
    const check = () => {
      for (const name of filesIn(dir.path)) {
        assertEquals(permissions(`${dir.path}/${name}`), mode.toString(8), name);
      }
    };
    for (let i = 0; i < 3; i++) await addRefs(stack, `refs/heads/${i}`);
    check();
    await stack.compact({ range: { start: 0, end: 2 } });
    check();
    await using addition = await stack.beginAddition();
    await addition.add(check);
  }
});

gitTest("Stack gives new files the permissions that git gives them", async () => {
  if (Deno.build.os === "windows") return;
  const values = ["", "umask", "group", "all", "0600", "0640", "0660", "0666", "0604"];
  await using repos = new AsyncDisposableStack();
  const dirs: string[] = [];
  for (const value of values) {
    const config: Record<string, string> = value === "" ? {} : { "core.sharedRepository": value };
    dirs.push(repos.use(await GitRepo.create({ bare: true, config })).dir);
  }
  for (const umask of ["000", "002", "022", "027", "077"]) {
    const theirs = await Promise.all(dirs.map(async (dir) => {
      await runGitUnder(umask, dir);
      return newestPermissions(dir);
    }));
    await addUnder(umask, dirs);
    assertEquals(dirs.map(newestPermissions), theirs, umask);
    // What is configured makes a difference under each of them.
    assertEquals(new Set(theirs.map(([table]) => table)).size >= 5, true, `${theirs}`);
  }
});

/** The permissions of the newest table and of the list. */
function newestPermissions(dir: string): string[] {
  const table = listedNames(`${dir}/reftable`).at(-1)!;
  return [table, "tables.list"].map((name) => permissions(`${dir}/reftable/${name}`));
}

async function runGitUnder(umask: string, dir: string): Promise<void> {
  const alias =
    `alias.under=!umask ${umask} && git symbolic-ref refs/heads/${umask} refs/heads/main`;
  const env = { GIT_TEST_REFTABLE_AUTOCOMPACTION: "false" };
  await git(["-c", alias, `--git-dir=${dir}`, "under"], { env });
}

/** Adds a table to each repository in a process of its own. */
async function addUnder(umask: string, dirs: readonly string[]): Promise<void> {
  const program = `
    import { openRepositoryStack } from "@reftable/reftable";
    for (const dir of ${JSON.stringify(dirs)}) {
      await using stack = await openRepositoryStack(dir, { autoCompact: false });
      const updateIndex = stack.nextUpdateIndex;
      const ref = { kind: "symref", refname: "refs/heads/x", updateIndex, target: "HEAD" };
      await stack.add((writer) => writer.addRef(ref));
    }
  `;
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      `umask ${umask} && exec "$0" run --no-prompt --allow-read --allow-write --ext=ts -`,
      Deno.execPath(),
    ],
    cwd: fromFileUrl(new URL("../..", import.meta.url)),
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { code, stderr } = await child.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
}
