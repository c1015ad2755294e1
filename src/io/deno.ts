import { ReftableError } from "../errors.ts";
import type {
  DirectoryEntry,
  FileInfo,
  FileMode,
  FileSystem,
  ReadableFile,
  WritableFile,
} from "./file_system.ts";
import { dirname, fromFileUrl } from "./path.ts";

/**
 * The real file system, through `Deno`; it needs `--allow-read` for what it reads and `--allow-write` for
 * what it changes.
 *
 * What takes microseconds is done at once even where a promise is returned: to hand it to another
 * thread would take longer. What waits for the disk is not.
 */
export const denoFileSystem: FileSystem = {
  open: (path) => Promise.try(() => openFile(path)),
  openSync: (path) => openFile(path),
  readFile: (path) => Promise.try(() => readFile(path)),
  readFileSync: (path) => readFile(path),
  stat: (path) => Promise.try(() => statFile(path)),
  statSync: (path) => statFile(path),
  lstatSync: (path) => statFile(path, Deno.lstatSync),
  list: (path) => Promise.try(() => listDirectory(path)),
  listSync: (path) => listDirectory(path),
  realPath: (path) => Promise.try(() => realPath(path)),
  realPathSync: (path) => realPath(path),
  readLink: (path) => Promise.try(() => readLink(path)),
  readLinkSync: (path) => readLink(path),
  create: (path, mode) => Promise.try(() => createFile(path, mode)),
  append: (path) => {
    return Promise.try(() => {
      const file = attemptSync("append", path, () => Deno.openSync(path, { append: true }));
      return new WritableDenoFile(path, file);
    });
  },
  truncate: (path, length) => {
    return Promise.try(() => attemptSync("truncate", path, () => Deno.truncateSync(path, length)));
  },
  makeDirectory: (path, mode) => Promise.try(() => makeDirectory(path, mode)),
  rename: (from, to) => {
    return Promise.try(() => {
      requireEncodable("rename", to);
      attemptSync("rename", from, () => Deno.renameSync(from, to));
    });
  },
  remove: (path) => Promise.try(() => removeFile(path)),
  removeSync: (path) => removeFile(path),
  removeDirectory: (path) => Promise.try(() => removeDirectory(path)),
  mayReadSync(path) {
    return path !== "" && Deno.permissions.querySync({ name: "read", path }).state === "granted";
  },
  mayChangeSync(directory) {
    return Deno.permissions.querySync({ name: "write", path: directory }).state === "granted";
  },
  async syncDirectory(path) {
    // Windows has no such thing: it cannot open a directory.
    if (Deno.build.os === "windows") return;
    using directory = attemptSync("sync", path, () => Deno.openSync(path));
    try {
      await attempt("sync", path, () => directory.sync());
    } catch (error) {
      // Some file systems cannot do it, and need not.
      if (!hasCode(error, "EINVAL", "ENOTSUP")) throw error;
    }
  },
};

function listDirectory(path: string | URL): DirectoryEntry[] {
  return attemptSync("list", path, () => Array.from(Deno.readDirSync(path), entry));
}

function fileInfo(info: Deno.FileInfo): FileInfo {
  return {
    kind: kindOf(info),
    size: info.size,
    mtime: info.mtime?.getTime() ?? 0,
    inode: info.ino ?? 0,
    mode: info.mode === null ? undefined : info.mode & 0o7777,
  };
}

function entry(entry: Deno.DirEntry): DirectoryEntry {
  return { name: entry.name, kind: kindOf(entry) };
}

function kindOf(
  info: { isFile: boolean; isDirectory: boolean; isSymlink: boolean },
): FileInfo["kind"] {
  return info.isFile
    ? "file"
    : info.isDirectory
    ? "directory"
    : info.isSymlink
    ? "symlink"
    : "other";
}

function readFile(path: string | URL): Uint8Array {
  return attemptSync("read", path, () => {
    requireFile(path);
    return Deno.readFileSync(path);
  });
}

