import { ReftableError, type ReftableErrorCode } from "../errors.ts";
import type {
  DirectoryEntry,
  FileInfo,
  FileSystem,
  ReadableFile,
  WritableFile,
} from "./file_system.ts";
import { fromFileUrl } from "./path.ts";

/** How to make a {@linkcode MemoryFileSystem}. */
export interface MemoryFileSystemOptions {
  /** Tells the time, in milliseconds since 1970-01-01 UTC; the system's clock by default. */
  readonly now?: (() => number) | undefined;
}

/** A file: it lives on without a name as long as somebody has it open. */
interface FileNode {
  readonly kind: "file";
  readonly inode: number;
  mtime: number;
  /** Room for the contents, which are its first {@linkcode FileNode.size} bytes. */
  bytes: Uint8Array;
  size: number;
}

interface DirectoryNode {
  readonly kind: "directory";
  readonly inode: number;
  mtime: number;
  readonly entries: Map<string, FileNode | DirectoryNode>;
}

/**
 * Storage in memory, for stacks and repositories that no disk shall see. There is one directory at first, `/`;
 * other paths are taken from there. Nothing is ever refused for want of a permission.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { MemoryFileSystem, Stack } from "@reftable/reftable";
 *
 * const fileSystem = new MemoryFileSystem();
 * fileSystem.makeDirectorySync("/reftable");
 * await using stack = await Stack.open("/reftable", { fileSystem });
 * await stack.add((writer) => {
 *   writer.addRef({ kind: "symref", refname: "HEAD", updateIndex: 1, target: "refs/heads/main" });
 * });
 * const names = fileSystem.listSync("/reftable").map(({ name }) => name);
 * assertEquals(names.length, 2);
 * ```
 */
export class MemoryFileSystem implements FileSystem {
  readonly #now: () => number;
  #inodes = 1;
  readonly #root: DirectoryNode;

  /** Makes a file system without files. */
  constructor({ now = Date.now }: MemoryFileSystemOptions = {}) {
    this.#now = now;
    this.#root = { kind: "directory", inode: 1, mtime: now(), entries: new Map() };
  }

  /** Makes a directory, and those above it; it may be there already. */
  makeDirectorySync(path: string): void {
    let directory = this.#root;
    for (const name of partsOf(path)) {
      let next = directory.entries.get(name);
      if (next?.kind === "file") throw failure("create", path, "there is a file in its place");
      if (!next) {
        next = {
          kind: "directory",
          inode: ++this.#inodes,
          mtime: this.#now(),
          entries: new Map(),
        };
        this.#enter(directory, name, next);
      }
      directory = next;
    }
  }

  /** Writes a whole file at once, in place of what it has in it. */
  writeFileSync(path: string, bytes: Uint8Array): void {
    const { directory, name } = this.#place("write", path);
    const found = directory.entries.get(name);
    if (found?.kind === "directory") throw failure("write", path, "it is a directory");
    const file = found ?? this.#newFile(directory, name);
    file.bytes = bytes.slice();
    file.size = bytes.length;
    file.mtime = this.#now();
  }

  open(path: string | URL): Promise<ReadableFile> {
    return Promise.try(() => this.openSync(path));
  }

