import { type ProblemCode, ReftableError, type ReftableErrorCode } from "../errors.ts";
import type { CompactionProgress, CompactionTask } from "../stack/compaction.ts";
import type { RangeReport } from "../table/range_report.ts";
import type { RangeTask } from "../table/range_runner.ts";
import type { WriteStatistics } from "../table/table_writer.ts";

/** The jobs that a worker does: what each takes, what it tells on the way, and what it gives. */
export interface Jobs {
  compact: { task: CompactionTask; progress: CompactionProgress; result: WriteStatistics };
  verify: { task: RangeTask; progress: number; result: RangeReport };
}

/** The name of a job. */
export type JobKind = keyof Jobs;

/** What a worker is told. */
export type ToWorker =
  | { [Kind in JobKind]: { readonly kind: Kind; readonly task: Jobs[Kind]["task"] } }[JobKind]
  | { readonly kind: "abort" };

/** What a worker tells. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly progress: unknown }
  | { readonly kind: "done"; readonly result: unknown }
  | { readonly kind: "failed"; readonly error: WireError };

/** An error on its way between threads, which would make a plain `Error` of it. */
export interface WireError {
  readonly message: string;
  /** The fields of a `ReftableError`; missing for any other. */
  readonly reftable?: {
    readonly code: ReftableErrorCode;
    readonly file: string | undefined;
    readonly offset: number | undefined;
    readonly problem: ProblemCode | undefined;
  };
}

/** Makes an error fit to be sent. */
export function toWire(error: unknown): WireError {
  if (error instanceof ReftableError) {
    const { message, code, file, offset, problem } = error;
    return { message, reftable: { code, file, offset, problem } };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}

/** Makes the error that was sent. */
export function fromWire({ message, reftable }: WireError): Error {
  return reftable ? new ReftableError(reftable.code, message, reftable) : new Error(message);
}

/** The memory of all typed arrays in a value of plain objects, to be handed over instead of copied. */
export function transferables(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  collect(value, found);
  return [...found];
}

function collect(value: unknown, found: Set<ArrayBuffer>): void {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) collect(part, found);
  }
}
