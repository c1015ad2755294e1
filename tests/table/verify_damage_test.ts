/**
 * Whatever happens to the bytes of a table, verification ends with a report, the same for any number of ranges.
 *
 * @module
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { fixture, type FixtureName, fixtures, seeded } from "../fixtures.ts";
import { concat, split } from "../hand_made.ts";
import { layoutOf } from "../blocks.ts";
import { order } from "./random_records.ts";
import { mended, problemsOf, withBytes } from "./verifying.ts";
import { write } from "./written.ts";

const LARGE: readonly FixtureName[] = [
  "git/restart-4-1k.ref",
  "git/unpadded-4k.ref",
  "git/same-object-512.ref",
  "git/sha256.ref",
  "git/log-only.ref",
  "jgit/two-level-index.ref",
  "jgit/unaligned-1k.ref",
];

Deno.test("verifyTable() finds one problem, or none that shows, where one byte of a block is changed", async () => {
  const random = seeded(41);
  for (const name of LARGE) {
    const { bytes } = fixture(name);
    const { header, footer } = split(bytes);
    let found = 0;
    for (let i = 0; i < 60; i++) {
      const position = header.length + random(bytes.length - header.length - footer.length);
      const byte = [0, random(256), bytes[position]! ^ (1 << random(8))][random(3)]!;
      const problems = await problemsOf(withBytes(bytes, position, [byte]));
      const where = `${name}, byte ${position} is ${byte}`;
      assert(problems.length <= 1, `${where}: ${JSON.stringify(problems)}`);
      found += problems.length;
    }
    // Most of an object id can be anything: the object section knows but its beginning.
    assertGreater(found, 20, name);
  }
});

Deno.test("verifyTable() finds every byte that is changed in a log block, and what it is", async () => {
  for (const name of ["git/exact-messages.ref", "jgit/small-mixed.ref"] as const) {
    const { bytes } = fixture(name);
    const { logs, end } = layoutOf(bytes);
    for (let position = logs!.start; position < end; position++) {
      const problems = await problemsOf(withBytes(bytes, position, [bytes[position]! ^ 0x11]));
      assertEquals(problems.length, 1, `${name}, byte ${position}`);
      assert(["deflate", "block-type", "block-length", "restart"].includes(problems[0]!.code));
    }
  }
});

Deno.test("verifyTable() reports on a table with any damage", async () => {
  const random = seeded(17);
  for (const { name, bytes } of fixtures()) {
    const rounds = bytes.length < 5000 ? 100 : 8;
    for (let i = 0; i < rounds; i++) {
      let damaged = bytes;
      for (let count = 1 + random(6); count > 0; count--) {
        const position = random(damaged.length);
        switch (random(5)) {
          case 0: // Bytes are lost.
            damaged = concat(
              damaged.subarray(0, position),
              damaged.subarray(position + 1 + random(3000)),
            );
            break;
          case 1: // Bytes are there twice.
            damaged = concat(
              damaged.subarray(0, position),
              damaged.subarray(Math.max(0, position - random(3000))),
            );
            break;
          case 2: // A piece of the disk was never written.
            damaged = damaged.slice();
            damaged.fill(0, position, position + random(6000));
            break;
          default:
            damaged = withBytes(damaged, position, [random(256)]);
        }
        if (damaged.length < 200) damaged = bytes;
      }
      await problemsOf(damaged, `${name}, round ${i}`);
      // With a checksum that fits the footer is believed.
      await problemsOf(mended(damaged), `${name}, round ${i}, mended`);
    }
  }
});

Deno.test("verifyTable() finds nothing wrong with what TableWriter writes, but names", async () => {
  await fc.assert(
    fc.asyncProperty(order, async (given) => {
      const { bytes } = write(given);
      const problems = await problemsOf(bytes);
      const others = problems.filter(({ code }) => code !== "refname" && code !== "symref-target");
      assertEquals(others, []);
    }),
    { numRuns: 150, seed: 9 },
  );
});
