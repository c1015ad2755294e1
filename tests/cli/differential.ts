/**
 * Command lines that real git and ours run on twin repositories: what they print, how they exit, and what is in the
 * repository afterwards must be the same.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { decodeText } from "../../src/bytes/text.ts";
import { gitTest, peer } from "../peers/git.ts";
import { CapturedSystem, type MainRun } from "./run_main.ts";
import { main } from "../../src/cli/main.ts";

/** The environment of both programs; nothing else of this machine's gets through. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  GIT_AUTHOR_DATE: "1700000000 -0730",
  GIT_AUTHOR_EMAIL: "author@example.com",
  GIT_AUTHOR_NAME: "A U Thor",
  GIT_COMMITTER_DATE: "1700000000 -0730",
  GIT_COMMITTER_EMAIL: "c@example.com",
  GIT_COMMITTER_NAME: "C O Mitter",
  GIT_CONFIG_COUNT: "3",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_KEY_0: "gc.auto",
  GIT_CONFIG_KEY_1: "safe.directory",
  GIT_CONFIG_KEY_2: "init.defaultBranch",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_VALUE_0: "0",
  GIT_CONFIG_VALUE_1: "*",
  GIT_CONFIG_VALUE_2: "main",
  GIT_TEST_DATE_NOW: "1700001000",
  HOME: "/nonexistent",
  LC_ALL: "C",
  TZ: "UTC",
};

/** A command line, and what it finds. */
export interface Case {
  /** What stands behind the program's name. */
  readonly args: readonly string[];
  /** What stands on standard input. */
  readonly stdin?: string;
  /** The directory below the repository's to run in. */
  readonly cwd?: string;
  /** Variables beside the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the first line on standard error is compared; it is, unless told otherwise. */
  readonly stderr?: false;
  /** Whether what is in the repository afterwards is compared; it is, unless told otherwise. */
  readonly leaves?: false;
}

