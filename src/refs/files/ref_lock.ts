import { encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { listDirectory } from "../../io/io.ts";
import { dirname } from "../../io/path.ts";
import type { PendingFile } from "../../io/pending_file.ts";
import { within } from "../git_directory.ts";
import { nameTaken, refError } from "../ref_errors.ts";
import { readLooseRef } from "../ref_file.ts";
import type { NewRefValue, StoredRef } from "../stored_ref.ts";
import { removeEmptyDirectories, removeEmptyParents, withDirectories } from "./directories.ts";
import type { FilesStorage } from "./files_storage.ts";
import { acquireGitLock } from "./git_lock.ts";
import { FileWalk } from "./loose_refs.ts";
import { directoriesOf, type RefLocation, refPath } from "./ref_paths.ts";

/** A ref that is locked: nobody else changes it, neither its file nor what is packed of it, nor its log. */
export class RefLock implements AsyncDisposable {
  /** The ref's full name. */
  readonly refname: string;
  /** Where it is kept. */
  readonly location: RefLocation;
  /** The path of its file. */
  readonly path: string;
  readonly #storage: FilesStorage;
  #file: PendingFile | undefined;
  /** Whether the ref was found in a file of its own. */
  isLoose = false;
  /** Whether there is a directory where its file would be, with refs that are locked too, or locks of packed ones. */
  isDirectory = false;
  /** What the ref held when it was locked. */
  stored: StoredRef | undefined;
  /** Whether directories were made for its file. */
  #hasMadeDirectories = false;

  /** Makes a lock that is not taken yet. */
  constructor(storage: FilesStorage, refname: string, location: RefLocation) {
    this.#storage = storage;
    this.refname = refname;
    this.location = location;
    this.path = refPath(location);
  }

  /** Whether the lock is taken. */
  get isTaken(): boolean {
    return this.#file !== undefined;
  }

  /**
   * Takes the lock, and reads the ref.
   *
   * @param timeout How long to wait for it, in milliseconds, −1 for ever.
   * @param mayGo Tells whether there is a ref that has its file at a path, which the same session has locked.
   * @throws {ReftableError} With code `"lock"` when somebody else has it, `"name-conflict"` when there is a ref
   * where a directory should be, or a directory where the ref should be.
   */
  async take(timeout: number, mayGo: (path: string) => boolean = () => false): Promise<void> {
    const { fileSystem, mode } = this.#storage;
    const acquire = () => acquireGitLock(fileSystem, this.path, { timeout, mode });
    try {
      this.#file = await withDirectories(fileSystem, this.path, mode, acquire, () => {
        this.#hasMadeDirectories = true;
      });
    } catch (error) {
      throw this.#explain(error);
    }
    try {
      // There may be more locks than files that can be open.
      this.#file.close();
      await this.#read(mayGo);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof ReftableError) || error.code !== "io") return error;
    const blocker = this.blocker();
    if (blocker === undefined) {
      const reason = error.message.replace(/^Cannot [^"]*"[^"]*": /, "");
      const message = `Unable to create '${this.path}.lock': ${reason}`;
      return refError("io", this.refname, message, {}, error);
    }
    const { fileSystem, hash } = this.#storage;
    const path = within(this.location.root, blocker);
    const ref = readLooseRef(fileSystem, path, blocker, hash);
    if (typeof ref === "object" && ref.kind !== "broken") {
      return nameTaken(this.refname, this.seenAs(blocker));
    }
    const message = `unable to create lock file ${this.path}.lock; non-directory in the way`;
    return refError("io", this.refname, message, {}, error);
  }

  /** Finds the file that is where a directory of the ref's file should be, by the name of the ref that it would be. */
  blocker(): string | undefined {
    const { root, name } = this.location;
    for (const above of directoriesOf(name)) {
      const kind = this.#storage.fileSystem.statSync(within(root, above))?.kind;
      if (kind !== "directory") return kind === undefined ? undefined : above;
    }
    return undefined;
  }

  /** Gives the path of a ref that is seen by a name and kept where this one is. */
  #pathOf(seen: string): string {
    const { root, name } = this.location;
    return within(root, seen.slice(this.refname.length - name.length));
  }

  /** Gives the name by which a ref is seen that is kept where this one is. */
  seenAs(name: string): string {
    return this.refname.slice(0, this.refname.length - this.location.name.length) + name;
  }

  async #read(mayGo: (path: string) => boolean): Promise<void> {
    const { fileSystem, packed, hash } = this.#storage;
    const loose = readLooseRef(fileSystem, this.path, this.refname, hash);
    if (typeof loose === "object") {
      this.isLoose = true;
      this.stored = loose;
      return;
    }
    this.stored = packed.find(this.refname);
    if (loose === undefined || this.stored !== undefined) return;
    // What was in the directory may be gone; it would only be in the way.
    if (await removeEmptyDirectories(fileSystem, this.path)) return;
    const below = this.namesBelow().find((name) => !mayGo(this.#pathOf(name)));
    if (below !== undefined) throw nameTaken(this.refname, below);
    this.isDirectory = isAll(fileSystem, this.path, (path) => mayGo(path.replace(/\.lock$/, "")));
    if (this.isDirectory) return;
    const message =
      `there is a non-empty directory '${this.path}' blocking reference '${this.refname}'`;
    throw refError("name-conflict", this.refname, message);
  }

  /** Lists the refs in the directory that is where the ref's file would be. */
  namesBelow(): IteratorObject<string, void> {
    const { root, name } = this.location;
    const walk = new FileWalk(this.#storage.fileSystem, { prefix: "", after: undefined });
    walk.enter(within(root, name), `${name}/`);
    return walk.sorted().values().map(({ refname }) => this.seenAs(refname));
  }

  /** Writes what the ref is to hold, so that nobody sees it yet. */
  async write(value: NewRefValue): Promise<void> {
    const text = value.kind === "symref" ? `ref: ${value.target}\n` : `${value.oid}\n`;
    try {
      using file = await this.#storage.fileSystem.append(this.#file!.path);
      file.write(encodeText(text));
      if (this.#storage.sync) await file.sync();
    } catch (cause) {
      throw this.#failure(`couldn't write '${this.path}.lock'`, cause);
    }
  }

  /** Has everybody see what was written, and gives the lock back. */
  async publish(): Promise<void> {
    const { fileSystem } = this.#storage;
    const file = this.#file!;
    try {
      await removeEmptyDirectories(fileSystem, this.path);
      await file.commit(this.path, () => Promise.resolve(!fileSystem.lstatSync(file.path)));
    } catch (cause) {
      throw this.#failure(`couldn't set '${this.refname}'`, cause);
    }
    this.#file = undefined;
    this.isLoose = true;
  }

  #failure(what: string, cause: unknown): unknown {
    if (!(cause instanceof ReftableError)) return cause;
    return refError(cause.code, this.refname, `${what}: ${cause.message}`, {}, cause);
  }

  /** The directories that are others when the ref's file is there, or gone. */
  changedDirectories(): string[] {
    const directory = dirname(this.path);
    if (!this.#hasMadeDirectories) return [directory];
    const { root, name } = this.location;
    return [root, ...directoriesOf(name).map((above) => within(root, above))];
  }

  /** Removes the ref's file. */
  async unlink(): Promise<void> {
    if (this.isLoose) await this.#storage.fileSystem.remove(this.path);
    this.isLoose = false;
  }

  /** Gives the lock back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
    this.#file = undefined;
  }
}

/** Tells whether something holds for all files in a directory and those below it. */
function isAll(
  fileSystem: FileSystem,
  directory: string,
  holds: (path: string) => boolean,
): boolean {
  return listDirectory(fileSystem, directory).every(({ name, kind }) => {
    const path = within(directory, name);
    return kind === "directory" ? isAll(fileSystem, path, holds) : holds(path);
  });
}

/** Removes directories that were made for the locks of refs that have no files, or where such files were. */
export async function removeLeftDirectories(
  fileSystem: FileSystem,
  locks: readonly RefLock[],
): Promise<void> {
  const left = locks.filter(({ isLoose }) => !isLoose).map(({ location }) => location);
  for (const [root, locations] of Map.groupBy(left, ({ root }) => root)) {
    await removeEmptyParents(fileSystem, root, locations.map(({ name }) => name));
  }
}
