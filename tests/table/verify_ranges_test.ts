/**
 * Ranges of a table that are verified apart, perhaps in other threads.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { ReftableError, verifyTable } from "@reftable/reftable";
import { BytesSource } from "../../src/io/block_source.ts";
import { inflate } from "../../src/io/inflate.ts";
import { runSync } from "../../src/io/io.ts";
import { BlockLoader } from "../../src/table/block_loader.ts";
import { blockStarts, planRanges } from "../../src/table/block_starts.ts";
import type { RangeReport } from "../../src/table/range_report.ts";
import {
  type RangeRunner,
  rangeRunner,
  type RangeTask,
  runRangeTask,
  setRangeRunner,
} from "../../src/table/range_runner.ts";
import { verifyRange } from "../../src/table/verify_range.ts";
import { conclude, isChain } from "../../src/table/verify_table.ts";
import { transferables } from "../../src/workers/protocol.ts";
import { blocksOf, layoutOf } from "../blocks.ts";
import { fixture, fixtures } from "../fixtures.ts";
import { withBytes, withPosition } from "./verifying.ts";

function loaderFor(bytes: Uint8Array): BlockLoader {
  return new BlockLoader(new BytesSource(bytes, "x.ref"), layoutOf(bytes), 0, inflate);
}

const startsOf = (bytes: Uint8Array) => runSync(blockStarts(loaderFor(bytes)));

/** Verifies ranges that have given bounds. */
function reportsOf(bytes: Uint8Array, bounds: readonly number[]): RangeReport[] {
  return bounds.slice(1).map((end, i) => verifyRange(loaderFor(bytes), bounds[i]!, end));
}

/** Lets ranges be verified by a function for as long as a test takes. */
async function withRunner(runner: RangeRunner, test: () => Promise<void>): Promise<void> {
  const before = rangeRunner();
  setRangeRunner(runner);
  try {
    await test();
  } finally {
    setRangeRunner(before);
  }
}

Deno.test("blockStarts() knows every block that an index leads to, and that of the index", () => {
  for (const { name, bytes } of fixtures()) {
    const layout = layoutOf(bytes);
    const starts = startsOf(bytes);
    const offsets = blocksOf(bytes).map(({ offset }) => offset);
    const isSorted = starts.every((start, i) => i === 0 || starts[i - 1]! < start);
    assert(
      isSorted && starts.every((start) => start === layout.end || offsets.includes(start)),
      name,
    );
    const sections = [layout.refs, layout.objects, layout.logs].filter((section) => section);
    const unknown = offsets.filter((offset) => !starts.includes(offset));
    // Where there is no index, only the first block is known.
    const isIndexed = (offset: number) =>
      sections.some((section) =>
        section!.index > 0 && section!.start <= offset && offset < section!.end
      );
    assertEquals(unknown.filter(isIndexed), [], name);
  }
});

Deno.test("blockStarts() passes over damaged index blocks", () => {
  const { bytes } = fixture("git/restart-1-512.ref");
  const known = startsOf(bytes).length;
  for (const { offset, type } of blocksOf(bytes)) {
    if (type !== 0x69) continue;
    const starts = startsOf(withBytes(bytes, offset, [0]));
    assert(starts.length < known && starts.length > 3);
  }
});

Deno.test("planRanges() splits a table where blocks begin", () => {
  for (const { name, bytes } of fixtures()) {
    const starts = startsOf(bytes);
    for (const parts of [1, 2, 3, 7, 1000]) {
      const bounds = planRanges(starts, parts);
      assertEquals([bounds[0], bounds.at(-1)], [starts[0], starts.at(-1)], name);
      assert(bounds.length <= parts + 1);
      assert(bounds.every((bound) => starts.includes(bound)), name);
      if (starts.length < 2) continue;
      assert(bounds.every((bound, i) => i === 0 || bounds[i - 1]! < bound), name);
      if (starts.length > 30 && parts < 8) assertEquals(bounds.length, parts + 1, name);
    }
  }
});

Deno.test("planRanges() gives each range as much work, whatever bytes take", () => {
  const starts = Array.from({ length: 101 }, (_, i) => 10 * i);
  assertEquals(planRanges(starts, 4), [0, 250, 500, 750, 1000]);
  // Behind 600 each byte takes as long as three before it.
  const work = (offset: number) => Math.min(offset, 600) + 3 * Math.max(0, offset - 600);
  assertEquals(planRanges(starts, 2, work), [0, 700, 1000]);
  assertEquals(planRanges(starts, 4, work), [0, 450, 700, 850, 1000]);
});

Deno.test("verifyRange() walks from the beginning of its range to the block behind it", () => {
  const { bytes } = fixture("git/unpadded-4k.ref");
  const offsets = blocksOf(bytes).map(({ offset }) => offset);
  const loader = loaderFor(bytes);
  for (const [i, start] of offsets.entries()) {
    for (const length of [1, 4]) {
      const end = offsets[i + length] ?? layoutOf(bytes).end;
      const report = verifyRange(loader, start, end);
      assertEquals([report.start, report.end, report.problems], [start, end, []]);
      assertEquals([...report.blocks.offsets], offsets.slice(i, i + length));
    }
  }
});

