/**
 * Changes of files in which one operation after the other fails, or before which the process is killed.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type FileSystem, MemoryFileSystem, ReftableError, Stack } from "@reftable/reftable";
import { firstError } from "../../../src/errors.ts";
import type { RefBackend, RefChange, SessionOptions } from "../../../src/refs/backend.ts";
import { copyOf } from "../../faults/try_faults.ts";
import { FAULTS, FaultyFileSystem } from "../../faults/faulty_file_system.ts";
import { COMMITTER } from "../open_backend.ts";
import { openFiles } from "./open_files.ts";

const oid = (i: number) => `${i}`.repeat(40);

const encode = (text: string) => new TextEncoder().encode(text);

/** A repository in memory. */
async function makeRepository(isHybrid: boolean): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem();
  for (const name of ["objects", "refs/heads/d", "refs/tags", "logs/refs/heads/d"]) {
    fileSystem.makeDirectorySync(`/repository/${name}`);
  }
  const put = (name: string, text: string) => {
    fileSystem.writeFileSync(`/repository/${name}`, encode(text));
  };
  put("HEAD", "ref: refs/heads/main\n");
  put(
    "config",
    "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfilesRefLockTimeout = 0\n",
  );
  const log = (name: string) => {
    put(`logs/${name}`, `${oid(0)} ${oid(1)} C <c@d> 1700000000 +0000\tfirst\n`);
  };
  for (const name of ["refs/heads/main", "refs/heads/d/x"]) {
    put(name, `${oid(1)}\n`);
    log(name);
  }
  log("HEAD");
  log("refs/heads/packed");
  if (isHybrid) {
    fileSystem.makeDirectorySync("/repository/reftable");
    await using stack = await Stack.open("/repository/reftable", { fileSystem });
    await stack.add((writer) => {
      for (const refname of ["refs/heads/d/x", "refs/heads/packed", "refs/tags/t"]) {
        writer.addRef({ kind: "direct", refname, updateIndex: 1, oid: oid(1) });
      }
    });
  } else {
    put(
      "packed-refs",
      `# pack-refs with: peeled fully-peeled sorted \n${oid(2)} refs/heads/d/x\n` +
        `${oid(1)} refs/heads/packed\n${oid(1)} refs/tags/t\n`,
    );
  }
  return fileSystem;
}

function write(refname: string, i: number, more: object = {}): RefChange {
  const entry = { oldOid: oid(i - 1), newOid: oid(i), committer: COMMITTER, message: "why" };
  return {
    refname,
    value: { kind: "direct", oid: oid(i) },
    log: { kind: "append", ...entry, ...more },
  };
}

function commit(...changes: readonly RefChange[]) {
  return async (backend: RefBackend, options: SessionOptions = {}) => {
    const isRename = changes.some(({ log }) => log?.kind === "append" && log.transfer);
    await using session = await backend.begin({ replaces: isRename, ...options });
    for (const failure of (await session.lock(changes.map(({ refname }) => refname))).values()) {
      throw failure;
    }
    await session.commit(changes);
  };
}

const remove = (refname: string): RefChange => ({ refname, value: "delete" });

const MOVED = { oldOid: oid(1), newOid: oid(1) };

const SCENARIOS: Readonly<Record<string, (backend: RefBackend) => Promise<void>>> = {
  "a new ref with a log": commit(write("refs/heads/a/b/c", 1)),
  "an update": commit({ ...write("HEAD", 2), value: undefined }, write("refs/heads/main", 2)),
  "an update of what is packed": commit(write("refs/heads/packed", 2), write("refs/tags/t", 2)),
  "a symbolic ref": commit({
    refname: "HEAD",
    value: { kind: "symref", target: "refs/heads/packed" },
  }),
  "a deletion": commit(remove("refs/heads/main")),
  "deletions of what is packed": commit(remove("refs/heads/d/x"), remove("refs/heads/packed")),
  "changes of all kinds": commit(
    write("refs/heads/a/b", 1),
    remove("refs/heads/d/x"),
    write("refs/heads/main", 2),
    remove("refs/tags/t"),
  ),
  "a new name": commit(
    write("refs/heads/new/name", 1, {
      ...MOVED,
      transfer: { from: "refs/heads/main", keep: false },
    }),
    remove("refs/heads/main"),
  ),
  "a copy": commit(
    write("refs/heads/copy", 1, { ...MOVED, transfer: { from: "refs/heads/main", keep: true } }),
  ),
  "a new name in place of another": commit(
    write("refs/heads/packed", 1, { ...MOVED, transfer: { from: "refs/heads/main", keep: false } }),
    remove("refs/heads/main"),
  ),
  "a new name below the old one": commit(
    remove("refs/heads/main"),
    write("refs/heads/main/x", 1, {
      ...MOVED,
      transfer: { from: "refs/heads/main", keep: false },
    }),
  ),
  "a new name in place of its directory": commit(
    remove("refs/heads/d/x"),
    write("refs/heads/d", 1, { ...MOVED, transfer: { from: "refs/heads/d/x", keep: false } }),
  ),
  "a log without entries": commit({ refname: "refs/tags/t", log: { kind: "create" } }),
  "a log that goes": commit({ refname: "refs/heads/d/x", log: { kind: "delete" } }),
  "a log that is written anew": async (backend) => {
    const before = backend.log("HEAD", "oldest-first").toArray();
    await commit({ refname: "HEAD", log: { kind: "rewrite", before, after: [undefined] } })(
      backend,
    );
  },
  "packing": (backend) => backend.pack({ all: true }),
  "a new repository": (backend) => {
    return commit(write("refs/heads/a", 1), {
      refname: "refs/heads/s",
      value: { kind: "symref", target: "refs/heads/a" },
    })(backend, { initial: true });
  },
};

