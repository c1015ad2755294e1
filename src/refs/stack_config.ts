import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import type { FileMode } from "../io/file_system.ts";
import { sharedRepositoryMode, type StackSettings } from "../stack/settings.ts";
import {
  configBoolean,
  configNumber,
  type ConfigVariable,
  lastValue,
  type NumberKind,
} from "./config.ts";

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
  const number = (name: string, kind: NumberKind = "unsigned") => {
    const variable = lastValue(variables, name);
    return variable && configNumber(variable, kind);
  };
  const blockSize = number("reftable.blocksize");
  if (blockSize !== undefined && blockSize > 0xffffff) {
    throw refuse("block size cannot exceed 16MB");
  }
  const restartInterval = number("reftable.restartinterval");
  if (restartInterval !== undefined && restartInterval > 0xffff) {
    throw refuse("block size cannot exceed 65535");
  }
  const geometricFactor = number("reftable.geometricfactor");
  if (geometricFactor !== undefined && geometricFactor > 0xff) {
    throw refuse("geometric factor cannot exceed 255");
  }
  const lockTimeout = number("reftable.locktimeout", "signed");
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
    mode: shared && sharedMode(shared),
  };
}

function sharedMode({ value = "true", file }: ConfigVariable): FileMode | undefined {
  try {
    return sharedRepositoryMode(value);
  } catch (cause) {
    if (!(cause instanceof ReftableError)) throw cause;
    throw new ReftableError("format", cause.message, { file, cause });
  }
}

function objectFormat(variable: ConfigVariable | undefined): HashName {
  const value = variable?.value ?? "sha1";
  if (value === "sha1" || value === "sha256") return value;
  throw new ReftableError("format", `invalid value for 'extensions.objectformat': '${value}'`);
}

function refuse(reason: string): ReftableError {
  return new ReftableError("format", `reftable ${reason}`);
}
