import { assertEquals, assertLess } from "@std/assert";
import {
  type FileSystem,
  MemoryFileSystem,
  type ReadableFile,
  Stack,
  type WritableFile,
} from "@reftable/reftable";
import { makeRepository, openStore, REPOSITORY } from "../../faults/memory_repository.ts";
import { REF_FORMATS } from "../refs_repository.ts";

const REFNAME = "refs/heads/main";

const oidOf = (position: number) => position.toString(16).padStart(40, "0");

/** Writes a log of so many entries, each beginning where the one before it ended. */
async function writeLog(fileSystem: MemoryFileSystem, format: string, count: number) {
  const who = { name: "A U Thor", email: "author@example.com", tzOffset: 0 };
  if (format === "reftable") {
    await using stack = await Stack.open(`${REPOSITORY}/reftable`, { fileSystem });
    await stack.add((writer) => {
      writer.setLimits(1, count);
      for (let i = count; i > 0; i--) {
        const oids = { oldOid: oidOf(i - 1), newOid: oidOf(i) };
        writer.addLog({
          kind: "update",
          refname: REFNAME,
          updateIndex: i,
          ...oids,
          ...who,
          time: i,
          message: "change\n",
        });
      }
    });
    return;
  }
  const lines = Array.from(
    { length: count },
    (_, i) => `${oidOf(i)} ${oidOf(i + 1)} ${who.name} <${who.email}> ${i + 1} +0000\tchange\n`,
  );
  fileSystem.makeDirectorySync(`${REPOSITORY}/logs/refs/heads`);
  const bytes = new TextEncoder().encode(lines.join(""));
  fileSystem.writeFileSync(`${REPOSITORY}/logs/${REFNAME}`, bytes);
}

/** Counts the bytes that are read and written. */
class CountingFileSystem {
  readonly fileSystem: FileSystem;
  bytes = 0;

  constructor(memory: MemoryFileSystem) {
    const count = (result: Uint8Array | ReadableFile | WritableFile | undefined) =>
      result instanceof Uint8Array ? this.#counted(result) : result && this.#watch(result);
    this.fileSystem = new Proxy<FileSystem>(memory, {
      get(_, name) {
        const method = Reflect.get(memory, name);
        if (typeof method !== "function") return method;
        if (/^(?:open|readFile)Sync$/.test(String(name))) {
          return (...args: unknown[]) => count(method.apply(memory, args));
        }
        if (/^(?:open|readFile|create|append)$/.test(String(name))) {
          return async (...args: unknown[]) => count(await method.apply(memory, args));
        }
        return method.bind(memory);
      },
    });
  }

  #counted(bytes: Uint8Array): Uint8Array {
    this.bytes += bytes.length;
    return bytes;
  }

  #watch(file: ReadableFile | WritableFile): ReadableFile | WritableFile {
    return new Proxy(file, {
      get: (_, name) => {
        const value = Reflect.get(file, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          for (const each of args) if (each instanceof Uint8Array) this.#counted(each);
          return value.apply(file, args);
        };
      },
    });
  }
}

for (const format of REF_FORMATS) {
  Deno.test(`RefStore.expireReflogs() reads and writes in proportion to the entries, thousands of them, with ${format}`, async () => {
    const costs: number[] = [];
    for (const count of [8000, 32_000]) {
      const memory = new MemoryFileSystem();
      makeRepository(memory, format);
      await writeLog(memory, format, count);
      const counting = new CountingFileSystem(memory);
      await using refs = await openStore({ fileSystem: counting.fileSystem });
      let asked = 0;
      const filter = (_entry: unknown, position: number) => {
        asked++;
        return position % 2 === 0;
      };
      await refs.expireReflogs([REFNAME], { filter, rewrite: true });
      assertEquals(asked, count);
      const left = refs.reflog(REFNAME).toArray();
      assertEquals(left.length, count / 2);
      // Each begins where the one before it that is left ended.
      for (let i = 1; i < left.length; i++) assertEquals(left[i - 1]!.oldOid, left[i]!.newOid);
      costs.push(counting.bytes);
    }
    assertLess(costs[1]! / costs[0]!, 5);
  });
}
