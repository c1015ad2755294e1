/**
 * The command line in a process of its own, with no more permissions than it is given.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";

/** The program. */
export const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));

/** The directory of the fixtures, where the command line is run. */
export const FIXTURES = fromFileUrl(new URL("../fixtures", import.meta.url));

/** What a run left. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array<ArrayBuffer>;
}

/** What it may do and where it runs. */
export interface RunOptions {
  /** What it may read; the fixtures unless given. */
  readonly read?: readonly string[];
}

/** Prepares a run of `reftable` with some arguments. */
export function command(args: readonly string[], options: RunOptions = {}): Deno.Command {
  const { read = [FIXTURES] } = options;
  const permissions = read.length === 0 ? [] : [`--allow-read=${read.join(",")}`];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, CLI, ...args],
    cwd: FIXTURES,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs `reftable` to its end. */
export async function reftable(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { code, stdout, stderr } = await command(args, options).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
    stdoutBytes: stdout,
  };
}

/** What each run of many gave, a few at a time. */
export async function eachOf<T>(
  cases: Iterable<T>,
  check: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...cases].values();
  const work = async () => {
    for (const item of queue) await check(item);
  };
  await Promise.all(Array.from({ length: 3 }, work));
}
