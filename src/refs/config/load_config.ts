import type { FileSystem } from "../../io/file_system.ts";
import type { Io } from "../../io/io.ts";
import { readIfPresent } from "../../io/requests.ts";
import { Config } from "./config.ts";
import type { ConfigVariable } from "./config_variable.ts";
import { parseConfig } from "./parse_config.ts";

/** What is configured outside of the repository. */
export interface ConfigSources {
  /** Gives variables of the environment; without it only the repository's own files are read. */
  readonly environment?: ((name: string) => string | undefined) | undefined;
}

/** Where to look for configuration. */
export interface LoadConfigOptions extends ConfigSources {
  /** The working tree's own directory. */
  readonly gitDir: string;
  /** The directory that all working trees share. */
  readonly commonDir: string;
  /** Whether the working tree has a configuration of its own besides. */
  readonly worktreeConfig: boolean;
}

/** Reads all configuration that applies to a repository. */
export function* loadConfig(fileSystem: FileSystem, options: LoadConfigOptions): Io<Config> {
  const { gitDir, commonDir, worktreeConfig, environment } = options;
  const variables: ConfigVariable[] = [];
  const files = [`${commonDir}/config`];
  if (worktreeConfig) files.push(`${gitDir}/config.worktree`);
  for (const file of files) {
    const bytes = yield* readIfPresent(fileSystem, file);
    if (bytes) variables.push(...parseConfig(bytes, file));
  }
  return new Config(variables, environment?.("HOME"));
}
