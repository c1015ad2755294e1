import { compareText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { HashName } from "../../format/hash.ts";
import type { FileMode, FileSystem } from "../../io/file_system.ts";
import { dirname } from "../../io/path.ts";
import type { LogOrder } from "../backend.ts";
import { within } from "../git_directory.ts";
import { isCurrentWorktreeRef } from "../names.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import { removeEmptyDirectories, removeEmptyParents, withDirectories } from "./directories.ts";
import { FileWalk } from "./file_walk.ts";
import { readLog } from "./read_log.ts";
import { logPath, type RefPaths } from "./ref_paths.ts";

/** Takes a change back, as long as nobody else could make one. */
export type Undo = () => Promise<unknown>;

/** What logs have in common. */
export interface LogLocation {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** Where the files are. */
  readonly paths: RefPaths;
  /** The hash of the object ids. */
  readonly hash: HashName;
  /** The permissions of new files. */
  readonly mode: FileMode | undefined;
}

/** The logs of refs in files of lines. Whoever changes one has its ref locked. */
export class FilesLogs {
  readonly #fileSystem: FileSystem;
  readonly #paths: RefPaths;
  readonly #mode: FileMode | undefined;
  readonly #hash: HashName;

  constructor({ fileSystem, paths, hash, mode }: LogLocation) {
    this.#fileSystem = fileSystem;
    this.#paths = paths;
    this.#mode = mode;
    this.#hash = hash;
  }

  /** Gives the path of a ref's log; `undefined` where a name leads to no place for refs. */
  path(refname: string): string | undefined {
    const location = this.#paths.locate(refname);
    return location && logPath(location);
  }

  /** Tells whether a ref has a log. */
  has(refname: string): boolean {
    const path = this.path(refname);
    return path !== undefined && this.#fileSystem.lstatSync(path)?.kind === "file";
  }

  /** Gives the entries of a log. */
  read(refname: string, order: LogOrder): IteratorObject<ReflogEntry, void> {
    const path = this.path(refname);
    if (path === undefined) return Iterator.from<ReflogEntry>([]);
    return readLog(this.#fileSystem, path, order, this.#hash);
  }

  /** Lists the refs that have a log, in the order of the bytes of their names. */
  names(): string[] {
    const { shared, own, isLinked } = this.#paths;
    const names = this.#namesIn(shared);
    if (!isLinked) return names;
    const common = names.filter((refname) => !isCurrentWorktreeRef(refname));
    return [...new Set([...this.#namesIn(own), ...common])].sort(compareText);
  }

  #namesIn(root: string): string[] {
    const walk = new FileWalk(this.#fileSystem, { prefix: "", after: undefined });
    walk.enter(within(root, "logs"), "");
    const names = walk.sorted().map(({ refname }) => refname);
    return names.filter((refname) => refnameProblem(refname) === undefined);
  }

  /**
   * Creates a log without entries, unless there is one.
   *
   * @returns What removes it again.
   */
  async create(path: string): Promise<Undo> {
    const fileSystem = this.#fileSystem;
    await this.#clear(path);
    if (fileSystem.lstatSync(path)) return () => Promise.resolve();
    using _file = await withDirectories(fileSystem, path, this.#mode, () => {
      return fileSystem.create(path, this.#mode);
    });
    return () => fileSystem.remove(path);
  }

  /**
   * Writes an entry behind those that a log has. A log that is not there is created.
   *
   * @param line The entry, with its newline.
   * @returns What takes it out again.
   */
  async append(path: string, line: string): Promise<Undo> {
    const fileSystem = this.#fileSystem;
    const info = fileSystem.statSync(path);
    const undo = info?.kind === "file"
      ? () => fileSystem.truncate(path, info.size)
      : await this.create(path);
    try {
      using file = await fileSystem.append(path);
      file.write(encodeText(line));
    } catch (error) {
      await undo();
      throw error;
    }
    return undo;
  }

  /** Sees to it that a log can be at a path: that there is a directory for it, but none in its place. */
  async makePlace(path: string): Promise<void> {
    await this.#clear(path);
    await this.#fileSystem.makeDirectory(dirname(path), this.#mode);
  }

  /** Sees to it that no directory is where a log is to be. */
  async #clear(path: string): Promise<void> {
    if (this.#fileSystem.lstatSync(path)?.kind !== "directory") return;
    if (await removeEmptyDirectories(this.#fileSystem, path)) return;
    throw new ReftableError("io", `there are still logs under '${path}'`, { file: path });
  }

  /** Removes a log, if there is one, and the directories that it leaves empty. */
  async remove(refname: string): Promise<void> {
    const location = this.#paths.locate(refname);
    if (!location) return;
    if (this.has(refname)) await this.#fileSystem.remove(logPath(location));
    await removeEmptyParents(this.#fileSystem, within(location.root, "logs"), [location.name]);
  }
}
