import { assert, assertEquals, assertMatch } from "@std/assert";
import { eachOf, reftable } from "./run_cli.ts";

Deno.test("reftable tells how it is used", async () => {
  const general = /^usage: reftable <command> \[<options>\]\n\n( {4}\w+ +.+\n)* {4}dump +.+\n/;
  const dump = /^usage: reftable dump \[<options>\] <path>\n[^]*\n {4}--prefix <prefix> +\w+/;
  const cases: readonly [string[], RegExp][] = [
    [["--help"], general],
    [["-h"], general],
    [["help"], general],
    [["dump", "--help"], dump],
    [["dump", "-h"], dump],
    [["dump", "git/one-ref.ref", "--refs", "--help"], dump],
  ];
  await eachOf(cases, async ([args, usage]) => {
    // No permission is needed for that.
    const run = await reftable(args, { read: [] });
    assertEquals([run.code, run.stderr], [0, ""], args.join(" "));
    assertMatch(run.stdout, usage);
    assert(run.stdout.endsWith("\n") && !run.stdout.endsWith("\n\n"));
    for (const line of run.stdout.split("\n")) assert(line.length <= 100, line);
  });
});

Deno.test("reftable takes short forms of --help, and a value that looks like it as a value", async () => {
  for (const args of [["--he"], ["-bh"]]) {
    const run = await reftable(["dump", "git/one-ref.ref", ...args]);
    assertEquals(run.code, 0);
    assertMatch(run.stdout, /^usage: reftable dump/, args.join(" "));
  }
  for (const args of [["--prefix", "-h"], ["--prefix", "--help"], ["--", "-h"]]) {
    const { stdout } = await reftable(["dump", "git/one-ref.ref", ...args]);
    assertEquals(stdout, "", args.join(" "));
  }
});

Deno.test("reftable refuses a wrong command line with the usage", async () => {
  const path = "git/one-ref.ref";
  const general = "usage: reftable <command>";
  const dump = "usage: reftable dump [<options>] <path>";
  const cases: readonly [string[], string, string][] = [
    [[], "", general],
    [["frob"], "unknown command `frob'", general],
    [["toString"], "unknown command `toString'", general],
    [["--frob"], "unknown command `--frob'", general],
    [["dump"], "a path is missing", dump],
    [["dump", "--"], "a path is missing", dump],
    [["dump", path, "b"], "unexpected argument `b'", dump],
    [["dump", path, "--", "--json"], "unexpected argument `--json'", dump],
    [["dump", "--frob", path], "unknown option `frob'", dump],
    [["dump", "--jsonl", path], "unknown option `jsonl'", dump],
    [["dump", "-x", path], "unknown switch `x'", dump],
    [["dump", "-bx", path], "unknown switch `x'", dump],
    [["dump", "--re", path], "ambiguous option: re (could be --refs or --ref)", dump],
    [["dump", "--json=yes", path], "option `json' takes no value", dump],
    [["dump", path, "--prefix"], "option `prefix' requires a value", dump],
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
