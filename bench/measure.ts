import type { Aim, Case, Context, Run, Skipped } from "./case.ts";

/**
 * How long to run before it counts, in milliseconds: files must be cached, and V8's last compiler may
 * come as late as that.
 */
const WARM_UP = 1000;

/** How many times to look at the memory. */
const MEMORY_ROUNDS = 3;

/** What some rounds gave. */
export interface Values {
  /** The number in the middle. */
  readonly median: number;
  /** Every round's, in the order in which they ran. */
  readonly rounds: readonly number[];
}

/** Our numbers and those of git, or of what else a case is compared with. */
export interface Comparison {
  /** Ours. */
  readonly ours: Values;
  /** Those of the peer, where there is one. */
  readonly peer: Values | undefined;
  /** Our median divided by the peer's. */
  readonly ratio: number | undefined;
}

/** Tells whether an aim was reached, if there is one. */
export function reaches(aim: Aim | undefined, { ours, ratio }: Comparison): boolean | undefined {
  if (!aim) return undefined;
  if ("atMost" in aim) return ours.median <= aim.atMost;
  return ratio === undefined ? undefined : ratio <= aim.ratio;
}

/** What was measured for a case. */
export interface Measurement {
  /** The case. */
  readonly case: Case;
  /** Why it did not run, when it did not. */
  readonly skipped?: string;
  /** What it took, in the case's unit. */
  readonly time?: Comparison;
  /** The most memory that it took, in bytes. */
  readonly peakMemory?: Comparison | undefined;
  /** How large is what it made, in bytes. */
  readonly sizes?: Readonly<Record<string, number>> | undefined;
}

/**
 * Measures a case. Rounds of ours and of the peer's take turns, so that what else the machine does
 * meets both.
 *
 * @param rounds How many rounds count.
 */
export async function measure(
  measured: Case,
  context: Context,
  rounds: number,
): Promise<Measurement> {
  try {
    const run = await measured.start(context);
    if (isSkipped(run)) return { case: measured, skipped: run.skipped };
    try {
      await warmUp(run);
      const time = await compare(run, rounds);
      const memory = run.peakMemory;
      const peakMemory = memory && await compare(memory, MEMORY_ROUNDS);
      return { case: measured, time: time!, peakMemory, sizes: run.sizes?.() };
    } finally {
      run[Symbol.dispose]?.();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot measure "${measured.name}": ${reason}`, { cause });
  }
}

function isSkipped(run: Run | Skipped): run is Skipped {
  return "skipped" in run;
}

async function warmUp(run: Run): Promise<void> {
  await run.peer?.();
  const start = performance.now();
  do await run.ours(); while (performance.now() - start < WARM_UP);
}

type Measure = () => number | undefined | Promise<number | undefined>;

/** Runs both some times in turn; `undefined` when there are no numbers. */
async function compare(
  run: { readonly ours: Measure; readonly peer?: Measure },
  rounds: number,
): Promise<Comparison | undefined> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const turns = [
      async () => add(ours, await run.ours()),
      async () => add(peer, await run.peer?.()),
    ];
    // Neither is always the one that comes after the other.
    if (round % 2 === 1) turns.reverse();
    for (const turn of turns) await turn();
  }
  if (ours.length === 0) return undefined;
  const values = { ours: summarize(ours), peer: peer.length > 0 ? summarize(peer) : undefined };
  return { ...values, ratio: values.peer && values.ours.median / values.peer.median };
}

function add(numbers: number[], number: number | undefined): void {
  if (number !== undefined) numbers.push(number);
}

function summarize(rounds: readonly number[]): Values {
  const sorted = rounds.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return { median: (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2, rounds };
}
