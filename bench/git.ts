import { join } from "@std/path";
import { gitSync, peer } from "../tests/peers/git.ts";
import { type Command, run } from "./process.ts";

/** The git to measure, called without the script that may stand before it. */
export interface Git {
  /** Its version. */
  readonly version: string;
  /** Makes a command. */
  command(args: readonly string[], options?: { cwd?: string; stdin?: string }): Command;
  /** Runs it and returns what it printed; throws what it complained about when it fails. */
  run(args: readonly string[], options?: { cwd?: string; stdin?: string }): Promise<string>;
}

/**
 * Finds the git of the tests.
 *
 * @throws {Error} When there is none that knows reftables.
 */
export function findGit(): Git {
  if (!peer.available) {
    throw new Error(`Cannot make the data and compare without git: ${peer.reason}`);
  }
  const { version } = peer;
  const execPath = gitSync(["--exec-path"]).trim();
  const env = {
    GIT_EXEC_PATH: execPath,
    // Whatever the machine and its user have configured is not measured.
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    LC_ALL: "C",
  };
  const command: Git["command"] = (args, options = {}) => {
    return { program: join(execPath, "git"), args, env, ...options };
  };
  return { version, command, run: (args, options) => run(command(args, options)) };
}
