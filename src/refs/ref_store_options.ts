import type { LogOrder } from "./backend.ts";
import type { ObjectReader } from "./object_reader.ts";
import type { Identity } from "./reflog_entry.ts";
import type { OpenRepositoryOptions, Repository } from "./repository.ts";

/** How to open the refs of a repository. */
export interface RefStoreOptions extends OpenRepositoryOptions {
  /** Whether stacks merge their tables after changes when these have become many; true by default. */
  readonly autoCompact?: boolean | undefined;
  /** Who makes changes; as the environment and the configuration have it by default. */
  readonly identity?: Identity | undefined;
  /**
   * Reads objects, or makes what does, such as `openObjects`. With it objects are checked before refs hold them, and tags
   * are stored with what they lead to. Without it nothing is known of objects: refs take any ids, and tags are stored
   * as they are, which only costs those time who ask what they lead to.
   */
  readonly objects?:
    | ObjectReader
    | ((repository: Repository) => ObjectReader | undefined)
    | undefined;
}

/** How to read a log. */
export interface ReflogOptions {
  /** In which order the entries come; the newest first by default. */
  readonly order?: LogOrder | undefined;
  /**
   * How time zones were written: as decimal numbers, which Git does, or in minutes, as JGit did in reftables. They are
   * given as decimal numbers in both cases.
   */
  readonly timeZones?: "decimal" | "minutes" | undefined;
}
