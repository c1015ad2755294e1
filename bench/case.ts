import type { Data } from "./data.ts";
import type { Git } from "./git.ts";

/** What is to be reached: a number of the case's unit, or a share of what the peer takes. */
export type Aim = { readonly atMost: number } | { readonly ratio: number };

/** What a case works with. */
export interface Context {
  /** The refs. */
  readonly data: Data;
  /** The git to compare with. */
  readonly git: Git;
}

/** Something to measure: one row of the table. */
export interface Case {
  /** How it is called on the command line. */
  readonly name: string;
  /** What is measured, in a few words. */
  readonly description: string;
  /** What its numbers count; less is better. */
  readonly unit: string;
  /** What it is compared with, when that is not git. */
  readonly peer?: string;
  /** What is to be reached, when something was set. */
  readonly aim?: Aim;
  /** Does what is not to be measured. Where a case cannot run, it says why. */
  start(context: Context): Run | Skipped | Promise<Run | Skipped>;
}

/** A case under way. */
export interface Run extends Partial<Disposable> {
  /** Does one round, and says what it took in the case's unit. */
  ours(): number | Promise<number>;
  /** The same job done by git, or by the case's own peer. */
  peer?(): number | Promise<number>;
  /** How large is what was made, in bytes, once a round is over. */
  sizes?(): Readonly<Record<string, number>>;
  /** The most memory a round takes, in bytes, where it runs as a process of its own. */
  readonly peakMemory?: {
    ours(): Promise<number | undefined>;
    peer?(): Promise<number | undefined>;
  };
}

/** Why a case cannot run. */
export interface Skipped {
  /** The reason. */
  readonly skipped: string;
}

/** How many nanoseconds, microseconds or milliseconds one of `count` operations took. */
export function timeEach(unit: "ns" | "µs" | "ms", count: number, operations: () => void): number {
  const start = performance.now();
  operations();
  return (performance.now() - start) * { ns: 1e6, µs: 1e3, ms: 1 }[unit] / count;
}

/** Throws when a round found something else than what is there. */
export function expectCount(found: number, expected: number): void {
  if (found !== expected) throw new Error(`found ${found}, expected ${expected}`);
}
