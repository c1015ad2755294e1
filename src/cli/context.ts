import type { RefStore } from "../refs/ref_store.ts";
import type { Repository } from "../refs/repository.ts";
import type { ObjectDatabase } from "./objects/object_database.ts";
import { formatMessage, Output, writeError } from "./output.ts";
import type { System } from "./system.ts";

/** What stood before the command on the command line. */
export interface GlobalOptions {
  /** The directories to change to, one after the other. */
  readonly directories: readonly string[];
  /** The repository, when it is not to be looked for. */
  readonly gitDir: string | undefined;
  /** The top of the working tree. */
  readonly workTree: string | undefined;
  /** Whether the repository is one without a working tree. */
  readonly bare: boolean;
  /** Variables that go before those of all files, each as `-c` takes it. */
  readonly config: readonly string[];
}

/** What a command finds around it. */
export class Context implements AsyncDisposable {
  /** The process. */
  readonly system: System;
  /** Standard output. */
  readonly output: Output;
  /** What stood before the command. */
  readonly globals: GlobalOptions;
  /** The directory that relative paths begin at; empty for that of the process. */
  readonly directory: string;

  /** Puts together what a command needs to know. */
  constructor(system: System, globals: GlobalOptions) {
    this.system = system;
    this.output = new Output(system);
    this.globals = globals;
    this.directory = globals.directories.reduce(beside, system.directory);
  }

  /** A path as the process can use it: relative ones begin where `-C` leads. */
  path(path: string): string {
    return beside(this.directory, path);
  }

  /**
   * The refs of the repository that the command runs in.
   *
   * @throws {Failure} When there is none.
   */
  async refs(): Promise<RefStore> {
    // It may be asked for once a line.
    if (this.#refs) return this.#refs;
    // Loaded when it is needed: help and version shall come soon.
    const { openRefs } = await import("./open_refs.ts");
    return this.#refs ??= openRefs(this);
  }
  #refs: RefStore | undefined;

  /**
   * The repository that the command runs in, whether or not its refs can be opened.
   *
   * @throws {Failure} When there is none.
   */
  async repository(): Promise<Repository> {
    const { findRepository } = await import("./find_repository.ts");
    return this.#repository ??= this.#refs?.repository ?? findRepository(this);
  }
  #repository: Repository | undefined;

  /** The objects of that repository. */
  async objects(): Promise<ObjectDatabase> {
    if (this.#objects) return this.#objects;
    const { ObjectDatabase } = await import("./objects/object_database.ts");
    return this.#objects ??= ObjectDatabase.open(await this.repository(), this);
  }
  #objects: ObjectDatabase | undefined;

  /** The present, in seconds since 1970-01-01 UTC. */
  now(): number {
    // As Git's own tests set it.
    const given = this.system.env("GIT_TEST_DATE_NOW");
    return given === undefined ? Math.floor(Date.now() / 1000) : Number(given);
  }

  /** Closes what was opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#objects?.[Symbol.dispose]();
    await this.#refs?.[Symbol.asyncDispose]();
  }

  /** Tells people something on standard error. */
  warn(message: string, prefix = "warning"): void {
    this.output.flush();
    writeError(this.system, formatMessage(prefix, message));
  }
}

/** Paths that begin at a root, of a drive perhaps. */
const ABSOLUTE = /^(?:[a-z]:)?[\\/]/i;

function beside(directory: string, path: string): string {
  if (path === "") return directory;
  // Not joined: behind a symbolic link the parent is another one than the path says.
  return directory === "" || ABSOLUTE.test(path) ? path : `${directory}/${path}`;
}
