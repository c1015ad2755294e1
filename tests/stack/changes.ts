/**
 * Stacks that are changed: records to add, what is left in the directory, and a file system that can be
 * told to fail.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import {
  denoFileSystem,
  type DirectRef,
  type FileSystem,
  type LogDeletion,
  type LogUpdate,
  type RefDeletion,
  ReftableError,
  type Stack,
  type SymbolicRef,
  type WritableFile,
} from "@reftable/reftable";

/** Registers a test that fails when a file stays open or something stays under way behind it. */
export function tidyTest(name: string, fn: (t: Deno.TestContext) => void | Promise<void>): void {
  Deno.test({ name, sanitizeOps: true, sanitizeResources: true, fn });
}

/** An object id made of a number. */
export function oid(number: number, digits = 40): string {
  return number.toString(16).padStart(digits, "0");
}

export function direct(refname: string, updateIndex: number, number = updateIndex): DirectRef {
  return { kind: "direct", refname, updateIndex, oid: oid(number) };
}

export function symref(refname: string, updateIndex: number, target: string): SymbolicRef {
  return { kind: "symref", refname, updateIndex, target };
}

export function deletion(refname: string, updateIndex: number): RefDeletion {
  return { kind: "deletion", refname, updateIndex };
}

/** A log entry, by default of that many seconds after 1970 as its update index says. */
export function entry(
  refname: string,
  updateIndex: number,
  more: Partial<LogUpdate> = {},
): LogUpdate {
  return {
    kind: "update",
    refname,
    updateIndex,
    oldOid: oid(0),
    newOid: oid(updateIndex),
    name: "C O Mitter",
    email: "c@example.com",
    time: updateIndex,
    tzOffset: 0,
    message: "message\n",
    ...more,
  };
}

export function noEntry(refname: string, updateIndex: number): LogDeletion {
  return { kind: "deletion", refname, updateIndex };
}

/** Adds one table of refs to a stack. */
export async function addRefs(stack: Stack, ...names: readonly string[]): Promise<void> {
  const { nextUpdateIndex } = stack;
  await stack.add((writer) => writer.addRefs(names.map((name) => direct(name, nextUpdateIndex))));
}

/** Adds a table that takes more than 32 KiB, so that it is kept open and not in memory. */
export async function addLargeTable(stack: Stack, prefix = "refs/heads/large-"): Promise<void> {
  const names = Array.from({ length: 2500 }, (_, i) => `${prefix}${10_000 + i}`);
  await addRefs(stack, ...names);
}

/** Names of refs, in the order of a listing. */
export function refnames(stack: Stack): string[] {
  return stack.refs().map(({ refname }) => refname).toArray();
}

/** The files of a directory. */
export function filesIn(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
}

/** The names that the list has now. */
export function listedNames(directory: string): string[] {
  return Deno.readTextFileSync(`${directory}/tables.list`).split("\n").slice(0, -1);
}

/** Asserts that there is nothing but the list and the tables that it names. */
export function assertTidy(directory: string): void {
  assertEquals(filesIn(directory), [...listedNames(directory), "tables.list"].sort());
}

/** What is in a directory, byte for byte. */
export function contentsOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    filesIn(directory).map((name) => [name, Deno.readFileSync(`${directory}/${name}`).toHex()]),
  );
}

/** A call that changes files, as `verb name`; a new file's calls are `write`, `sync` and `close`. */
export type Change = string;

/** A file system that tells how files are changed, and can be told to fail there. */
export class ChangingFileSystem {
  /** The changes so far. */
  changes: Change[] = [];
  /** The file system to hand out. */
  readonly fileSystem: FileSystem;

  /** @param before Called before each change; what it throws comes out of the call, a promise holds it up. */
  constructor(before: (change: Change) => void | Promise<void> = () => {}) {
    const note = (verb: string, path: string) => {
      const change = `${verb} ${path.slice(path.lastIndexOf("/") + 1)}`;
      this.changes.push(change);
      return before(change);
    };
    this.fileSystem = {
      ...denoFileSystem,
      create: async (path, mode) => {
        await note("create", path);
        const file = await denoFileSystem.create(path, mode);
        return file && watchedFile(file, (verb) => note(verb, path));
      },
      rename: async (from, to) => {
        await note("rename", to);
        await denoFileSystem.rename(from, to);
      },
      remove: async (path) => {
        await note("remove", path);
        return await denoFileSystem.remove(path);
      },
      syncDirectory: async (path) => {
        await note("syncDirectory", path);
        await denoFileSystem.syncDirectory(path);
      },
    };
  }

  /** The changes since the last time they were asked for, with the names of tables shortened. */
  takeChanges(): Change[] {
    const { changes } = this;
    this.changes = [];
    return changes.map(shorten);
  }
}

function watchedFile(
  file: WritableFile,
  note: (verb: string) => void | Promise<void>,
): WritableFile {
  let closed = false;
  return {
    write(bytes) {
      note("write");
      file.write(bytes);
    },
    async sync() {
      await note("sync");
      await file.sync();
    },
    [Symbol.dispose]() {
      if (!closed) note("close");
      closed = true;
      file[Symbol.dispose]();
    },
  };
}

/** Spells the name of a table or a temporary file by its update indices, as `1-3.ref` or `1-3.temp`. */
export function shorten(text: string): string {
  return text.replace(
    /0x([0-9a-f]{12})-0x([0-9a-f]{12})-[0-9a-f]{8}(\.ref)(\.temp\.\w+)?/g,
    (_, min: string, max: string, ref: string, temp?: string) =>
      `${parseInt(min, 16)}-${parseInt(max, 16)}${temp ? ".temp" : ref}`,
  );
}

/** Asserts that a promise is rejected with a certain code. */
export async function assertCode(code: string, promise: Promise<unknown>): Promise<ReftableError> {
  const error = await assertRejects(() => promise, ReftableError);
  assertEquals(error.code, code, error.message);
  return error;
}

/** The error of a disk that is full. */
export function diskFull(): ReftableError {
  return new ReftableError("io", "Cannot write: the disk is full");
}
