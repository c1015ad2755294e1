import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  denoFileSystem,
  type FileInfo,
  type FileSystem,
  ReftableError,
  Table,
  type TableWriter,
  writeTable,
  type WriteTableOptions,
} from "@reftable/reftable";
import { fixture, fixtures } from "../fixtures.ts";
import { type Bytes, concat } from "../hand_made.ts";
import { countedStatistics, jobOf, numbered } from "./written.ts";

/** A temporary directory, removed on disposal. */
class Place implements Disposable {
  readonly #path = Deno.makeTempDirSync({ prefix: "reftable-write-" });
  readonly path = `${this.#path}/out.ref`;

  /** The names of all files. */
  get names(): string[] {
    return [...Deno.readDirSync(this.#path)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#path, { recursive: true });
  }
}

const OLD = new TextEncoder().encode("old");

function addOne(writer: TableWriter): void {
  writer.setLimits(3, 3);
  writer.addRef({ kind: "deletion", refname: "refs/heads/main", updateIndex: 3 });
}

Deno.test("writeTable() writes git's tables, and tells what it wrote", async () => {
  using place = new Place();
  for (const given of fixtures().filter(({ name }) => name.startsWith("git/"))) {
    const { options, minUpdateIndex, maxUpdateIndex } = jobOf(given);
    const statistics = await writeTable(place.path, async (writer) => {
      writer.setLimits(minUpdateIndex, maxUpdateIndex);
      await Promise.resolve();
      writer.addRefs(given.refs);
      await Promise.resolve();
      writer.addLogs(given.logs);
    }, { ...options, overwrite: true });
    const bytes = Deno.readFileSync(place.path);
    assert(bytes.length === given.bytes.length, given.name);
    assert(bytes.every((byte, i) => byte === given.bytes[i]), given.name);
    assertEquals(statistics, countedStatistics(given.bytes));
    assertEquals(place.names, ["out.ref"]);
  }
});

Deno.test("writeTable() lets a table appear when it is complete", async () => {
  for (const before of [undefined, OLD]) {
    using place = new Place();
    if (before) Deno.writeFileSync(place.path, before);
    const there = () => before && [...Deno.readFileSync(place.path)];
    await writeTable(place.path, async (writer) => {
      writer.setLimits(3, 3);
      for (let i = 0; i < 20_000; i++) {
        writer.addRef({ kind: "deletion", refname: numbered(i), updateIndex: 3 });
      }
      await Promise.resolve();
      const [temporary] = place.names.filter((name) => name !== "out.ref");
      assertMatch(temporary!, /^out\.ref\.temp\.[0-9a-f]{8}$/);
      assertEquals(place.names.length, before ? 2 : 1);
      assertEquals(there(), before && [...before]);
    }, { overwrite: true });
    assertEquals(place.names, ["out.ref"]);
    using table = Table.openSync(place.path);
    assertEquals(table.refs().toArray().length, 20_000);
  }
});

Deno.test("writeTable() replaces a file only when told to", async () => {
  for (const overwrite of [undefined, false]) {
    using place = new Place();
    Deno.writeFileSync(place.path, OLD);
    let called = false;
    const writing = writeTable(place.path, () => void (called = true), { overwrite });
    const error = await assertRejects(() => writing, ReftableError);
    assertEquals([error.code, error.message, error.file], [
      "io",
      `Cannot write "${place.path}": it exists already`,
      place.path,
    ]);
    assertEquals([called, place.names, Deno.readFileSync(place.path)], [false, ["out.ref"], OLD]);
  }
});

Deno.test("writeTable() leaves a file alone that appears while it writes", async () => {
  using place = new Place();
  const writing = writeTable(place.path, (writer) => {
    addOne(writer);
    Deno.writeFileSync(place.path, OLD);
  });
  await assertRejects(() => writing, ReftableError, "it exists already");
  assertEquals([place.names, Deno.readFileSync(place.path)], [["out.ref"], OLD]);
});

Deno.test("writeTable() leaves nothing behind when the records cannot be added", async () => {
  const failure = new TypeError("no more records");
  const cases: readonly (readonly [
    string,
    (writer: TableWriter) => void | Promise<void>,
    WriteTableOptions?,
  ])[] = [
    ["no more records", () => {
      throw failure;
    }],
    ["no more records", (writer) => {
      addOne(writer);
      return Promise.reject(failure);
    }],
    [
      "its name is empty",
      (writer) => writer.addRef({ kind: "deletion", refname: "", updateIndex: 0 }),
    ],
    // What the callback hides comes to light.
    ["an earlier call failed", (writer) => {
      addOne(writer);
      assertThrows(() => addOne(writer));
    }],
    ["it is finished", (writer) => {
      addOne(writer);
      writer.finish();
    }],
    ["block size is -1", addOne, { blockSize: -1 }],
    ["does not fit into a block of 30 bytes", addOne, { blockSize: 30 }],
  ];
  for (const [message, write, options] of cases) {
    for (const before of [[], ["out.ref"]]) {
      using place = new Place();
      if (before.length > 0) Deno.writeFileSync(place.path, OLD);
      const writing = writeTable(place.path, write, { overwrite: true, ...options });
      const error = await assertRejects(() => writing, Error, message);
      if (message === failure.message) assert(error === failure);
      else assert(error instanceof ReftableError);
      assertEquals(place.names, before);
      if (before.length > 0) assertEquals(Deno.readFileSync(place.path), OLD);
    }
  }
});

Deno.test("writeTable() makes an empty table of nothing, and its writer ends with it", async () => {
  using place = new Place();
  let leaked: TableWriter | undefined;
  const { blocks } = await writeTable(place.path, (writer) => {
    writer.setLimits(1, 1);
    leaked = writer;
  });
  assertEquals(blocks, 0);
  assertEquals(Deno.readFileSync(place.path), fixture("git/empty.ref").bytes);
  assertThrows(() => leaked!.finish(), ReftableError, "it is finished");
});

Deno.test("writeTable() tells where it cannot write", async () => {
  using place = new Place();
  const missing = `${place.path}/missing/out.ref`;
  assertEquals(
    (await assertRejects(() => writeTable(missing, addOne), ReftableError)).code,
    "not-exist",
  );
  Deno.mkdirSync(place.path);
  const onto = () => writeTable(place.path, addOne, { overwrite: true });
  assertEquals((await assertRejects(onto, ReftableError)).code, "io");
  assertEquals(place.names, ["out.ref"]);
});

/** Files in memory, and an operation on them that fails. */
class FailingFiles {
  readonly files = new Map<string, Bytes>();
  /** What was done so far. */
  readonly calls: string[] = [];
  readonly #failing: number;

  /** @param failing How many operations succeed. */
  constructor(failing: number) {
    this.#failing = failing;
  }

  #call(verb: string): void {
    if (this.calls.push(verb) > this.#failing) {
      throw new ReftableError("io", `${verb} failed`);
    }
  }

  get fileSystem(): FileSystem {
    const { files } = this;
    const call = this.#call.bind(this);
    const info = (path: string): FileInfo | undefined =>
      files.has(path) ? { kind: "file", size: 1, mtime: 0, inode: 0 } : undefined;
    return {
      ...denoFileSystem,
      // deno-lint-ignore require-await
      async stat(path) {
        call("stat");
        return info(String(path));
      },
      // deno-lint-ignore require-await
      async create(path) {
        call("create");
        if (files.has(path)) return undefined;
        files.set(path, concat());
        return {
          write(bytes) {
            call("write");
            files.set(path, concat(files.get(path)!, bytes));
          },
          sync: () => Promise.try(() => call("sync")),
          [Symbol.dispose]() {},
        };
      },
      // deno-lint-ignore require-await
      async rename(from, to) {
        call("rename");
        files.set(to, files.get(from)!);
        files.delete(from);
      },
      // deno-lint-ignore require-await
      async remove(path) {
        return files.delete(path);
      },
    };
  }
}

Deno.test("writeTable() leaves nothing behind whatever fails", async () => {
  const { bytes, refs } = fixture("git/mixed-4k.ref");
  const write = (fileSystem: FileSystem) =>
    writeTable("out.ref", (writer) => {
      writer.setLimits(1, 50);
      writer.addRefs(refs);
      writer.addLogs(fixture("git/mixed-4k.ref").logs);
    }, { fileSystem });
  const sound = new FailingFiles(Infinity);
  await write(sound.fileSystem);
  assertEquals([...sound.files.keys()], ["out.ref"]);
  assert(sound.files.get("out.ref")!.every((byte, i) => byte === bytes[i]));
  // All of it has reached the disk before it gets its name.
  assertMatch(sound.calls.join(" "), /^stat create (write ){2,}sync stat rename$/);
  for (let failing = 0; failing < sound.calls.length; failing++) {
    const failed = new FailingFiles(failing);
    const verb = sound.calls[failing];
    await assertRejects(() => write(failed.fileSystem), ReftableError, `${verb} failed`);
    assertEquals([...failed.files.keys()], [], `${failing}`);
  }
});
