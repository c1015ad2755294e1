import { type BlockSource, BytesSource, openFileSource } from "../io/block_source.ts";
import { denoFileSystem } from "../io/deno.ts";
import { inflate } from "../io/inflate.ts";
import { type Io, runAsync } from "../io/io.ts";
import { BlockLoader } from "./block_loader.ts";
import type { TableLayout } from "./layout.ts";
import type { RangeReport } from "./range_report.ts";
import { RangeWalk } from "./verify_range.ts";

/** A range of a table to be verified, described so that another thread can do it. */
export interface RangeTask {
  /** The table: a path, the reference of a file URL, or its bytes. */
  readonly input: string | { readonly href: string } | Uint8Array;
  /** What the table's header and footer say. */
  readonly layout: TableLayout;
  /** Where the range begins: at a block. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
}

/** What goes on while a range is verified. */
export interface RangeHooks {
  /** Stops it when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how many bytes of the range are done. */
  readonly onProgress?: ((checked: number) => void) | undefined;
}

/** Verifies ranges elsewhere. */
export interface RangeRunner {
  /**
   * Says how many ranges to make of a table.
   *
   * @param size The table's length in bytes.
   * @param jobs How many at a time the caller wants, if it wants something.
   * @returns 0 to verify the table in place.
   */
  parts(size: number, jobs: number | undefined): number;
  /** Verifies a range; `undefined` when it cannot be done elsewhere. */
  run(task: RangeTask, hooks: RangeHooks): Promise<RangeReport | undefined>;
}

let installed: RangeRunner | undefined;

/** Says who verifies ranges elsewhere; without anybody it is done in place. */
export function setRangeRunner(runner: RangeRunner | undefined): void {
  installed = runner;
}

/** Who verifies ranges elsewhere, if anybody does. */
export function rangeRunner(): RangeRunner | undefined {
  return installed;
}

/** After how many milliseconds others get their turn. */
const TURN = 20;

/** The same in a thread of its own, where a message that stops it is all there can be. */
const LONG_TURN = 60;

/**
 * Verifies a range, and lets others have their turn now and then.
 *
 * @throws The signal's reason when it is aborted.
 */
export async function walkRange(
  source: BlockSource,
  { layout, start, end }: Omit<RangeTask, "input">,
  { signal, onProgress }: RangeHooks,
  turn: number = TURN,
): Promise<RangeReport> {
  const walk = new RangeWalk(new BlockLoader(source, layout, 0, inflate), start, end);
  while (await runAsync(walkFor(walk, turn))) {
    onProgress?.(walk.position - start);
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  return walk.finish();
}

/** Walks on for some milliseconds: a promise for each block would take as long as the block. */
function* walkFor(walk: RangeWalk, milliseconds: number): Io<boolean> {
  const end = performance.now() + milliseconds;
  while (yield* walk.next()) {
    if (performance.now() >= end) return true;
  }
  return false;
}

/** Verifies a range from its description, as another thread does. */
export async function runRangeTask(task: RangeTask, hooks: RangeHooks): Promise<RangeReport> {
  using source = await openTask(task);
  return await walkRange(source, task, hooks, LONG_TURN);
}

async function openTask({ input, layout: { file } }: RangeTask): Promise<BlockSource> {
  if (input instanceof Uint8Array) return new BytesSource(input, file);
  const path = typeof input === "string" ? input : new URL(input.href);
  return await runAsync(openFileSource(denoFileSystem, path, file));
}
