/**
 * Measures the library beside git on the same refs, and prints one table.
 *
 * ```sh
 * deno task bench
 * ```
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import type { Case } from "./case.ts";
import { cases, growingCases } from "./cases/mod.ts";
import { openData } from "./data.ts";
import { findGit } from "./git.ts";
import { describeMachine } from "./machine.ts";
import type { Measurement } from "./measure.ts";
import { DEFAULT_REFS, type Options, parseOptions, usage } from "./options.ts";
import { writeReadme } from "./readme.ts";
import { ALL_PERMISSIONS, deno, run as runProcess } from "./process.ts";
import { formatJson, formatText, type Report } from "./report.ts";
import { keepResults } from "./results.ts";

/** The exit code for wrong usage, as git has it. */
const USAGE_ERROR = 129;

const MEASURE_CASE = fromFileUrl(new URL("processes/measure_case.ts", import.meta.url));

/** With how many refs growth is measured. */
const GROWTH = [10_000, 100_000, 1_000_000, 5_000_000];

async function bench(options: Options): Promise<void> {
  const git = findGit();
  const machine = await describeMachine(git.version);
  const { rounds } = options;
  const reports: Report[] = [];
  const run = async (refs: number, cases: readonly Case[]) => {
    const data = await openData(refs, git, progress);
    const measurements: Measurement[] = [];
    for (const measured of cases) {
      progress(`${measured.name}, ${refs} refs`);
      measurements.push(await measureApart(measured, refs, rounds));
    }
    const report = { machine, data, rounds, measurements };
    console.log((options.json ? formatJson(report) : formatText(report)).trimEnd());
    reports.push(report);
  };
  if (options.growth) {
    const growing = growingCases.filter((measured) => options.cases.includes(measured));
    for (const refs of GROWTH) await run(refs, growing);
  } else {
    await run(options.refs, options.cases);
  }
  if (!options.readme) return;
  const results = await keepResults(reports);
  // What draws is large, and wanted but seldom.
  const { drawChart } = await import("./chart.ts");
  await drawChart(results, DEFAULT_REFS);
  await writeReadme(results, DEFAULT_REFS);
}

/** Measures a case in a process of its own. */
async function measureApart(measured: Case, refs: number, rounds: number): Promise<Measurement> {
  const args = [MEASURE_CASE, measured.name, `${refs}`, `${rounds}`];
  const found = JSON.parse(await runProcess(deno(ALL_PERMISSIONS, args)));
  return { case: measured, ...found };
}

function progress(message: string): void {
  console.error(`bench: ${message}`);
}

if (import.meta.main) {
  let options: Options;
  try {
    options = parseOptions(Deno.args, cases);
  } catch (error) {
    progress(error instanceof Error ? error.message : String(error));
    console.error(`\n${usage(cases).trimEnd()}`);
    Deno.exit(USAGE_ERROR);
  }
  if (options.help) {
    console.log(usage(cases).trimEnd());
  } else {
    try {
      await bench(options);
    } catch (error) {
      progress(error instanceof Error ? error.message : String(error));
      Deno.exit(1);
    }
  }
}
