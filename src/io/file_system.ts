/** What a file system tells about a file. */
export interface FileInfo {
  /** What it is; `other` stands for pipes, devices and the like. */
  readonly kind: "file" | "directory" | "symlink" | "other";
  /** Its length in bytes. */
  readonly size: number;
  /** When it was last written, in milliseconds since 1970-01-01 UTC; 0 when unknown. */
  readonly mtime: number;
  /** Its inode's number, or 0 where there is none: with size and mtime it tells a new file of the same name. */
  readonly inode: number;
  /** Its permissions, where there is such a thing. */
  readonly mode?: number | undefined;
}

/** An entry of a directory. */
export interface DirectoryEntry {
  /** Its name, without the directory. */
  readonly name: string;
  /** What it is. */
  readonly kind: FileInfo["kind"];
}

/** A file opened for reading at any position. */
export interface ReadableFile extends Disposable {
  /** Its length in bytes when it was opened. */
  readonly size: number;
  /**
   * Reads bytes at a position, as many as the buffer takes or the file has.
   *
   * @returns How many bytes were read.
   */
  readSync(position: number, buffer: Uint8Array): number;
  /** Reads bytes at a position; see {@linkcode ReadableFile.readSync}. */
  read(position: number, buffer: Uint8Array): Promise<number>;
}

/**
 * The permissions of a new file: exactly these, or at least these besides what the umask leaves, as
 * `core.sharedRepository` wants it.
 */
export type FileMode = number | { readonly atLeast: number };

/** A file that was created for writing. */
export interface WritableFile extends Disposable {
  /** Appends all of some bytes. */
  write(bytes: Uint8Array): void;
  /** Waits until what was written has reached the disk. */
  sync(): Promise<void>;
}

/**
 * All that a stack asks of the storage below it, in one place: the real file system, one in
 * memory, or one that fails on purpose.
 *
 * Every method throws a `ReftableError`: with code `"not-exist"` where a file is missing, else `"io"`. Each
 * names the path.
 */
export interface FileSystem {
  /** Opens a regular file for reading. */
  open(path: string | URL): Promise<ReadableFile>;
  /** Opens a regular file for reading. */
  openSync(path: string | URL): ReadableFile;
  /** Reads a whole file. */
  readFile(path: string | URL): Promise<Uint8Array>;
  /** Reads a whole file. */
  readFileSync(path: string | URL): Uint8Array;
  /** Describes a file, following symbolic links; `undefined` when there is none. */
  stat(path: string | URL): Promise<FileInfo | undefined>;
  /** Describes a file, following symbolic links; `undefined` when there is none. */
  statSync(path: string | URL): FileInfo | undefined;
  /** Describes a file, or the symbolic link that has its name; `undefined` when there is none. */
  lstatSync(path: string): FileInfo | undefined;
  /** Lists a directory, in no particular order. */
  list(path: string | URL): Promise<DirectoryEntry[]>;
  /** Lists a directory, in no particular order. */
  listSync(path: string | URL): DirectoryEntry[];
  /** Gives the absolute path of a file that exists, without symbolic links on the way. */
  realPath(path: string): Promise<string>;
  /** Gives the absolute path of a file that exists, without symbolic links on the way. */
  realPathSync(path: string): string;
  /** Gives what a symbolic link holds; `undefined` when there is no such link. */
  readLink(path: string): Promise<string | undefined>;
  /** Gives what a symbolic link holds; `undefined` when there is no such link. */
  readLinkSync(path: string): string | undefined;
  /**
   * Creates a file that does not exist yet.
   *
   * @param mode Its permissions; without it the umask decides.
   * @returns The file, or `undefined` when there is one of that name already.
   */
  create(path: string, mode?: FileMode): Promise<WritableFile | undefined>;
  /** Opens a file that exists, to write behind what is in it. */
  append(path: string): Promise<WritableFile>;
  /** Takes away what a file has behind a length. */
  truncate(path: string, length: number): Promise<void>;
  /**
   * Creates a directory and those above it, as far as they are not there.
   *
   * @param mode The permissions of files in it, from which those of the directories follow; without it the umask
   * decides.
   */
  makeDirectory(path: string, mode?: FileMode): Promise<void>;
  /** Gives a file or directory another name, in place of a file that has it already. */
  rename(from: string, to: string): Promise<void>;
  /**
   * Removes a file or an empty directory.
   *
   * @returns Whether there was one.
   */
  remove(path: string): Promise<boolean>;
  /**
   * Removes a directory, and never a file that has its name by now.
   *
   * @returns Whether it was removed: nothing happens unless it is an empty directory.
   */
  removeDirectory(path: string): Promise<boolean>;
  /** Removes a file at once, for when the process ends; see {@linkcode FileSystem.remove}. */
  removeSync(path: string): boolean;
  /** Tells whether a file may be read without anybody being asked for permission. */
  mayReadSync(path: string): boolean;
  /** Tells whether files of a directory may be changed without anybody being asked for permission. */
  mayChangeSync(directory: string): boolean;
  /** Waits until what was created, renamed and removed in a directory has reached the disk. */
  syncDirectory(path: string): Promise<void>;
}
