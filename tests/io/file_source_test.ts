import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type BlockSource, type FileSystem, ReftableError } from "@reftable/reftable";
import { openFileSource } from "../../src/io/block_source.ts";
import { runAsync, runSync } from "../../src/io/io.ts";

/** A file system with one file, which notes what is done with it. */
class OneFile {
  readonly done: string[] = [];
  fails = false;
  readonly #bytes: Uint8Array;

  constructor(size: number) {
    this.#bytes = Uint8Array.from({ length: size }, (_, i) => i % 251);
  }

  get fileSystem(): FileSystem {
    const readSync = (position: number, buffer: Uint8Array) => {
      this.done.push(`read ${buffer.length} at ${position}`);
      if (this.fails) throw new ReftableError("io", "refused");
      const range = this.#bytes.subarray(position, position + buffer.length);
      buffer.set(range);
      return range.length;
    };
    const openSync = (path: string | URL) => {
      this.done.push(`open ${path}`);
      return {
        size: this.#bytes.length,
        readSync,
        read: (position: number, buffer: Uint8Array) =>
          Promise.try(() => readSync(position, buffer)),
        [Symbol.dispose]: () => void this.done.push("close"),
      };
    };
    const open = (path: string | URL) => Promise.try(() => openSync(path));
    return { open, openSync } as Partial<FileSystem> as FileSystem;
  }

  async openBoth(action: (source: BlockSource, done: string[]) => void | Promise<void>) {
    for (const run of [runSync, runAsync<BlockSource>]) {
      this.done.length = 0;
      using source = await run(openFileSource(this.fileSystem, "dir/x.ref"));
      await action(source, this.done);
    }
  }
}

const LARGE = 1_000_000;

Deno.test("openFileSource() reads ranges of a large file until it is disposed", async () => {
  const file = new OneFile(LARGE);
  await file.openBoth(async (source, done) => {
    assertEquals([source.name, source.size], ["dir/x.ref", LARGE]);
    assertEquals([...source.readSync(3, 3)], [3, 4, 5]);
    assertEquals([...await source.read(253, 2)], [2, 3]);
    assertEquals(done, ["open dir/x.ref", "read 3 at 3", "read 2 at 253"]);
  });
  assertEquals(file.done.at(-1), "close");
});

Deno.test("openFileSource() reads a small file at once and closes it", async () => {
  for (const size of [0, 1, 5000]) {
    await new OneFile(size).openBoth((source, done) => {
      assertEquals(done, ["open dir/x.ref", `read ${size} at 0`, "close"]);
      assertEquals([source.name, source.size], ["dir/x.ref", size]);
      assertEquals([...source.readSync(size, 0)], []);
      if (size > 300) assertEquals([...source.readSync(253, 2)], [2, 3]);
      assertEquals(done.length, 3);
    });
  }
});

Deno.test("openFileSource() reads into the buffer it is offered, if it is large enough", async () => {
  await new OneFile(LARGE).openBoth(async (source) => {
    const buffer = new Uint8Array(5);
    for (const read of [source.readSync(1, 5, buffer), await source.read(1, 5, buffer)]) {
      assertEquals([...read], [1, 2, 3, 4, 5]);
      assertEquals(read.buffer, buffer.buffer);
    }
    assertEquals(source.readSync(1, 2, buffer).length, 2);
    assertEquals([...source.readSync(0, 6, buffer)], [0, 1, 2, 3, 4, 5]);
  });
});

Deno.test("openFileSource() gives what there is beyond the end of a file", async () => {
  await new OneFile(LARGE).openBoth((source) => {
    assertEquals(source.readSync(LARGE - 1, 5).length, 1);
  });
});

Deno.test("openFileSource() closes a small file that it cannot read", async () => {
  const file = new OneFile(100);
  file.fails = true;
  assertThrows(() => runSync(openFileSource(file.fileSystem, "x")), ReftableError, "refused");
  await assertRejects(
    () => runAsync(openFileSource(file.fileSystem, "x")),
    ReftableError,
    "refused",
  );
  assertEquals(file.done.filter((deed) => deed === "close").length, 2);
});

Deno.test("openFileSource() takes a name and URLs", async () => {
  const url = new URL("file:///dir/x.ref");
  for (const size of [100, LARGE]) {
    const { fileSystem, done } = new OneFile(size);
    using named = runSync(openFileSource(fileSystem, url, "a table"));
    using unnamed = await runAsync(openFileSource(fileSystem, url));
    assertEquals([named.name, unnamed.name], ["a table", "file:///dir/x.ref"]);
    assertEquals(done[0], "open file:///dir/x.ref");
  }
});