/** To open a pipe would wait until somebody opens its other end. */
function requireFile(path: string | URL): void {
  if (!Deno.statSync(path).isFile) throw new TypeError("it is no regular file");
}

function statFile(path: string | URL, stat = Deno.statSync): FileInfo | undefined {
  requireEncodable("stat", path);
  try {
    return fileInfo(stat(path));
  } catch (cause) {
    // Nothing is more common, and an error of ours would cost more than to look.
    const { NotFound, NotADirectory } = Deno.errors;
    if (cause instanceof NotFound || cause instanceof NotADirectory) return undefined;
    throw failure("stat", path, cause);
  }
}

function realPath(path: string): string {
  return attemptSync("resolve", path, () => Deno.realPathSync(path));
}

function readLink(path: string): string | undefined {
  try {
    return attemptSync("read link", path, () => Deno.readLinkSync(path));
  } catch (error) {
    if (isMissing(error) || hasCode(error, "EINVAL", "ENOTDIR")) return undefined;
    throw error;
  }
}

function openFile(path: string | URL): ReadableFile {
  const file = attemptSync("open", path, () => {
    requireFile(path);
    return Deno.openSync(path);
  });
  try {
    return attemptSync("open", path, () => {
      const info = file.statSync();
      if (!info.isFile) throw new TypeError(`it is no regular file`);
      return new DenoFile(path, file, info.size);
    });
  } catch (error) {
    file.close();
    throw error;
  }
}

class DenoFile implements ReadableFile {
  readonly size: number;
  readonly #path: string | URL;
  readonly #file: Deno.FsFile;
  #closed = false;

  constructor(path: string | URL, file: Deno.FsFile, size: number) {
    this.#path = path;
    this.#file = file;
    this.size = size;
  }

