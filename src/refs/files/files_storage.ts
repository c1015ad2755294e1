import type { HashName } from "../../format/hash.ts";
import type { FileMode, FileSystem } from "../../io/file_system.ts";
import { readLooseRef } from "../ref_file.ts";
import type { StoredRef } from "../stored_ref.ts";
import type { FilesLogs } from "./files_logs.ts";
import type { PackedStore } from "./packed/packed_store.ts";
import { refPath, type RefPaths } from "./ref_paths.ts";

/** What the parts of an open backend share: where refs and logs are, and how they are changed. */
export interface FilesStorage {
  /** The storage of all files. */
  readonly fileSystem: FileSystem;
  /** Where the files are. */
  readonly paths: RefPaths;
  /** The refs that have no files of their own. */
  readonly packed: PackedStore;
  /** The logs. */
  readonly logs: FilesLogs;
  /** The hash of the object ids. */
  readonly hash: HashName;
  /** The permissions of new files. */
  readonly mode: FileMode | undefined;
  /** Whether to wait until what is written has reached the disk. */
  readonly sync: boolean;
  /** How long to wait for the lock of a ref, in milliseconds, −1 for ever. */
  readonly lockTimeout: number;
}

/** Reads a ref: its own file first, which another one may have become a packed ref by the time it is not found. */
export function readRef(
  { fileSystem, paths, packed, hash }: FilesStorage,
  refname: string,
): StoredRef | undefined {
  const location = paths.locate(refname);
  if (!location) return undefined;
  const loose = readLooseRef(fileSystem, refPath(location), refname, hash);
  return typeof loose === "object" ? loose : packed.find(refname);
}
