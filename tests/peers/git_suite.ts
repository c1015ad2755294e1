/**
 * Runs git's own tests of its ref commands twice, with git and with our program in place of these
 * commands, and prints what differs.
 *
 * ```sh
 * deno task git-suite                                # all of them, with files and with reftables
 * deno task git-suite --ref-format reftable t1400    # some of them
 * ```
 *
 * Exits with 0 when nothing differs but what is meant to.
 *
 * @module
 */

import { ensureDir } from "@std/fs";
import { fromFileUrl, join } from "@std/path";
import { buildGit } from "./build_git.ts";
import { deliberateReason } from "./git_suite_differences.ts";

/** The scripts that try what our program does, by the beginnings of their names. */
const SCRIPTS = [
  ...["t0600", "t0601", "t0602", "t0610", "t0613", "t0614"],
  ...["t1400", "t1401", "t1402", "t1403", "t1404", "t1405", "t1407", "t1408", "t1409"],
  ...["t1410", "t1411", "t1412", "t1413", "t1414", "t1415", "t1416", "t1417", "t1418", "t1419"],
  ...["t1421", "t1422", "t1423", "t1430", "t1460", "t1461", "t1462", "t1463"],
  ...["t6300", "t6301", "t6302"],
];

/** The commands that our program stands in for. */
const COMMANDS = [
  ...["check-ref-format", "for-each-ref", "pack-refs", "reflog", "refs"],
  ...["show-ref", "symbolic-ref", "update-ref"],
];

const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));

const REF_FORMATS = ["files", "reftable"] as const;

type RefFormat = typeof REF_FORMATS[number];

/** How the tests of a script went, by their numbers and names. */
type Outcome = ReadonlyMap<string, boolean>;

/** One line of the table. */
interface Row {
  readonly script: string;
  readonly refFormat: RefFormat;
  readonly git: Outcome;
  readonly ours: Outcome;
  /** The tests that git alone passes. */
  readonly differing: readonly string[];
}

async function main(args: readonly string[]): Promise<number> {
  const { refFormats, scripts } = parseArguments(args);
  const source = await buildGit();
  // Not below where git was built: sockets have short paths, and gpg-agent makes some.
  const work = await Deno.makeTempDir({ prefix: "git-suite-" });
  try {
    const wrappers = join(work, "bin");
    await writeWrapper(wrappers, source);
    const jobs = refFormats.flatMap((refFormat) =>
      scripts.map((script) => ({ script, refFormat }))
    );
    const rows = await inTurns(jobs, navigator.hardwareConcurrency, async (job) => {
      const { script, refFormat } = job;
      const root = join(work, `${script}${refFormat[0]}`);
      const git = await runScript(source, script, refFormat, join(root, "git"));
      const ours = await runScript(source, script, refFormat, join(root, "ours"), wrappers);
      const passed = (outcome: Outcome) => outcome.values().filter((ok) => ok).toArray().length;
      console.error(`${script} ${refFormat}: git ${passed(git)}, ours ${passed(ours)}`);
      const differing = git.entries()
        .filter(([test, ok]) => ok && ours.get(test) !== true)
        .map(([test]) => test).toArray();
      return { script, refFormat, git, ours, differing };
    });
    return report(rows);
  } finally {
    // Some tests take permissions away and leave it at that where they fail.
    await new Deno.Command("chmod", { args: ["-R", "u+rwX", work] }).output();
    await Deno.remove(work, { recursive: true });
  }
}

function parseArguments(args: readonly string[]) {
  const rest = [...args];
  let refFormats: readonly RefFormat[] = REF_FORMATS;
  const scripts: string[] = [];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--ref-format") {
      const given = rest.shift();
      refFormats = REF_FORMATS.filter((refFormat) => refFormat === given);
      if (refFormats.length === 0) {
        throw new Error(`--ref-format takes ${REF_FORMATS.join(" or ")}`);
      }
    } else {
      scripts.push(arg);
    }
  }
  return { refFormats, scripts: scripts.length === 0 ? SCRIPTS : scripts };
}

