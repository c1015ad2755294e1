/**
 * What is checked out in a repository, and nothing else of the library: it loads in a fraction of the time.
 *
 * @module
 */

export {
  type ProblemCode,
  type RefErrorDetails,
  ReftableError,
  type ReftableErrorCode,
  type ReftableErrorOptions,
} from "./src/errors.ts";
export type {
  DirectoryEntry,
  FileInfo,
  FileMode,
  FileSystem,
  ReadableFile,
  WritableFile,
} from "./src/io/file_system.ts";
export type { FindOptions, SearchOptions } from "./src/refs/git_directory.ts";
export { type Head, readHead } from "./src/refs/read_head.ts";
