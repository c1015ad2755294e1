import { assertEquals } from "@std/assert";
import { type FileSystem, MemoryFileSystem, type WritableFile } from "@reftable/reftable";
import { Config } from "../../src/refs/config/config.ts";
import { syncsRefs } from "../../src/refs/stack_config.ts";
import { change } from "./open_backend.ts";
import { openFiles } from "./files/open_files.ts";

Deno.test("syncsRefs() knows what core.fsync says about refs", () => {
  const syncs = (value: string) =>
    syncsRefs(new Config([{ name: "core.fsync", value, file: "config", line: 1 }]));
  assertEquals(syncsRefs(new Config([])), true);
  for (const value of ["reference", "committed", "added", "all", "none,reference", "index, ref"]) {
    assertEquals(syncs(value), true, value);
  }
  // What is wanted goes before what is not.
  assertEquals(syncs("committed,-reference"), true);
  for (
    const value of ["", "none", "objects", "-reference", "loose-object,pack", "x", "reference "]
  ) {
    assertEquals(syncs(value), false, value);
  }
});

Deno.test("refs wait for the disk unless the configuration says that they need not", async () => {
  for (const [config, expected] of [["", 2], ["\tfsync = none\n", 0]] as const) {
    const memory = new MemoryFileSystem();
    for (const name of ["objects", "refs/heads"]) memory.makeDirectorySync(`/repository/${name}`);
    const put = (name: string, text: string) => {
      memory.writeFileSync(`/repository/${name}`, new TextEncoder().encode(text));
    };
    put("HEAD", "ref: refs/heads/main\n");
    put("config", `[core]\n\tbare = true\n${config}`);
    put("packed-refs", `${"1".repeat(40)} refs/heads/packed\n`);
    let syncs = 0;
    const watched = (file: WritableFile | undefined): WritableFile | undefined =>
      file && {
        write: (bytes) => file.write(bytes),
        sync: () => Promise.resolve(void syncs++),
        [Symbol.dispose]: () => file[Symbol.dispose](),
      };
    const fileSystem = new Proxy<FileSystem>(memory, {
      get(_, name) {
        const method = Reflect.get(memory, name);
        if (name !== "create" && name !== "append") return method.bind(memory);
        return async (path: string) => watched(await method.call(memory, path));
      },
    });
    await using backend = await openFiles("/repository", { fileSystem });
    await change(
      backend,
      { refname: "refs/heads/new", value: { kind: "direct", oid: "2".repeat(40) } },
      { refname: "refs/heads/packed", value: "delete" },
    );
    assertEquals(syncs, expected);
    assertEquals(backend.list().map(({ refname }) => refname).toArray(), ["refs/heads/new"]);
  }
});
