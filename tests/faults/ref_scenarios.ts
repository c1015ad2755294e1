/**
 * What is done to the refs of a repository while something fails.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  type FileSystem,
  type MemoryFileSystem,
  type RefStore,
  verifyStack,
} from "@reftable/reftable";
import { oid } from "../stack/changes.ts";
import { makeRepository, openStore, REPOSITORY } from "./memory_repository.ts";
import type { Scenario } from "./try_faults.ts";

/** What is done to refs. */
interface RefScenario {
  readonly name: string;
  readonly format: "reftable" | "files";
  /** Fills the repository before. */
  prepare?(refs: RefStore, fileSystem: MemoryFileSystem): Promise<void>;
  run(
    refs: RefStore,
    acknowledge: () => Promise<void>,
    fileSystem: FileSystem,
  ): Promise<void>;
  /** How many states of the disk to try for one moment at most, when they are more. */
  readonly images?: number;
}

/** All that is stored: the value of each ref, and the entries of each log. */
interface Contents {
  readonly refs: Readonly<Record<string, string>>;
  readonly logs: Readonly<Record<string, readonly string[]>>;
}

/** Makes a scenario of what is done to refs. */
export function refScenario(given: RefScenario): Scenario {
  const { name, format, images = 6 } = given;
  return {
    name: `${name} (${format})`,
    read: async (fileSystem) => JSON.stringify(await readRefs(fileSystem), undefined, 1),
    allows: format === "files" ? isMixture : undefined,
    images,
    litter: refLitter,
    async prepare(fileSystem) {
      makeRepository(fileSystem, format);
      await using refs = await openStore({ fileSystem });
      if (!refs.read("HEAD")) {
        await refs.transaction((t) => t.createSymref("HEAD", "refs/heads/main"));
      }
      await refs.transaction((transaction) => {
        for (const [i, name] of ["main", "topic/one", "topic/two", "old"].entries()) {
          transaction.create(`refs/heads/${name}`, oid(i + 1));
        }
      }, { message: "before" });
      await given.prepare?.(refs, fileSystem);
    },
    async run(fileSystem, acknowledge) {
      await using refs = await openStore({ fileSystem });
      await given.run(refs, acknowledge, fileSystem);
    },
    goOn,
  };
}

/** Reads all that is stored. */
async function readRefs(fileSystem: FileSystem): Promise<Contents> {
  await using refs = await openStore({ fileSystem });
  const values = refs.list({ includeRoot: true }).map((ref) => {
    assert(ref.kind !== "broken", JSON.stringify(ref));
    return [ref.refname, ref.kind === "symref" ? ref.target : ref.oid] as const;
  });
  const logs = refs.reflogNames().map((name) =>
    [name, refs.reflog(name).map(({ oldOid, newOid }) => `${oldOid} ${newOid}`).toArray()] as const
  );
  return { refs: Object.fromEntries(values), logs: Object.fromEntries(logs) };
}

/**
 * Where refs are files, each of them is what it was before or after, and so is each log; all of them need not be. A log to
 * which entries are added may have some of them. Logs are not synced, so that a power failure may take any of them.
 */
function isMixture(text: string, allowed: readonly string[], isPowerFailure: boolean): boolean {
  const [found, ...others] = [text, ...allowed].map((text) => JSON.parse(text) as Contents) as [
    Contents,
    ...Contents[],
  ];
  const areRefs = namesOf("refs", found, ...others).every((name) =>
    others.some(({ refs }) => refs[name] === found.refs[name])
  );
  const areLogs = namesOf("logs", found, ...others).every((name) => {
    const log = found.logs[name] ?? [];
    return others.some(({ logs }) => endsWith(logs[name] ?? [], log)) &&
      others.some(({ logs }) => endsWith(log, logs[name] ?? []));
  });
  return areRefs && (isPowerFailure || areLogs);
}

function namesOf(part: keyof Contents, ...contents: readonly Contents[]): string[] {
  return [...new Set(contents.flatMap((contents) => Object.keys(contents[part])))];
}

/** Tells whether a log has the entries of another one, and perhaps newer ones. */
function endsWith(log: readonly string[], older: readonly string[]): boolean {
  const start = log.length - older.length;
  return start >= 0 && older.every((entry, i) => log[start + i] === entry);
}

/** Finds locks, and files that are not complete. */
function refLitter(fileSystem: FileSystem): string[] {
  const found: string[] = [];
  const walk = (path: string) => {
    for (const { name, kind } of fileSystem.listSync(path)) {
      if (kind === "directory") walk(`${path}/${name}`);
      else if (/\.(?:lock|new|temp\.[0-9a-f]+)$/.test(name)) found.push(`${path}/${name}`);
    }
  };
  walk(REPOSITORY);
  return found;
}

/** Checks that all is sound, changes refs and packs them. */
async function goOn(fileSystem: FileSystem): Promise<void> {
  const before = await readRefs(fileSystem);
  await using refs = await openStore({ fileSystem });
  if (refs.format === "reftable") {
    const { problems } = await verifyStack(`${REPOSITORY}/reftable`, { fileSystem });
    assertEquals(problems.filter(({ severity }) => severity === "error"), []);
  }
  await refs.transaction((transaction) => {
    transaction.create("refs/heads/later", oid(99));
    transaction.update("refs/heads/topic/one", oid(98));
  }, { message: "later" });
  await refs.pack({ all: true });
  const after = await readRefs(fileSystem);
  const { "refs/heads/later": later, ...others } = after.refs;
  const expected = { ...before.refs, "refs/heads/topic/one": oid(98) };
  assertEquals([later, others], [oid(99), expected]);
  const [newest] = refs.reflog("refs/heads/topic/one");
  assertEquals(newest?.newOid, oid(98));
}
