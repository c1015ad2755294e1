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
 * - `"empty-table"`: a table without records was not wanted.
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
  | "empty-table";

/** Where an error was found, and what caused it. */
export interface ReftableErrorOptions {
  /** The file concerned, as it was named to the library. */
  readonly file?: string | undefined;
  /** The place in that file, in bytes from its start. */
  readonly offset?: number | undefined;
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
  }
}
