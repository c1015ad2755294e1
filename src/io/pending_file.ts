import { ReftableError } from "../errors.ts";
import { type BlockSource, BytesSource, openFileSource, SMALL } from "./block_source.ts";
import type { FileMode, FileSystem, WritableFile } from "./file_system.ts";
import type { Io } from "./io.ts";

/** What nobody shall find when the process ends now. */
const pending = new Set<Pick<PendingFile, "abandon">>();

let watching = false;

/** Sees to it that the files are removed when the process ends, but for signals. */
function watchForEnd(): void {
  if (watching) return;
  watching = true;
  globalThis.addEventListener("unload", removePendingFiles);
  for (const type of ["error", "unhandledrejection"]) {
    globalThis.addEventListener(type, (event) => {
      // What nobody caught ends the process, unless somebody has said that it shall not.
      if (!event.defaultPrevented) removePendingFiles();
    });
  }
}

/**
 * Removes the lock files and temporary files that are not committed; what they were for fails. It is called
 * when the process exits; whoever handles signals calls it before that.
 */
export function removePendingFiles(): void {
  for (const file of pending) {
    try {
      file.abandon();
    } catch {
      // The others shall not stay because one cannot be removed.
    }
  }
}

/** Has something be removed when the process ends, unless what is returned is disposed of before. */
export function removeOnEnd(remove: () => void): Disposable {
  const entry = { abandon: remove };
  pending.add(entry);
  watchForEnd();
  return { [Symbol.dispose]: () => void pending.delete(entry) };
}

/**
 * A file that exists under a name of its own until it is committed under its final one: a temporary file,
 * or a lock file, which keeps others out by its name. Disposal removes it unless it was committed.
 */
export class PendingFile implements AsyncDisposable {
  /** Where it is until it is committed. */
  readonly path: string;
  readonly #fileSystem: FileSystem;
  readonly #file: WritableFile;
  /** What was written, as long as it is small. */
  #kept: Uint8Array | undefined = new Uint8Array();

  private constructor(fileSystem: FileSystem, path: string, file: WritableFile) {
    this.#fileSystem = fileSystem;
    this.path = path;
    this.#file = file;
    pending.add(this);
    watchForEnd();
  }

  /**
   * Creates a file that does not exist yet.
   *
   * @param mode Its permissions; without it the umask decides.
   * @returns The file, or `undefined` when there is one of that name already.
   */
  static async create(
    fileSystem: FileSystem,
    path: string,
    mode?: FileMode,
  ): Promise<PendingFile | undefined> {
    const file = await fileSystem.create(path, mode);
    return file && new PendingFile(fileSystem, path, file);
  }

  /**
   * Creates a file with a random name that begins with a path.
   *
   * @throws {ReftableError} With code `"io"` when it cannot be created.
   */
  static async createTemporary(
    fileSystem: FileSystem,
    path: string,
    mode?: FileMode,
  ): Promise<PendingFile> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const suffix = crypto.randomUUID().slice(0, 8);
      const file = await PendingFile.create(fileSystem, `${path}.temp.${suffix}`, mode);
      if (file) return file;
    }
    throw new ReftableError("io", `Cannot create "${path}.temp.*": all names are taken`, {
      file: path,
    });
  }

  /** Closes the file, when its name alone counts. */
  close(): void {
    this.#file[Symbol.dispose]();
  }

  /** Appends bytes. */
  write(bytes: Uint8Array): void {
    this.#file.write(bytes);
    if (!this.#kept) return;
    const kept = new Uint8Array(this.#kept.length + bytes.length);
    kept.set(this.#kept);
    kept.set(bytes, this.#kept.length);
    this.#kept = kept.length <= SMALL ? kept : undefined;
  }

  /**
   * Opens what the file has in it for reading; what was written here and is small need not be read again.
   *
   * @param name What to call it in errors.
   */
  source(name: string): Io<BlockSource> {
    // Nothing was written here when another thread wrote the file.
    return this.#kept?.length
      ? openBytes(this.#kept, name)
      : openFileSource(this.#fileSystem, this.path, name);
  }

  /** Waits until what was written has reached the disk. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /**
   * Gives the file its final name; a file that has it already is replaced.
   *
   * @param hasHappened Asked when renaming has failed whether it was done nevertheless: over a network, its answer
   * may have got lost.
   * @throws {ReftableError} With code `"io"` when that cannot be, or the file was removed before: what has its
   * name by now may be somebody else's.
   */
  async commit(path: string, hasHappened?: () => Promise<boolean>): Promise<void> {
    if (!pending.delete(this)) {
      throw new ReftableError("io", `Cannot rename "${this.path}": it was removed`, {
        file: this.path,
      });
    }
    try {
      this.close();
      await this.#fileSystem.rename(this.path, path);
    } catch (error) {
      if (await hasHappened?.()) return;
      pending.add(this);
      throw error;
    }
  }

  /** Removes the file at once, for when the process ends. */
  abandon(): void {
    if (!pending.delete(this)) return;
    try {
      this.close();
    } finally {
      this.#fileSystem.removeSync(this.path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!pending.delete(this)) return;
    try {
      this.close();
    } finally {
      await this.#fileSystem.remove(this.path);
    }
  }
}

/** A source needs a generator, also where there is nothing to ask for. */
// deno-lint-ignore require-yield
function* openBytes(bytes: Uint8Array, name: string): Io<BlockSource> {
  return new BytesSource(bytes, name);
}
