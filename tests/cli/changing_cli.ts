/**
 * The command line on stacks that it may change.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { CLI, type Run } from "./run_cli.ts";

/** What a run may do. */
export interface Permissions {
  /** What it may read; everything unless given. */
  readonly read?: readonly string[];
  /** What it may change; everything unless given. */
  readonly write?: readonly string[];
}

/** Prepares a run of `reftable` with some arguments. */
export function changingCommand(
  args: readonly string[],
  permissions: Permissions = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", ...permission("read", permissions.read)],
      ...[...permission("write", permissions.write), CLI, ...args],
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

function permission(name: string, paths: readonly string[] | undefined): string[] {
  if (paths === undefined) return [`--allow-${name}`];
  return paths.length === 0 ? [] : [`--allow-${name}=${paths.join()}`];
}

/** Runs `reftable` to its end. */
export async function change(
  args: readonly string[],
  permissions?: Permissions,
): Promise<Omit<Run, "stdoutBytes">> {
  const { code, stdout, stderr } = await changingCommand(args, permissions).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs `reftable`, which must succeed and complain of nothing, and gives what it printed. */
export async function changeOk(
  args: readonly string[],
  permissions?: Permissions,
): Promise<string> {
  const { code, stdout, stderr } = await change(args, permissions);
  assertEquals([code, stderr], [0, ""], args.join(" "));
  return stdout;
}
