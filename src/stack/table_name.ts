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
