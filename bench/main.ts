/**
 * Measures the library beside git on the same refs, and prints one table.
 *
 * ```sh
 * deno task bench
 * ```
 *
 * @module
 */

import { cases } from "./cases/mod.ts";
import { openData } from "./data.ts";
import { findGit } from "./git.ts";
import { describeMachine } from "./machine.ts";
import { measure, type Measurement } from "./measure.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { formatJson, formatText } from "./report.ts";

/** The exit code for wrong usage, as git has it. */
const USAGE_ERROR = 129;

async function bench(options: Options): Promise<void> {
  const git = findGit();
  const data = await openData(options.refs, git, progress);
  const measurements: Measurement[] = [];
  for (const measured of options.cases) {
    progress(measured.name);
    measurements.push(await measure(measured, { data, git }, options.rounds));
  }
  const machine = await describeMachine(git.version);
  const report = { machine, data, rounds: options.rounds, measurements };
  console.log((options.json ? formatJson(report) : formatText(report)).trimEnd());
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
