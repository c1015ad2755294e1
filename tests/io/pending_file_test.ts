import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { denoFileSystem, type FileSystem, ReftableError } from "@reftable/reftable";
import { PendingFile, removePendingFiles } from "../../src/io/pending_file.ts";

function tidyTest(name: string, fn: (dir: string) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const dir = Deno.makeTempDirSync({ prefix: "reftable-pending-" });
      try {
        await fn(dir);
      } finally {
        Deno.removeSync(dir, { recursive: true });
      }
    },
  });
}

function filesIn(dir: string): string[] {
  return Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

tidyTest("PendingFile gets its final name when it is committed", async (dir) => {
  Deno.writeTextFileSync(`${dir}/final`, "old");
  {
    await using file = await PendingFile.create(denoFileSystem, `${dir}/pending`);
    assert(file);
    file.write(encode("a"));
    file.write(encode("bc"));
    await file.sync();
    assertEquals(Deno.readTextFileSync(file.path), "abc");
    assertEquals(Deno.readTextFileSync(`${dir}/final`), "old");
    await file.commit(`${dir}/final`);
  }
  removePendingFiles();
  assertEquals(filesIn(dir), ["final"]);
  assertEquals(Deno.readTextFileSync(`${dir}/final`), "abc");
});

tidyTest("PendingFile is removed when it is disposed", async (dir) => {
  for (const closed of [false, true]) {
    await using file = await PendingFile.create(denoFileSystem, `${dir}/pending`);
    file!.write(encode("a"));
    if (closed) file!.close();
    assertEquals(filesIn(dir), ["pending"]);
    await file![Symbol.asyncDispose]();
    assertEquals(filesIn(dir), []);
  }
});

tidyTest("PendingFile.create() leaves a file alone that is there already", async (dir) => {
  Deno.writeTextFileSync(`${dir}/pending`, "somebody else's");
  assertEquals(await PendingFile.create(denoFileSystem, `${dir}/pending`), undefined);
  removePendingFiles();
  assertEquals(Deno.readTextFileSync(`${dir}/pending`), "somebody else's");
});

tidyTest("PendingFile.createTemporary() finds a name that is free", async (dir) => {
  const taken: string[] = [];
  const fileSystem: FileSystem = {
    ...denoFileSystem,
    create: async (path, mode) => {
      if (taken.length < 3) Deno.writeTextFileSync(path, `${taken.push(path)}`);
      return await denoFileSystem.create(path, mode);
    },
  };
  {
    await using file = await PendingFile.createTemporary(fileSystem, `${dir}/table`);
    assertMatch(file.path, /\/table\.temp\.[0-9a-f]{8}$/);
    assertEquals(new Set([...taken, file.path]).size, 4);
  }
  assertEquals(filesIn(dir).length, 3);
  const everyNameIsTaken = { ...denoFileSystem, create: () => Promise.resolve(undefined) };
  const error = await assertRejects(
    () => PendingFile.createTemporary(everyNameIsTaken, `${dir}/table`),
    ReftableError,
    `Cannot create "${dir}/table.temp.*": all names are taken`,
  );
  assertEquals(error.code, "io");
});

tidyTest("PendingFile.createTemporary() gives a file its permissions", async (dir) => {
  if (Deno.build.os === "windows") return;
  await using file = await PendingFile.createTemporary(denoFileSystem, `${dir}/table`, 0o604);
  assertEquals(Deno.statSync(file.path).mode! & 0o777, 0o604);
});

tidyTest("PendingFile stays pending when it cannot get its name", async (dir) => {
  Deno.mkdirSync(`${dir}/final`);
  await using file = await PendingFile.create(denoFileSystem, `${dir}/pending`);
  await assertRejects(() => file!.commit(`${dir}/final`), ReftableError, "Cannot rename");
  await assertRejects(() => file!.commit(`${dir}/none/file`), ReftableError, "Cannot rename");
  assertEquals(filesIn(dir), ["final", "pending"]);
  await file![Symbol.asyncDispose]();
  assertEquals(filesIn(dir), ["final"]);
});

tidyTest("PendingFile never takes somebody else's file of its name for its own", async (dir) => {
  const ends: readonly ((file: PendingFile) => void | Promise<void>)[] = [
    (file) => file[Symbol.asyncDispose](),
    (file) => file.abandon(),
    () => removePendingFiles(),
    (file) => file.commit(`${dir}/committed`),
  ];
  for (const end of ends) {
    const file = await PendingFile.create(denoFileSystem, `${dir}/list.lock`);
    await end(file!);
    Deno.writeTextFileSync(`${dir}/list.lock`, "somebody else's");
    const error = await assertRejects(() => file!.commit(`${dir}/list`), ReftableError);
    assertEquals(error.message, `Cannot rename "${dir}/list.lock": it was removed`);
    await file![Symbol.asyncDispose]();
    file!.abandon();
    removePendingFiles();
    assertEquals(Deno.readTextFileSync(`${dir}/list.lock`), "somebody else's");
    assertEquals(filesIn(dir).includes("list"), false);
    Deno.removeSync(`${dir}/list.lock`);
  }
});

tidyTest("PendingFile may be removed by others", async (dir) => {
  const file = await PendingFile.create(denoFileSystem, `${dir}/pending`);
  Deno.removeSync(`${dir}/pending`);
  await assertRejects(() => file!.commit(`${dir}/final`), ReftableError, "Cannot rename");
  await file![Symbol.asyncDispose]();
  assertEquals(filesIn(dir), []);
});

tidyTest("PendingFile is removed even when it cannot be closed", async (dir) => {
  const fileSystem: FileSystem = {
    ...denoFileSystem,
    create: async (path, mode) => {
      const file = (await denoFileSystem.create(path, mode))!;
      return {
        write: (bytes) => file.write(bytes),
        sync: () => file.sync(),
        [Symbol.dispose]() {
          file[Symbol.dispose]();
          throw new ReftableError("io", "Cannot close");
        },
      };
    },
  };
  const ends: readonly ((file: PendingFile) => void | Promise<void>)[] = [
    (file) => file[Symbol.asyncDispose](),
    (file) => file.abandon(),
  ];
  for (const end of ends) {
    const file = await PendingFile.create(fileSystem, `${dir}/pending`);
    await assertRejects(() => file!.commit(`${dir}/final`), ReftableError, "Cannot close");
    await assertRejects(() => Promise.try(end, file!), ReftableError, "Cannot close");
    assertEquals(filesIn(dir), []);
  }
});

tidyTest("removePendingFiles() removes all that is not committed, whatever fails", async (dir) => {
  const stubborn: FileSystem = {
    ...denoFileSystem,
    removeSync: () => {
      throw new ReftableError("io", "Cannot remove");
    },
  };
  const create = (name: string, fileSystem = denoFileSystem) =>
    PendingFile.create(fileSystem, `${dir}/${name}`);
  await create("a");
  const committed = await create("b");
  await committed!.commit(`${dir}/committed`);
  await create("c", stubborn);
  await create("d");
  removePendingFiles();
  assertEquals(filesIn(dir), ["c", "committed"]);
  removePendingFiles();
  assertEquals(filesIn(dir), ["c", "committed"]);
});

/** A program that adds to a stack and ends in the middle. */
function program(dir: string, end: string): string {
  const module = JSON.stringify(new URL("../../mod.ts", import.meta.url));
  return `
    import { Stack } from ${module};
    const stack = await Stack.open(${JSON.stringify(dir)});
    const addition = await stack.beginAddition();
    const target = "refs/heads/main";
    await addition.add((writer) => {
      writer.addRef({ kind: "symref", refname: "HEAD", updateIndex: 1, target });
    });
    const names = [...Deno.readDirSync(${JSON.stringify(dir)})].map(({ name }) => name);
    console.log(names.length);
    ${end}
  `;
}

/** The ways in which a program ends, and its exit code. */
const ENDS: readonly (readonly [name: string, code: number, end: string])[] = [
  ["comes to its end", 0, ""],
  ["exits", 7, "Deno.exit(7);"],
  ["exits while a table is written", 7, "await addition.add(() => Deno.exit(7));"],
  ["throws", 1, "throw new Error('on purpose');"],
  ["throws in a timer", 1, "setTimeout(() => { throw new Error('on purpose'); });"],
  ["does not handle a rejection", 1, "Promise.reject(new Error('on purpose'));"],
  ["throws while a table is written", 1, "await addition.add(() => { throw new Error(); });"],
];

for (const [name, code, end] of ENDS) {
  tidyTest(`PendingFile is removed when the process ${name}`, async (dir) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", `--allow-read=${dir}`, `--allow-write=${dir}`, "-"],
      cwd: fromFileUrl(new URL("../..", import.meta.url)),
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(encode(program(dir, end)));
    await writer.close();
    const output = await child.output();
    const stderr = new TextDecoder().decode(output.stderr);
    assertEquals([output.code, new TextDecoder().decode(output.stdout)], [code, "2\n"], stderr);
    assertEquals(filesIn(dir), []);
  });
}

tidyTest("PendingFile stays when somebody deals with an error that nobody caught", async (dir) => {
  for (const type of ["error", "unhandledrejection"]) {
    await using file = await PendingFile.create(denoFileSystem, `${dir}/pending`);
    const event = new Event(type, { cancelable: true });
    event.preventDefault();
    globalThis.dispatchEvent(event);
    assertEquals(filesIn(dir), ["pending"]);
    globalThis.dispatchEvent(new Event(type));
    assertEquals(filesIn(dir), []);
    await assertRejects(() => file!.commit(`${dir}/final`), ReftableError, "it was removed");
  }
});
