import { assert, assertEquals, assertMatch } from "@std/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import { eachOf, reftable } from "./run_cli.ts";

Deno.test("reftable tells how it is used", async () => {
  const general = /^usage: reftable .*<command>[^]*\n {4}dump +\w+[^]*\n {4}-C <path> +\w+/;
  const dump =
    /^usage: reftable dump \[<options>\] <path>\n[^]*\n {4}--\[no-\]prefix <prefix>\n +\w+/;
  const cases: readonly [string[], RegExp, number][] = [
    [["--help"], general, 0],
    [["-h"], general, 0],
    [["help"], general, 0],
    [["help", "dump"], dump, 0],
    [["dump", "--help"], dump, 0],
    // As Git has it: who asks for the usage has not used it.
    [["dump", "-h"], dump, 129],
    [["dump", "git/one-ref.ref", "-bh"], dump, 129],
    [["dump", "git/one-ref.ref", "--refs", "--help"], dump, 0],
  ];
  await eachOf(cases, async ([args, usage, code]) => {
    // No permission is needed for that.
    const run = await reftable(args, { read: [] });
    assertEquals([run.code, run.stderr], [code, ""], args.join(" "));
    assertMatch(run.stdout, usage);
    assert(run.stdout.endsWith("\n") && !run.stdout.endsWith("\n\n"));
    for (const line of run.stdout.split("\n")) assert(line.length <= 100, line);
  });
});

Deno.test("reftable --help names every command, each of which has examples", async () => {
  const { stdout } = await reftable(["--help"], { read: [] });
  const named = [...stdout.matchAll(/^ {4}([a-z][a-z-]*) {2}/gm)].map(([, name]) => name!);
  assertEquals(named.toSorted(), Object.keys(COMMANDS).toSorted());
  for (const name of named) {
    const { spec } = (await COMMANDS[name]!.load()).command;
    assert(spec.examples, name);
  }
});

Deno.test("reftable takes a value that looks like --help as a value", async () => {
  for (const args of [["--prefix", "-h"], ["--prefix", "--help"], ["--", "-h"]]) {
    const { stdout } = await reftable(["dump", "git/one-ref.ref", ...args]);
    assertEquals(stdout, "", args.join(" "));
  }
});

Deno.test("reftable refuses a wrong command line with the usage", async () => {
  const path = "git/one-ref.ref";
  const general = "usage: reftable [-C <path>]";
  const dump = "usage: reftable dump [<options>] <path>";
  const cases: readonly [string[], string, string][] = [
    [[], "", general],
    [["frob"], "unknown command `frob'", general],
    [["toString"], "unknown command `toString'", general],
    [["dump"], "a path is missing", dump],
    [["dump", "--"], "a path is missing", dump],
    [["dump", path, "b"], "unexpected argument `b'", dump],
    [["dump", path, "--", "--json"], "unexpected argument `--json'", dump],
    [["dump", "--frob", path], "unknown option `frob'", dump],
    [["dump", "--jsonl", path], "unknown option `jsonl'", dump],
    [["dump", "-x", path], "unknown switch `x'", dump],
    [["dump", "-bx", path], "unknown switch `x'", dump],
    [["dump", "--json=yes", path], "option `json' takes no value", ""],
    [["dump", path, "--prefix"], "option `prefix' requires a value", ""],
    [["dump", "-t", "-s", path], "options '-s' and '-t' cannot be used together", ""],
  ];
  await eachOf(cases, async ([args, message, usage]) => {
    const run = await reftable(args);
    assertEquals([run.code, run.stdout], [129, ""], args.join(" "));
    const expected = message === "" ? usage : `error: ${message}\n${usage}`;
    assertEquals(run.stderr.slice(0, expected.length), expected);
    assert(run.stderr.endsWith("\n") && !run.stderr.endsWith("\n\n"));
  });
  const { code, stderr } = await reftable(["dump", "--hash=md5", path]);
  assertEquals(code, 129);
  assertMatch(stderr, /^error: .*md5.*\nusage: reftable dump/);
});