Deno.test("conclude() finds the same from any ranges", () => {
  const { bytes } = fixture("jgit/two-level-index.ref");
  const damaged = withBytes(withBytes(bytes, 4096, "x"), 209_858, [0x31]);
  const layout = layoutOf(damaged);
  const offsets = blocksOf(bytes).map(({ offset }) => offset).filter((_, i) => i % 30 === 7);
  const whole = conclude(layout, reportsOf(damaged, [0, layout.end]));
  assertEquals(whole.map(({ offset }) => offset), [4096, 44032]);
  const divided = reportsOf(damaged, [0, ...offsets, layout.end]);
  assertGreater(divided.length, 10);
  assert(isChain(divided));
  assertEquals(conclude(layout, divided), whole);
});

Deno.test("isChain() tells a range that began inside of a block", () => {
  const { bytes } = fixture("git/restart-4-1k.ref");
  const { end } = layoutOf(bytes);
  assert(isChain(reportsOf(bytes, [0, 5120, end])));
  assert(!isChain(reportsOf(bytes, [0, 5121, end])));
  assert(!isChain(reportsOf(bytes, [0, 5000, end])));
});

Deno.test("A range report survives being sent to another thread", () => {
  const { bytes } = fixture("git/restart-4-1k.ref");
  const layout = layoutOf(bytes);
  const reports = reportsOf(bytes, [0, 20480, 61440, layout.end]);
  const sent = reports.map((report) => {
    const transfer = transferables(report);
    const copy = structuredClone(report);
    const moved = structuredClone(report, { transfer });
    assertEquals(moved, copy);
    // Everything of it was moved.
    assert(transfer.every((buffer) => buffer.detached));
    return moved;
  });
  assertEquals(conclude(structuredClone(layout), sent), []);
});

Deno.test("verifyTable() has others verify ranges, and concludes the same", async () => {
  const { bytes, url } = fixture("jgit/aligned-4k.ref");
  for (
    const damaged of [bytes, withBytes(bytes, 8192, "x"), withBytes(bytes, 300_000, [1, 2, 3])]
  ) {
    const expected = await verifyTable(damaged);
    const tasks: RangeTask[] = [];
    let progress = 0;
    const runner: RangeRunner = {
      parts: (size, jobs) => {
        assertEquals(size, bytes.length);
        return jobs ?? 3;
      },
      run: async (task, hooks) => {
        tasks.push(task);
        hooks.onProgress?.(1000);
        // How often the walk itself tells how far it is depends on the machine.
        const report = await runRangeTask(structuredClone(task), { signal: hooks.signal });
        return structuredClone(report, { transfer: transferables(report) });
      },
    };
    await withRunner(runner, async () => {
      const options = { onProgress: () => void progress++ };
      assertEquals(await verifyTable(damaged, options), expected);
      assertEquals([tasks.length, progress], [3, 4]);
      assert(tasks.every(({ input }) => input === damaged));
      tasks.length = 0;
      assertEquals(await verifyTable(damaged, { jobs: 2 }), expected);
      assertEquals(tasks.map(({ start }) => start)[0], 0);
      assertEquals(tasks[0]!.end, tasks[1]!.start);
      tasks.length = 0;
      assertEquals(await verifyTable(damaged, { jobs: 0 }), expected);
      assertEquals(tasks, []);
      if (damaged !== bytes) return;
      assertEquals((await verifyTable(url)).problems, []);
      assertEquals(tasks.map(({ input }) => input), Array(3).fill({ href: url.href }));
      tasks.length = 0;
      await verifyTable(new BytesSource(bytes, "x.ref"));
      assertEquals(tasks, []);
    });
  }
});

Deno.test("verifyTable() verifies in place what others cannot", async () => {
  const { bytes } = fixture("git/restart-4-1k.ref");
  let asked = 0;
  const run = () => {
    asked++;
    return Promise.resolve(undefined);
  };
  await withRunner({ parts: () => 4, run }, async () => {
    assertEquals((await verifyTable(bytes)).problems, []);
    assertEquals(asked, 4);
  });
  const fail = () => Promise.reject(new ReftableError("io", "the worker died"));
  await withRunner({ parts: () => 4, run: fail }, async () => {
    const error = await assertRejects(() => verifyTable(bytes), ReftableError, "the worker died");
    assertEquals(error.code, "io");
  });
});

Deno.test("verifyTable() starts over in one piece when a range begins inside of a block", async () => {
  const { bytes } = fixture("git/restart-4-1k.ref");
  const { objects, end } = layoutOf(bytes);
  // The footer names an object section that begins there.
  const inside = objects!.start - 500;
  const damaged = withPosition(bytes, 1, (old) => (BigInt(inside) << 5n) | (old & 31n));
  assert(startsOf(damaged).includes(inside));
  const expected = await verifyTable(damaged);
  assertEquals(expected.problems.map(({ code }) => code), ["section"]);
  const ranges: (readonly [number, number])[] = [];
  const runner: RangeRunner = {
    parts: () => 200,
    run: async (task, hooks) => {
      ranges.push([task.start, task.end]);
      return await runRangeTask(task, hooks);
    },
  };
  await withRunner(runner, async () => {
    assertEquals(await verifyTable(damaged), expected);
  });
  assert(ranges.some(([start]) => start === inside));
  assertEquals(ranges.at(-1), [0, end]);
});
