/**
 * A disk whose power fails: what was written but not synced may be lost by then.
 *
 * @module
 */

import { dirname } from "@std/path";
import { type FileSystem, MemoryFileSystem, type WritableFile } from "@reftable/reftable";

/** A change of a directory, or of two, that happens as a whole or not at all. */
interface PendingChange {
  /** The entries of directories that change: their new inodes, or none when they go. */
  readonly edits: readonly Edit[];
  /** The directories that were not synced since. */
  readonly unsynced: ReadonlySet<number>;
}

interface Edit {
  readonly directory: number;
  readonly name: string;
  readonly inode: number | undefined;
}

/** What is on the disk for sure: the entries of directories and the contents of files, by inode. */
interface Durable {
  readonly directories: ReadonlyMap<number, ReadonlyMap<string, number>>;
  readonly files: ReadonlyMap<number, Uint8Array>;
}

/** What happens to bytes that were not synced when the power fails. */
type UnsyncedBytes = "lost" | "torn" | "NULs";

/**
 * What may be found on a disk whose power failed at some moment.
 *
 * A file's bytes are there for sure when it was synced, its name when its directory was. The changes of a directory
 * reach the disk in any order, each of them whole: POSIX promises no more.
 */
export class Wreck {
  readonly #durable: Durable;
  readonly #pending: readonly PendingChange[];
  readonly #written: ReadonlyMap<number, Uint8Array>;
  readonly #root: number;

  constructor(
    durable: Durable,
    pending: readonly PendingChange[],
    written: ReadonlyMap<number, Uint8Array>,
    root: number,
  ) {
    this.#durable = durable;
    this.#pending = pending;
    this.#written = written;
    this.#root = root;
  }

  /**
   * Gives what may be found: all possibilities when they are few, else some that chance chooses, among them
   * the two in which all changes or none have reached the disk.
   *
   * @param most How many at most.
   * @param random Gives numbers from 0 to 1.
   */
  *images(most: number, random: () => number): Generator<MemoryFileSystem> {
    const count = this.#pending.length;
    const all = 2 ** count;
    if (all <= most) {
      for (let chosen = 0; chosen < all; chosen++) {
        yield this.#image((i) => ((chosen >> i) & 1) === 1, "lost");
      }
    } else {
      yield this.#image(() => false, "lost");
      yield this.#image(() => true, "lost");
      for (let i = 2; i < most; i++) yield this.#image(() => random() < 0.5, "lost");
    }
    yield this.#image(() => random() < 0.5, random() < 0.5 ? "torn" : "NULs");
  }

  #image(isKept: (change: number) => boolean, unsynced: UnsyncedBytes): MemoryFileSystem {
    const directories = new Map(
      Array.from(this.#durable.directories, ([inode, entries]) => [inode, new Map(entries)]),
    );
    this.#pending.forEach(({ edits }, i) => {
      if (isKept(i)) applyEdits(directories, edits);
    });
    const image = new MemoryFileSystem();
    const fill = (path: string, inode: number) => {
      const entries = directories.get(inode);
      if (entries) {
        image.makeDirectorySync(path);
        for (const [name, inode] of entries) fill(`${path}/${name}`, inode);
      } else {
        image.writeFileSync(path, this.#contents(inode, unsynced));
      }
    };
    fill("", this.#root);
    return image;
  }

  #contents(inode: number, unsynced: UnsyncedBytes): Uint8Array {
    const synced = this.#durable.files.get(inode) ?? new Uint8Array();
    const written = this.#written.get(inode);
    if (!written || written.length === synced.length || unsynced === "lost") return synced;
    if (unsynced === "torn") {
      return written.subarray(0, Math.ceil((synced.length + written.length) / 2));
    }
    const bytes = new Uint8Array(written.length);
    bytes.set(synced);
    return bytes;
  }
}

function applyEdits(
  directories: Map<number, Map<string, number>>,
  edits: readonly Edit[],
): void {
  for (const { directory, name, inode } of edits) {
    const entries = directories.get(directory) ?? new Map<string, number>();
    directories.set(directory, entries);
    if (inode === undefined) entries.delete(name);
    else entries.set(name, inode);
  }
}

/** Files in memory, and what of them is on the disk for sure. At first all is. */
export class CrashingDisk {
  /** The files, as those see them who use them. */
  readonly fileSystem: FileSystem;
  readonly #memory: MemoryFileSystem;
  readonly #directories = new Map<number, Map<string, number>>();
  readonly #files = new Map<number, Uint8Array>();
  readonly #written = new Map<number, Uint8Array>();
  #pending: PendingChange[] = [];

