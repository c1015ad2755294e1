/**
 * What runs in a worker: it does one job at a time, and tells how far it is.
 *
 * @module
 */

import { runRangeTask } from "../table/range_runner.ts";
import { type FromWorker, toWire, type ToWorker, transferables } from "./protocol.ts";

/** This side of the channel; the type of a worker's global scope is not that of a document's. */
const channel = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
};

let controller = new AbortController();

channel.onmessage = ({ data }) => {
  if (data.kind === "abort") {
    controller.abort();
    return;
  }
  controller = new AbortController();
  doJob(data, controller.signal).then(
    (result) => channel.postMessage({ kind: "done", result }, transferables(result)),
    (error) => channel.postMessage({ kind: "failed", error: toWire(error) }),
  );
};

channel.postMessage({ kind: "ready" });

async function doJob(
  job: Exclude<ToWorker, { kind: "abort" }>,
  signal: AbortSignal,
): Promise<unknown> {
  const onProgress = (progress: unknown) => channel.postMessage({ kind: "progress", progress });
  switch (job.kind) {
    case "compact": {
      // Loaded when it is needed: to verify takes a third of the code less.
      const { compactElsewhere } = await import("./compact_job.ts");
      return await compactElsewhere(job.task, { signal, onProgress });
    }
    case "verify":
      return await runRangeTask(job.task, { signal, onProgress });
  }
}
