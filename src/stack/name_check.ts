import { startsWithBytes } from "../bytes/bytes.ts";
import { decodeText, encodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { RefValueType } from "../format/ref_record.ts";
import { RefnameChecker, refnameProblem } from "../format/refname.ts";
import { runSync } from "../io/io.ts";
import { MergedTable } from "../merged/merged_table.ts";
import { advance } from "../table/record_cursors.ts";
import type { Table } from "../table/table.ts";

const SLASH = 0x2f;

/**
 * Checks the names of the refs that a table adds: that they are good names, and that none is the
 * directory of another, as `refs/heads/a` is of `refs/heads/a/b`.
 *
 * @param table The table.
 * @param older The stack before it.
 * @throws {ReftableError} With code `"refname"` or `"name-conflict"`.
 */
export function checkNames(table: Table, older: MergedTable): void {
  const merged = new MergedTable([...older.tables, table]);
  const existing = new DirectoriesAmong((name) => merged.ref(name) !== undefined);
  for (const refname of firstOfDirectories(table)) {
    const directory = existing.first(refname);
    if (directory === undefined) continue;
    throw isAdded(table, directory)
      ? conflict(refname, directory, "is added too")
      : conflict(refname, directory);
  }
  // It remains that a new ref is the directory of an old one; that is asked where there is less to ask.
  const olderSize = older.tables.reduce((sum, { size }) => sum + size, 0);
  if (olderSize < table.size) checkBelowNew(table, older);
  else checkAboveOld(table, older);
}

/**
 * Checks that the names of new refs are good, and gives those that are not in the directory of the name before them. A
 * name is looked at as bytes, from where it differs from the last one: of most no string is made.
 */
function* firstOfDirectories(table: Table): Generator<string> {
  using cursor = table.refCursor();
  const checker = new RefnameChecker();
  // Where the last name's directory ends; infinite where it is not known.
  let lastSlash = Infinity;
  while (advance(cursor)) {
    const { key, keyLength, sharedLength, valueType } = cursor.records;
    if (valueType === RefValueType.deletion) {
      checker.reset();
      lastSlash = Infinity;
      continue;
    }
    if (!checker.isGood(key, keyLength, sharedLength)) {
      const refname = decodeText(key, 0, keyLength);
      const problem = refnameProblem(refname);
      throw new ReftableError("refname", `Cannot add ref "${refname}": ${problem}`);
    }
    let slash = keyLength - 1;
    while (slash >= sharedLength && key[slash] !== SLASH) slash--;
    if (slash < sharedLength && sharedLength > lastSlash) continue;
    while (slash >= 0 && key[slash] !== SLASH) slash--;
    lastSlash = slash;
    yield decodeText(key, 0, keyLength);
  }
}

/** Asks for each old ref whether one of its directories is a new ref. */
function checkBelowNew(table: Table, older: MergedTable): void {
  const added = new DirectoriesAmong((name) => isAdded(table, name));
  for (const { refname } of older.refs()) {
    const directory = added.first(refname);
    // What the table mentions itself is deleted there, or was asked for its directories already.
    if (directory !== undefined && !table.ref(refname)) throw conflict(directory, refname);
  }
}

/** Asks for each new ref whether it is a directory of old ones. */
function checkAboveOld(table: Table, older: MergedTable): void {
  const cursor = older.refCursor();
  for (const { refname } of table.refs({ deletions: false })) {
    const prefix = encodeText(`${refname}/`);
    for (let found = runSync(cursor.seek(prefix)); found; found = advance(cursor)) {
      const { key, keyLength } = cursor.records;
      if (!startsWithBytes(key, keyLength, prefix)) break;
      const other = decodeText(key, 0, keyLength);
      if (older.ref(other) && !table.ref(other)) throw conflict(refname, other);
    }
  }
}

function isAdded(table: Table, refname: string): boolean {
  return (table.ref(refname)?.kind ?? "deletion") !== "deletion";
}

/**
 * Finds the directories of names among other names. Names come in order, so those with the same
 * directory mostly follow each other and are answered at once.
 */
class DirectoriesAmong {
  readonly #has: (name: string) => boolean;
  #directory = "";
  #first: string | undefined;

  constructor(has: (name: string) => boolean) {
    this.#has = has;
  }

  /** The shortest directory of a name that is among the others. */
  first(refname: string): string | undefined {
    const directory = refname.slice(0, Math.max(0, refname.lastIndexOf("/")));
    if (directory !== this.#directory) {
      this.#directory = directory;
      this.#first = this.#search(refname);
    }
    return this.#first;
  }

  #search(refname: string): string | undefined {
    for (let end = refname.indexOf("/"); end > 0; end = refname.indexOf("/", end + 1)) {
      const directory = refname.slice(0, end);
      if (this.#has(directory)) return directory;
    }
    return undefined;
  }
}

function conflict(refname: string, other: string, why = "exists"): ReftableError {
  return new ReftableError("name-conflict", `Cannot add ref "${refname}": "${other}" ${why}`);
}