/** Makes a case of a line whose words are separated by spaces; those in quotation marks may have some. */
export function line(text: string, rest: Omit<Case, "args"> = {}): Case {
  const args = [...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
    .map(([, single, double, plain]) => single ?? double ?? plain!);
  return { args, ...rest };
}

/** How refs are stored, and what ids are like. */
export interface Kind {
  readonly refFormat: "files" | "reftable";
  readonly hash: "sha1" | "sha256";
}

/** The kinds of repositories that all is tried on. */
export const KINDS: readonly Kind[] = [
  { refFormat: "reftable", hash: "sha1" },
  { refFormat: "reftable", hash: "sha256" },
  { refFormat: "files", hash: "sha1" },
];

/** Runs git and waits. */
export function runGitIn(
  cwd: string,
  { args, stdin = "", env = {} }: Case,
): MainRun {
  if (!peer.available) throw new Error(peer.reason);
  const input = stdin === "" ? undefined : Deno.makeTempFileSync();
  if (input !== undefined) Deno.writeTextFileSync(input, stdin);
  // There is no other way to give input without being asynchronous.
  const command = input === undefined
    ? new Deno.Command(peer.path, options(args))
    : new Deno.Command("sh", options(["-c", 'exec "$@" < ' + input, "sh", peer.path, ...args]));
  function options(args: readonly string[]): Deno.CommandOptions {
    return {
      args: [...args],
      cwd,
      clearEnv: true,
      env: { ...ENVIRONMENT, ...env, PATH: Deno.env.get("PATH") ?? "" },
      stdin: "null",
    };
  }
  try {
    const { code, stdout, stderr } = command.outputSync();
    return { code, stdout: decodeText(stdout), stderr: decodeText(stderr) };
  } finally {
    if (input !== undefined) Deno.removeSync(input);
  }
}

/** Runs git, which must succeed. */
export function gitIn(cwd: string, ...args: string[]): string {
  const { code, stdout, stderr } = runGitIn(cwd, { args });
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** A repository and copies of it. */
export class Twins implements Disposable {
  readonly #temp = Deno.makeTempDirSync({ prefix: "reftable-twins-" });
  readonly #original = `${this.#temp}/original/repo`;
  readonly #kept: Record<"git" | "ours", string> | undefined;
  #count = 0;

  /** Makes the repository. */
  constructor(make: (directory: string) => void) {
    Deno.mkdirSync(`${this.#temp}/original`);
    make(this.#original);
    this.#kept = this.#copies();
  }

  /** Runs cases that change nothing, and tells where they differ. */
  async compareReading(cases: Iterable<Case>): Promise<string[]> {
    const differences: string[] = [];
    const before = stateOf(this.#kept!.git);
    for (const item of cases) differences.push(...await this.#compare(item, this.#kept!));
    for (const directory of Object.values(this.#kept!)) {
      assertEquals(stateOf(directory), before, "what only reads has changed something");
    }
    return differences;
  }

  /** Runs cases that may change something, each on repositories of its own, and tells where they differ. */
  async compareWriting(cases: Iterable<Case>): Promise<string[]> {
    const differences: string[] = [];
    for (const item of cases) {
      const twins = this.#copies();
      differences.push(...await this.#compare(item, twins));
      const [git, ours] = [stateOf(twins.git), stateOf(twins.ours)];
      if (git !== ours && item.leaves !== false) {
        differences.push(describe(item, "leaves", difference(git, ours)));
      }
      for (const directory of Object.values(twins)) {
        Deno.removeSync(`${directory}/..`, { recursive: true });
      }
    }
    return differences;
  }

  async #compare(item: Case, twins: Record<"git" | "ours", string>): Promise<string[]> {
    const { cwd = ".", env = {}, stdin } = item;
    const git = runGitIn(`${twins.git}/${cwd}`, item);
    const system = new CapturedSystem({
      cwd: cwd === "." ? twins.ours : `${twins.ours}/${cwd}`,
      env: { ...ENVIRONMENT, ...env },
      stdin,
    });
    const code = await main(item.args, system);
    const differences: string[] = [];
    const compare = (what: string, theirs: string, our: string) => {
      if (theirs !== our) differences.push(describe(item, what, difference(theirs, our)));
    };
    compare("exits with", `${git.code}`, `${code}`);
    const stdout = (text: string, directory: string) =>
      normalUsage(text.replaceAll(directory, "<repo>"));
    compare("prints", stdout(git.stdout, twins.git), stdout(system.written("stdout"), twins.ours));
    if (item.stderr !== false) {
      compare(
        "complains",
        firstLine(git.stderr, twins.git),
        firstLine(system.written("stderr"), twins.ours),
      );
    }
    return differences;
  }

  #copies(): Record<"git" | "ours", string> {
    const place = `${this.#temp}/${++this.#count}`;
    for (const twin of ["git", "ours"]) {
      copyDirectory(`${this.#temp}/original`, `${place}-${twin}`);
    }
    return { git: `${place}-git/repo`, ours: `${place}-ours/repo` };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#temp, { recursive: true });
  }
}

function copyDirectory(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyDirectory(`${from}/${name}`, `${to}/${name}`);
    else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

/** The usage is in our own words; only that it is shown must be the same. */
function normalUsage(text: string): string {
  return text.startsWith("usage: ") ? "usage: ...\n" : text;
}

function firstLine(text: string, directory: string): string {
  const [first = ""] = text.split("\n");
  return first.startsWith("usage: git ") || first.startsWith("usage: reftable ")
    ? "usage: ..."
    : first.replaceAll(directory, "<repo>");
}

function describe({ args, stdin, env, cwd }: Case, what: string, how: string): string {
  const words = args.map((arg) => /^[\w@=:/.,%^{}~+-]+$/.test(arg) ? arg : JSON.stringify(arg));
  const extras = [
    cwd && `in ${cwd}`,
    env && JSON.stringify(env),
    stdin && `reading ${JSON.stringify(stdin)}`,
  ].filter(Boolean).join(", ");
  return `${words.join(" ")}${extras && ` (${extras})`} ${what}:\n${how}`;
}

/** The lines that only one of two texts has; the first that differ, when only their order does. */
function difference(git: string, ours: string): string {
  const [theirs, our] = [git.split("\n"), ours.split("\n")];
  const only = (lines: string[], other: string[], sign: string) => {
    const missing = lines.filter((line) => !other.includes(line));
    const shown = missing.length > 0 ? missing : lines.filter((line, i) => other[i] !== line);
    return shown.slice(0, 5).map((line) => `    ${sign} ${JSON.stringify(line)}`);
  };
  return [...only(theirs, our, "git: "), ...only(our, theirs, "ours:")].join("\n");
}

/** What is in a repository, as git sees it: all refs, and the logs of all of them. */
function stateOf(directory: string): string {
  const linked = runGitIn(directory, { args: ["worktree", "list", "--porcelain"] }).stdout
    .split("\n").filter((line) => line.startsWith("worktree ")).map((line) => line.slice(9));
  return [...new Set([directory, ...linked.slice(1)])].map((worktree) =>
    stateOfWorktree(worktree).replaceAll(directory.replace(/\/repo$/, ""), "<twin>")
  ).join("\n");
}

function stateOfWorktree(directory: string): string {
  return [
    ["for-each-ref", "--include-root-refs", "--format=%(objectname) %(refname) %(symref)"],
    ["symbolic-ref", "--no-recurse", "HEAD"],
    ["reflog", "list"],
    ["log", "-g", "--all", "--date=raw", "--format=%H %gD %gn <%ge> %gs"],
  ].map((args) => {
    const { code, stdout, stderr } = runGitIn(directory, { args });
    return `${args[0]} ${code}\n${stdout}${stderr}`;
  }).join("\n");
}

/** What makes a kind of repository. */
export type Maker = (directory: string, kind: Kind) => void;

/** Tests that cases do as they do with git, on all kinds of repositories. */
export function differentialTest(
  name: string,
  make: Maker,
  cases: { readonly reading?: readonly Case[]; readonly writing?: readonly Case[] },
  kinds: readonly Kind[] = KINDS,
): void {
  for (const kind of kinds) {
    gitTest(`${name} as with git (${kind.refFormat}, ${kind.hash})`, async () => {
      using twins = new Twins((directory) => make(directory, kind));
      const differences = [
        ...await twins.compareReading(cases.reading ?? []),
        ...await twins.compareWriting(cases.writing ?? []),
      ];
      if (differences.length === 0) return;
      throw new Error(`${differences.length} differences:\n${differences.join("\n")}`);
    });
  }
}
