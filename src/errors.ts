/**
 * What went wrong, as one word a program can branch on:
 *
 * - `"io"`: the file system refused an operation,
 * - `"format"`: the bytes are not what the format allows,
 * - `"not-exist"`: a file, ref or repository that was asked for is not there,
 * - `"lock"`: somebody else holds a lock,
 * - `"outdated"`: the stack changed since the snapshot was taken,
 * - `"api"`: the library was used in a way it does not allow,
 * - `"zlib"`: a deflate stream is broken,
 * - `"name-conflict"`: a ref name and another one cannot exist together,
 * - `"refname"`: a ref name breaks the rules for ref names,
 * - `"entry-too-big"`: a record does not fit into a block,
 * - `"empty-table"`: a table without records was not wanted,
 * - `"exists"`: a ref that was to be created is there already,
 * - `"old-value"`: a ref does not hold what it should before it is changed,
 * - `"new-value"`: a ref cannot hold what it should from now on,
 * - `"unsupported"`: a repository uses something that this library does not know,
 * - `"identity"`: it is not known who makes a change.
 */
export type ReftableErrorCode =
  | "io"
  | "format"
  | "not-exist"
  | "lock"
  | "outdated"
  | "api"
  | "zlib"
  | "name-conflict"
  | "refname"
  | "entry-too-big"
  | "empty-table"
  | "exists"
  | "old-value"
  | "new-value"
  | "unsupported"
  | "identity";

/**
 * What is wrong with a table or a stack, as one word a program can branch on. Of a table:
 *
 * - `"magic"`: it does not begin, or its footer does not, with "REFT",
 * - `"version"`: its version is unknown,
 * - `"hash-id"`: its hash is unknown,
 * - `"header"`: its header is cut short, makes no sense or is not what the footer repeats,
 * - `"checksum"`: its footer's checksum is wrong,
 * - `"section"`: a section is not where the footer says, or not in its place among the others,
 * - `"block-type"`: a block is of no kind, or not of the kind that belongs there,
 * - `"block-length"`: a block is longer than it can be, or shorter,
 * - `"padding"`: a block is padded with something else than NULs,
 * - `"gap"`: there is something between two blocks that is neither,
 * - `"restart"`: a restart table does not fit the records,
 * - `"record"`: a record does not fit into its block, or its key makes no sense,
 * - `"key-order"`: a key is not above the key before it,
 * - `"value-type"`: a record has a value of an unknown kind,
 * - `"update-index"`: a record has an update index that the table cannot have,
 * - `"deflate"`: a log block does not inflate to what it should be,
 * - `"index"`: an index does not lead where it says, or not to every block,
 * - `"object"`: the object section does not say which ref blocks mention which objects,
 * - `"refname"`: a ref has a name that no ref can have,
 * - `"symref-target"`: a symbolic ref holds a name that no ref can have,
 * - `"more"`: there are more problems than are told one by one.
 *
 * Of a stack:
 *
 * - `"tables-list"`: the list of tables is missing, or a line of it is no file name,
 * - `"missing-table"`: a table that the list names is not there,
 * - `"duplicate-table"`: the list names a table twice,
 * - `"table-name"`: a table's name does not tell its range of update indices,
 * - `"table-range"`: a table's range is not above that of the table before it,
 * - `"table-hash"`: a table has another hash than the stack,
 * - `"orphan"`: there is a table that the list does not name,
 * - `"temporary"`: there is a file that somebody is writing, or left behind,
 * - `"lock"`: there is a lock that somebody holds, or left behind,
 * - `"geometric"`: the tables are not as few as compaction would make them.
 *
 * Of a repository:
 *
 * - `"stray-ref"`: there is a file that looks as if refs were stored in files, where they are in reftables.
 */
export type ProblemCode =
  | "magic"
  | "version"
  | "hash-id"
  | "header"
  | "checksum"
  | "section"
  | "block-type"
  | "block-length"
  | "padding"
  | "gap"
  | "restart"
  | "record"
  | "key-order"
  | "value-type"
  | "update-index"
  | "deflate"
  | "index"
  | "object"
  | "refname"
  | "symref-target"
  | "more"
  | "tables-list"
  | "missing-table"
  | "duplicate-table"
  | "table-name"
  | "table-range"
  | "table-hash"
  | "orphan"
  | "temporary"
  | "lock"
  | "geometric"
  | "stray-ref";

