import { decodeText, encodeText } from "../bytes/text.ts";
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
      `Cannot read "${file}": line ${index + 1} is ${quoteName(name)}, expected a file name`,
      { file },
    );
  });
  return lines;
}

/** The longest name that a file can have, in bytes. */
const LONGEST_NAME = 255;

/** Tells whether a name can mean a file of the directory it is looked up in, and no other, on every platform. */
export function isPlainName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\\:\0]/.test(name) &&
    name.isWellFormed() && name.length <= LONGEST_NAME && encodeText(name).length <= LONGEST_NAME;
}

/** A name in a list for messages: not all of it when it is too long. */
export function quoteName(name: string): string {
  return name.length <= LONGEST_NAME
    ? JSON.stringify(name)
    : `${JSON.stringify(name.slice(0, LONGEST_NAME))}...`;
}
