/**
 * Does something once for each operation and each way in which that can fail, and looks at what is left.
 *
 * @module
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { type FileSystem, MemoryFileSystem, ReftableError } from "@reftable/reftable";
import { CrashingDisk } from "./crashing_disk.ts";
import { type Fault, FAULTS, FaultyFileSystem, type Operation } from "./faulty_file_system.ts";

/** Something done to storage that must not lose anything, whatever happens meanwhile. */
export interface Scenario {
  /** What is done. */
  readonly name: string;
  /** Fills the storage before. */
  prepare(fileSystem: MemoryFileSystem): Promise<void>;
  /**
   * Does it.
   *
   * @param acknowledge Called when a change has succeeded: from then on it must be there.
   */
  run(fileSystem: FileSystem, acknowledge: () => Promise<void>): Promise<void>;
  /** Reads all that there is; it is the same as long as nothing changes. */
  read(fileSystem: FileSystem): Promise<string>;
  /**
   * Works with the storage after something has happened to it: checks that it is sound, changes it and cleans up.
   * What was read must be there still.
   */
  goOn(fileSystem: FileSystem): Promise<void>;
  /**
   * Whether what was read is one of several states, or something between them where that cannot be helped.
   *
   * @param isPowerFailure Whether the power failed, so that more may be missing.
   */
  readonly allows?:
    | ((found: string, allowed: readonly string[], isPowerFailure: boolean) => boolean)
    | undefined;
  /** Whether something is disposed in it, which may fail too; then the language makes one error of both. */
  readonly disposes?: boolean;
  /** How many states of the disk to try for one moment at most, when they are more. */
  readonly images?: number;
  /**
   * Finds what nobody needs: locks, files that are not complete, or tables that no list names.
   *
   * @returns Their paths.
   */
  litter(fileSystem: FileSystem): string[];
}

/** What was tried. */
export interface Totals {
  /** The operations of fault-free runs. */
  operations: number;
  /** Runs in which an operation failed. */
  errors: number;
  /** Moments at which the process was stopped. */
  crashes: number;
  /** States of the disk that a power failure may have left at such a moment. */
  wrecks: number;
}

/** Adds what was tried to a sum; there must be something of everything. */
export function addTotals(sum: Totals, totals: Totals): void {
  for (const key of ["operations", "errors", "crashes", "wrecks"] as const) {
    assertGreater(totals[key], 0, key);
    sum[key] += totals[key];
  }
}

/** Tells what was tried. */
export function formatTotals({ operations, errors, crashes, wrecks }: Totals): string {
  const points = errors + crashes + wrecks;
  return `${points} fault points: ${errors} failures of ${operations} operations, ` +
    `${crashes} stops, ${wrecks} power failures`;
}

/** So many states of the disk are tried for one moment, when there are more and nobody says it. */
const MOST_IMAGES = 10;

/** Gives the same numbers from 0 to 1 for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Tries a scenario in all ways. */
export async function tryFaults(scenario: Scenario): Promise<Totals> {
  const before = new MemoryFileSystem();
  await scenario.prepare(before);
  const states = [await scenario.read(before)];
  const random = randomNumbers(8);
  const memory = copyOf(before);
  const disk = new CrashingDisk(memory);
  const totals: Totals = { operations: 0, errors: 0, crashes: 0, wrecks: 0 };

  // What a process leaves that is stopped before an operation is what was there before it.
  const moments: Moment[] = [];
  const note = (operation: Operation | undefined) => {
    if (operation?.isChange === false) return;
    moments.push({
      title: operation ? `${operation.verb} ${operation.path}` : "the end",
      acknowledged: states.length - 1,
      left: copyOf(memory),
      wreck: disk.wreck(),
    });
  };
  const counting = new FaultyFileSystem(disk.fileSystem, note);
  await scenario.run(counting.fileSystem, async () => {
    states.push(await scenario.read(memory));
  });
  note(undefined);
  const { operations } = counting;
  totals.operations = operations.length;
  assertEquals(await scenario.read(memory), states.at(-1), "what is not acknowledged changed");

  for (const { title, acknowledged, left, wreck } of moments) {
    const place = `${scenario.name}: stopped before ${title}`;
    const allowed = states.slice(acknowledged, acknowledged + 2);
    await checkCrash(scenario, left, allowed, place);
    totals.crashes++;
    for (const image of wreck.images(scenario.images ?? MOST_IMAGES, random)) {
      await checkCrash(scenario, image, allowed, `${place}, power failed`, true);
      totals.wrecks++;
    }
  }
  for (const [at, operation] of operations.entries()) {
    for (const fault of FAULTS) {
      if (!fault.affects(operation)) continue;
      const place = `${scenario.name}: ${fault.name} at ${operation.verb} ${operation.path}`;
      await checkError(scenario, copyOf(before), states, { fault, at, place });
      totals.errors++;
    }
  }
  return totals;
}

