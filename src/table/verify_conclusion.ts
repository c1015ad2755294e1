import { BlockType } from "../format/block.ts";
import type { Problem } from "../format/problem.ts";
import type { TableLayout } from "./layout.ts";
import { ProblemList } from "./problem_list.ts";
import type { RangeReport } from "./range_report.ts";
import { checkIndex } from "./verify_index.ts";
import { checkObjects } from "./verify_objects.ts";
import {
  checkGaps,
  checkOrder,
  checkPositions,
  findSections,
  listRows,
  sectionOf,
} from "./verify_sections.ts";

/**
 * Checks what spans several blocks of a table, on the grounds of reports on its ranges.
 *
 * @param layout What the header and the footer of the table say.
 * @param reports The reports on all ranges in the order of the file, each of which ends where the next begins.
 * @returns All problems of the table, in the order of the file.
 */
export function conclude(layout: TableLayout, reports: readonly RangeReport[]): Problem[] {
  const list = new ProblemList(layout.file);
  for (const { problems, omitted } of reports) {
    list.push(...problems);
    list.omitted += omitted;
  }
  const { minUpdateIndex, maxUpdateIndex } = layout;
  if (minUpdateIndex > maxUpdateIndex) {
    list.add("header", 8, `update indices are said to be ${minUpdateIndex} to ${maxUpdateIndex}`);
  }
  const rows = listRows(reports);
  const sections = findSections(rows, layout, list);
  checkPositions(rows, sections, layout, list);
  checkGaps(rows, layout, list);
  for (const section of sections) checkOrder(section, list);
  const objects = sections.find(({ type }) => type === BlockType.object);
  if (objects) checkObjects(rows, objects, reports, layout, list);
  // The keys of what was found wrong are not looked for in the indexes.
  for (const section of sections) {
    checkIndex(rows, section, sectionOf(layout, section.type)?.index ?? 0, list);
  }
  const problems = list.problems.sort(compareProblems);
  if (list.omitted === 0) return problems;
  const message = `there are ${list.omitted} more problems`;
  return [...problems, { severity: "error", code: "more", file: layout.file, message }];
}

function compareProblems(a: Problem, b: Problem): number {
  return (a.offset ?? 0) - (b.offset ?? 0) || compare(a.code, b.code) ||
    compare(a.message, b.message);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Tells whether each range ends where the next one begins; else one of them began inside of a block. */
export function isChain(reports: readonly RangeReport[]): boolean {
  return reports.every(({ end }, i) => end === (reports[i + 1]?.start ?? end));
}