  openSync(path: string | URL): ReadableFile {
    return new MemoryFile(path, this.#file("open", path));
  }

  readFile(path: string | URL): Promise<Uint8Array> {
    return Promise.try(() => this.readFileSync(path));
  }

  readFileSync(path: string | URL): Uint8Array {
    const { bytes, size } = this.#file("read", path);
    return bytes.slice(0, size);
  }

  stat(path: string | URL): Promise<FileInfo | undefined> {
    return Promise.try(() => this.statSync(path));
  }

  statSync(path: string | URL): FileInfo | undefined {
    const node = this.#find(path);
    if (!node) return undefined;
    const { kind, inode, mtime } = node;
    return { kind, inode, mtime, size: node.kind === "file" ? node.size : node.entries.size };
  }

  lstatSync(path: string): FileInfo | undefined {
    return this.statSync(path);
  }

  list(path: string | URL): Promise<DirectoryEntry[]> {
    return Promise.try(() => this.listSync(path));
  }

  listSync(path: string | URL): DirectoryEntry[] {
    const { entries } = this.#directory("list", path);
    return Array.from(entries, ([name, { kind }]) => ({ name, kind }));
  }

  realPath(path: string): Promise<string> {
    return Promise.try(() => this.realPathSync(path));
  }

  realPathSync(path: string): string {
    if (!this.#find(path)) throw missing("resolve", path);
    return `/${partsOf(path).join("/")}`;
  }

  readLink(path: string): Promise<string | undefined> {
    return Promise.try(() => this.readLinkSync(path));
  }

  /** There are no symbolic links here. */
  readLinkSync(_path: string): string | undefined {
    return undefined;
  }

  create(path: string): Promise<WritableFile | undefined> {
    return Promise.try(() => {
      const { directory, name } = this.#place("create", path);
      if (directory.entries.has(name)) return undefined;
      return this.#writable(path, this.#newFile(directory, name));
    });
  }

  append(path: string): Promise<WritableFile> {
    return Promise.try(() => this.#writable(path, this.#file("append", path)));
  }

  truncate(path: string, length: number): Promise<void> {
    return Promise.try(() => {
      const file = this.#file("truncate", path);
      file.size = Math.min(length, file.size);
      file.mtime = this.#now();
    });
  }

  makeDirectory(path: string): Promise<void> {
    return Promise.try(() => this.makeDirectorySync(path));
  }

  rename(from: string, to: string): Promise<void> {
    return Promise.try(() => {
      const source = this.#place("rename", from);
      const node = source.directory.entries.get(source.name);
      if (!node) throw missing("rename", from);
      const target = this.#place("rename", to, from);
      const replaced = target.directory.entries.get(target.name);
      if (replaced === node) return;
      const reason = refusal(node, replaced) ??
        (isWithin(to, from) ? "it would lie in itself" : undefined);
      if (reason) throw failure("rename", from, reason);
      this.#leave(source.directory, source.name);
      this.#enter(target.directory, target.name, node);
    });
  }

  remove(path: string): Promise<boolean> {
    return Promise.try(() => this.removeSync(path));
  }

  removeSync(path: string): boolean {
    const node = this.#find(path);
    if (!node) return false;
    const { directory, name } = this.#place("remove", path);
    if (node.kind === "directory" && node.entries.size > 0) {
      throw failure("remove", path, "it is a directory with something in it");
    }
    this.#leave(directory, name);
    return true;
  }

  removeDirectory(path: string): Promise<boolean> {
    return Promise.try(() => {
      const node = this.#find(path);
      return node?.kind === "directory" && node.entries.size === 0 && this.removeSync(path);
    });
  }

  mayReadSync(): boolean {
    return true;
  }

  mayChangeSync(): boolean {
    return true;
  }

  syncDirectory(path: string): Promise<void> {
    return Promise.try(() => void this.#directory("sync", path));
  }

  #newFile(directory: DirectoryNode, name: string): FileNode {
    const file: FileNode = {
      kind: "file",
      inode: ++this.#inodes,
      mtime: this.#now(),
      bytes: new Uint8Array(),
      size: 0,
    };
    this.#enter(directory, name, file);
    return file;
  }

  #enter(directory: DirectoryNode, name: string, node: FileNode | DirectoryNode): void {
    directory.entries.set(name, node);
    directory.mtime = this.#now();
  }

  #leave(directory: DirectoryNode, name: string): void {
    directory.entries.delete(name);
    directory.mtime = this.#now();
  }

  #writable(path: string, file: FileNode): WritableFile {
    return new WritableMemoryFile(path, file, this.#now);
  }

  /** Finds what is at a path; `undefined` when there is nothing, or a file on the way. */
  #find(path: string | URL): FileNode | DirectoryNode | undefined {
    return this.#follow(partsOf(path));
  }