  /** @param memory The files that there are. */
  constructor(memory: MemoryFileSystem) {
    this.#memory = memory;
    this.#takeAll("/");
    const changed = {
      create: async (path: string) => {
        const file = await memory.create(path);
        if (!file) return undefined;
        this.#note([this.#edit(path, this.#inode(path))]);
        return this.#watch(path, file);
      },
      append: async (path: string) => this.#watch(path, await memory.append(path)),
      truncate: async (path: string, length: number) => {
        await memory.truncate(path, length);
        this.#written.set(this.#inode(path), memory.readFileSync(path));
      },
      makeDirectory: async (path: string) => {
        const made: string[] = [];
        for (let above = path; !memory.statSync(above); above = dirname(above)) made.unshift(above);
        await memory.makeDirectory(path);
        for (const directory of made) {
          this.#directories.set(this.#inode(directory), new Map());
          this.#note([this.#edit(directory, this.#inode(directory))]);
        }
      },
      rename: async (from: string, to: string) => {
        const inode = this.#inode(from);
        await memory.rename(from, to);
        this.#note([this.#edit(from, undefined), this.#edit(to, inode)]);
      },
      remove: (path: string) => Promise.try(() => this.fileSystem.removeSync(path)),
      removeSync: (path: string) => {
        if (!memory.removeSync(path)) return false;
        this.#note([this.#edit(path, undefined)]);
        return true;
      },
      removeDirectory: async (path: string) => {
        if (!(await memory.removeDirectory(path))) return false;
        this.#note([this.#edit(path, undefined)]);
        return true;
      },
      syncDirectory: async (path: string) => {
        await memory.syncDirectory(path);
        this.#settle(this.#inode(path));
      },
    } satisfies Partial<FileSystem>;
    this.fileSystem = new Proxy<FileSystem>(memory, {
      get: (_, name) => {
        if (Object.hasOwn(changed, name)) return Reflect.get(changed, name);
        const member: unknown = Reflect.get(memory, name);
        return typeof member === "function" ? member.bind(memory) : member;
      },
    });
  }

  /** What would be found if the power failed now. */
  wreck(): Wreck {
    const directories = new Map(
      Array.from(this.#directories, ([inode, entries]) => [inode, new Map(entries)]),
    );
    const durable = { directories, files: new Map(this.#files) };
    return new Wreck(durable, [...this.#pending], new Map(this.#written), this.#inode("/"));
  }

  /** Takes what is below a path as being on the disk. */
  #takeAll(path: string): void {
    const inode = this.#inode(path);
    if (this.#memory.statSync(path)!.kind === "file") {
      this.#files.set(inode, this.#memory.readFileSync(path));
      return;
    }
    const entries = new Map<string, number>();
    this.#directories.set(inode, entries);
    for (const { name } of this.#memory.listSync(path)) {
      entries.set(name, this.#inode(`${path}/${name}`));
      this.#takeAll(`${path}/${name}`);
    }
  }

  #inode(path: string): number {
    return this.#memory.statSync(path)!.inode;
  }

  #edit(path: string, inode: number | undefined): Edit {
    return {
      directory: this.#inode(dirname(path)),
      name: path.slice(path.lastIndexOf("/") + 1),
      inode,
    };
  }

  #note(edits: readonly Edit[]): void {
    this.#pending.push({ edits, unsynced: new Set(edits.map(({ directory }) => directory)) });
  }

  /** A directory has reached the disk. */
  #settle(directory: number): void {
    this.#pending = this.#pending.flatMap((change) => {
      const unsynced = new Set(change.unsynced);
      unsynced.delete(directory);
      if (unsynced.size > 0) return [{ ...change, unsynced }];
      applyEdits(this.#directories, change.edits);
      return [];
    });
  }

  #watch(path: string, file: WritableFile): WritableFile {
    const inode = this.#inode(path);
    let contents = this.#memory.readFileSync(path);
    this.#written.set(inode, contents);
    return {
      write: (bytes) => {
        file.write(bytes);
        const more = new Uint8Array(contents.length + bytes.length);
        more.set(contents);
        more.set(bytes, contents.length);
        this.#written.set(inode, contents = more);
      },
      sync: async () => {
        await file.sync();
        this.#files.set(inode, contents);
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  }
}
