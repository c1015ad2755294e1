import { encodeText } from "../../../bytes/text.ts";
import { ReftableError } from "../../../errors.ts";
import type { HashName } from "../../../format/hash.ts";
import type { FileInfo, FileMode, FileSystem } from "../../../io/file_system.ts";
import { dirname } from "../../../io/path.ts";
import { PendingFile } from "../../../io/pending_file.ts";
import type { ListRefsOptions } from "../../backend.ts";
import { ExistingDirectories } from "../../existing_directories.ts";
import type { StoredRef } from "../../stored_ref.ts";
import { GitLocks, lockTarget } from "../git_lock.ts";
import { PackedRefsFile, type PeeledTrait } from "./packed_refs_file.ts";
import type { PackedChange, PackedConflict, PackedLock, PackedStore } from "./packed_store.ts";

/** A file whose last change is younger than this when it is read may change again unnoticed, in milliseconds. */
const SETTLED_AFTER = 2000;

/** Where packed refs are, and how to change them. */
export interface PackedRefsLocation {
  /** The storage. */
  readonly fileSystem: FileSystem;
  /** The file. */
  readonly path: string;
  /** The hash of the object ids. */
  readonly hash: HashName;
  /** The permissions of new files. */
  readonly mode: FileMode | undefined;
  /** Whether to wait until what is written has reached the disk. */
  readonly sync: boolean;
  /** How long to wait for the lock, in milliseconds, −1 for ever. */
  readonly lockTimeout: number;
}

/** Packed refs in the file `packed-refs`. */
export class PackedRefsStore implements PackedStore {
  readonly #location: PackedRefsLocation;
  readonly #locks: GitLocks;
  #file: PackedRefsFile | undefined;
  /** How the open file looked from outside, when it can be told by that whether it changed. */
  #info: FileInfo | undefined;

  constructor(location: PackedRefsLocation) {
    this.#location = location;
    this.#locks = new GitLocks(location.fileSystem);
  }

  get size(): number {
    const { fileSystem, path } = this.#location;
    return fileSystem.statSync(path)?.size ?? 0;
  }

  /** The file as it is now. */
  #current(): PackedRefsFile | undefined {
    const { fileSystem, path, hash } = this.#location;
    const now = Date.now();
    const info = fileSystem.statSync(path);
    if (this.#info && info && isSame(this.#info, info)) return this.#file;
    this.#forget();
    if (!info) return undefined;
    this.#file = PackedRefsFile.open(fileSystem, path, hash);
    // No other file gets the inode of one that is open.
    if (info.inode !== 0 || info.mtime + SETTLED_AFTER < now) this.#info = info;
    return this.#file;
  }

