/**
 * What is done to stacks while something fails.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  type FileSystem,
  type MemoryFileSystem,
  Stack,
  type StackOptions,
  verifyStack,
} from "@reftable/reftable";
import { deletion, direct, entry, noEntry, oid } from "../stack/changes.ts";
import type { Scenario } from "./try_faults.ts";

/** The directory of the tables. */
export const DIRECTORY = "/repository/reftable";

/** What is done to a stack. */
interface StackScenario {
  readonly name: string;
  /** How many tables there are before; the sizes are in a geometric sequence. */
  readonly tables: number;
  readonly options?: StackOptions;
  /** Fills the directory before, besides the tables. */
  prepare?(stack: Stack, fileSystem: MemoryFileSystem): Promise<void>;
  run(stack: Stack, acknowledge: () => Promise<void>): Promise<void>;
  /** How many changes it takes afterwards until nothing of it can be in the way. */
  readonly later?: number;
  readonly disposes?: boolean;
  readonly images?: number;
}

/** Makes a scenario of what is done to a stack that is open. */
export function stackScenario(given: StackScenario): Scenario {
  const { name, tables, options = {}, later = 1, disposes = false, images = 10 } = given;
  return {
    name,
    disposes,
    images,
    read: readStack,
    litter: stackLitter,
    async prepare(fileSystem) {
      fileSystem.makeDirectorySync(DIRECTORY);
      await using stack = await Stack.open(DIRECTORY, { fileSystem, autoCompact: false });
      for (let i = tables; i > 0; i--) await addTable(stack, 4 ** i);
      await given.prepare?.(stack, fileSystem);
    },
    async run(fileSystem, acknowledge) {
      await using stack = await Stack.open(DIRECTORY, { fileSystem, lockTimeout: 0, ...options });
      await given.run(stack, acknowledge);
    },
    goOn: (fileSystem) => goOn(fileSystem, later),
  };
}

/** Adds a table of some refs, some of which are there already, and a log entry for each. */
export async function addTable(stack: Stack, count: number): Promise<void> {
  await stack.add((writer) => {
    const { nextUpdateIndex } = stack;
    const names = Array.from({ length: count }, (_, i) => `refs/heads/${1000 + i * 7}`);
    writer.addRef(direct("HEAD", nextUpdateIndex));
    for (const name of names) writer.addRef(direct(name, nextUpdateIndex));
    writer.addLog(entry("HEAD", nextUpdateIndex));
    for (const name of names) writer.addLog(entry(name, nextUpdateIndex));
  }, { reload: true });
}

/** Adds a table of refs that takes more than 32 KiB, so that it is not kept in memory. */
export async function addLargeTable(stack: Stack): Promise<void> {
  await stack.add((writer) => {
    for (let i = 0; i < 1300; i++) {
      writer.addRef(direct(`refs/tags/${1000 + i}`, stack.nextUpdateIndex));
    }
  });
}

/** Adds a table that deletes all that there is. */
export async function deleteAll(stack: Stack): Promise<void> {
  const refs = stack.refs().toArray();
  const logs = stack.logs().toArray();
  await stack.add((writer) => {
    for (const { refname } of refs) writer.addRef(deletion(refname, stack.nextUpdateIndex));
    for (const { refname, updateIndex } of logs) writer.addLog(noEntry(refname, updateIndex));
  });
}

/** What is in the stack. */
export async function readStack(fileSystem: FileSystem): Promise<string> {
  await using stack = await Stack.open(DIRECTORY, { fileSystem });
  return [...stack.refs(), ...stack.logs()].map((record) => JSON.stringify(record)).join("\n");
}

/** The files of the directory that are neither the list nor a table in it. */
export function stackLitter(fileSystem: FileSystem): string[] {
  using stack = Stack.openSync(DIRECTORY, { fileSystem });
  const used = new Set([...stack.tableNames, "tables.list"]);
  return fileSystem.listSync(DIRECTORY).map(({ name }) => name)
    .filter((name) => !used.has(name)).map((name) => `${DIRECTORY}/${name}`);
}

/** Verifies the stack, changes it and cleans it. */
async function goOn(fileSystem: FileSystem, changes: number): Promise<void> {
  const { problems, tables } = await verifyStack(DIRECTORY, { fileSystem });
  // Whether the first table was to become part of a stack without a list cannot be told.
  const isNew = tables.length === 0;
  const errors = problems.filter(({ severity, code }) => {
    return severity === "error" && !(isNew && code === "tables-list");
  });
  assertEquals(errors, []);
  await using stack = await Stack.open(DIRECTORY, { fileSystem, lockTimeout: 0 });
  const before = stack.refs().toArray().length;
  for (let i = 0; i < changes; i++) {
    await stack.add((writer) => writer.addRef(direct("refs/later", stack.nextUpdateIndex, 99)));
  }
  await stack.clean();
  const refs = stack.refs().filter(({ refname }) => refname !== "refs/later").toArray();
  assertEquals(refs.length, before);
  const later = stack.ref("refs/later");
  assertEquals(later?.kind === "direct" && later.oid, oid(99));
}
