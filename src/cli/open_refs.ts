import { ReftableError } from "../errors.ts";
import { RefStore } from "../refs/ref_store.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";

/**
 * Opens the refs of the repository that a command runs in: the one that was named, or the one around the
 * current directory.
 *
 * @throws {Failure} When there is none, or it cannot be used.
 */
export function openRefs({ system, globals, directory }: Context): RefStore {
  const env = (name: string) => system.env(name) || undefined;
  const path = directory === "" ? "." : directory;
  const ceilings = env("GIT_CEILING_DIRECTORIES");
  const gitDir = globals.gitDir ?? env("GIT_DIR") ?? (globals.bare ? path : undefined);
  try {
    return RefStore.openSync(path, {
      gitDir,
      commonDir: env("GIT_COMMON_DIR"),
      workTree: globals.workTree ?? env("GIT_WORK_TREE"),
      refStorage: env("GIT_REFERENCE_BACKEND"),
      ceilingDirectories: ceilings?.split(":"),
      environment: (name) => system.env(name),
      parameters: globals.bare ? [...globals.config, "core.bare=true"] : globals.config,
    });
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    throw fatal(error.message.replace(/(parent directories\)): .*$/s, "$1: .git"));
  }
}