/** Puts a `git` into a directory that has our program do what it can, and git do the rest. */
async function writeWrapper(directory: string, source: string): Promise<void> {
  await ensureDir(directory);
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  // What the modules were found to be is known by now; HOME is another one in the tests.
  const cache = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(cache.stdout));
  const permissions = "--allow-read --allow-write --allow-env";
  const lines = [
    "#!/bin/sh",
    `: "\${GIT_EXEC_PATH:=${source}}"`,
    "export GIT_EXEC_PATH",
    "skip=",
    'for arg in "$@"; do',
    '  if [ -n "$skip" ]; then skip=; continue; fi',
    '  case "$arg" in',
    "    -C|-c|--git-dir|--work-tree|--namespace|--config-env) skip=1 ;;",
    `    ${COMMANDS.join("|")})`,
    `      export DENO_DIR=${quote(denoDir)} DENO_NO_UPDATE_CHECK=1`,
    `      exec ${quote(Deno.execPath())} run -q --no-prompt ${permissions} ${quote(CLI)} "$@" ;;`,
    "    -*) ;;",
    "    *) break ;;",
    "  esac",
    "done",
    `exec ${quote(join(source, "git"))} "$@"`,
  ];
  await Deno.writeTextFile(join(directory, "git"), lines.join("\n") + "\n", { mode: 0o755 });
}

/** Runs one of git's scripts; with the `git` in `wrappers` when it is given. */
async function runScript(
  source: string,
  script: string,
  refFormat: RefFormat,
  root: string,
  wrappers?: string,
): Promise<Outcome> {
  const tests = join(source, "t");
  const names = [...Deno.readDirSync(tests)].map(({ name }) => name);
  const name = names.find((name) => name.startsWith(`${script}-`) && name.endsWith(".sh"));
  if (name === undefined) throw new Error(`git has no test script ${script}`);
  await ensureDir(root);
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: [name, `--root=${root}`],
    cwd: tests,
    env: {
      GIT_TEST_DEFAULT_REF_FORMAT: refFormat,
      TEST_OUTPUT_DIRECTORY: root,
      ...(wrappers === undefined ? {} : { GIT_TEST_INSTALLED: wrappers }),
    },
    stderr: "null",
  }).output();
  // Some tests are named after the directory that they run in.
  return parseTap(new TextDecoder().decode(stdout).replaceAll(root, ""));
}

/** Reads lines such as `ok 3 - name`; those that were skipped, or are known to fail, do not count. */
function parseTap(text: string): Outcome {
  const lines = text.matchAll(/^(not )?ok (\d+ - .*?)$/gm)
    .filter(([line]) => !/# (?:skip|TODO)/i.test(line));
  return new Map(lines.map(([, not, test]) => [test!, not === undefined]));
}

/** Works on some at a time; the results have the order of the jobs. */
async function inTurns<T, R>(
  jobs: readonly T[],
  atOnce: number,
  work: (job: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = jobs.entries();
  const take = async () => {
    for (const [i, job] of queue) results[i] = await work(job);
  };
  await Promise.all(Array.from({ length: atOnce }, take));
  return results;
}

/** Prints the table; 0 when all that differs is meant to. */
function report(rows: readonly Row[]): number {
  let unexplained = 0;
  console.log("script  refs      git  ours");
  for (const { script, refFormat, git, ours, differing } of rows) {
    const [theirs, our] = [git, ours].map((outcome) =>
      outcome.values().filter((ok) => ok).toArray().length
    );
    console.log(
      `${script}   ${refFormat.padEnd(8)}${`${theirs}`.padStart(5)}${`${our}`.padStart(6)}`,
    );
    for (const test of differing) {
      const reason = deliberateReason(script, test);
      if (reason === undefined) unexplained++;
      console.log(`          ${test}${reason === undefined ? "" : ` [deliberate: ${reason}]`}`);
    }
  }
  console.log(`${unexplained} unexplained`);
  return unexplained === 0 ? 0 : 1;
}

if (import.meta.main) {
  Deno.exit(await main(Deno.args));
}