  #forget(): void {
    this.#file?.release();
    this.#file = this.#info = undefined;
  }

  find(refname: string): StoredRef | undefined {
    return this.#current()?.find(refname);
  }

  *list(options: Pick<ListRefsOptions, "prefix" | "after">): Generator<StoredRef, void> {
    const file = this.#current()?.retain();
    try {
      if (file) yield* file.list(options);
    } finally {
      file?.release();
    }
  }

  findConflicts(
    names: readonly string[],
    isRemoved: (refname: string) => boolean,
  ): PackedConflict[] {
    const file = this.#current();
    const conflicts: PackedConflict[] = [];
    if (!file) return conflicts;
    const directories = new ExistingDirectories((name) => {
      return file.find(name) !== undefined && !isRemoved(name);
    });
    let position = file.start;
    names.forEach((name, index) => {
      position = file.lowerBound(encodeText(`${name}/`), position);
      const other = directories.first(name) ?? firstBelow(file, position, name, isRemoved);
      if (other !== undefined) conflicts.push({ index, other });
    });
    return conflicts;
  }

  async lock(timeout: number = this.#location.lockTimeout): Promise<PackedLock> {
    const { fileSystem, path, mode } = this.#location;
    const target = lockTarget(fileSystem, path);
    const lock = await this.#locks.acquire(target, { timeout, mode });
    return new PackedRefsLock({ ...this.#location, path: target }, lock);
  }

  [Symbol.dispose](): void {
    this.#forget();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.try(() => this.#forget());
  }
}

function isSame(a: FileInfo, b: FileInfo): boolean {
  return a.mtime === b.mtime && a.size === b.size && a.inode === b.inode;
}

/** The first ref from a position on that has a name as its directory. */
function firstBelow(
  file: PackedRefsFile,
  start: number,
  name: string,
  isRemoved: (refname: string) => boolean,
): string | undefined {
  for (let position = start; position < file.end; position = file.next(position)) {
    const refname = file.nameAt(position);
    if (!refname.startsWith(`${name}/`)) return undefined;
    if (!isRemoved(refname)) return refname;
  }
  return undefined;
}

/** The file `packed-refs`, locked. */
class PackedRefsLock implements PackedLock {
  readonly #location: PackedRefsLocation;
  readonly #lock: AsyncDisposable;
  /** The file as it is; `undefined` when it is to be opened first. */
  #current: { readonly file: PackedRefsFile | undefined } | undefined;
  #pending: PendingFile | undefined;

  constructor(location: PackedRefsLocation, lock: AsyncDisposable) {
    this.#location = location;
    this.#lock = lock;
  }

  /** Nobody else can change it from the time on when it was locked. */
  #open(): PackedRefsFile | undefined {
    const { fileSystem, path, hash } = this.#location;
    return (this.#current ??= { file: PackedRefsFile.open(fileSystem, path, hash) }).file;
  }

  #close(): void {
    this.#current?.file?.release();
    this.#current = undefined;
  }

  find(refname: string): StoredRef | undefined {
    return this.#open()?.find(refname);
  }

  async prepare(changes: readonly PackedChange[]): Promise<void> {
    const { fileSystem, path, mode } = this.#location;
    const file = `${path}.new`;
    let pending = await PendingFile.create(fileSystem, file, mode);
    if (!pending) {
      // Whoever writes it has the lock that is ours now: it was left behind by one who was killed.
      await fileSystem.remove(file);
      pending = await PendingFile.create(fileSystem, file, mode);
    }
    if (!pending) {
      const message = `unable to create file ${file}: File exists`;
      throw new ReftableError("io", message, { file });
    }
    this.#pending = pending;
    writePackedRefs((bytes) => pending.write(bytes), this.#open(), changes);
    if (this.#location.sync) await pending.sync();
    pending.close();
  }

  async commit(): Promise<void> {
    const { fileSystem, path } = this.#location;
    const pending = this.#pending!;
    this.#close();
    await pending.commit(path, async () => await fileSystem.stat(pending.path) === undefined);
    this.#pending = undefined;
    // The files of refs go only when it is sure that what was packed of them stays.
    if (this.#location.sync) await fileSystem.syncDirectory(dirname(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(this.#lock);
    if (this.#pending) cleanup.use(this.#pending);
  }
}

/** How many bytes to gather before they are written. */
const BATCH = 0x10000;

/**
 * Writes a `packed-refs` file anew, with changes. What does not change is copied as it is.
 *
 * @param write Appends bytes to the new file.
 * @param old The file as it was, if there was one.
 * @param changes The changes, in the order of the bytes of their names.
 */
export function writePackedRefs(
  write: (bytes: Uint8Array) => void,
  old: PackedRefsFile | undefined,
  changes: readonly PackedChange[],
): void {
  const output = new Output(write);
  output.text(header(old, changes));
  let position = old?.start ?? 0;
  const copyTo = (end: number) => {
    if (old) { for (const bytes of old.copy(position, end)) output.bytes(bytes); }
    position = end;
  };
  for (const { refname, value } of changes) {
    if (old) {
      const name = encodeText(refname);
      copyTo(old.lowerBound(name, position));
      if (old.isAt(position, name)) position = old.next(position);
    }
    if (!value) continue;
    output.text(`${value.oid} ${refname}\n`);
    if (value.peeled !== undefined) output.text(`^${value.peeled}\n`);
  }
  if (old) copyTo(old.end);
  output.flush();
}

/** Gathers what is to be written. */
class Output {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #gathered = new Uint8Array(BATCH);
  #length = 0;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  text(text: string): void {
    this.bytes(encodeText(text));
  }

  bytes(bytes: Uint8Array): void {
    if (this.#length + bytes.length > BATCH) this.flush();
    if (bytes.length > BATCH) return this.#write(bytes);
    this.#gathered.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  flush(): void {
    if (this.#length > 0) this.#write(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }
}

/**
 * The first line, which promises no more than is so. Git always says that all are peeled; where an old file did not
 * say so, its next readers may miss what tags lead to.
 */
function header(old: PackedRefsFile | undefined, changes: readonly PackedChange[]): string {
  const peeled = changes.reduce(withChange, old ? old.peeled : "fully");
  const traits = { none: "", tags: " peeled", fully: " peeled fully-peeled" }[peeled];
  return `# pack-refs with:${traits} sorted \n`;
}

function withChange(known: PeeledTrait, { refname, value }: PackedChange): PeeledTrait {
  if (!value || value.peeled !== undefined || value.isPeelKnown || known === "none") return known;
  return refname.startsWith("refs/tags/") ? "none" : "tags";
}
