import { startsWithBytes } from "../bytes/compare.ts";
import { decodeText, encodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { refnameProblem } from "../format/refname.ts";
import { RefValueType } from "../format/ref_record.ts";
import { runSync } from "../io/io.ts";
import type { MergedTable } from "../merged/merged_table.ts";
import { advance } from "../table/cursor.ts";
import type { Table } from "../table/table.ts";

/**
 * Checks the names of the refs that a table adds: that they are good names, and that none is the
 * directory of another, as `refs/heads/a` is of `refs/heads/a/b`.
 *
 * @param table The table.
 * @param merged The stack as it will be: its tables, and this one.
 * @throws {ReftableError} With code `"refname"` or `"name-conflict"`.
 */
export function checkNames(table: Table, merged: MergedTable): void {
  const children = merged.refCursor();
  const added = table.refCursor();
  // Names come in order, so those with the same directory mostly follow each other.
  let checkedDirectory = "";
  while (advance(added)) {
    if (added.records.valueType === RefValueType.deletion) continue;
    const { key, keyLength } = added.records;
    const refname = decodeText(key, 0, keyLength);
    const problem = refnameProblem(refname);
    if (problem !== undefined) {
      throw new ReftableError("refname", `Cannot add ref "${refname}": ${problem}`);
    }
    const directory = refname.slice(0, Math.max(0, refname.lastIndexOf("/")));
    if (directory !== checkedDirectory) checkDirectories(refname, merged);
    checkedDirectory = directory;
    const prefix = encodeText(`${refname}/`);
    for (let found = runSync(children.seek(prefix)); found; found = advance(children)) {
      const { records } = children;
      if (!startsWithBytes(records.key, records.keyLength, prefix)) break;
      if (records.valueType === RefValueType.deletion) continue;
      throw conflict(refname, decodeText(records.key, 0, records.keyLength));
    }
  }
}

function checkDirectories(refname: string, merged: MergedTable): void {
  for (let end = refname.indexOf("/"); end > 0; end = refname.indexOf("/", end + 1)) {
    const directory = refname.slice(0, end);
    if (merged.ref(directory)) throw conflict(refname, directory);
  }
}

function conflict(refname: string, other: string): ReftableError {
  return new ReftableError("name-conflict", `Cannot add ref "${refname}": "${other}" exists`);
}
