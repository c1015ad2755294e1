import { type Problem, problemOf } from "../errors.ts";
import { BlockType } from "../format/block.ts";
import type { HashName } from "../format/hash.ts";
import type { BlockSource } from "../io/block_source.ts";
import { inflate } from "../io/inflate.ts";
import { runAsync } from "../io/io.ts";
import { BlockLoader } from "./block_loader.ts";
import { blockStarts, firstBlock, planRanges } from "./block_starts.ts";
import { readLayout, type TableLayout } from "./layout.ts";
import { ProblemList, type RangeReport } from "./range_report.ts";
import { rangeRunner, type RangeTask, walkRange } from "./range_runner.ts";
import { openInput, type TableInput } from "./table.ts";
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

/** How far a verification is. */
export interface VerifyProgress {
  /** How many bytes were checked. */
  readonly checked: number;
  /** How many bytes there are. */
  readonly total: number;
}

/** How to verify a table. */
export interface VerifyTableOptions {
  /** What to call the table in problems; its path when it is given one, else `(bytes)`. */
  readonly name?: string | undefined;
  /** Into how many jobs to divide the work; by default that depends on the table's size. */
  readonly jobs?: number | undefined;
  /** Stops the verification when it is aborted; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how far it is. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

/** What was found out about a table. */
export interface TableReport {
  /** What the table is called. */
  readonly file: string;
  /** Its length in bytes. */
  readonly size: number;
  /** What its header says; `undefined` when header or footer are damaged. */
  readonly header: TableSummary | undefined;
  /** What is wrong with it, in the order of the file. */
  readonly problems: readonly Problem[];
}

/** What a table's header says. */
export interface TableSummary {
  /** The version of the format. */
  readonly version: 1 | 2;
  /** The hash that made the object ids. */
  readonly hash: HashName;
  /** The lowest update index of the table's refs. */
  readonly minUpdateIndex: number;
  /** The highest update index of the table's records. */
  readonly maxUpdateIndex: number;
}

/**
 * Checks all of a table that can be checked: every byte, every record, and whether its parts fit together.
 *
 * One damage gives one problem: what follows from a block that cannot be read is not reported. The table is
 * read once from its beginning to its end; memory is needed for its indexes and, if it has an
 * object section, for the object ids of its refs.
 *
 * @param input What the table can be opened from; a source is disposed in the end.
 * @returns What was found out. A table without problems is sound.
 * @throws {ReftableError} With code `"not-exist"` or `"io"` when the table cannot be read at all.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { verifyTable } from "@reftable/reftable";
 *
 * const bytes = await Deno.readFile("tests/fixtures/git/one-ref.ref");
 * assertEquals((await verifyTable(bytes)).problems, []);
 *
 * bytes[29] = 0;
 * const [problem] = (await verifyTable(bytes)).problems;
 * assertEquals([problem?.code, problem?.offset], ["record", 28]);
 * ```
 */
export async function verifyTable(
  input: TableInput | Blob,
  options: VerifyTableOptions = {},
): Promise<TableReport> {
  options.signal?.throwIfAborted();
  const bytes = input instanceof Blob ? new Uint8Array(await input.arrayBuffer()) : input;
  const name = options.name ?? (input instanceof File ? input.name : undefined);
  using source = await runAsync(openInput(bytes, name));
  const isSendable = bytes instanceof Uint8Array || typeof bytes === "string" ||
    bytes instanceof URL;
  const task = isSendable ? bytes instanceof URL ? { href: bytes.href } : bytes : undefined;
  return await verifySource(source, { ...options, input: task });
}

/** How to verify a table that is open. */
export interface VerifySourceOptions extends VerifyTableOptions {
  /** What others can open the table from; without it no range can be verified elsewhere. */
  readonly input?: RangeTask["input"] | undefined;
  /** Into how many ranges to divide the table, whoever verifies them. */
  readonly parts?: number | undefined;
}

/** Verifies a table that is open; see {@linkcode verifyTable}. */
export async function verifySource(
  source: BlockSource,
  options: VerifySourceOptions = {},
): Promise<TableReport> {
  const { name: file, size } = source;
  let layout: TableLayout;
  try {
    layout = await runAsync(readLayout(source));
  } catch (error) {
    return { file, size, header: undefined, problems: [problemOf(error)] };
  }
  const { version, hash, minUpdateIndex, maxUpdateIndex } = layout;
  const problems = conclude(layout, await verifyRanges(source, layout, options));
  options.onProgress?.({ checked: size, total: size });
  return { file, size, header: { version, hash, minUpdateIndex, maxUpdateIndex }, problems };
}

/** Verifies all blocks, in several ranges if that is wanted and possible. */
async function verifyRanges(
  source: BlockSource,
  layout: TableLayout,
  options: VerifySourceOptions,
): Promise<RangeReport[]> {
  const { input, jobs, signal, onProgress } = options;
  const runner = input === undefined ? undefined : rangeRunner();
  const wanted = runner?.parts(source.size, jobs) ?? 0;
  const parts = options.parts ?? Math.max(1, wanted);
  const starts = parts === 1
    ? [firstBlock(layout), layout.end]
    : await runAsync(blockStarts(new BlockLoader(source, layout, 0, inflate)));
  const bounds = planRanges(starts, parts, (offset) => workBefore(layout, offset));
  const done = bounds.map(() => 0);

  const verify = async (start: number, end: number, part: number) => {
    const hooks = {
      signal,
      onProgress: (checked: number) => {
        done[part] = checked;
        const sum = done.reduce((sum, checked) => sum + checked, 0);
        onProgress?.({ checked: sum, total: source.size });
      },
    };
    const elsewhere = wanted > 0 && input !== undefined
      ? await runner!.run({ input, layout, start, end }, hooks)
      : undefined;
    return elsewhere ?? await walkRange(source, { layout, start, end }, hooks);
  };
  const reports = await all(
    bounds.slice(1).map((end, part) => verify(bounds[part]!, end, part)),
  );
  // A range that begins inside of a block, where a damaged index leads, cannot be relied on.
  if (isChain(reports)) return reports;
  done.fill(0);
  return [await verify(bounds[0]!, layout.end, 0)];
}

/** Waits for all, even when one fails: until then the table must stay open. */
async function all<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

/** How much longer than a byte of a ref block one of an object block takes, and one of a deflated log block. */
const OBJECT_WORK = 2.8;
const LOG_WORK = 8;

/** How long it takes to verify what lies before an offset, in bytes of ref blocks. */
function workBefore({ objects, logs, end }: TableLayout, offset: number): number {
  const logStart = logs?.start ?? end;
  const objectStart = objects?.start ?? logStart;
  return Math.min(offset, objectStart) +
    OBJECT_WORK * Math.max(0, Math.min(offset, logStart) - objectStart) +
    LOG_WORK * Math.max(0, offset - logStart);
}

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
