import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join, toFileUrl } from "@std/path";
import { ReftableError } from "@reftable/reftable";
import { denoFileSystem } from "../../src/io/deno.ts";

/** Every way to ask for a path. */
const ASKING: Record<string, (path: string | URL) => unknown> = {
  open: async (path) => (await denoFileSystem.open(path))[Symbol.dispose](),
  openSync: (path) => denoFileSystem.openSync(path)[Symbol.dispose](),
  readFile: denoFileSystem.readFile,
  readFileSync: denoFileSystem.readFileSync,
  list: (path) => denoFileSystem.list(String(path)),
  listSync: (path) => denoFileSystem.listSync(String(path)),
  stat: (path) => denoFileSystem.stat(String(path)),
  statSync: (path) => denoFileSystem.statSync(String(path)),
  realPath: (path) => denoFileSystem.realPath(String(path)),
  realPathSync: (path) => denoFileSystem.realPathSync(String(path)),
  readLink: (path) => denoFileSystem.readLink(String(path)),
  readLinkSync: (path) => denoFileSystem.readLinkSync(String(path)),
  lstatSync: (path) => denoFileSystem.lstatSync(String(path)),
};

async function errorOf(name: string, path: string | URL): Promise<ReftableError> {
  try {
    await ASKING[name]!(path);
  } catch (error) {
    assert(error instanceof ReftableError, `${name}() threw ${error}`);
    return error;
  }
  throw new Error(`${name}() threw nothing`);
}

async function inTempDir(action: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "reftable-io-" });
  try {
    await action(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("denoFileSystem reads files at any position", () =>
  inTempDir(async (dir) => {
    const path = join(dir, "file");
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
    await Deno.writeFile(path, bytes);
    for (
      const file of [denoFileSystem.openSync(path), await denoFileSystem.open(toFileUrl(path))]
    ) {
      using _ = file;
      assertEquals(file.size, bytes.length);
      const buffer = new Uint8Array(1000);
      for (const position of [50_000, 0, 99_000, 251]) {
        assertEquals(file.readSync(position, buffer), 1000);
        assertEquals(buffer, bytes.subarray(position, position + 1000));
      }
      assertEquals([file.readSync(99_990, buffer), file.readSync(200_000, buffer)], [10, 0]);
      // Reads that are under way together do not get into each other's way.
      const buffers = Array.from({ length: 20 }, () => new Uint8Array(5000));
      await Promise.all(buffers.map((buffer, i) => file.read(4999 * i, buffer)));
      buffers.forEach((buffer, i) => {
        assertEquals(buffer, bytes.subarray(4999 * i, 4999 * i + 5000));
      });
    }
    assertEquals(denoFileSystem.readFileSync(path), bytes);
    assertEquals(await denoFileSystem.readFile(path), bytes);
  }));

Deno.test("denoFileSystem refuses to read a file that was closed", () =>
  inTempDir(async (dir) => {
    const path = join(dir, "file");
    await Deno.writeTextFile(path, "text");
    const file = denoFileSystem.openSync(path);
    file[Symbol.dispose]();
    file[Symbol.dispose]();
    ASKING["closed"] = () => file.readSync(0, new Uint8Array(1));
    ASKING["closed, later"] = () => file.read(0, new Uint8Array(1));
    for (const name of ["closed", "closed, later"]) {
      const { code, message } = await errorOf(name, path);
      assertEquals(code, "io");
      assertStringIncludes(message, `Cannot read "${path}": `);
    }
  }));

Deno.test("denoFileSystem describes and lists what there is", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(join(dir, "file"), "text");
    await Deno.utime(join(dir, "file"), new Date(0), new Date(1_600_000_000_500));
    await Deno.mkdir(join(dir, "sub"));
    await Deno.symlink("file", join(dir, "link"));
    await Deno.symlink("nowhere", join(dir, "dangling"));
    const expected = [["dangling", "symlink"], ["file", "file"], ["link", "symlink"]];
    for (const entries of [denoFileSystem.listSync(dir), await denoFileSystem.list(dir)]) {
      const found = entries.map(({ name, kind }) => [name, kind]).sort();
      assertEquals(found, [...expected, ["sub", "directory"]]);
    }
    for (const stat of [denoFileSystem.statSync, denoFileSystem.stat]) {
      const file = await stat(join(dir, "file"));
      assertEquals([file?.kind, file?.size, file?.mtime], ["file", 4, 1_600_000_000_500]);
      assertEquals(await stat(join(dir, "link")), file);
      assertEquals((await stat(join(dir, "sub")))?.kind, "directory");
      assertEquals(await stat(join(dir, "dangling")), undefined);
      assertEquals(await stat(join(dir, "missing")), undefined);
      await Deno.rename(join(dir, "file"), join(dir, "old"));
      await Deno.writeTextFile(join(dir, "file"), "text");
      if (Deno.build.os !== "windows") {
        assert((await stat(join(dir, "file")))?.inode !== file?.inode, "another file");
      }
      await Deno.rename(join(dir, "old"), join(dir, "file"));
    }
  }));

