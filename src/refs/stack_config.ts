import { ReftableError } from "../errors.ts";
import type { FileMode } from "../io/file_system.ts";
import type { StackSettings } from "../stack/settings.ts";
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

/**
 * Tells what permissions a value of `core.sharedRepository` gives new files.
 *
 * @param value `umask`, `group`, `all`, a boolean or an octal number, spelled as Git wants it.
 * @throws {ReftableError} With code `"api"` when it is none of these, or keeps the owner out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sharedRepositoryMode } from "@reftable/reftable";
 *
 * assertEquals(sharedRepositoryMode("group"), { atLeast: 0o660 });
 * assertEquals(sharedRepositoryMode("0640"), 0o640);
 * assertEquals(sharedRepositoryMode("umask"), undefined);
 * ```
 */
export function sharedRepositoryMode(value: string): FileMode | undefined {
  if (value === "umask") return undefined;
  if (value === "group") return GROUP;
  if (value === "all" || value === "world" || value === "everybody") return EVERYBODY;
  if (/^[0-7]+$/.test(value)) return octalMode(value);
  if (/^(?:true|yes|on)$/i.test(value)) return GROUP;
  if (/^(?:false|no|off|)$/i.test(value)) return undefined;
  throw new ReftableError(
    "api",
    `bad boolean config value '${value}' for 'core.sharedrepository'`,
  );
}

function octalMode(value: string): FileMode | undefined {
  const bits = parseInt(value, 8);
  if (bits === 0) return undefined;
  if (bits === 1) return GROUP;
  if (bits === 2) return EVERYBODY;
  // Git masks the bits for executing, and refuses to lock the owner out.
  if ((bits & 0o600) === 0o600) return bits & 0o666;
  throw new ReftableError(
    "api",
    `problem with core.sharedRepository filemode value (0${bits.toString(8).padStart(3, "0")}).\n` +
      "The owner of files must always have read and write permissions.",
  );
}

const GROUP: FileMode = { atLeast: 0o660 };
const EVERYBODY: FileMode = { atLeast: 0o664 };
