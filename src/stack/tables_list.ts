import { decodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";

/** The file that names the tables of a stack. */
export const TABLES_LIST = "tables.list";

/**
 * Reads the names in a `tables.list`.
 *
 * @param bytes The file's contents: a name a line, the oldest first.
 * @param file The file's path, for errors.
 * @throws {ReftableError} With code `"format"` when a line is no plain file name: such a name could
 * open a file that is not the stack's.
 */
export function parseTablesList(bytes: Uint8Array, file: string): string[] {
  const text = decodeText(bytes);
  if (text === "") return [];
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  lines.forEach((name, index) => {
    if (isPlainName(name)) return;
    throw new ReftableError(
      "format",
      `Cannot read "${file}": line ${index + 1} is ${JSON.stringify(name)}, expected a file name`,
      { file },
    );
  });
  return lines;
}

/** Tells whether a name means a file of the directory it is looked up in, on every platform. */
export function isPlainName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\\:\0]/.test(name);
}
