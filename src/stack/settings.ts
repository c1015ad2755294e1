import type { WorkerMode } from "./compaction_runner.ts";
import { ReftableError } from "../errors.ts";
import type { FileMode } from "../io/file_system.ts";
import type { TableWriterOptions } from "../table/table_writer.ts";

/** How to change a stack. */
export interface StackSettings extends Omit<TableWriterOptions, "hash"> {
  /** How long to wait for a lock, in milliseconds: 100 by default; 0 tries once, −1 waits for ever. */
  readonly lockTimeout?: number | undefined;
  /** How much larger than the next a table should be, 2 by default. */
  readonly geometricFactor?: number | undefined;
  /** Whether to compact after each addition, so that the tables stay few; true by default. */
  readonly autoCompact?: boolean | undefined;
  /**
   * Whether a small table is merged while it is added with those before it that it would be compacted with; as
   * `autoCompact` says by default.
   */
  readonly mergeAdditions?: boolean | undefined;
  /** Whether to wait until what is written has reached the disk; true by default. */
  readonly sync?: boolean | undefined;
  /** The permissions of new files; the umask decides by default. See {@linkcode sharedRepositoryMode}. */
  readonly mode?: FileMode | undefined;
  /** When large compactions go to a worker: when it pays, always or never. */
  readonly workers?: WorkerMode | undefined;
  /** Whether to take any ref names: bad ones, and those that are the directory of another. */
  readonly skipNameCheck?: boolean | undefined;
}

/** How long git waits for a lock, in milliseconds. */
export const DEFAULT_LOCK_TIMEOUT = 100;

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