/** Which ref an error is about. */
export interface RefErrorDetails {
  /** The ref's full name. */
  readonly refname: string;
  /** What it should hold: an object id, all zeros when it should not exist, or the target of a symbolic ref. */
  readonly expected?: string | undefined;
  /** What it holds, in the same way. */
  readonly found?: string | undefined;
}

/** Where an error was found, and what caused it. */
export interface ReftableErrorOptions {
  /** The file concerned, as it was named to the library. */
  readonly file?: string | undefined;
  /** The place in that file, in bytes from its start. */
  readonly offset?: number | undefined;
  /** What is wrong with the file, when it is damaged. */
  readonly problem?: ProblemCode | undefined;
  /** Which ref it is about, when it is about one. */
  readonly ref?: RefErrorDetails | undefined;
  /** The error below this one. */
  readonly cause?: unknown;
}

/**
 * The only error this library throws on purpose.
 *
 * @example
 * ```ts
 * import { assertEquals, assertInstanceOf } from "@std/assert";
 * import { ReftableError, Table } from "@reftable/reftable";
 *
 * try {
 *   Table.openSync(new Uint8Array(10));
 * } catch (error) {
 *   assertInstanceOf(error, ReftableError);
 *   assertEquals(error.code, "format");
 * }
 * ```
 */
export class ReftableError extends Error {
  /** What went wrong. */
  readonly code: ReftableErrorCode;
  /** The file concerned, when there is one. */
  readonly file: string | undefined;
  /** The place in the file, in bytes from its start, when it is known. */
  readonly offset: number | undefined;
  /** What is wrong with the file when it is damaged, as verification would call it. */
  readonly problem: ProblemCode | undefined;
  /** Which ref could not be read or changed, when it is about one. */
  readonly ref: RefErrorDetails | undefined;

  /**
   * Makes an error.
   *
   * @param code What went wrong.
   * @param message One sentence for people: what could not be done, what was found, what was expected.
   * @param options Where it was found, and its cause.
   */
  constructor(code: ReftableErrorCode, message: string, options: ReftableErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ReftableError";
    this.code = code;
    this.file = options.file;
    this.offset = options.offset;
    this.problem = options.problem;
    this.ref = options.ref;
  }
}

/**
 * Finds what went wrong first. When leaving a scope by an error fails too, the language makes one error of both
 * that is none of ours.
 *
 * @internal
 */
export function firstError(error: unknown): unknown {
  let first = error;
  while (first instanceof SuppressedError) first = first.suppressed;
  return first;
}

/**
 * Does something, and throws what went wrong first; see {@linkcode firstError}.
 *
 * @internal
 */
export async function throwingFirst<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw firstError(error);
  }
}

/**
 * How much a problem matters: an error is damage, a warning something that should be looked after, and what
 * else is worth knowing is info.
 */
export type Severity = "error" | "warning" | "info";

/** Something that verification found. */
export interface Problem {
  /** How much it matters. */
  readonly severity: Severity;
  /** What it is, as one word. */
  readonly code: ProblemCode;
  /** The file concerned. */
  readonly file: string;
  /** The place in the file, in bytes from its start, when it is a place. */
  readonly offset?: number | undefined;
  /** What was found, and what was expected, for people. */
  readonly message: string;
}

/**
 * Makes the error for bytes that are not as they should be.
 *
 * @param problem What is wrong, as one word.
 * @param file The table's name.
 * @param offset The place in the file.
 * @param finding What was found there and what was expected.
 */
export function damaged(
  problem: ProblemCode,
  file: string,
  offset: number,
  finding: string,
): ReftableError {
  return new ReftableError("format", unreadable(file) + finding, { file, offset, problem });
}

/** What the messages about a damaged table begin with. */
export function unreadable(file: string): string {
  return `Cannot read table "${file}": `;
}

/**
 * Tells what an error says about a table.
 *
 * @throws The error itself when it is about something else.
 */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof ReftableError) || error.problem === undefined) throw error;
  const { problem: code, file = "", offset, message } = error;
  const start = unreadable(file);
  const finding = message.startsWith(start) ? message.slice(start.length) : message;
  return { severity: "error", code, file, offset, message: finding };
}