  readSync(position: number, buffer: Uint8Array): number {
    return attemptSync("read", this.#path, () => {
      this.#file.seekSync(position, Deno.SeekMode.Start);
      let total = 0;
      while (total < buffer.length) {
        const count = this.#file.readSync(buffer.subarray(total));
        if (count === null) break;
        total += count;
      }
      return total;
    });
  }

  /** There is no positioned read in `Deno`: seeking and reading must not be torn apart by another reader. */
  read(position: number, buffer: Uint8Array): Promise<number> {
    return Promise.try(() => this.readSync(position, buffer));
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

function createFile(path: string, mode: FileMode | undefined): WritableFile | undefined {
  try {
    return attemptSync("create", path, () => {
      const file = new WritableDenoFile(
        path,
        Deno.openSync(path, { write: true, createNew: true }),
      );
      try {
        if (mode !== undefined && Deno.build.os !== "windows") file.setMode(mode);
        return file;
      } catch (error) {
        file[Symbol.dispose]();
        Deno.removeSync(path);
        throw error;
      }
    });
  } catch (error) {
    if (error instanceof ReftableError && error.cause instanceof Deno.errors.AlreadyExists) {
      return undefined;
    }
    throw error;
  }
}

class WritableDenoFile implements WritableFile {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #closed = false;

  constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  setMode(mode: FileMode): void {
    const bits = typeof mode === "number" ? mode : (this.#file.statSync().mode ?? 0) | mode.atLeast;
    Deno.chmodSync(this.#path, bits & 0o7777);
  }

  write(bytes: Uint8Array): void {
    attemptSync("write", this.#path, () => {
      let rest = bytes;
      while (rest.length > 0) rest = rest.subarray(this.#file.writeSync(rest));
    });
  }

  sync(): Promise<void> {
    return attempt("sync", this.#path, () => this.#file.sync());
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

function makeDirectory(path: string, mode: FileMode | undefined): void {
  attemptSync("create", path, () => {
    const missing: string[] = [];
    for (let directory = path; !isDirectory(directory); directory = dirname(directory)) {
      missing.push(directory);
    }
    for (const directory of missing.reverse()) {
      // Somebody else may have been faster.
      Deno.mkdirSync(directory, { recursive: true });
      if (mode !== undefined && Deno.build.os !== "windows") setDirectoryMode(directory, mode);
    }
  });
}

function isDirectory(path: string): boolean {
  try {
    const { isDirectory } = Deno.statSync(path);
    if (!isDirectory) throw new TypeError(`there is a file in its place`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Whoever may read files of a directory may look for them, and they belong to the directory's group. */
function setDirectoryMode(path: string, mode: FileMode): void {
  const bits = typeof mode === "number" ? mode : (Deno.statSync(path).mode ?? 0) | mode.atLeast;
  const search = (bits & 0o444) >> 2;
  const group = bits & 0o060 ? 0o2000 : 0;
  Deno.chmodSync(path, (bits | search | group) & 0o7777);
}

function removeFile(path: string): boolean {
  try {
    attemptSync("remove", path, () => Deno.removeSync(path));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function removeDirectory(path: string): boolean {
  try {
    // With a slash behind it the path means nothing but a directory.
    attemptSync("remove", path, () => Deno.removeSync(`${path}/`));
    return true;
  } catch (error) {
    if (isMissing(error) || hasCode(error, "ENOTDIR", "ENOTEMPTY", "EEXIST")) return false;
    throw error;
  }
}

async function attempt<T>(verb: string, path: string | URL, action: () => Promise<T>): Promise<T> {
  requireEncodable(verb, path);
  try {
    return await action();
  } catch (error) {
    throw failure(verb, path, error);
  }
}

function attemptSync<T>(verb: string, path: string | URL, action: () => T): T {
  requireEncodable(verb, path);
  try {
    return action();
  } catch (error) {
    throw failure(verb, path, error);
  }
}

/**
 * Refuses names with bytes that are no UTF-8, which are lone surrogates in a string: Deno would take
 * another name for them, and do to that file what was meant for this one.
 */
function requireEncodable(verb: string, path: string | URL): void {
  if (typeof path !== "string" || path.isWellFormed()) return;
  const reason = "its name is not UTF-8, and Deno can use no other names";
  const message = `Cannot ${verb} ${JSON.stringify(path)}: ${reason}`;
  throw new ReftableError("unsupported", message, { file: path });
}

/** Tells whether the system refused something for one of some reasons. */
function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const { code } = (error as ReftableError).cause as { code?: string } ?? {};
  return code !== undefined && codes.includes(code);
}

function isMissing(error: unknown): boolean {
  return error instanceof ReftableError && error.code === "not-exist";
}

/** What the permission to read is enough for. */
const READS: ReadonlySet<string> = new Set([
  ...["open", "read", "stat", "list", "resolve", "read link"],
]);

function failure(verb: string, path: string | URL, cause: unknown): ReftableError {
  const file = path instanceof URL && path.protocol === "file:" ? fromFileUrl(path) : String(path);
  const missing = cause instanceof Deno.errors.NotFound;
  const denied = cause instanceof Deno.errors.NotCapable;
  const reason = missing ? "it does not exist" : denied
    // The next file of the same directory would be refused too.
    ? `permission is missing, run again with ${
      READS.has(verb) ? "--allow-read" : "--allow-write"
    }="${dirname(file)}"`
    : cause instanceof Error
    // Deno repeats what was to be done, which the caller's sentence says already.
    ? cause.message.replace(/(?<=\(os error \d+\)).*$/s, "")
    : String(cause);
  return new ReftableError(
    missing ? "not-exist" : "io",
    `Cannot ${verb} "${file}": ${reason}`,
    { file, cause },
  );
}

/** Gives a variable of the environment; `undefined` when there is none, or it may not be read. */
export type Environment = (name: string) => string | undefined;

/**
 * The program's own environment, as far as it may be read without anybody being asked: it needs `--allow-env`, for all
 * variables or for some.
 *
 * @example
 * ```ts
 * import { openRepository, permittedEnvironment } from "@reftable/reftable";
 *
 * const options = { environment: permittedEnvironment };
 * const { config } = await openRepository("tests/fixtures/repository/git", options);
 * config.string("user.name"); // perhaps the user's own
 * ```
 */
export function permittedEnvironment(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
