import { fromFileUrl } from "@std/path";
import { growingCases } from "./cases/mod.ts";
import { formatCount, formatSize, significant } from "./format_numbers.ts";
import { run } from "./process.ts";
import { formatAim } from "./report.ts";
import type { CaseResult, Results, RunResult } from "./results.ts";

const README = fromFileUrl(new URL("../README.md", import.meta.url));

/** Where the chart is, seen from there. */
const CHART_PATH = "bench/chart.svg";

const BEGIN = "<!-- What follows is written by `deno task bench --readme`. -->";
const END = "<!-- What the benchmark writes ends here. -->";

/**
 * Writes results into the README, between two marks.
 *
 * @param refs The number of refs of most cases.
 */
export async function writeReadme(results: Results, refs: number): Promise<void> {
  const text = await Deno.readTextFile(README);
  const start = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (start < 0 || end < start) throw new Error(`Cannot find "${BEGIN}" and "${END}" in README.md`);
  const section = `${BEGIN}\n\n${formatResults(results, refs)}\n`;
  await Deno.writeTextFile(README, text.slice(0, start) + section + text.slice(end));
  await run({ program: Deno.execPath(), args: ["fmt", "--quiet", README] });
}

/** Formats results as Markdown. */
function formatResults({ machine, runs }: Results, refs: number): string {
  const { cpu, cores, system, deno, git } = machine;
  const measured = runs[refs];
  if (!measured) throw new Error(`Cannot write README.md: nothing was measured with ${refs} refs`);
  const all = Object.values(measured.cases);
  const compared = all.filter(({ time }) => time.peer !== undefined);
  const alone = all.filter(({ time }) => time.peer === undefined);
  return [
    `${
      formatCount(refs)
    } refs as a Gerrit server has them, on ${cpu}, ${cores} cores, ${system}; ` +
    `Deno ${deno}, git ${git}. Medians of rounds that take turns; whole processes are measured from ` +
    "their start to their end, with the most memory that they held.",
    `![What takes how long, beside git](${CHART_PATH})`,
    table(
      ["", "git", "this library", "ratio", "aim"],
      compared.map((found) => [
        found.description,
        cell(found, "peer"),
        cell(found, "ours"),
        significant(found.time.ours / found.time.peer!),
        aimOf(found),
      ]),
    ),
    "What git has no counterpart for; what is no process of its own runs in one that goes on, its " +
    "code loaded and fast:",
    table(
      ["", "this library", "aim"],
      alone.map((found) => [found.description, cell(found, "ours"), aimOf(found)]),
    ),
    "The design of reftable was tried with as many refs, in JGit; beside what it reports:",
    table(["", "reported", "this library"], referenceRows(measured, refs)),
    "How costs grow with the number of refs; ratios to git in parentheses:",
    growth(runs),
  ].join("\n\n");
}

function cell({ unit, time, memory, comparedWith }: CaseResult, whose: "ours" | "peer"): string {
  const value = `${significant(time[whose]!)} ${unit}`;
  const held = memory?.[whose] === undefined ? "" : `, ${formatSize(memory[whose])}`;
  const other = whose === "peer" && comparedWith !== "git" ? ` (${comparedWith})` : "";
  return value + held + other;
}

function aimOf({ aim, reached, comparedWith }: CaseResult): string {
  if (!aim) return "";
  const text = formatAim(aim, comparedWith);
  return reached ? text : `${text}, missed`;
}

/** What the documentation of the format reports of 866,000 refs. */
function referenceRows({ packedRefsSize, tableSize, cases }: RunResult, refs: number): string[][] {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const time = (name: string) => cases[name]?.time.ours;
  const shown = (value: number | undefined, unit: string) => {
    return value === undefined ? "" : `${significant(value)} ${unit}`;
  };
  const micros = (milliseconds: number | undefined) => milliseconds && milliseconds * 1000;
  const scan = time("scan-file");
  const logs = cases["write-logs"]?.sizes?.["the logs in a table"];
  return [
    ["`packed-refs`", "62.2 MB", megabytes(packedRefsSize)],
    ["a table with the same refs", "36.1 MB", megabytes(tableSize)],
    ["scan, file opened", "112 ms", shown(scan && scan * refs / 1e6, "ms")],
    ["lookup, file opened", "33.9 µs", shown(micros(time("lookup-cold")), "µs")],
    ["lookup, in memory", "20.2 µs", shown(time("lookup-hot"), "µs")],
    ["by object, file opened", "323 µs", shown(micros(time("object-cold")), "µs")],
    ["by object, in memory", "321 µs", shown(time("object-hot"), "µs")],
    ["149,932 log entries of 43,061 refs", "5 MB", logs === undefined ? "" : megabytes(logs)],
  ];
}

function growth(runs: Results["runs"]): string {
  const sizes = Object.keys(runs).map(Number).sort((a, b) => a - b);
  const rows = growingCases.map(({ name, description, unit }) => {
    const cells = sizes.map((refs) => {
      const found = runs[refs]!.cases[name];
      if (!found) return "";
      const { ours, peer } = found.time;
      return significant(ours) + (peer === undefined ? "" : ` (${significant(ours / peer)})`);
    });
    return [`${description}, ${unit}`, ...cells];
  });
  const memory = growingCases.filter(({ name }) => {
    return sizes.some((refs) => runs[refs]!.cases[name]?.memory);
  }).map(({ name, description }) => {
    const cells = sizes.map((refs) => {
      const held = runs[refs]!.cases[name]?.memory?.ours;
      return held === undefined ? "" : significant(held / 1024 / 1024);
    });
    return [`memory of ${description}, MiB`, ...cells];
  });
  return table(["", ...sizes.map(formatCount)], [...rows, ...memory]);
}

/** Formats a table in Markdown, its columns as wide as `deno fmt` makes them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => row[i]!.length)));
  const line = (cells: readonly string[], fill: string) => {
    return `| ${cells.map((cell, i) => cell.padEnd(widths[i]!, fill)).join(" | ")} |`;
  };
  return [line(head, " "), line(head.map(() => ""), "-"), ...rows.map((row) => line(row, " "))]
    .join("\n");
}
