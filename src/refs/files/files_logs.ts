import { compareText, decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { HashName } from "../../format/hash.ts";
import type { FileMode, FileSystem } from "../../io/file_system.ts";
import { runAsync } from "../../io/io.ts";
import { readIfPresent } from "../../io/requests.ts";
import type { LogOrder } from "../backend.ts";
import { within } from "../git_directory.ts";
import { isCurrentWorktreeRef } from "../names.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import { removeEmptyDirectories, removeEmptyParents, withDirectories } from "./directories.ts";
import { LogRewrite } from "./log_rewrite.ts";
import { FileWalk } from "./loose_refs.ts";
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
    const remove = await this.create(path);
    const length = fileSystem.statSync(path)?.size ?? 0;
    const undo = async () => {
      if (length > 0) await fileSystem.truncate(path, length);
      else await remove();
    };
    try {
      using file = await fileSystem.append(path);
      file.write(encodeText(line));
    } catch (error) {
      await undo();
      throw error;
    }
    return undo;
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

  /**
   * Makes one ref's log that of another one, in place of what that has.
   *
   * @param keep Whether the first one keeps it too.
   * @returns What gives both their old logs.
   */
  async transfer(refname: string, newRefname: string, keep: boolean): Promise<Undo> {
    const from = this.path(refname);
    const to = this.path(newRefname);
    if (from === undefined || to === undefined) return () => Promise.resolve();
    const old = await this.#contents(to);
    const restore = async () => {
      if (old) await this.#write(to, old);
      else await this.#fileSystem.remove(to);
    };
    const contents = keep ? await this.#contents(from) : undefined;
    if (contents) await this.#write(to, contents);
    if (keep) return restore;
    if (!this.has(refname)) {
      await this.#fileSystem.remove(to);
      return restore;
    }
    await this.#move(from, to);
    return async () => {
      await this.#move(to, from);
      await restore();
    };
  }

  async #contents(path: string): Promise<Uint8Array | undefined> {
    if (this.#fileSystem.statSync(path)?.kind !== "file") return undefined;
    return await runAsync(readIfPresent(this.#fileSystem, path));
  }

  async #write(path: string, contents: Uint8Array): Promise<void> {
    await this.#clear(path);
    const location = { fileSystem: this.#fileSystem, mode: this.#mode };
    await using rewrite = await withDirectories(this.#fileSystem, path, this.#mode, () => {
      return LogRewrite.prepare(location, path, [decodeText(contents)]);
    });
    await rewrite.commit();
  }

  async #move(from: string, to: string): Promise<void> {
    // The one may be where a directory of the other has to be.
    const isInTheWay = from.startsWith(`${to}/`) || to.startsWith(`${from}/`);
    if (!isInTheWay) return await this.#rename(from, to);
    const aside = within(this.#paths.shared, "logs/refs/.tmp-renamed-log");
    await this.#fileSystem.rename(from, aside);
    try {
      await this.#rename(aside, to);
    } catch (error) {
      await this.#rename(aside, from);
      throw error;
    }
  }

  async #rename(from: string, to: string): Promise<void> {
    await this.#clear(to);
    await withDirectories(this.#fileSystem, to, this.#mode, () => {
      return this.#fileSystem.rename(from, to);
    });
  }
}
