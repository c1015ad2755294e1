import type { WriteStatistics } from "../table/table_writer.ts";
import type { CompactionHooks, CompactionJob } from "./compaction.ts";

/** A compaction, described so that another thread can do it. */
export interface CompactionTask {
  /** The paths of the tables, from the oldest to the newest. */
  readonly tables: readonly string[];
  /** The path of the new table: an empty file. */
  readonly output: string;
  /** How the tables become one. */
  readonly job: CompactionJob;
  /** Whether to wait until the new table has reached the disk. */
  readonly sync: boolean;
}

/**
 * Does a compaction elsewhere; locks and names stay with the caller.
 *
 * @returns What was written; `undefined` when it cannot be done elsewhere, and nothing was.
 */
export type CompactionRunner = (
  task: CompactionTask,
  hooks: Omit<CompactionHooks, "isExpired">,
) => Promise<WriteStatistics | undefined>;

/** When work goes to another thread: when it pays, always or never. */
export type WorkerMode = "auto" | "always" | "never";

/**
 * From this size on, in bytes, a compaction goes to a worker: to start one takes as long as to
 * compact a tenth of it.
 */
const PAYS_FROM = 0x400000;

let runner: { run: CompactionRunner; mode: () => WorkerMode } | undefined;

/**
 * Says who does compactions elsewhere; without anybody they are done in place.
 *
 * @param mode Tells when, for stacks that do not say it themselves.
 */
export function setCompactionRunner(run: CompactionRunner, mode: () => WorkerMode): void {
  runner = { run, mode };
}

/**
 * Finds who does a compaction elsewhere.
 *
 * @param mode What the stack's settings say.
 * @param size How many bytes the tables have.
 * @returns `undefined` when it is to be done in place.
 */
export function compactionRunner(
  mode: WorkerMode | undefined,
  size: number,
): CompactionRunner | undefined {
  const when = mode ?? runner?.mode() ?? "never";
  const pays = when === "always" || (when === "auto" && size >= PAYS_FROM);
  return pays ? runner?.run : undefined;
}