/** A moment at which a process may be stopped. */
interface Moment {
  readonly title: string;
  /** How many changes had succeeded by then. */
  readonly acknowledged: number;
  /** The files as they were. */
  readonly left: MemoryFileSystem;
  /** What was on the disk. */
  readonly wreck: ReturnType<CrashingDisk["wreck"]>;
}

/** Checks what a process has left that was stopped. */
async function checkCrash(
  scenario: Scenario,
  fileSystem: MemoryFileSystem,
  allowed: readonly string[],
  place: string,
  isPowerFailure = false,
): Promise<void> {
  await explain(place, async () => {
    assertAllowed(scenario, await scenario.read(fileSystem), allowed, isPowerFailure);
    // Nobody else has any.
    for (const path of scenario.litter(fileSystem)) {
      if (path.endsWith(".lock")) fileSystem.removeSync(path);
    }
    await scenario.goOn(fileSystem);
    assertEquals(scenario.litter(fileSystem), []);
  });
}

/** Runs a scenario in which something fails, and checks what it has left. */
async function checkError(
  scenario: Scenario,
  memory: MemoryFileSystem,
  states: readonly string[],
  { fault, at, place }: { fault: Fault; at: number; place: string },
): Promise<void> {
  const faulty = new FaultyFileSystem(memory, undefined, fault, at);
  const litterBefore = new Set(scenario.litter(memory));
  let acknowledged = 0;
  await explain(place, async () => {
    let isDone = true;
    let thrown: unknown;
    try {
      await scenario.run(faulty.fileSystem, () => Promise.resolve(void acknowledged++));
    } catch (error) {
      isDone = false;
      const isOfBoth = scenario.disposes && error instanceof SuppressedError;
      thrown = isOfBoth ? error.suppressed : error;
    }
    const failed = faulty.operations.filter((operation, i) =>
      fault.affects(operation) && (fault.stays ? i >= at : i === at)
    );
    if (!isDone) {
      assert(thrown instanceof ReftableError, `not a ReftableError: ${thrown}`);
      // Our own lock is in our way when it could not be removed.
      const isLocked = thrown.code === "lock" && failed.some(({ verb }) => verb === "remove");
      assert(isLocked || thrown.message.includes(fault.message), `${thrown}`);
    }
    faulty.disarm();
    const allowed = states.slice(acknowledged, isDone ? acknowledged + 1 : acknowledged + 2);
    assertAllowed(scenario, await scenario.read(memory), allowed);
    const litter = scenario.litter(memory).filter((path) => !litterBefore.has(path));
    // What cannot be removed stays, and so do old tables as long as a new list may get lost.
    const mayStay = (path: string) =>
      failed.some(({ verb }) => {
        return /^(?:remove|rename)/.test(verb) || verb === "syncDirectory" && path.endsWith(".ref");
      });
    assertEquals(litter.filter((path) => !mayStay(path)), []);
    for (const path of litter) if (path.endsWith(".lock")) memory.removeSync(path);
    await scenario.goOn(memory);
    assertEquals(scenario.litter(memory), []);
  });
}

/** Does something; what goes wrong is told with its place. */
async function explain(place: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (cause) {
    throw new Error(`${place}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function assertAllowed(
  scenario: Scenario,
  found: string,
  allowed: readonly string[],
  isPowerFailure = false,
): void {
  if (allowed.includes(found) || scenario.allows?.(found, allowed, isPowerFailure)) return;
  // Where it is none of them, the difference from the last one says most.
  assertEquals(found, allowed.at(-1));
}

/** Copies all files. */
export function copyOf(fileSystem: MemoryFileSystem): MemoryFileSystem {
  const copy = new MemoryFileSystem();
  const fill = (path: string) => {
    copy.makeDirectorySync(path);
    for (const { name, kind } of fileSystem.listSync(path)) {
      if (kind === "directory") fill(`${path}/${name}`);
      else copy.writeFileSync(`${path}/${name}`, fileSystem.readFileSync(`${path}/${name}`));
    }
  };
  fill("/");
  return copy;
}