/** What a ref holds and what its log tells. */
async function read(fileSystem: FileSystem): Promise<Map<string, string>> {
  await using backend = await openFiles("/repository", { fileSystem });
  const refs = new Map<string, string>();
  for (const ref of backend.list({ includeRoot: true })) {
    refs.set(
      ref.refname,
      ref.kind === "symref" ? ref.target : "oid" in ref ? ref.oid : ref.finding,
    );
  }
  for (const refname of backend.logNames()) {
    const ids = backend.log(refname, "oldest-first").map(({ newOid }) => newOid.slice(0, 1));
    refs.set(`log of ${refname}`, ids.toArray().join(""));
  }
  return refs;
}

/** Files that nobody shall find. */
function litter(fileSystem: MemoryFileSystem): string[] {
  const found: string[] = [];
  const visit = (path: string) => {
    for (const { name, kind } of fileSystem.listSync(path)) {
      if (kind === "directory") visit(`${path}/${name}`);
      else if (/\.lock$|\.new$|^\.tmp|\.temp\./.test(name)) found.push(`${path}/${name}`);
    }
  };
  visit("/repository");
  return found;
}

/** Each ref is as it was or as it should be, and so is each log. */
function assertBetween(
  found: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  place: string,
): void {
  for (const name of new Set([...before.keys(), ...after.keys(), ...found.keys()])) {
    const values = [before.get(name), after.get(name)];
    assert(
      values.includes(found.get(name)),
      `${place}: ${name} is ${found.get(name)}, not ${values}`,
    );
  }
}

/** Removes what nobody has in hand any more, does the same again, and looks whether that helps. */
async function goOn(
  fileSystem: MemoryFileSystem,
  run: (backend: RefBackend) => Promise<void>,
  place: string,
): Promise<void> {
  for (const path of litter(fileSystem)) fileSystem.removeSync(path);
  await using backend = await openFiles("/repository", { fileSystem });
  try {
    await commit(write("refs/heads/other", 1))(backend);
    await run(backend);
  } catch (error) {
    throw new Error(`${place}: cannot go on: ${error}`, { cause: error });
  }
  assertEquals(litter(fileSystem), [], place);
}

for (const isHybrid of [false, true]) {
  for (const [name, run] of Object.entries(SCENARIOS)) {
    const kind = isHybrid ? "files with a stack" : "files";
    Deno.test(`${name} in ${kind}: whatever fails, nothing is lost and nothing is left`, async () => {
      const before = await makeRepository(isHybrid);
      const was = await read(before);
      const whole = copyOf(before);
      const stops: [string, MemoryFileSystem][] = [];
      const counting = new FaultyFileSystem(whole, ({ verb, path, isChange }) => {
        if (isChange) stops.push([`killed before ${verb} ${path}`, copyOf(whole)]);
      });
      {
        await using backend = await openFiles("/repository", counting);
        await run(backend);
      }
      const shall = await read(whole);
      assert(Deno.inspect(was) !== Deno.inspect(shall) || name === "packing");
      assertEquals(litter(whole), []);

      for (const [place, left] of stops) {
        const found = await read(left);
        // Only what is about to go may have lost its log, or have it moved already.
        for (const [key, value] of was) {
          if (!key.startsWith("log of ")) continue;
          const isMoved = [...found.values()].some((other) => other.startsWith(value));
          if (!found.has(key)) assert(isMoved || !shall.has(key), `${place}: ${key} is lost`);
          found.delete(key);
        }
        const refs = (all: ReadonlyMap<string, string>) => {
          return new Map([...all].filter(([key]) => !key.startsWith("log of ")));
        };
        assertBetween(refs(found), refs(was), refs(shall), place);
        await goOn(left, () => Promise.resolve(), place);
      }

      for (const [at, operation] of counting.operations.entries()) {
        for (const fault of FAULTS) {
          if (!fault.affects(operation)) continue;
          const place = `${fault.name} at ${operation.verb} ${operation.path}`;
          const memory = copyOf(before);
          const faulty = new FaultyFileSystem(memory, undefined, fault, at);
          let error: unknown;
          try {
            await using backend = await openFiles("/repository", faulty);
            await run(backend);
          } catch (thrown) {
            error = firstError(thrown);
          }
          assert(error === undefined || error instanceof ReftableError, `${place}: ${error}`);
          faulty.disarm();
          const found = await read(memory);
          const failed = faulty.operations.slice(at).filter((operation, i) =>
            (fault.stays || i === 0) && fault.affects(operation)
          );
          const isStuck = failed.some(({ verb }) => /remove|rename|truncate/.test(verb));
          if (!isStuck) {
            assertBetween(found, was, shall, place);
            assertEquals(litter(memory), [], place);
          }
          if (error === undefined) assertEquals(found, shall, place);
          await goOn(memory, () => Promise.resolve(), place);
        }
      }
    });
  }
}