  #follow(parts: readonly string[]): FileNode | DirectoryNode | undefined {
    let node: FileNode | DirectoryNode | undefined = this.#root;
    for (const name of parts) {
      if (node?.kind !== "directory") return undefined;
      node = node.entries.get(name);
    }
    return node;
  }

  #file(verb: string, path: string | URL): FileNode {
    const node = this.#find(path);
    if (!node) throw missing(verb, path);
    if (node.kind !== "file") throw failure(verb, path, "it is no regular file");
    return node;
  }

  #directory(verb: string, path: string | URL): DirectoryNode {
    const node = this.#find(path);
    if (!node) throw missing(verb, path);
    if (node.kind !== "directory") throw failure(verb, path, "it is no directory");
    return node;
  }

  /**
   * Finds the directory that an entry is in, or is to be in.
   *
   * @param file The file that errors name.
   */
  #place(verb: string, path: string, file = path): { directory: DirectoryNode; name: string } {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) throw failure(verb, file, "it is the root");
    const parent = this.#follow(parts);
    if (!parent) throw missing(verb, file);
    if (parent.kind !== "directory") {
      throw failure(verb, file, "there is a file where its directory should be");
    }
    return { directory: parent, name };
  }
}

class MemoryFile implements ReadableFile {
  readonly size: number;
  readonly #path: string | URL;
  readonly #file: FileNode;
  #closed = false;

  constructor(path: string | URL, file: FileNode) {
    this.#path = path;
    this.#file = file;
    this.size = file.size;
  }

  readSync(position: number, buffer: Uint8Array): number {
    if (this.#closed) throw failure("read", this.#path, "it was closed");
    const { bytes, size } = this.#file;
    const found = bytes.subarray(
      Math.min(position, size),
      Math.min(position + buffer.length, size),
    );
    buffer.set(found);
    return found.length;
  }

  read(position: number, buffer: Uint8Array): Promise<number> {
    return Promise.try(() => this.readSync(position, buffer));
  }

  [Symbol.dispose](): void {
    this.#closed = true;
  }
}

class WritableMemoryFile implements WritableFile {
  readonly #path: string;
  readonly #file: FileNode;
  readonly #now: () => number;
  #closed = false;

  constructor(path: string, file: FileNode, now: () => number) {
    this.#path = path;
    this.#file = file;
    this.#now = now;
  }

  write(bytes: Uint8Array): void {
    if (this.#closed) throw failure("write", this.#path, "it was closed");
    const file = this.#file;
    const needed = file.size + bytes.length;
    if (needed > file.bytes.length) {
      const room = new Uint8Array(Math.max(needed, 2 * file.bytes.length));
      room.set(file.bytes.subarray(0, file.size));
      file.bytes = room;
    }
    file.bytes.set(bytes, file.size);
    file.size = needed;
    file.mtime = this.#now();
  }

  sync(): Promise<void> {
    return Promise.try(() => {
      if (this.#closed) throw failure("sync", this.#path, "it was closed");
    });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
  }
}

/** The names on the way from the root to a path, without `.` and `..`. */
function partsOf(path: string | URL): string[] {
  const parts: string[] = [];
  for (const part of (path instanceof URL ? fromFileUrl(path) : path).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

/** Tells whether a path lies in another one, which may be a directory. */
function isWithin(path: string, directory: string): boolean {
  const above = partsOf(directory);
  return above.every((part, i) => partsOf(path)[i] === part);
}

/** Why something cannot take the place of something else, if it cannot. */
function refusal(
  node: FileNode | DirectoryNode,
  replaced: FileNode | DirectoryNode | undefined,
): string | undefined {
  if (!replaced) return undefined;
  if (replaced.kind === "file") {
    return node.kind === "file" ? undefined : "there is a file in its place";
  }
  if (node.kind === "file") return "there is a directory in its place";
  return replaced.entries.size > 0 ? "its place is a directory with something in it" : undefined;
}

function missing(verb: string, path: string | URL): ReftableError {
  return failure(verb, path, "it does not exist", "not-exist");
}

function failure(
  verb: string,
  path: string | URL,
  reason: string,
  code: ReftableErrorCode = "io",
): ReftableError {
  const file = path instanceof URL ? fromFileUrl(path) : path;
  return new ReftableError(code, `Cannot ${verb} "${file}": ${reason}`, { file });
}
