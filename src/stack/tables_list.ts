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

/** The files of a stack that are tables. */
const TABLE_NAME = /\.(?:ref|log)$/;

/** `0x<min>-0x<max>-<random>.ref`; older names lack the random part, and logs had tables of their own. */
const PARTS = /^0x([0-9a-f]{12,16})-0x([0-9a-f]{12,16})(?:-[0-9a-f]{8})?\.(?:ref|log)$/;

/** Makes a name for a table, which no other table has but by a chance of one in four thousand millions. */
export function formatTableName(minUpdateIndex: number, maxUpdateIndex: number): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return `0x${hex(minUpdateIndex, 12)}-0x${hex(maxUpdateIndex, 12)}-${hex(random, 8)}.ref`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** Tells whether a file of a stack's directory is a table by its name. */
export function isTableName(name: string): boolean {
  return TABLE_NAME.test(name);
}

/** The range of update indices that a table's name tells; `undefined` when it tells none. */
export function parseTableName(
  name: string,
): { minUpdateIndex: number; maxUpdateIndex: number } | undefined {
  const [, min, max] = PARTS.exec(name) ?? [];
  if (min === undefined || max === undefined) return undefined;
  return { minUpdateIndex: parseInt(min, 16), maxUpdateIndex: parseInt(max, 16) };
}

/** Tells whether a file of a stack's directory is a lock on a table. */
export function isTableLock(name: string): boolean {
  return name.endsWith(".lock") && isTableName(name.slice(0, -".lock".length));
}

/** Tells whether a file of a stack's directory is to become a table, or was. */
export function isTemporaryTable(name: string): boolean {
  const [, table] = /^(.*)\.temp\.[^.]*$/s.exec(name) ?? [];
  return table !== undefined && parseTableName(table) !== undefined;
}
