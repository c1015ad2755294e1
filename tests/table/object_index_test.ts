import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeHex } from "../../src/bytes/hex.ts";
import {
  forEachObject,
  ObjectIndex,
  shortestIdLength,
  wordOf,
} from "../../src/table/object_index.ts";
import { seeded } from "../fixtures.ts";

/** That a block at a position mentions an object. */
type Mention = readonly [oid: string, position: number];

/** What an index makes of mentions. */
interface Sorted {
  readonly idLength: number;
  readonly objects: readonly (readonly [oid: string, positions: readonly number[]])[];
}

function sortMentions(mentions: readonly Mention[], idSize: number): Sorted {
  const index = new ObjectIndex(idSize);
  // The bytes are used again at once, as a writer's are.
  const buffer = new Uint8Array(idSize + 7);
  for (const [oid, position] of mentions) {
    buffer.set(Uint8Array.fromHex(oid), 3);
    index.add(buffer, 3, position);
  }
  const sorted = index.sort();
  const idLength = shortestIdLength(sorted);
  const objects: [string, number[]][] = [];
  forEachObject(sorted, (index, positions) => {
    const number = sorted.numbers[index]!;
    const words = Array.from({ length: idSize / 4 }, (_, i) => wordOf(sorted, number, i));
    assertEquals(words.slice(0, 2), [sorted.heads[index], sorted.seconds[index]]);
    objects.push([words.map(hex).join(""), [...positions]]);
  });
  return { idLength, objects };
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}

/** The same by way of strings. */
function expected(mentions: readonly Mention[]): Sorted {
  const blocks = new Map<string, Set<number>>();
  for (const [oid, position] of mentions) {
    blocks.set(oid, (blocks.get(oid) ?? new Set()).add(position));
  }
  const oids = [...blocks.keys()].sort();
  let idLength = 2;
  for (const [i, oid] of oids.slice(1).entries()) {
    while (oid.slice(0, 2 * idLength) === oids[i]!.slice(0, 2 * idLength)) idLength++;
  }
  return { idLength, objects: oids.map((oid) => [oid, [...blocks.get(oid)!]]) };
}

/** Digits that begin like others for so many bytes. */
function digits(size: number, shared: number, ...rest: readonly number[]): string {
  const bytes = new Uint8Array(size).fill(0x5a);
  bytes.set(rest.slice(0, size - shared), shared);
  return encodeHex(bytes);
}

Deno.test("ObjectIndex sorts objects by their ids, with the blocks that mention them", () => {
  for (const size of [20, 32]) {
    const oid = fc.tuple(
      fc.constantFrom(0, 1, 2, 3, 4, 5, 17, 18, 19, size - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 3 }),
    ).map(([shared, a, b]) => digits(size, Math.min(shared, size - 1), a, b));
    const mention = fc.tuple(oid, fc.constantFrom(0, 0, 0, 1, 4096));
    fc.assert(
      fc.property(fc.array(mention, { maxLength: 300, size: "max" }), (steps) => {
        let position = 0;
        const mentions = steps.map(([oid, step]): Mention => [oid, position += step]);
        assertEquals(sortMentions(mentions, size), expected(mentions));
      }),
      { numRuns: 60 },
    );
  }
});

Deno.test("ObjectIndex abbreviates to the shortest length that tells ids apart, at least 2", () => {
  assertEquals(sortMentions([], 20), { idLength: 2, objects: [] });
  const one: Mention = [digits(20, 0, 1), 0];
  assertEquals(sortMentions([one, one, [one[0], 512]], 20), {
    idLength: 2,
    objects: [[one[0], [0, 512]]],
  });
  for (const size of [20, 32]) {
    for (let shared = 0; shared < size; shared++) {
      const [a, b] = [digits(size, shared, 0x7f), digits(size, shared, 0x80)];
      const length = Math.max(2, shared + 1);
      // Others far away, before and behind.
      const mentions: Mention[] = [[b, 0], [digits(size, 0, 0xff), 0], [a, 1], [
        digits(size, 0, 0),
        2,
      ]];
      assertEquals(sortMentions(mentions, size).idLength, length, `${size} ${shared}`);
      assertEquals(sortMentions(mentions, size), expected(mentions));
    }
  }
  // Ids that differ in one bit only, wherever it is.
  for (let bit = 0; bit < 160; bit++) {
    const bytes = new Uint8Array(20).fill(0x5a);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const mentions: Mention[] = [[encodeHex(bytes), 0], [digits(20, 20), 0]];
    const length = Math.max(2, (bit >> 3) + 1);
    assertEquals(sortMentions(mentions, 20).idLength, length, `${bit}`);
  }
});

Deno.test("ObjectIndex keeps the blocks of an object in order when others begin like it", () => {
  // All begin with the same four bytes, and come by turns.
  const oids = [3, 1, 2, 0].map((n) => digits(20, 4, n));
  const mentions = Array.from({ length: 400 }, (_, i): Mention => {
    return [oids[i % 4]!, Math.floor(i / 10)];
  });
  const { idLength, objects } = sortMentions(mentions, 20);
  assertEquals(idLength, 5);
  assertEquals(objects, expected(mentions).objects);
});

Deno.test("ObjectIndex takes many objects", () => {
  // Every 32-bit beginning differs, by a step that is odd and so meets all values of each digit.
  const mentions = Array.from({ length: 50_000 }, (_, i): Mention => {
    const key = Math.imul(i, 0x9e3779b1) >>> 0;
    return [`${hex(key)}${"0".repeat(32)}`, i];
  });
  const { idLength, objects } = sortMentions(mentions, 20);
  const sorted = mentions.toSorted(([a], [b]) => a < b ? -1 : 1);
  assertEquals(objects.map(([oid]) => oid).join(), sorted.map(([oid]) => oid).join());
  assertEquals(
    objects.map(([, positions]) => positions.join()).join(),
    sorted.map(([, at]) => at).join(),
  );
  assertEquals(idLength, expected(mentions).idLength);
});

Deno.test("ObjectIndex takes many mentions of few objects that begin alike", () => {
  const random = seeded(9);
  let position = 0;
  const mentions = Array.from({ length: 70_000 }, (): Mention => {
    if (random(3) === 0) position += 512;
    // They share none of their bytes, all or any number between.
    return [digits(20, random(21), random(2), random(3)), position];
  });
  assertEquals(sortMentions(mentions, 20), expected(mentions));
});
