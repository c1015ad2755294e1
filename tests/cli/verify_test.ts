import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Problem } from "@reftable/reftable";
import { copy } from "@std/fs";
import { fixture, fixtures } from "../fixtures.ts";
import { block, directRef, table } from "../hand_made.ts";
import { withBytes } from "../table/verifying.ts";
import { eachOf, FIXTURES, reftable, type Run, type RunOptions } from "./run_cli.ts";

/** A directory of its own for a test. */
function temporary(): { path: string; options: RunOptions } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "reftable-cli-" });
  return {
    path,
    options: { read: [path] },
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

function verify(args: readonly string[], options?: RunOptions): Promise<Run> {
  return reftable(["verify", ...args], options);
}

function assertRun(run: Run, code: number, stdout: string, stderr = ""): void {
  assertEquals([run.code, run.stdout, run.stderr], [code, stdout, stderr]);
}

const DAMAGED = withBytes(fixture("git/restart-4-1k.ref").bytes, 1024, "x");

Deno.test("verify is silent about what is sound", async () => {
  await eachOf(fixtures().filter(({ bytes }) => bytes.length < 150_000), async ({ name }) => {
    assertRun(await verify([name]), 0, "");
  });
  assertRun(await verify(["--strict", "--json", "--jobs=2", "git/mixed-4k.ref"]), 0, "");
});

Deno.test("verify tells what is wrong with a table", async () => {
  using directory = temporary();
  const path = `${directory.path}/x.ref`;
  Deno.writeFileSync(path, DAMAGED);
  const finding = "expected a block at offset 1024, found byte 120";
  const line = `error: ${path}: offset 1024: ${finding} (block-type)\n`;
  for (const args of [[path], ["--strict", path], ["--jobs", "3", path]]) {
    assertRun(await verify(args, directory.options), 1, line);
  }
  const json = await verify(["--json", path], directory.options);
  assertEquals([json.code, json.stderr], [1, ""]);
  assertEquals(JSON.parse(json.stdout), {
    severity: "error",
    code: "block-type",
    file: path,
    offset: 1024,
    message: finding,
  });
  assert(json.stdout.endsWith("}\n"));
});

Deno.test("verify tells each problem on a line of its own", async () => {
  using directory = temporary();
  const path = `${directory.path}/x.ref`;
  const other = withBytes(DAMAGED, 4096, "x");
  Deno.writeFileSync(path, other);
  const { code, stdout } = await verify([path], directory.options);
  assertEquals([code, stdout.split("\n").length], [1, 3]);
  const json = await verify(["--json", path], directory.options);
  const problems: Problem[] = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(problems.map(({ offset }) => offset), [1024, 4096]);
});

Deno.test("verify escapes what a terminal would obey", async () => {
  using directory = temporary();
  const path = `${directory.path}/x.ref`;
  const name = "refs/\x1b[2Jheads/\u009b1m\n";
  Deno.writeFileSync(path, table([block("r", [directRef(name)], { headerSize: 24 })]));
  const { code, stdout } = await verify([path], directory.options);
  assertEquals(code, 1);
  assertMatch(
    stdout,
    /^error: [^\n]+ name "refs\/\\x1b\[2Jheads\/\\u009b1m\\x0a": [^\n]+\(refname\)\n$/,
  );
});

Deno.test("verify looks into all stacks of a repository", async () => {
  const info =
    /^(?:info: .*\/tables\.list: tables \d+ to \d+ of \d+ should be compacted \(geometric\)\n)+$/;
  for (const name of ["repository/git", "repository-sha256/git"]) {
    const { code, stdout, stderr } = await verify(["--strict", name]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, info);
    assert(stdout.includes(`${name}/reftable/`));
    assertEquals(stdout.includes("worktrees/linked"), name === "repository/git");
  }
  using directory = temporary();
  await copy(`${FIXTURES}/repository/git`, `${directory.path}/.git`);
  const linked = `${directory.path}/.git/worktrees/linked/reftable`;
  const [first] = Deno.readTextFileSync(`${linked}/tables.list`).split("\n");
  const table = `${linked}/${first}`;
  Deno.writeFileSync(table, withBytes(Deno.readFileSync(table), 28, [9]));
  for (const path of [directory.path, `${directory.path}/.git`, linked]) {
    const { code, stdout } = await verify([path], directory.options);
    assertEquals(code, 1, path);
    const errors = stdout.split("\n").filter((line) => line.startsWith("error"));
    assertEquals(errors.length, 1);
    assert(
      errors[0]!.startsWith(`error: ${table}: offset 28: record at offset 28: it shares 9 bytes`),
    );
    assert(errors[0]!.endsWith(" (record)"));
  }
});

Deno.test("verify finds what looks like refs in files beside reftables", async () => {
  using directory = temporary();
  const path = `${directory.path}/git`;
  await copy(`${FIXTURES}/repository/git`, path);
  const strays = async (path: string, ...options: string[]) => {
    const { code, stdout } = await verify(["--json", ...options, path], directory.options);
    const problems: Problem[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const found = problems.filter(({ code }) => code === "stray-ref");
    return [code, ...found.map(({ severity, file }) => [severity, file])];
  };
  assertEquals(await strays(path, "--strict"), [0]);
  Deno.writeTextFileSync(`${path}/packed-refs`, "");
  Deno.writeTextFileSync(`${path}/worktrees/linked/ORIG_HEAD`, "");
  const expected = [
    ["warning", `${path}/packed-refs`],
    ["warning", `${path}/worktrees/linked/ORIG_HEAD`],
  ];
  assertEquals(await strays(path), [0, ...expected]);
  assertEquals(await strays(path, "--strict"), [1, ...expected]);
  assertEquals(await strays(`${path}/reftable`, "--strict"), [0]);
});

Deno.test("verify uses the hash that a repository's configuration says", async () => {
  using directory = temporary();
  await copy(`${FIXTURES}/repository/git`, `${directory.path}/git`);
  const config = `${directory.path}/git/config`;
  Deno.writeTextFileSync(config, "[extensions]\n\tobjectFormat = sha256\n", { append: true });
  const { code, stdout } = await verify(["--json", `${directory.path}/git`], directory.options);
  assertEquals(code, 1);
  const problems: Problem[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const errors = problems.filter(({ severity }) => severity === "error");
  assertEquals(new Set(errors.map(({ code }) => code)), new Set(["table-hash"]));
});

Deno.test("verify --strict counts warnings", async () => {
  using directory = temporary();
  await copy(`${FIXTURES}/repository-sha256/git/reftable`, `${directory.path}/reftable`);
  const lock = `${directory.path}/reftable/tables.list.lock`;
  Deno.writeTextFileSync(lock, "");
  const young = await verify(["--strict", `${directory.path}/reftable`], directory.options);
  assertEquals(young.code, 0);
  assertMatch(young.stdout, /^info: .*tables\.list\.lock: .*ago \(lock\)$/m);
  Deno.utimeSync(lock, 1_700_000_000, 1_700_000_000);
  for (const [args, code] of [[[], 0], [["--strict"], 1]] as const) {
    const run = await verify([...args, `${directory.path}/reftable`], directory.options);
    assertEquals(run.code, code);
    assertMatch(run.stdout, /^warning: .*tables\.list\.lock: .* days ago \(lock\)$/m);
  }
});

Deno.test("verify looks into a stack that cannot be opened", async () => {
  using directory = temporary();
  const stack = `${directory.path}/reftable`;
  await copy(`${FIXTURES}/repository-sha256/git/reftable`, stack);
  const [first, ...others] = Deno.readTextFileSync(`${stack}/tables.list`).trim().split("\n");
  Deno.removeSync(`${stack}/${first}`);
  const run = await verify([stack], directory.options);
  const finding = `table "${first}" does not exist`;
  assertEquals(run.code, 1);
  assert(
    run.stdout.startsWith(`error: ${stack}/tables.list: offset 0: ${finding} (missing-table)\n`),
  );
  Deno.removeSync(`${stack}/tables.list`);
  const list = await verify([stack], directory.options);
  const missing = `there is no such file, but there are ${others.length} tables`;
  assertRun(list, 1, `error: ${stack}/tables.list: ${missing} (tables-list)\n`);
});

Deno.test("verify tells apart damage and what it cannot check", async () => {
  using directory = temporary();
  const empty = `${directory.path}/empty.ref`;
  Deno.writeTextFileSync(empty, "");
  assertEquals((await verify([empty], directory.options)).code, 1);
  const missing = await verify([`${directory.path}/none`], directory.options);
  assertRun(missing, 128, "", `error: Cannot open "${directory.path}/none": it does not exist\n`);
  const nothing = await verify([directory.path], directory.options);
  const where = `(or any of the parent directories): ${directory.path}/.git`;
  assertRun(nothing, 128, "", `error: not a git repository ${where}\n`);
  for (const path of ["git/one-ref.ref", "repository/git", "repository/git/reftable"]) {
    const denied = await verify([path], directory.options);
    assertEquals([denied.code, denied.stdout], [128, ""], path);
    assertMatch(
      denied.stderr,
      /^error: Cannot stat ".*": permission is missing, run again with --allow-read/,
    );
  }
  // A stack need not lie in a repository that may be read.
  const stack = `${FIXTURES}/repository-sha256/git/reftable`;
  assertEquals((await verify([stack], { read: [stack] })).code, 0);
});

Deno.test("verify explains its usage", async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], "a path is missing"],
    [["a", "b"], "unexpected argument `b'"],
    [["--jobs=many", "a"], "option `jobs' expects a number, not `many'"],
    [["--jobs=0", "a"], "option `jobs' expects a number above 0"],
    [["--jobs"], "option `jobs' requires a value"],
    [["--json=1", "a"], "option `json' takes no value"],
    [["--hard", "a"], "unknown option `hard'"],
  ];
  await eachOf(cases, async ([args, message]) => {
    const { code, stdout, stderr } = await verify(args, { read: [] });
    assertEquals([code, stdout], [129, ""], message);
    assert(stderr.startsWith(`error: ${message}\n`), stderr);
    const showsUsage = stderr.includes("\nusage: reftable verify [<options>] <path>\n");
    assertEquals(showsUsage, !/takes no value|requires a value/.test(message));
  });
  const help = await verify(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  for (const word of ["strict", "json", "jobs <n>", "128"]) {
    assert(help.stdout.includes(word));
  }
});
