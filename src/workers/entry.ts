/**
 * What runs in a worker: it does one job at a time, and tells how far it is.
 *
 * @module
 */

import { compactElsewhere } from "./compact_job.ts";
import { type FromWorker, toWire, type ToWorker } from "./protocol.ts";

/** This side of the channel; the type of a worker's global scope is not that of a document's. */
const channel = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
};

let controller = new AbortController();

channel.postMessage({ kind: "ready" });

channel.onmessage = ({ data }) => {
  if (data.kind === "abort") {
    controller.abort();
    return;
  }
  controller = new AbortController();
  const hooks = {
    signal: controller.signal,
    onProgress: (progress: unknown) => channel.postMessage({ kind: "progress", progress }),
  };
  compactElsewhere(data.task, hooks).then(
    (result) => channel.postMessage({ kind: "done", result }),
    (error) => channel.postMessage({ kind: "failed", error: toWire(error) }),
  );
};
