import { assertEquals } from "@std/assert";
import { decodeText } from "../../src/bytes/text.ts";
import { readLines, Records } from "../../src/cli/input.ts";
import type { System } from "../../src/cli/system.ts";
import { seeded } from "../fixtures.ts";

/** Standard input that gives so many bytes at a time. */
function inputOf(bytes: Uint8Array, count: () => number): System {
  let position = 0;
  const read = (buffer: Uint8Array) => {
    if (position === bytes.length) return Promise.resolve(null);
    const part = bytes.subarray(position, position + Math.min(count(), buffer.length));
    buffer.set(part);
    position += part.length;
    return Promise.resolve(part.length);
  };
  return { read } as Partial<System> as System;
}

/** Everything that stands there, part by part, taken without waiting where it can be. */
async function readAll(records: Records): Promise<string[]> {
  const found: string[] = [];
  for (let next; (next = records.take() ?? await records.next()) !== undefined;) found.push(next);
  return found;
}

Deno.test("Records gives the parts of standard input, however they come", async () => {
  const random = seeded(7);
  for (let round = 0; round < 300; round++) {
    const terminator = round % 2 === 0 ? "\n" : "\0";
    const end = terminator.charCodeAt(0);
    // Characters of several bytes, and bytes that are none, are parted by reading too.
    const alphabet = [end, end, 0x20, 0x61, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0xff, 10, 0];
    const bytes = Uint8Array.from({ length: random(200) }, () => alphabet[random(13)]!);
    const expected: string[] = [];
    for (let start = 0; start < bytes.length;) {
      const found = bytes.indexOf(end, start);
      const next = found < 0 ? bytes.length : found + 1;
      expected.push(decodeText(bytes, start, next));
      start = next;
    }
    const input = inputOf(bytes, () => 1 + random(round % 40 + 1));
    assertEquals(await readAll(new Records(input, terminator)), expected);
  }
});

Deno.test("Records does not wait for more when a part is there", async () => {
  let isAsked = false;
  const first = new TextEncoder().encode("start\ncommit\nrest");
  const read = (buffer: Uint8Array) => {
    if (isAsked) return new Promise<number>(() => {});
    isAsked = true;
    buffer.set(first);
    return Promise.resolve(first.length);
  };
  const records = new Records({ read } as Partial<System> as System, "\n");
  assertEquals([await records.next(), records.take(), records.take()], [
    "start\n",
    "commit\n",
    undefined,
  ]);
});

Deno.test("readLines() leaves out what ends a line", async () => {
  const bytes = new TextEncoder().encode("a\n\nb");
  assertEquals(await Array.fromAsync(readLines(inputOf(bytes, () => 1))), ["a", "", "b"]);
});

Deno.test("Records puts a part of megabytes together", async () => {
  const bytes = new Uint8Array(0x2000000).fill(0x61);
  const [found] = await readAll(new Records(inputOf(bytes, () => 0x10000), "\n"));
  assertEquals(found?.length, bytes.length);
});