Deno.test("denoFileSystem follows symbolic links", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(join(dir, "sub"));
    await Deno.writeTextFile(join(dir, "sub", "file"), "text");
    await Deno.symlink("sub", join(dir, "link"));
    await Deno.symlink("refs/heads/main", join(dir, "dangling"));
    const real = Deno.realPathSync(dir);
    for (const realPath of [denoFileSystem.realPathSync, denoFileSystem.realPath]) {
      assertEquals(await realPath(join(dir, "link", "file")), join(real, "sub", "file"));
      assertEquals(await realPath(`${dir}/link/..`), real);
    }
    for (const readLink of [denoFileSystem.readLinkSync, denoFileSystem.readLink]) {
      assertEquals(await readLink(join(dir, "link")), "sub");
      assertEquals(await readLink(join(dir, "dangling")), "refs/heads/main");
      for (const name of ["sub", "link/file", "missing", "sub/file/below"]) {
        assertEquals(await readLink(join(dir, name)), undefined, name);
      }
    }
  }));

Deno.test("denoFileSystem tells when a file does not exist", () =>
  inTempDir(async (dir) => {
    const path = join(dir, "missing");
    for (const name of Object.keys(ASKING).filter((name) => !/^(?:l?stat|readLink)/.test(name))) {
      if (name.startsWith("closed")) continue;
      const error = await errorOf(name, path);
      assertEquals([error.code, error.file], ["not-exist", path], name);
      assertMatch(
        error.message,
        /^Cannot (open|read|list|resolve) ".*missing": it does not exist$/,
      );
      assert(error.cause instanceof Deno.errors.NotFound);
    }
  }));

Deno.test("denoFileSystem refuses directories where a file should be", () =>
  inTempDir(async (dir) => {
    for (const name of ["open", "openSync", "readFile", "readFileSync"]) {
      const { code, message } = await errorOf(name, dir);
      assertEquals(code, "io", name);
      assertStringIncludes(message, `"${dir}": it is no regular file`);
    }
  }));

Deno.test("denoFileSystem refuses files where a directory should be", () =>
  inTempDir(async (dir) => {
    const path = join(dir, "file");
    await Deno.writeTextFile(path, "text");
    for (const name of ["list", "listSync"]) assertEquals((await errorOf(name, path)).code, "io");
    const below = join(path, "below");
    for (const name of ["open", "openSync", "readFile", "readFileSync", "list", "listSync"]) {
      assertEquals((await errorOf(name, below)).code, "io", name);
    }
    assertEquals(denoFileSystem.statSync(below), undefined);
    assertEquals(await denoFileSystem.stat(below), undefined);
  }));

Deno.test({
  name: "denoFileSystem tells which permission is missing",
  permissions: { read: false },
  async fn() {
    const path = join(fromFileUrl(new URL("..", import.meta.url)), "fixtures");
    for (const name of Object.keys(ASKING)) {
      if (name.startsWith("closed")) continue;
      const { code, message } = await errorOf(name, path);
      assertEquals(code, "io", name);
      assertStringIncludes(
        message,
        `permission is missing, run again with --allow-read="${dirname(path)}"`,
      );
    }
  },
});

