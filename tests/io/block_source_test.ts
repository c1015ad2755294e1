import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { type BlockSource, ReftableError } from "@reftable/reftable";
import { BytesSource, readRequest } from "../../src/io/block_source.ts";

const BYTES = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);

Deno.test("BytesSource gives views of its bytes, at once or later", async () => {
  using source = new BytesSource(BYTES.subarray(1), "x.ref");
  assertEquals([source.size, source.name], [7, "x.ref"]);
  for (const view of [source.readSync(2, 3), await source.read(2, 3)]) {
    assertEquals([...view], [3, 4, 5]);
    assertStrictEquals(view.buffer, BYTES.buffer);
  }
  assertEquals(source.readSync(7, 0).length, 0);
});

Deno.test("readRequest() asks a source for a range, and offers it a buffer", async () => {
  const asked: unknown[] = [];
  const source: BlockSource = {
    name: "x.ref",
    size: 8,
    readSync: (...range) => (asked.push(range), BYTES.subarray(2, 6)),
    read: (...range) => (asked.push(range), Promise.resolve(BYTES.subarray(2, 6))),
    [Symbol.dispose]() {},
  };
  const buffer = new Uint8Array(100);
  const request = readRequest(source, 2, 4, buffer);
  assertEquals(asked, []);
  assertEquals(request.sync(), BYTES.subarray(2, 6));
  assertEquals(await request.async(), BYTES.subarray(2, 6));
  assertEquals(asked, [[2, 4, buffer], [2, 4, buffer]]);
});

Deno.test("readRequest() takes exactly as many bytes as were asked for", async () => {
  const source = new BytesSource(BYTES, "x.ref");
  const request = readRequest(source, 6, 4);
  const message = 'Cannot read table "x.ref": got 2 bytes at offset 6, expected 4';
  for (
    const error of [
      assertThrows(() => request.sync(), ReftableError, message),
      await assertRejects(() => request.async(), ReftableError, message),
    ]
  ) {
    assertEquals([error.code, error.file, error.offset], ["io", "x.ref", 6]);
  }
  source.readSync = () => BYTES;
  assertThrows(() => request.sync(), ReftableError, "got 8 bytes");
});
