import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "../../src/bytes/hex.ts";
import { BytesSource } from "../../src/io/block_source.ts";
import { inflate } from "../../src/io/inflate.ts";
import { MentionBuilder } from "../../src/table/block_mentions.ts";
import { BlockLoader } from "../../src/table/block_loader.ts";
import { ObjectBuilder } from "../../src/table/object_columns.ts";
import { objectsAgree, wordMasks } from "../../src/table/objects_agree.ts";
import { verifyRange } from "../../src/table/verify_range.ts";
import { blocksOf, layoutOf } from "../blocks.ts";
import { fixtures, seeded } from "../fixtures.ts";

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
    const loader = new BlockLoader(new BytesSource(bytes, name), layout, 0, inflate);
    const offsets = blocksOf(bytes).map(({ offset }) => offset);
    const end = layout.logs?.start ?? layout.end;
    for (const step of [offsets.length, 17, 3]) {
      const bounds = [...offsets.filter((at, i) => i % step === 0 && at < end), end];
      const reports = bounds.slice(1).map((end, i) => verifyRange(loader, bounds[i]!, end));
      assert(objectsAgree(reports, layout), name);
      // Whatever refs or objects are left out are missed.
      for (const [left, { mentions, objects }] of reports.entries()) {
        const isNeeded = mentions.ends.length > 0 || objects.ends.length > 0;
        const isSame = objectsAgree(reports.filter((_, i) => i !== left), layout);
        assertEquals(isSame, !isNeeded || reports.length === 1, name);
      }
    }
  }
  assert(tables > 5);
});

/** The ids that the ref blocks at some positions mention. */
type Refs = readonly (readonly [position: number, ids: readonly Uint8Array[]])[];

/** What an object section says: the beginnings of ids in digits, and positions in ascending order. */
type Said = readonly (readonly [key: string, positions: readonly number[]])[];

/** What an object section must say. */
function saidOf(refs: Refs, idLength: number): Said {
  const said = new Map<string, Set<number>>();
  for (const [position, ids] of refs) {
    for (const id of ids) {
      const key = encodeHex(id.subarray(0, idLength));
      said.set(key, (said.get(key) ?? new Set()).add(position));
    }
  }
  return [...said].sort(([a], [b]) => a < b ? -1 : 1).map(([key, at]) => [key, [...at]]);
}

/** Tells whether refs and objects agree, in ranges that have so many blocks or objects. */
function agree(refs: Refs, said: Said, idLength: number, size: number): boolean {
  const reports = [];
  for (let first = 0; first < Math.max(refs.length, said.length); first += size) {
    reports.push(reportOf(refs.slice(first, first + size), []));
  }
  for (let first = 0; first < said.length; first += size) {
    reports.push(reportOf([], said.slice(first, first + size)));
  }
  // A range may end anywhere, also between refs and objects.
  reports.push(reportOf([], []));
  return objectsAgree(reports, { objectIdLength: idLength });

  function reportOf(refs: Refs, said: Said) {
    const mentions = new MentionBuilder(20, 0);
    for (const [position, ids] of refs) {
      const bytes = new Uint8Array(20 * ids.length);
      const view = new DataView(bytes.buffer);
      ids.forEach((id, i) => {
        bytes.set(id, 20 * i);
        mentions.add(view, 20 * i);
      });
      mentions.endBlock(view, position);
    }
    const objects = new ObjectBuilder(idLength, 0);
    for (const [key, positions] of said) {
      for (const position of positions) objects.addPosition(position);
      objects.add(Uint8Array.fromHex(key));
    }
    return { mentions: mentions.finish(), objects: objects.finish() };
  }
}

/** An id that begins like others: so many bytes are the same in all. */
function id(shared: number, ...bytes: readonly number[]): Uint8Array {
  const id = new Uint8Array(20).fill(0xa5);
  id.set(bytes.slice(0, 20 - shared), shared);
  return id;
}

Deno.test("objectsAgree() finds every difference, however ids and positions are", () => {
  const random = seeded(4);
  let different = 0;
  for (let round = 0; round < 400; round++) {
    const idLength = [2, 3, 4, 5, 8, 9, 20][round % 7]!;
    const isAligned = random(2) === 0;
    let position = 0;
    const refs: Refs = Array.from({ length: 1 + random(30) }, () => {
      // Some objects are mentioned again, in this block and in others.
      const ids = Array.from({ length: random(12) }, () => {
        return id(idLength - 2, random(40), random(8));
      });
      position += isAligned ? 4096 : 33 + random(100);
      return [position, ids];
    });
    const said = saidOf(refs, idLength);
    const size = 1 + random(40);
    assert(agree(refs, said, idLength, size), `round ${round}`);
    for (const other of changesOf(said, refs, random)) {
      assert(!agree(refs, other, idLength, size), `round ${round}: ${JSON.stringify(other)}`);
      different++;
    }
  }
  assert(different > 1000);
});

/** What an object section could say wrongly. */
function* changesOf(said: Said, refs: Refs, random: (limit: number) => number): Generator<Said> {
  if (said.length === 0) return;
  const index = random(said.length);
  const [key, positions] = said[index]!;
  const place = random(positions.length);
  const others = refs.map(([position]) => position).filter((at) => !positions.includes(at));
  const wrong = [positions[place]! + 1, positions[place]! + 2 ** 32, ...others.slice(0, 1)];
  // A position less, another one, one more, and none.
  const changed = [
    positions.toSpliced(place, 1),
    ...wrong.map((position) => positions.with(place, position).sort((a, b) => a - b)),
    ...wrong.map((position) => [...positions, position].sort((a, b) => a - b)),
    [],
  ];
  for (const positions of changed) yield said.with(index, [key, positions]);
  // An object less, another one, and one more.
  yield said.toSpliced(index, 1);
  const more = key.slice(0, -1) + (key.endsWith("f") ? "e" : "f");
  if (said.some(([key]) => key === more)) return;
  yield said.with(index, [more, positions]).toSorted(([a], [b]) => a < b ? -1 : 1);
  yield [...said, [more, positions] as const].toSorted(([a], [b]) => a < b ? -1 : 1);
}

Deno.test("objectsAgree() takes no id that stands for two objects", () => {
  for (const idLength of [2, 4, 5, 8, 11]) {
    const [a, b] = [id(idLength, 1), id(idLength, 2)];
    // They differ in the last byte only, or in the first one that is left out.
    for (const [one, two] of [[a, b], [a, id(19, 3)]] as const) {
      const cases: readonly Refs[] = [
        [[0, [one, two]]],
        [[0, [one, two, one]]],
        [[0, [one]], [4096, [two]]],
        [[0, [one]], [4096, [one]], [8192, [two]]],
        [[0, [one, id(0, 1)]], [4096, [one]], [8192, [two, id(0, 1)]]],
      ];
      for (const refs of cases) {
        for (const size of [1, 2, 10]) {
          assert(!agree(refs, saidOf(refs, idLength), idLength, size));
          assert(agree(refs, saidOf(refs, 20), 20, size));
          const same = refs.map(([at, ids]) =>
            [at, ids.map((id) => id === two ? one : id)] as const
          );
          assert(agree(same, saidOf(same, idLength), idLength, size));
        }
      }
    }
  }
});
