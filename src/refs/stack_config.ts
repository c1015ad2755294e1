import { ReftableError } from "../errors.ts";
import type { FileMode } from "../io/file_system.ts";
import { sharedRepositoryMode, type StackSettings } from "../stack/settings.ts";
import type { Config } from "./config/config.ts";

/**
 * Reads the settings of stacks: `reftable.*` within git's limits, `core.sharedRepository` and `core.fsync`.
 *
 * @throws {ReftableError} With code `"format"` and git's message when a value is out of its limits.
 */
export function stackConfig(config: Config): StackSettings {
  const blockSize = config.number("reftable.blockSize", "unsigned");
  if (blockSize !== undefined && blockSize > 0xffffff) {
    throw refuse("block size cannot exceed 16MB");
  }
  const restartInterval = config.number("reftable.restartInterval", "unsigned");
  if (restartInterval !== undefined && restartInterval > 0xffff) {
    throw refuse("block size cannot exceed 65535");
  }
  const geometricFactor = config.number("reftable.geometricFactor", "unsigned");
  if (geometricFactor !== undefined && geometricFactor > 0xff) {
    throw refuse("geometric factor cannot exceed 255");
  }
  const lockTimeout = config.number("reftable.lockTimeout", "signed");
  if (lockTimeout !== undefined && lockTimeout < -1) {
    throw refuse("lock timeout does not support negative values other than -1");
  }
  const indexObjects = config.boolean("reftable.indexObjects");
  return {
    blockSize,
    restartInterval,
    geometricFactor,
    lockTimeout,
    skipIndexObjects: indexObjects === undefined ? undefined : !indexObjects,
    mode: sharedMode(config),
    sync: syncsRefs(config) ? undefined : false,
  };
}

/**
 * Tells what permissions new files of a repository get: what `core.sharedRepository` says, else `undefined`.
 *
 * @throws {ReftableError} With code `"format"` and git's message when it says nothing that makes sense.
 */
export function sharedMode(config: Config): FileMode | undefined {
  const variable = config.find("core.sharedRepository");
  if (!variable) return undefined;
  try {
    return sharedRepositoryMode(variable.value ?? "true");
  } catch (cause) {
    if (!(cause instanceof ReftableError)) throw cause;
    throw new ReftableError("format", cause.message, { file: variable.file, cause });
  }
}

function refuse(reason: string): ReftableError {
  return new ReftableError("format", `reftable ${reason}`);
}

/** Components of a repository that refs are part of, by their names in `core.fsync`. */
const WITH_REFS = ["reference", "committed", "added", "all"];

/**
 * Tells whether what is written waits until it has reached the disk: what `core.fsync` says about refs. Without that
 * variable they do, where Git lets the system write them when it likes.
 */
export function syncsRefs(config: Config): boolean {
  const value = config.string("core.fsync");
  if (value === undefined) return true;
  // As in Git, the beginning of a name will do, and what is wanted goes before what is not.
  return value.split(",").map((name) => name.replace(/^[ \t\n\r]+/, "")).some((name) => {
    return name !== "" && WITH_REFS.some((component) => component.startsWith(name));
  });
}
