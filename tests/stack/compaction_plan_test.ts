import { assert, assertEquals } from "@std/assert";
import { planCompaction, type Segment } from "../../src/stack/compaction_plan.ts";
import { seeded } from "../fixtures.ts";

/** What git plans for some sizes; a factor of 0 means the usual one. */
interface Planned extends Segment {
  readonly sizes: readonly number[];
  readonly factor: number;
}

Deno.test("planCompaction() plans what git plans", () => {
  const url = new URL("../fixtures/compaction-segments.json", import.meta.url);
  const cases: readonly Planned[] = JSON.parse(Deno.readTextFileSync(url));
  assertEquals(cases.length, 120);
  for (const { sizes, factor, start, end, bytes } of cases) {
    assertEquals(planCompaction(sizes, factor), { start, end, bytes }, `${sizes} by ${factor}`);
  }
});

Deno.test("planCompaction() plans nothing where nothing is to be done", () => {
  for (const sizes of [[], [1], [0], [64, 32, 16, 8, 4, 2], [9, 3, 1], [1000, 1]]) {
    assertEquals(planCompaction(sizes), { start: 0, end: 0, bytes: 0 }, `${sizes}`);
  }
  assertEquals(planCompaction([9, 3, 1], 3), { start: 0, end: 0, bytes: 0 });
  assertEquals(planCompaction([9, 3, 1], 4), { start: 0, end: 3, bytes: 13 });
});

Deno.test("planCompaction() finds the tables that break the sequence", () => {
  assertEquals(planCompaction([5, 5]), { start: 0, end: 2, bytes: 10 });
  const sizes = [512, 64, 17, 16, 9, 9, 9, 16, 2, 16];
  assertEquals(planCompaction(sizes), { start: 1, end: 10, bytes: 158 });
  assertEquals(planCompaction([64, 32, 16, 8, 4, 3, 1]), { start: 0, end: 6, bytes: 127 });
  assertEquals(planCompaction([128, 32, 16, 8, 4, 3, 1]), { start: 1, end: 6, bytes: 63 });
  assertEquals(planCompaction([125, 32, 16, 8, 4, 3, 1]), { start: 0, end: 6, bytes: 188 });
});

Deno.test("planCompaction() leaves a geometric sequence behind", () => {
  const random = seeded(5);
  let compacted = 0;
  for (let i = 0; i < 2000; i++) {
    const factor = 2 + random(5);
    const sizes = Array.from({ length: random(12) }, () => 1 + random(2 ** random(20)));
    const { start, end, bytes } = planCompaction(sizes, factor);
    if (end === 0) continue;
    compacted++;
    assert(end - start >= 2 && end <= sizes.length, `${sizes} by ${factor}`);
    const merged = sizes.slice(start, end).reduce((sum, size) => sum + size, 0);
    assertEquals(bytes, merged);
    const after = sizes.toSpliced(start, end - start, merged);
    assertEquals(planCompaction(after, factor).end, 0, `${sizes} by ${factor}: ${after}`);
  }
  assert(compacted > 1000);
});
