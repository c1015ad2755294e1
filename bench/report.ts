import type { Aim } from "./case.ts";
import type { Data } from "./data.ts";
import type { Machine } from "./machine.ts";
import { formatSize, significant } from "./format_numbers.ts";
import { type Comparison, type Measurement, reaches } from "./measure.ts";

const MEBIBYTE = 1024 * 1024;

/** What most cases are compared with. */
const GIT = "git";

/** What a run of the benchmark found. */
export interface Report {
  /** Where it ran. */
  readonly machine: Machine;
  /** What it read. */
  readonly data: Data;
  /** How many rounds the medians are of. */
  readonly rounds: number;
  /** What it found. */
  readonly measurements: readonly Measurement[];
}

/** Formats a report for people. */
export function formatText({ machine, data, rounds, measurements }: Report): string {
  const { cpu, cores, system, deno, v8, git } = machine;
  const lines = [
    `machine  ${cpu}, ${cores} cores, ${system}`,
    `         Deno ${deno}, V8 ${v8}, git ${git}`,
    `data     ${data.refs} refs in one table of ${
      formatSize(data.tableSize)
    } by git ${data.writtenBy}; ` +
    `as packed-refs ${formatSize(data.packedRefsSize)}`,
    `rounds   medians of ${rounds}`,
    "",
    ...alignColumns([["case", "", "ours", "peer", "ratio", "aim"], ...measurements.flatMap(rows)]),
  ];
  const skipped = measurements.filter((measurement) => measurement.skipped !== undefined);
  if (skipped.length > 0) lines.push("");
  for (const measurement of skipped) {
    lines.push(`${measurement.case.name} was left out: ${measurement.skipped}`);
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

/** Formats a report for programs. */
export function formatJson({ machine, data, rounds, measurements }: Report): string {
  const { refs, packedRefsSize, tableSize, writtenBy } = data;
  const cases = measurements.map(({ case: measured, ...found }) => {
    const { name, description, unit, peer = GIT, aim } = measured;
    const reached = found.time && reaches(aim, found.time);
    return { name, description, unit, comparedWith: peer, aim, reached, ...found };
  });
  const shown = { machine, data: { refs, packedRefsSize, tableSize, writtenBy }, rounds, cases };
  return JSON.stringify(shown, null, 2) + "\n";
}

function rows(
  { case: { name, description, unit, peer = GIT, aim }, time, peakMemory }: Measurement,
): string[][] {
  if (!time) return [];
  const mark = reaches(aim, time) ? "reached" : "missed";
  const timeRow = [
    name,
    description,
    ...cells(time, unit),
    aim ? `${formatAim(aim, peer)} ${mark}` : "",
  ];
  if (!peakMemory) return [timeRow];
  return [timeRow, ["", "  peak memory", ...cells(peakMemory, "MiB", MEBIBYTE), ""]];
}

function cells({ ours, peer, ratio }: Comparison, unit: string, divisor = 1): string[] {
  const cell = (number: number) => `${significant(number / divisor)} ${unit}`;
  return [cell(ours.median), peer ? cell(peer.median) : "", ratio ? significant(ratio) : ""];
}

/** Formats what is to be reached. */
export function formatAim(aim: Aim, peer: string): string {
  return "atMost" in aim ? `≤ ${aim.atMost}` : `≤ ${aim.ratio} of ${peer}`;
}

/** Puts spaces between cells: words to the left, the numbers in between to the right. */
function alignColumns(table: readonly string[][]): string[] {
  const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  const isNumber = (column: number) => column >= 2 && column <= 4;
  return table.map((row) =>
    row.map((cell, i) => isNumber(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))
      .join("  ")
  );
}
