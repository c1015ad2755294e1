/**
 * A real git beside which the library is tested: where it is, and repositories of its making that
 * hold the same objects, names and dates on every machine.
 *
 * The machine's own git serves when it knows reftables (2.45 and newer); otherwise the one that
 * `install_git.ts` put into `.peers/git`.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";

/** The first git whose reftables are complete, as `[major, minor]`. */
export const OLDEST_GIT: readonly [number, number] = [2, 45];

/** Ignored folder for the programs that tests need and the machine lacks. */
export const PEERS_DIR: string = fromFileUrl(new URL("../../.peers", import.meta.url));

/** Where `install_git.ts` leaves the reason when it could not install a git. */
export const REASON_FILE: string = join(PEERS_DIR, "no-git.txt");

/** A git that knows reftables, or the reason why there is none. */
export type Peer =
  | { readonly available: true; readonly path: string; readonly version: string }
  | { readonly available: false; readonly reason: string };

/** The git that the tests compare with. */
export const peer: Peer = findGit();

/** Looks for a git that knows reftables: the machine's own, then the one in `.peers/git`. */
export function findGit(): Peer {
  const own = gitVersion("git");
  const installed = join(PEERS_DIR, "git", "bin", "git");
  for (const [path, version] of [["git", own], [installed, gitVersion(installed)]] as const) {
    if (version !== undefined && isNewEnough(version)) return { available: true, path, version };
  }
  const found = own === undefined ? "no git found" : `git ${own} found`;
  let why = 'run "deno task test" to install one';
  try {
    why = Deno.readTextFileSync(REASON_FILE).trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { available: false, reason: `${found}, ${OLDEST_GIT.join(".")} needed: ${why}` };
}

/** The version of the git at `path`, `undefined` when there is none or it does not run. */
function gitVersion(path: string): string | undefined {
  try {
    const { stdout } = new Deno.Command(path, { args: ["--version"], stderr: "null" }).outputSync();
    return /^git version (\d+\.\d+\S*)/.exec(new TextDecoder().decode(stdout))?.[1];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST_GIT[0] || (major === OLDEST_GIT[0] && minor >= OLDEST_GIT[1]);
}

/**
 * Registers a test that needs a real git. Where none can be had the test is ignored, its name
 * telling why; with `CI=true` it fails instead, so that a green run has compared with git.
 */
export function gitTest(
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  if (peer.available) {
    Deno.test(name, fn);
  } else if (Deno.env.get("CI") === "true") {
    const { reason } = peer;
    Deno.test(name, () => {
      throw new Error(`Cannot compare with git: ${reason}`);
    });
  } else {
    Deno.test({ name: `${name} [ignored: ${peer.reason}]`, ignore: true, fn });
  }
}

/** How to run git once. */
export interface GitOptions {
  /** The directory to run in. */
  readonly cwd?: string | undefined;
  /** Variables to set beside the fixed ones, which they may replace. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What git reads from its standard input, nothing unless given. */
  readonly stdin?: string | Uint8Array | undefined;
}

/** How to run git once and wait for it. */
export type GitSyncOptions = Omit<GitOptions, "stdin">;

/** What a run of git left. */
export interface GitResult {
  /** The exit code. */
  readonly code: number;
  /** The standard output, read as UTF-8. */
  readonly stdout: string;
  /** The standard error output, read as UTF-8. */
  readonly stderr: string;
  /** The standard output as it is, for names that are not UTF-8. */
  readonly stdoutBytes: Uint8Array;
}

/** Runs git, whatever its exit code. */
export async function runGit(
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitResult> {
  const child = command(args, options).spawn();
  const [output] = await Promise.all([child.output(), feed(child, options.stdin)]);
  return result(output);
}

/** Runs git, whatever its exit code, and waits for it; it gets no input. */
export function runGitSync(args: readonly string[], options: GitSyncOptions = {}): GitResult {
  return result(command(args, options).outputSync());
}

/** Runs git and returns what it printed; throws what it complained about when it fails. */
export async function git(args: readonly string[], options: GitOptions = {}): Promise<string> {
  return okOutput(args, await runGit(args, options));
}

/** Runs git, waits, and returns what it printed; throws what it complained about when it fails. */
export function gitSync(args: readonly string[], options: GitSyncOptions = {}): string {
  return okOutput(args, runGitSync(args, options));
}

function command(args: readonly string[], options: GitOptions): Deno.Command {
  if (!peer.available) throw new Error(`Cannot run git: ${peer.reason}`);
  return new Deno.Command(peer.path, {
    args: [...args],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    clearEnv: true,
    env: environment(options.env),
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

async function feed(child: Deno.ChildProcess, stdin: GitOptions["stdin"]): Promise<void> {
  if (stdin === undefined) return;
  const bytes = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
  try {
    await new Blob([Uint8Array.from(bytes)]).stream().pipeTo(child.stdin);
  } catch (error) {
    // A git that ends before it read everything says so by its exit code.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function result({ code, stdout, stderr }: Deno.CommandOutput): GitResult {
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
    stdoutBytes: stdout,
  };
}

function okOutput(args: readonly string[], { code, stdout, stderr }: GitResult): string {
  if (code === 0) return stdout;
  throw new Error(`git ${args.join(" ")} exited with ${code}: ${stderr.trim() || stdout.trim()}`);
}

/** Configuration that every git of the tests gets, whatever the machine's says. */
const CONFIG = {
  // Nothing may run on its own behind a test. (Compaction of stacks is no part of this.)
  "gc.auto": "0",
  "maintenance.auto": "false",
  "init.defaultBranch": "main",
  // Fixtures may belong to another user than the one who runs the tests.
  "safe.directory": "*",
};

function environment(more: GitOptions["env"]): Record<string, string> {
  const env: Record<string, string> = {
    GIT_AUTHOR_DATE: "1700000000 -0730",
    GIT_AUTHOR_EMAIL: "author@example.com",
    GIT_AUTHOR_NAME: "A U Thor",
    GIT_COMMITTER_DATE: "1700000000 -0730",
    GIT_COMMITTER_EMAIL: "c@example.com",
    GIT_COMMITTER_NAME: "C O Mitter",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_EDITOR: ":",
    GIT_TERMINAL_PROMPT: "0",
    HOME: "/nonexistent",
    LC_ALL: "C",
    TZ: "UTC",
  };
  const config = Object.entries(CONFIG);
  env["GIT_CONFIG_COUNT"] = `${config.length}`;
  for (const [i, [key, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${i}`] = key;
    env[`GIT_CONFIG_VALUE_${i}`] = value;
  }
  for (const name of ["PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...more };
}

/** What kind of repository to make. */
export interface GitRepoOptions {
  /** Without a worktree. Off unless set. */
  readonly bare?: boolean;
  /** Configuration to set, such as `{ "reftable.blockSize": "512" }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** The hash of the objects. `"sha1"` unless given. */
  readonly hash?: "sha1" | "sha256";
  /** How references are stored. `"reftable"` unless given. */
  readonly refFormat?: "files" | "reftable";
}

/**
 * A repository in a temporary directory, made by the real git and removed on disposal.
 *
 * ```ts ignore
 * await using repo = await GitRepo.create();
 * await repo.ok(["commit", "--allow-empty", "-m", "one"]);
 * const listing = await repo.ok(["for-each-ref"]);
 * ```
 */
export class GitRepo implements AsyncDisposable, Disposable {
  /** The top of the worktree, or the repository itself when it is bare. */
  readonly dir: string;
  /** The repository: `.git` in the worktree, or `dir` when it is bare. */
  readonly gitDir: string;
  readonly #temp: string;

  private constructor(temp: string, bare: boolean) {
    this.#temp = temp;
    // One level down, so that `../other` names a place that is removed as well.
    this.dir = join(temp, "repo");
    this.gitDir = bare ? this.dir : join(this.dir, ".git");
  }

  /** Makes an empty repository whose HEAD points at `refs/heads/main`. */
  static async create(options: GitRepoOptions = {}): Promise<GitRepo> {
    const { bare = false, config = {}, hash = "sha1", refFormat = "reftable" } = options;
    const repo = new GitRepo(await Deno.makeTempDir({ prefix: "reftable-git-" }), bare);
    try {
      const formats = [`--object-format=${hash}`, `--ref-format=${refFormat}`];
      // Without a template there are no sample hooks to copy.
      await git(["init", "-q", "--template=", ...formats, ...(bare ? ["--bare"] : []), repo.dir]);
      for (const [key, value] of Object.entries(config)) await repo.ok(["config", key, value]);
    } catch (error) {
      repo[Symbol.dispose]();
      throw error;
    }
    return repo;
  }

  /** The directory of the repository's own stack. */
  get reftableDir(): string {
    return join(this.gitDir, "reftable");
  }

  /** Runs git in the repository, whatever its exit code. */
  run(args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
    return runGit(args, { cwd: this.dir, ...options });
  }

  /** Runs git in the repository, whatever its exit code, and waits for it. */
  runSync(args: readonly string[], options: GitSyncOptions = {}): GitResult {
    return runGitSync(args, { cwd: this.dir, ...options });
  }

  /** Runs git in the repository and returns what it printed; throws when it fails. */
  ok(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return git(args, { cwd: this.dir, ...options });
  }

  /** Runs git in the repository, waits, and returns what it printed; throws when it fails. */
  okSync(args: readonly string[], options: GitSyncOptions = {}): string {
    return gitSync(args, { cwd: this.dir, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#temp, { recursive: true });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#temp, { recursive: true });
  }
}
