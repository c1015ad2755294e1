import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import { type FileSystem, MemoryFileSystem, ReftableError, Stack } from "@reftable/reftable";
import { denoFileSystem } from "../../src/io/deno.ts";
import { direct, entry, refnames } from "../stack/changes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Something done to files below a directory; what it gives is compared. */
type Step = (fileSystem: FileSystem, at: (name: string) => string) => unknown;

/** Asks for a path in both ways, which must agree. */
async function both<T>(now: () => T, later: () => Promise<T>): Promise<T> {
  const outcomes = [await outcomeOf(() => Promise.try(now)), await outcomeOf(later)];
  assertEquals(outcomes[0], outcomes[1]);
  return await later();
}

/** What comes of a call: its result, or what kind of error it throws, and what that cannot do with which file. */
async function outcomeOf(action: () => Promise<unknown>): Promise<unknown> {
  try {
    return await action();
  } catch (error) {
    assert(error instanceof ReftableError, `${error}`);
    const { code, message, file } = error;
    return { code, verb: /^Cannot ([a-z ]+) "/.exec(message)?.[1], file };
  }
}

/** The names in a directory that begin as told. */
async function names(fileSystem: FileSystem, path: string): Promise<string[]> {
  const entries = await both(() => fileSystem.listSync(path), () => fileSystem.list(path));
  return entries.map(({ name, kind }) => `${name} ${kind}`).sort();
}

/** Writes a file by pieces. */
async function write(fileSystem: FileSystem, path: string, ...pieces: readonly string[]) {
  using file = await fileSystem.create(path);
  for (const piece of pieces) file?.write(bytes(piece));
  await file?.sync();
  return file !== undefined;
}

const STEPS: Readonly<Record<string, Step>> = {
  "creates a file": (fs, at) => write(fs, at("file"), "some ", "", "text"),
  "does not create it again": (fs, at) => write(fs, at("file"), "other"),
  "reads it": async (fs, at) =>
    text(await both(() => fs.readFileSync(at("file")), () => fs.readFile(at("file")))),
  "reads it by its URL": async (fs, at) => text(await fs.readFile(toFileUrl(at("file")))),
  "reads at positions": async (fs, at) => {
    using file = await fs.open(at("./file"));
    const buffer = new Uint8Array(4);
    const counts = [
      file.readSync(5, buffer),
      await file.read(7, buffer),
      file.readSync(99, buffer),
    ];
    return [file.size, counts, text(buffer)];
  },
  "appends": async (fs, at) => {
    using file = await fs.append(at("file"));
    file.write(bytes(", and more"));
    return text(await fs.readFile(at("sub/../file")));
  },
  "truncates": async (fs, at) => {
    await fs.truncate(at("file"), 11);
    using file = await fs.append(at("file"));
    file.write(bytes("!"));
    return text(await fs.readFile(at("file")));
  },
  "does not truncate what is not there": (fs, at) => fs.truncate(at("missing"), 0),
  "does not truncate a directory": (fs, at) => fs.truncate(at("sub"), 0),
  "does not append to what is not there": (fs, at) => fs.append(at("missing")),
  "describes it": async (fs, at) => {
    const info = await both(() => fs.statSync(at("file")), () => fs.stat(at("file")));
    return [info?.kind, info?.size];
  },
  "describes it, but for links": (fs, at) => {
    const info = fs.lstatSync(at("file"));
    return [info?.kind, info?.size, fs.lstatSync(at("x")), fs.lstatSync(at("file/x"))];
  },
  "knows what is not there": (fs, at) => both(() => fs.statSync(at("x")), () => fs.stat(at("x"))),
  "knows that nothing is below a file": (fs, at) =>
    both(() => fs.statSync(at("file/x/y")), () => fs.stat(at("file/x/y"))),
  "lists": (fs, at) => names(fs, at("")),
  "lists nothing that is missing": (fs, at) => names(fs, at("missing")),
  "lists no file": (fs, at) => names(fs, at("file")),
  "opens nothing that is missing": (fs, at) =>
    both(() => fs.openSync(at("x")), () => fs.open(at("x"))),
  "opens no directory": (fs, at) => both(() => fs.openSync(at("sub")), () => fs.open(at("sub"))),
  "reads nothing that is missing": (fs, at) =>
    both(() => fs.readFileSync(at("x")), () => fs.readFile(at("x"))),
  "reads no directory": (fs, at) =>
    both(() => fs.readFileSync(at("sub")), () => fs.readFile(at("sub"))),
  "creates nothing in a directory that is missing": (fs, at) => write(fs, at("missing/file")),
  "creates nothing below a file": (fs, at) => write(fs, at("file/file")),
  "creates nothing in the place of a directory": (fs, at) => write(fs, at("sub")),
  "renames": (fs, at) => fs.rename(at("file"), at("sub/moved")),
  "does not rename what is missing": (fs, at) => fs.rename(at("file"), at("sub/moved")),
  "does not rename into what is missing": (fs, at) => fs.rename(at("sub/moved"), at("missing/x")),
  "creates another": (fs, at) => write(fs, at("other"), "other"),
  "renames in place of a file": async (fs, at) => {
    await fs.rename(at("other"), at("sub/moved"));
    return [text(await fs.readFile(at("sub/moved"))), await names(fs, at(""))];
  },
  "renames a file to itself": (fs, at) => fs.rename(at("sub/moved"), at("sub/./moved")),
  "does not rename a file in place of a directory": (fs, at) =>
    fs.rename(at("sub/moved"), at("sub")),
  "does not rename a directory into itself": (fs, at) => fs.rename(at("sub"), at("sub/x")),
  "does not remove a directory with something in it": (fs, at) => fs.remove(at("sub")),
  "syncs a directory": (fs, at) => fs.syncDirectory(at("sub")),
  "syncs no directory that is missing": (fs, at) => fs.syncDirectory(at("missing")),
  "renames a directory": async (fs, at) => {
    await fs.rename(at("sub"), at("renamed"));
    return [await names(fs, at("")), await names(fs, at("renamed"))];
  },
  "removes": (fs, at) => fs.remove(at("renamed/moved")),
  "removes nothing twice": (fs, at) => fs.removeSync(at("renamed/moved")),
  "removes an empty directory": (fs, at) => fs.removeSync(at("renamed")),
  "makes directories": async (fs, at) => {
    await fs.makeDirectory(at("x/y/z"));
    await fs.makeDirectory(at("x/y"));
    return [await names(fs, at("x")), await names(fs, at("x/y"))];
  },
  "makes no directory in place of a file, nor below it": async (fs, at) => {
    await write(fs, at("x/file"));
    return [
      await outcomeOf(() => fs.makeDirectory(at("x/file"))),
      await outcomeOf(() => fs.makeDirectory(at("x/file/y"))),
      await fs.remove(at("x/file")),
    ];
  },
  "removes directories": async (fs, at) => {
    return [await fs.remove(at("x/y/z")), await fs.remove(at("x/y")), await fs.remove(at("x"))];
  },
  "removes directories only": async (fs, at) => {
    await fs.makeDirectory(at("x/y"));
    await write(fs, at("x/file"));
    const removed: boolean[] = [];
    for (const name of ["x", "x/y", "x/y", "x/file", "x/file/y", "missing/x"]) {
      removed.push(await fs.removeDirectory(at(name)));
    }
    return [
      removed,
      await names(fs, at("x")),
      await fs.remove(at("x/file")),
      await fs.remove(at("x")),
    ];
  },
  "has removed all": (fs, at) => names(fs, at("")),
  "reads a file that was removed while it is open": async (fs, at) => {
    await write(fs, at("a"), "contents");
    using file = await fs.open(at("a"));
    await fs.remove(at("a"));
    await write(fs, at("a"), "others");
    const buffer = new Uint8Array(20);
    return text(buffer.subarray(0, file.readSync(0, buffer)));
  },
  "reads nothing that was closed": async (fs, at) => {
    const file = await fs.open(at("a"));
    file[Symbol.dispose]();
    file[Symbol.dispose]();
    const buffer = new Uint8Array(1);
    return await both(() => file.readSync(0, buffer), () => file.read(0, buffer));
  },
  "writes nothing that was closed": async (fs, at) => {
    const file = await fs.append(at("a"));
    file[Symbol.dispose]();
    file[Symbol.dispose]();
    return await both(
      () => file.write(bytes("x")),
      () => Promise.try(() => file.write(bytes("x"))),
    );
  },
};

Deno.test("MemoryFileSystem does what the real one does", async () => {
  // A disk has this directory already; both begin with one in it.
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "reftable-memory-" }));
  try {
    const at = (name: string) => `${directory}/${name}`;
    const memory = new MemoryFileSystem();
    memory.makeDirectorySync(at("sub"));
    await Deno.mkdir(at("sub"));
    for (const [name, step] of Object.entries(STEPS)) {
      const [ours, real] = [memory, denoFileSystem].map((fs) =>
        outcomeOf(() => Promise.try(() => step(fs, at)))
      );
      assertEquals(await ours, await real, name);
    }
    assertEquals(memory.mayChangeSync(), denoFileSystem.mayChangeSync(directory));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("MemoryFileSystem tells when files were written, and which is which", async () => {
  let time = 1000;
  const fileSystem = new MemoryFileSystem({ now: () => time });
  const mtime = (path: string) => fileSystem.statSync(path)?.mtime;
  await write(fileSystem, "/a", "a");
  const { inode } = fileSystem.statSync("/a")!;
  assertEquals([mtime("/a"), mtime("/")], [1000, 1000]);
  time = 2000;
  using file = await fileSystem.append("a");
  file.write(bytes("b"));
  assertEquals([mtime("/a"), mtime("/")], [2000, 1000]);
  time = 3000;
  await fileSystem.rename("/a", "/b");
  assertEquals([mtime("/b"), mtime("/")], [2000, 3000]);
  assertEquals(fileSystem.statSync("/b")!.inode, inode);
  await write(fileSystem, "/a", "ab");
  assertNotEquals(fileSystem.statSync("/a")!.inode, inode);
});

Deno.test("MemoryFileSystem is filled at once", () => {
  const fileSystem = new MemoryFileSystem();
  const contents = bytes("contents");
  fileSystem.makeDirectorySync("/a/b");
  fileSystem.makeDirectorySync("/a");
  fileSystem.writeFileSync("/a/b/c", contents);
  contents.fill(0);
  assertEquals(text(fileSystem.readFileSync("/a/b/c")), "contents");
  fileSystem.readFileSync("/a/b/c").fill(0);
  fileSystem.writeFileSync("/a/b/c", bytes("new"));
  assertEquals(text(fileSystem.readFileSync("/a/b/c")), "new");
  assertEquals(fileSystem.realPathSync("a/x/../b//c"), "/a/b/c");
  assertEquals(fileSystem.readLinkSync("/a"), undefined);
});

Deno.test("MemoryFileSystem holds stacks", async () => {
  const fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync("/reftable");
  await using stack = await Stack.open("/reftable", { fileSystem });
  await using other = await Stack.open("/reftable", { fileSystem });
  for (let i = 1; i <= 9; i++) {
    await stack.add((writer) => {
      // Large enough to be read from the file, not kept.
      for (let j = 0; j < 2000; j++) writer.addRef(direct(`refs/heads/${i}-${10_000 + j}`, i));
      writer.addLog(entry("HEAD", i));
    });
  }
  const listing = stack.refs();
  listing.next();
  await stack.compact();
  assertEquals(await other.reload(), true);
  assertEquals([refnames(other).length, other.tables.length], [18_000, 1]);
  assertEquals([...listing].length, 17_999);
  assertEquals(other.logs().map(({ updateIndex }) => updateIndex).toArray().length, 9);
  assertEquals(fileSystem.listSync("/reftable").length, 2);
});
