import { dirname, fromFileUrl } from "@std/path";
import type { Run } from "./case.ts";

/** Where the library is: a program that uses workers must be allowed to read their code. */
export const SOURCES = fromFileUrl(new URL("../src", import.meta.url));

const CLI = fromFileUrl(new URL("../cli.ts", import.meta.url));

/** A program with its arguments. */
export interface Command {
  /** The program's path, or its name when it is to be looked for. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Variables set beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The directory to run in. */
  readonly cwd?: string;
  /** The file to read as its standard input. */
  readonly stdin?: string;
}

/** Redirects the standard input, which `Deno.Command` cannot take from a file. */
const WITH_STDIN = 'input=$1; shift; exec "$@" <"$input"';

/**
 * Runs a program without its output and, when it has ended, says how much memory it had at most. The
 * system keeps that number as long as the program runs, so the shell asks again and again, by means
 * of its own lest it be in the way. A child that has ended but was not waited for is in state Z.
 */
const WATCH_MEMORY = `
"$@" >/dev/null &
peak= running=1
while [ "$running" ]; do
  running=
  while read -r key value rest; do
    case $key in
      State:) [ "$value" = Z ] || running=1 ;;
      VmHWM:) peak=$value ;;
    esac
  done 2>/dev/null </proc/$!/status
done
wait $! && echo "$peak"
`;

/** What programs of the benchmark itself need. */
export const ALL_PERMISSIONS: readonly string[] = [
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
];

/**
 * Makes a command that runs a program of ours.
 *
 * @param permissions What it is allowed to do.
 * @param args The program's path and its arguments.
 */
export function deno(permissions: readonly string[], args: readonly string[]): Command {
  return { program: Deno.execPath(), args: ["run", "--no-prompt", ...permissions, ...args] };
}

/** What a command of ours works with. */
export interface CommandPlace {
  /** The repository. What it borrows objects from lies beside it. */
  readonly repo: string;
  /** Whether it may be changed. */
  readonly write?: boolean;
  /** The file to read as standard input. */
  readonly stdin?: string;
}

/** Makes a command of our command line. */
export function reftable(
  { repo, write = false, ...rest }: CommandPlace,
  args: readonly string[],
): Command {
  const permissions = [`--allow-read=${dirname(repo)}`];
  if (write) permissions.push(`--allow-write=${repo}`);
  return { ...deno(permissions, [CLI, "-C", repo, ...args]), ...rest };
}

/** Measures two programs from their start to their end. */
export function compareProcesses(ours: Command, peer: Command): Run {
  return {
    ours: () => timeProcess(ours),
    peer: () => timeProcess(peer),
    peakMemory: { ours: () => measurePeakMemory(ours), peer: () => measurePeakMemory(peer) },
  };
}

/**
 * Runs a command and returns what it printed.
 *
 * @throws {Error} When it fails, with what it complained about.
 */
export async function run(command: Command): Promise<string> {
  const output = await spawnable(command, "piped").output();
  check(command, output);
  return new TextDecoder().decode(output.stdout);
}

/**
 * Runs a command, throwing away what it prints.
 *
 * @returns How long it took from its start to its end, in milliseconds.
 */
export async function timeProcess(command: Command): Promise<number> {
  const spawn = spawnable(command, "null");
  const start = performance.now();
  const output = await spawn.output();
  const time = performance.now() - start;
  check(command, output);
  return time;
}

/**
 * Runs a command, throwing away what it prints.
 *
 * @returns The most memory that it held at any time, in bytes; `undefined` where the system does not
 * tell, which only Linux does.
 */
export async function measurePeakMemory(command: Command): Promise<number | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const { program, args } = redirected(command);
  const watched = ["-c", WATCH_MEMORY, "sh", program, ...args];
  const { stdin: _, ...rest } = command;
  const kibibytes = Number(await run({ ...rest, program: "sh", args: watched }));
  return kibibytes > 0 ? kibibytes * 1024 : undefined;
}

function redirected({ program, args, stdin }: Command): { program: string; args: string[] } {
  if (stdin === undefined) return { program, args: [...args] };
  return { program: "sh", args: ["-c", WITH_STDIN, "sh", stdin, program, ...args] };
}

function spawnable(command: Command, stdout: "null" | "piped"): Deno.Command {
  const { program, args } = redirected(command);
  const { env = {}, cwd } = command;
  return new Deno.Command(program, {
    args,
    env: { ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
    stdout,
    stderr: "piped",
  });
}

function check({ program, args }: Command, { code, stderr }: Deno.CommandOutput): void {
  if (code === 0) return;
  const complaint = new TextDecoder().decode(stderr).trim() || "no reason given";
  throw new Error(`Cannot run ${[program, ...args].join(" ")}: exit code ${code}, ${complaint}`);
}
