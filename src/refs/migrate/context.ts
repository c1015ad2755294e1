import { ReftableError } from "../../errors.ts";
import type { FileMode, FileSystem } from "../../io/file_system.ts";
import { dirname } from "../../io/path.ts";
import type { MigrationOptions, MigrationResult } from "./migrate_refs.ts";
import { readRefStorage, writeRefStorage } from "./ref_storage_config.ts";
import type { WorkingTree } from "./working_trees.ts";

/** What the parts of a migration share. */
export interface MigrationContext {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** The directory that all working trees share. */
  readonly commonDir: string;
  /** The working trees, the main one first. */
  readonly trees: readonly WorkingTree[];
  /** The directory in which the migrated refs are made: the places are as they will be in the repository. */
  readonly temporary: string;
  /** The permissions of new files; the umask decides by default. */
  readonly mode: FileMode | undefined;
  /** How long to wait for each lock, in milliseconds, −1 for ever. */
  readonly lockTimeout: number;
  /** Whether logs are carried over. */
  readonly reflogs: boolean;
  /** Reads objects, if the caller can. */
  readonly objects: MigrationOptions["objects"];
  /** Whether nothing in the repository is changed. */
  readonly dryRun: boolean;
  /** Tells how far it is. */
  readonly pace: Pace;
}

/** What was carried over. */
export type Migrated = Pick<MigrationResult, "refs" | "logs" | "entries" | "skipped">;

/**
 * Has the configuration say how refs are stored from now on. Before, everybody uses the old storage, afterwards the new
 * one.
 *
 * @param moves What was moved so far, which is taken back if this fails.
 */
export async function commitStorage(
  { fileSystem, commonDir, lockTimeout, temporary }: MigrationContext,
  storage: "files" | "reftable",
  moves: Moves,
): Promise<void> {
  try {
    await writeRefStorage(fileSystem, commonDir, storage, lockTimeout);
    moves.keep();
  } catch (error) {
    // What failed may have been done all the same, and then nothing can be taken back.
    if (await mayUse(fileSystem, commonDir, storage)) {
      moves.keep();
      await afterwards(temporary, () => Promise.reject(error));
    }
    throw error;
  }
}

async function mayUse(
  fileSystem: FileSystem,
  commonDir: string,
  storage: string,
): Promise<boolean> {
  try {
    return await readRefStorage(fileSystem, commonDir) === storage;
  } catch (error) {
    if (error instanceof ReftableError) return true;
    throw error;
  }
}

/**
 * Does what remains to be done when others use the new storage already.
 *
 * @param temporary The directory that is to be removed at last.
 */
export async function afterwards(temporary: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (cause) {
    if (!(cause instanceof ReftableError)) throw cause;
    const message =
      `Refs were migrated, but what they were stored in before could not be removed, ` +
      `some of which may be in "${temporary}": ${cause.message}`;
    throw new ReftableError(cause.code, message, { file: cause.file, cause });
  }
}

/** Logs of a working tree when they are not wanted. */
export const NO_LOGS = {
  names: [],
  read: (): Promise<readonly never[]> => Promise.resolve([]),
};

/** Adds up what was carried over. */
export function addUp(parts: readonly Migrated[]): Migrated {
  const sum = (count: (part: Migrated) => number) => {
    return parts.reduce((total, part) => total + count(part), 0);
  };
  return {
    refs: sum(({ refs }) => refs),
    logs: sum(({ logs }) => logs),
    entries: sum(({ entries }) => entries),
    skipped: parts.flatMap(({ skipped }) => skipped),
  };
}

/** What a migration is doing. */
export type MigrationPhase = "refs" | "logs" | "check";

/** How far a migration is. */
export interface MigrationProgress {
  /** What is done now: refs are written, logs are written, or both are compared with where they came from. */
  readonly phase: MigrationPhase;
  /** How many refs, logs, or refs and logs were gone through in this phase. */
  readonly done: number;
}

/** How many steps to take between looks at the clock. */
const STEPS_A_LOOK = 1024;

/** After how many milliseconds others get their turn. */
const TURN = 20;

/** Counts what was gone through, tells it, and lets others have their turn. */
export class Pace {
  readonly #onProgress: ((progress: MigrationProgress) => void) | undefined;
  #phase: MigrationPhase = "refs";
  #done = 0;
  #began = performance.now();

  constructor(onProgress: ((progress: MigrationProgress) => void) | undefined) {
    this.#onProgress = onProgress;
  }

  /** Begins a phase, unless it was begun already. */
  begin(phase: MigrationPhase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#done = 0;
  }

  /** Counts a step, and tells whether it is time to {@linkcode Pace.pass}. */
  step(): boolean {
    if (++this.#done % STEPS_A_LOOK !== 0) return false;
    return performance.now() - this.#began > TURN;
  }

  /** Lets others have their turn. */
  async pass(): Promise<void> {
    this.report();
    await new Promise((resolve) => setTimeout(resolve));
    this.#began = performance.now();
  }

  /** Tells how far it is. */
  report(): void {
    this.#onProgress?.({ phase: this.#phase, done: this.#done });
  }
}

/** Renamings of files and directories that can be taken back, the last one first. */
export class Moves implements AsyncDisposable {
  readonly #fileSystem: FileSystem;
  #undo: (() => Promise<void>)[] = [];
  readonly #changed = new Set<string>();
  #isKept = false;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** Moves a file or a directory to where there is nothing yet, in a directory that is made when it is missing. */
  async move(from: string, to: string): Promise<void> {
    await this.#fileSystem.makeDirectory(dirname(to));
    this.onUndo(async () => {
      // What failed may have been done all the same.
      if (await this.#fileSystem.stat(to)) await this.#fileSystem.rename(to, from);
    });
    await this.#fileSystem.rename(from, to);
    this.#note(from, to);
  }

  /** Moves a file or a directory to a place that is cleared before: what is there is moved elsewhere. */
  async exchange(from: string, to: string, old: string): Promise<void> {
    if (await this.#fileSystem.stat(to)) await this.move(to, old);
    await this.move(from, to);
  }

  /** Puts a file in the place of another one, which is never missing. */
  async replace(from: string, to: string): Promise<void> {
    if (!this.#isKept) {
      const copy = `${from}.old`;
      using file = await this.#fileSystem.create(copy);
      file?.write(await this.#fileSystem.readFile(to));
      this.onUndo(() => this.#fileSystem.rename(copy, to));
    }
    await this.#fileSystem.rename(from, to);
    this.#note(from, to);
  }

  #note(...paths: readonly string[]): void {
    for (const path of paths) this.#changed.add(dirname(path));
  }

  /** Does something else that can be taken back. */
  onUndo(undo: () => Promise<void>): void {
    if (!this.#isKept) this.#undo.push(undo);
  }

  /** Waits until all that was moved has reached the disk. */
  async sync(): Promise<void> {
    for (const directory of this.#changed) await this.#fileSystem.syncDirectory(directory);
    this.#changed.clear();
  }

  /** Says that nothing is to be taken back any more, whatever comes. */
  keep(): void {
    this.#undo = [];
    this.#isKept = true;
  }

  /** Takes back what was moved, unless it was said to be kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Where something cannot be taken back, what came before it must stay too.
    for (let undo; (undo = this.#undo.pop());) await undo();
  }
}
