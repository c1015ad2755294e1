import type { FileMode } from "../io/file_system.ts";
import type { TableWriterOptions } from "../table/table_writer.ts";
import type { WorkerMode } from "./compaction.ts";

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
  /** The permissions of new files; the umask decides by default. See `sharedRepositoryMode()`. */
  readonly mode?: FileMode | undefined;
  /** When large compactions go to a worker: when it pays, always or never. */
  readonly workers?: WorkerMode | undefined;
  /** Whether to take any ref names: bad ones, and those that are the directory of another. */
  readonly skipNameCheck?: boolean | undefined;
}
