import { fromFileUrl } from "@std/path";
import type { Aim } from "./case.ts";
import { cases as allCases } from "./cases/mod.ts";
import type { Machine } from "./machine.ts";
import { type Comparison, reaches } from "./measure.ts";
import type { Report } from "./report.ts";

/** Where results are kept, so that a part of them can be measured anew. */
const FILE = fromFileUrl(new URL("results.json", import.meta.url));

/** Two medians. */
export interface Medians {
  /** Ours. */
  readonly ours: number;
  /** That of git, or of what else a case is compared with. */
  readonly peer?: number | undefined;
}

/** What was found for a case. */
export interface CaseResult {
  /** What was measured. */
  readonly description: string;
  /** What the numbers count. */
  readonly unit: string;
  /** What it was compared with. */
  readonly comparedWith: string;
  /** The medians of all rounds. */
  readonly time: Medians;
  /** The most memory that was held, in bytes. */
  readonly memory?: Medians | undefined;
  /** How large is what was made, in bytes. */
  readonly sizes?: Readonly<Record<string, number>> | undefined;
  /** What was to be reached, and whether it was. */
  readonly aim?: Aim | undefined;
  readonly reached?: boolean | undefined;
}

/** What was found with some number of refs. */
export interface RunResult {
  /** The size of `packed-refs` in bytes. */
  readonly packedRefsSize: number;
  /** The size of the table in bytes. */
  readonly tableSize: number;
  /** What was found for each case. */
  readonly cases: Readonly<Record<string, CaseResult>>;
}

/** All that was found on a machine. */
export interface Results {
  /** The machine. */
  readonly machine: Machine;
  /** What was found, by the number of refs. */
  readonly runs: Readonly<Record<string, RunResult>>;
}

/** Adds reports to the results that are kept, and keeps them. Those of another machine are forgotten. */
export async function keepResults(reports: readonly Report[]): Promise<Results> {
  const { machine } = reports[0]!;
  const kept = await readResults();
  const isSame = kept !== undefined && JSON.stringify(kept.machine) === JSON.stringify(machine);
  const runs: Record<string, RunResult> = isSame ? { ...kept.runs } : {};
  for (const { data, measurements } of reports) {
    const { refs, packedRefsSize, tableSize } = data;
    const cases: Record<string, CaseResult> = { ...runs[refs]?.cases };
    for (const { case: measured, time, peakMemory, sizes } of measurements) {
      if (!time) continue;
      const { name, description, unit, peer: comparedWith = "git", aim } = measured;
      cases[name] = {
        description,
        unit,
        comparedWith,
        time: medians(time),
        memory: peakMemory && medians(peakMemory),
        sizes,
        aim,
        reached: reaches(aim, time),
      };
    }
    runs[refs] = { packedRefsSize, tableSize, cases: inOrder(cases) };
  }
  const results = { machine, runs };
  await Deno.writeTextFile(FILE, JSON.stringify(results, null, 2) + "\n");
  return results;
}

/** Puts results in the order of the cases, whichever was measured last: some go on from the one before. */
function inOrder(found: Record<string, CaseResult>): Record<string, CaseResult> {
  const names = allCases.map(({ name }) => name).filter((name) => found[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, found[name]!]));
}

async function readResults(): Promise<Results | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(FILE));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function medians({ ours, peer }: Comparison): Medians {
  return { ours: round(ours.median), peer: peer && round(peer.median) };
}

/** More than four digits are noise. */
function round(number: number): number {
  return Number(number.toPrecision(4));
}
