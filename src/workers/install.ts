/**
 * Lets stacks use workers. The library's entry module imports this; the stack itself knows nothing of it.
 *
 * @module
 */

import { fromFileUrl } from "../io/path.ts";
import { setCompactionRunner, type WorkerMode } from "../stack/compaction.ts";
import { setRangeRunner } from "../table/range_runner.ts";
import { type JobOptions, WorkerPool, WorkerUnavailable } from "./pool.ts";
import type { JobKind, Jobs } from "./protocol.ts";

/** How workers are used. */
export interface WorkerSettings {
  /** When work goes to a worker: when it pays (the default), always or never. */
  readonly mode?: WorkerMode | undefined;
  /** How many workers there are at most; as many as there are processors by default. */
  readonly size?: number | undefined;
  /**
   * Whether a worker may touch no more than its job needs: the stack's directory. It takes
   * `--unstable-worker-options`, without which Deno ends a process that tries; a program cannot find out
   * whether it was given. Otherwise a worker may do what the program may.
   */
  readonly leastPrivilege?: boolean | undefined;
  /**
   * For how many milliseconds a worker waits for the next job when it has done one; 0 by default. A new
   * worker takes a tenth of a second and more until its code is loaded and fast, so a server or an editor
   * does well to keep some. A program that is to end must wait until they have, or call
   * {@linkcode endWorkers}: a worker that waits keeps it from ending.
   */
  readonly idle?: number | undefined;
}

let settings: WorkerSettings = {};
let pool: WorkerPool | undefined;

/**
 * Says how workers are used from now on; jobs under way are not touched.
 *
 * @example
 * ```ts
 * import { configureWorkers, endWorkers, verifyTable } from "@reftable/reftable";
 *
 * // A program that verifies many tables keeps its workers for a while.
 * configureWorkers({ mode: "always", idle: 60_000 });
 * await verifyTable("tests/fixtures/git/mixed-4k.ref");
 * await verifyTable("tests/fixtures/git/unpadded-4k.ref");
 * endWorkers();
 *
 * configureWorkers({ mode: "auto", idle: 0 });
 * ```
 */
export function configureWorkers(changes: WorkerSettings): void {
  settings = { ...settings, ...changes };
  // The old pool ends its workers when their jobs are done.
  pool?.retire();
  pool = undefined;
}

/**
 * Ends all workers at once. The jobs under way fail with code `"io"`, and what they were to change stays as
 * it was; the next job gets a new worker.
 */
export function endWorkers(): void {
  pool?.[Symbol.dispose]();
}

/** The pool of all jobs of the process. */
function sharedPool(): WorkerPool {
  return pool ??= new WorkerPool(settings);
}

/** The variable that says when work goes to a worker, where the program may read it. */
const MODE_VARIABLE = "REFTABLE_WORKERS";

function mode(): WorkerMode {
  if (settings.mode) return settings.mode;
  const permission = Deno.permissions.querySync({ name: "env", variable: MODE_VARIABLE });
  const value = permission.state === "granted" ? Deno.env.get(MODE_VARIABLE) : undefined;
  return value === "always" || value === "never" ? value : "auto";
}

/** Has a worker do a job; `undefined` when there can be no worker. */
async function run<Kind extends JobKind>(
  kind: Kind,
  task: Jobs[Kind]["task"],
  options: JobOptions<Kind>,
): Promise<Jobs[Kind]["result"] | undefined> {
  try {
    return await sharedPool().run(kind, task, options);
  } catch (error) {
    if (error instanceof WorkerUnavailable) return undefined;
    throw error;
  }
}

setCompactionRunner(async (task, hooks) => {
  const directory = task.output.slice(0, task.output.lastIndexOf("/"));
  return await run("compact", task, {
    ...hooks,
    access: { read: [directory], write: [directory] },
  });
}, mode);

/** From this size on, in bytes, a table is verified by workers: below it, they take longer to start. */
const VERIFY_FROM = 0x2000000;

/** The same where workers were kept, which begin at once. */
const VERIFY_FROM_KEPT = 0x400000;

setRangeRunner({
  parts(size, jobs) {
    const when = mode();
    const from = pool?.workers ? VERIFY_FROM_KEPT : VERIFY_FROM;
    if (when === "never" || (when === "auto" && size < from)) return 0;
    return jobs ?? settings.size ?? navigator.hardwareConcurrency;
  },
  run: async (task, hooks) => {
    const { input } = task;
    // Bytes need no access at all.
    const read = typeof input === "string"
      ? [input]
      : input instanceof Uint8Array
      ? []
      : [fromFileUrl(new URL(input.href))];
    return await run("verify", task, { ...hooks, access: { read, write: [] } });
  },
});
