import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { sharedRepositoryMode, type StackSettings } from "../stack/settings.ts";
import { configBoolean, configNumber, type ConfigVariable, lastValue } from "./config.ts";

/** What a repository's configuration says about its stacks. */
export interface StackConfig extends StackSettings {
  /** The hash of the object ids. */
  readonly hash: HashName;
}

/**
 * Reads the settings of stacks: `reftable.*` within git's limits, `core.sharedRepository` and
 * `extensions.objectFormat`.
 *
 * @throws {ReftableError} With code `"format"` and git's message when a value is out of its limits.
 */
export function stackConfig(variables: readonly ConfigVariable[]): StackConfig {
  const number = (name: string) => {
    const variable = lastValue(variables, name);
    return variable && configNumber(variable);
  };
  const blockSize = number("reftable.blocksize");
  if (blockSize !== undefined && !(blockSize >= 0 && blockSize <= 0xffffff)) {
    throw refuse("block size cannot exceed 16MB");
  }
  const restartInterval = number("reftable.restartinterval");
  if (restartInterval !== undefined && !(restartInterval >= 0 && restartInterval <= 0xffff)) {
    throw refuse("block size cannot exceed 65535");
  }
  const geometricFactor = number("reftable.geometricfactor");
  if (geometricFactor !== undefined && !(geometricFactor >= 0 && geometricFactor <= 0xff)) {
    throw refuse("geometric factor cannot exceed 255");
  }
  const lockTimeout = number("reftable.locktimeout");
  if (lockTimeout !== undefined && lockTimeout < -1) {
    throw refuse("lock timeout does not support negative values other than -1");
  }
  const indexObjects = lastValue(variables, "reftable.indexobjects");
  const shared = lastValue(variables, "core.sharedrepository");
  return {
    hash: objectFormat(lastValue(variables, "extensions.objectformat")),
    blockSize,
    restartInterval,
    geometricFactor,
    lockTimeout,
    skipIndexObjects: indexObjects && !configBoolean(indexObjects),
    mode: shared && sharedRepositoryMode(shared.value ?? "true"),
  };
}

function objectFormat(variable: ConfigVariable | undefined): HashName {
  const value = variable?.value ?? "sha1";
  if (value === "sha1" || value === "sha256") return value;
  throw new ReftableError("format", `invalid value for 'extensions.objectformat': '${value}'`);
}

function refuse(reason: string): ReftableError {
  return new ReftableError("format", `reftable ${reason}`);
}
