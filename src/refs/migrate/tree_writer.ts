import { encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { FileMode, FileSystem, WritableFile } from "../../io/file_system.ts";
import { dirname } from "../../io/path.ts";

/** How many files may wait for the disk at the same time. */
const MAX_WAITING = 64;

/** Writes a tree of new files that nobody else knows of yet. */
export class TreeWriter {
  /** The directory that all files are below. */
  readonly root: string;
  readonly #fileSystem: FileSystem;
  readonly #mode: FileMode | undefined;
  readonly #directories = new Set<string>();
  readonly #files: string[] = [];

  /**
   * @param root The directory that all files are below.
   * @param mode The permissions of the files; the umask decides by default.
   */
  constructor(fileSystem: FileSystem, root: string, mode: FileMode | undefined) {
    this.#fileSystem = fileSystem;
    this.root = root;
    this.#mode = mode;
  }

  /** Creates a directory and those above it. */
  async directory(path: string): Promise<void> {
    if (this.#directories.has(path)) return;
    await this.#fileSystem.makeDirectory(`${this.root}/${path}`, this.#mode);
    for (let above = path; !this.#directories.has(above); above = dirname(above)) {
      this.#directories.add(above);
      if (above === ".") break;
    }
  }

  /** Writes a small file. */
  async write(path: string, text: string): Promise<void> {
    using file = await this.create(path);
    file.write(encodeText(text));
  }

  /** Creates a file, which the caller closes. */
  async create(path: string): Promise<WritableFile> {
    await this.directory(dirname(path));
    const file = await this.#fileSystem.create(`${this.root}/${path}`, this.#mode);
    if (file) {
      this.#files.push(path);
      return file;
    }
    const message = `Cannot create "${this.root}/${path}": it exists already`;
    throw new ReftableError("io", message, { file: `${this.root}/${path}` });
  }

  /** Waits until all that was written has reached the disk. */
  async finish(): Promise<void> {
    // To wait after all is written takes a fraction of the time of waiting file by file.
    const waiting = new Set<Promise<void>>();
    for (const path of this.#files) {
      if (waiting.size >= MAX_WAITING) await Promise.race(waiting);
      const done = this.#sync(path).finally(() => waiting.delete(done));
      waiting.add(done);
    }
    await Promise.all(waiting);
    for (const path of this.#directories) {
      await this.#fileSystem.syncDirectory(`${this.root}/${path}`);
    }
  }

  async #sync(path: string): Promise<void> {
    using file = await this.#fileSystem.append(`${this.root}/${path}`);
    await file.sync();
  }
}
