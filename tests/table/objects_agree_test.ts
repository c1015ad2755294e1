import { assert, assertEquals } from "@std/assert";
import { BytesSource } from "../../src/io/block_source.ts";
import { BlockLoader } from "../../src/table/block_loader.ts";
import { objectsAgree, wordMasks } from "../../src/table/objects_agree.ts";
import { verifyRange } from "../../src/table/verify_range.ts";
import { blocksOf, layoutOf } from "../blocks.ts";
import { fixtures } from "../fixtures.ts";

Deno.test("wordMasks() has a bit for each bit of an id", () => {
  assertEquals(wordMasks(2), [0xffff0000 | 0]);
  assertEquals(wordMasks(4), [-1]);
  assertEquals(wordMasks(5), [-1, 0xff000000 | 0]);
  assertEquals(wordMasks(20), [-1, -1, -1, -1, -1]);
});

Deno.test("objectsAgree() takes what git and JGit write, in any ranges, and no part of it", () => {
  let tables = 0;
  for (const { name, bytes } of fixtures()) {
    const layout = layoutOf(bytes);
    if (!layout.objects) continue;
    tables++;
    const loader = new BlockLoader(new BytesSource(bytes, name), layout, 0);
    const offsets = blocksOf(bytes).map(({ offset }) => offset);
    const end = layout.logs?.start ?? layout.end;
    for (const step of [offsets.length, 17, 3]) {
      const bounds = [...offsets.filter((at, i) => i % step === 0 && at < end), end];
      const reports = bounds.slice(1).map((end, i) => verifyRange(loader, bounds[i]!, end));
      assert(objectsAgree(reports, layout), name);
      // Whatever refs or objects are left out are missed.
      for (const [left, { mentions, objects }] of reports.entries()) {
        const isNeeded = mentions.heads.length > 0 || objects.ends.length > 0;
        const isSame = objectsAgree(reports.filter((_, i) => i !== left), layout);
        assertEquals(isSame, !isNeeded || reports.length === 1, name);
      }
    }
  }
  assert(tables > 5);
});
