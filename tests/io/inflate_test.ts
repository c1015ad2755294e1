import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fflate from "fflate";
import * as zlib from "node:zlib";
import { ReftableError } from "@reftable/reftable";
import { compareBytes } from "../../src/bytes/bytes.ts";
import { BlockType } from "../../src/format/block.ts";
import { type Inflate, inflate, inflateWithFflate, inflateWithZlib } from "../../src/io/inflate.ts";
import { blocksOf } from "../blocks.ts";
import { fixtures, seeded } from "../fixtures.ts";
import { concat } from "../hand_made.ts";

const INFLATERS: Readonly<Record<string, Inflate>> = {
  "node:zlib": inflateWithZlib(zlib),
  fflate: inflateWithFflate(fflate),
};

interface Stream {
  readonly name: string;
  /** The stream and all that follows in the file. */
  readonly input: Uint8Array;
  /** The stream alone. */
  readonly stream: Uint8Array;
  readonly bytes: Uint8Array;
}

/** The deflate streams of all log blocks that git and JGit wrote. */
function streams(): Stream[] {
  return fixtures().flatMap(({ name, bytes }) =>
    blocksOf(bytes).filter(({ type }) => type === BlockType.log).map((block) => {
      const start = block.offset + block.start;
      return {
        name: `${name} at ${block.offset}`,
        input: bytes.subarray(start),
        stream: bytes.subarray(start, block.nextOffset),
        bytes: block.bytes.subarray(block.start),
      };
    })
  );
}

/** The shortest of git, of JGit, and of a table with nothing but logs. */
function shortStreams(): Stream[] {
  const all = streams().sort((a, b) => a.stream.length - b.stream.length);
  return ["git/", "jgit/", "git/log-only"].map((start) =>
    all.find(({ name, stream }) => name.startsWith(start) && stream.length > 400)!
  );
}

function assertInflates(
  inflate: Inflate,
  input: Uint8Array,
  { name, stream, bytes }: Omit<Stream, "input">,
): void {
  const inflated = inflate(input, bytes.length);
  assert(inflated, `${name}: more input was wanted`);
  assertEquals(inflated.consumed, stream.length, name);
  if (compareBytes(inflated.bytes, bytes) !== 0) assertEquals(inflated.bytes, bytes, name);
}

for (const [which, inflate] of Object.entries(INFLATERS)) {
  Deno.test(`inflate() with ${which} inflates every log block and tells where it ends`, () => {
    const all = streams();
    assertEquals(all.length, 481);
    for (const stream of all) assertInflates(inflate, stream.input, stream);
  });

  Deno.test(`inflate() with ${which} does not look at what follows a stream`, () => {
    for (const stream of shortStreams()) {
      const tails = [[], [0], [0xff, 0xff, 0xff, 0xff], stream.stream, stream.stream.slice(-5)];
      for (const tail of tails) assertInflates(inflate, concat(stream.stream, tail), stream);
    }
  });

  Deno.test(`inflate() with ${which} wants more where a stream is cut off`, () => {
    const random = seeded(1);
    for (const { name, stream, bytes } of streams()) {
      const inflated = inflate(stream.subarray(0, random(stream.length)), bytes.length);
      assertEquals(inflated, undefined, name);
    }
    for (const { name, stream, bytes } of shortStreams()) {
      for (let length = 0; length < stream.length; length++) {
        const inflated = inflate(stream.subarray(0, length), bytes.length);
        assertEquals(inflated, undefined, `${name} cut after ${length} of ${stream.length} bytes`);
      }
    }
  });

  Deno.test(`inflate() with ${which} refuses another length than expected`, () => {
    for (const { input, bytes } of shortStreams()) {
      for (const length of [1, bytes.length - 1, bytes.length + 1, 2 * bytes.length, 1 << 20]) {
        const error = assertThrows(() => inflate(input, length), ReftableError);
        assertEquals(error.code, "zlib");
        const found = length < bytes.length ? "more" : `${bytes.length}`;
        assertEquals(error.message, `it inflates to ${found} bytes, expected ${length}`);
      }
    }
  });

  Deno.test(`inflate() with ${which} never gives anything else for a damaged stream`, () => {
    for (const { name, stream, bytes } of shortStreams()) {
      for (let position = 0; position < stream.length; position++) {
        const damaged = stream.slice();
        damaged[position]! ^= 1 << (position % 8);
        let inflated;
        try {
          inflated = inflate(damaged, bytes.length);
        } catch (error) {
          assert(error instanceof ReftableError, `${name}, byte ${position}: ${error}`);
          assertEquals(error.code, "zlib");
        }
        // Bits that pad the last byte before the checksum mean nothing.
        if (inflated) assertEquals(compareBytes(inflated.bytes, bytes), 0, `${name} ${position}`);
      }
      const checksum = stream.slice();
      checksum[stream.length - 1]! ^= 1;
      let result: unknown;
      try {
        result = inflate(checksum, bytes.length);
      } catch (error) {
        assert(error instanceof ReftableError);
      }
      assertEquals(result, undefined, `${name}: the checksum is broken`);
    }
  });

  Deno.test(`inflate() with ${which} refuses what is no stream`, () => {
    for (const start of [[0, 0], [0x78, 0], [0x1f, 0x8b], [0x79, 0x9c], [0x52, 0x45]]) {
      const input = concat(start, new Uint8Array(100));
      const error = assertThrows(() => inflate(input, 100), ReftableError, "it does not inflate: ");
      assertEquals(error.code, "zlib");
    }
    assertEquals(inflate(new Uint8Array(), 100), undefined);
  });

  Deno.test(`inflate() with ${which} inflates stored, static and empty streams`, () => {
    const contents = [new Uint8Array(), new Uint8Array(1), new Uint8Array(70_000).fill(7)];
    for (const bytes of contents) {
      for (const options of [{ level: 0 }, { level: 9 }, { strategy: zlib.constants.Z_FIXED }]) {
        if (bytes.length === 0) continue;
        const stream = zlib.deflateSync(bytes, options);
        assertInflates(inflate, concat(stream, [1, 2, 3]), { name: "made", stream, bytes });
      }
    }
  });

  Deno.test(`inflate() with ${which} is not deceived by a checksum in the middle`, () => {
    // Stored as they are, these bytes hold their own Adler-32 long before the stream ends.
    const bytes = new Uint8Array(64);
    bytes.set([23, 231, 1, 8], 40);
    const stream = zlib.deflateSync(bytes, { level: 0 });
    assertEquals(stream.subarray(-4), stream.subarray(-28, -24));
    assertInflates(inflate, concat(stream, bytes), { name: "made", stream, bytes });
  });

  Deno.test(`inflate() with ${which} stops at the length that is expected`, () => {
    const bomb = zlib.deflateSync(new Uint8Array(1 << 26));
    const error = assertThrows(() => inflate(bomb, 4096), ReftableError);
    assertEquals(error.message, "it inflates to more bytes, expected 4096");
  });
}

Deno.test("inflate() chooses what the runtime has", () => {
  for (const stream of streams()) assertInflates(inflate, stream.input, stream);
});