Deno.test("denoFileSystem names a permission that Deno takes when it was asked by a URL", {
  permissions: { read: false },
}, async () => {
  const url = new URL("../fixtures/git/empty.ref", import.meta.url);
  for (const name of ["open", "openSync"]) {
    const { message } = await errorOf(name, url);
    assertStringIncludes(message, `--allow-read="${dirname(fromFileUrl(url))}"`);
  }
});

Deno.test({
  name: "denoFileSystem refuses a pipe without waiting for somebody to write to it",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inTempDir(async (dir) => {
      const pipe = join(dir, "pipe");
      await new Deno.Command("mkfifo", { args: [pipe] }).output();
      const module = new URL("../../src/io/deno.ts", import.meta.url);
      const script = `
        import { denoFileSystem } from ${JSON.stringify(module.href)};
        for (const name of ["open", "openSync", "readFile", "readFileSync"]) {
          try {
            await denoFileSystem[name](${JSON.stringify(pipe)});
            console.log(name, "opened");
          } catch (error) {
            console.log(name, error.code);
          }
        }
        Deno.exit();`;
      // Whoever waits for a writer waits for ever: the time is only there to end a failing test.
      const { stdout, signal } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", script],
        signal: AbortSignal.timeout(20_000),
      }).output();
      assertEquals(signal, null, "it waited");
      assertEquals(
        new TextDecoder().decode(stdout).trim().split("\n"),
        ["open io", "openSync io", "readFile io", "readFileSync io"],
      );
    }),
});

Deno.test({
  name: "denoFileSystem.makeDirectory() lets those search a directory who may read its files",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inTempDir(async (dir) => {
      const modeOf = (name: string) => (Deno.statSync(join(dir, name)).mode ?? 0) & 0o7777;
      // What the umask leaves.
      await Deno.mkdir(join(dir, "plain"));
      const shared = modeOf("plain") | 0o2770;
      await denoFileSystem.makeDirectory(join(dir, "a/b"), { atLeast: 0o660 });
      assertEquals([modeOf("a"), modeOf("a/b")], [shared, shared]);
      await denoFileSystem.makeDirectory(join(dir, "a/c"), 0o644);
      assertEquals(modeOf("a/c"), 0o2755);
      await denoFileSystem.makeDirectory(join(dir, "d"), 0o600);
      await denoFileSystem.makeDirectory(join(dir, "e"));
      assertEquals([modeOf("d"), modeOf("e")], [0o700, modeOf("plain")]);
      assertEquals(denoFileSystem.statSync(join(dir, "d"))?.mode, 0o700);
    }),
});

Deno.test("denoFileSystem describes symbolic links themselves when it is asked to", () =>
  inTempDir(async (dir) => {
    await Deno.symlink("nowhere", join(dir, "link"));
    assertEquals(denoFileSystem.lstatSync(join(dir, "link"))?.kind, "symlink");
  }));

Deno.test("denoFileSystem takes no other file for one whose name is not UTF-8", () =>
  inTempDir(async (dir) => {
    // What Deno would make of the name.
    await Deno.writeTextFile(join(dir, "a\ufffd"), "another file");
    const path = `${dir}/a\udcff`;
    const changing: Record<string, () => unknown> = {
      create: () => denoFileSystem.create(path),
      append: () => denoFileSystem.append(path),
      truncate: () => denoFileSystem.truncate(path, 0),
      makeDirectory: () => denoFileSystem.makeDirectory(path),
      rename: () => denoFileSystem.rename(path, join(dir, "b")),
      "rename to it": () => denoFileSystem.rename(join(dir, "a\ufffd"), path),
      remove: () => denoFileSystem.remove(path),
      removeDirectory: () => denoFileSystem.removeDirectory(path),
    };
    for (const [name, change] of Object.entries(changing)) ASKING[name] = change;
    try {
      for (const name of Object.keys(ASKING).filter((name) => !name.startsWith("closed"))) {
        const { code, message } = await errorOf(name, path);
        assertEquals(code, "unsupported", name);
        assertStringIncludes(message, 'a\\udcff": its name is not UTF-8', name);
      }
    } finally {
      for (const name of Object.keys(changing)) delete ASKING[name];
    }
    assertEquals(Array.from(Deno.readDirSync(dir), ({ name }) => name), ["a\ufffd"]);
    assertEquals(await Deno.readTextFile(join(dir, "a\ufffd")), "another file");
  }));
