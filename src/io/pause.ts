import type { Request } from "./io.ts";

/** Asks for time to pass, for somebody else to finish. */
export function pause(milliseconds: number): Request<void> {
  return {
    sync: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds),
    async: () => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  };
}
