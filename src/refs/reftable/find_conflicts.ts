import { decodeText } from "../../bytes/text.ts";
import { RefValueType } from "../../format/ref_record.ts";
import { MergedTable } from "../../merged/merged_table.ts";
import type { Stack } from "../../stack/stack.ts";
import { ExistingDirectories } from "../existing_directories.ts";
import { KeyFinder } from "./key_finder.ts";

const SLASH = 0x2f;

/** A new name, and a ref that it cannot exist beside. */
export interface StackConflict {
  /** The new name's place among the others. */
  readonly index: number;
  /** The name of the ref that is in the way. */
  readonly other: string;
}

/**
 * Finds refs of a stack that new ones cannot exist beside.
 *
 * @param names The new names, in the order of bytes.
 * @param isRemoved Tells whether a ref will be gone.
 */
export function findStackConflicts(
  stack: Stack,
  names: readonly string[],
  isRemoved: (refname: string) => boolean,
): StackConflict[] {
  const conflicts: StackConflict[] = [];
  if (stack.tables.length === 0) return conflicts;
  const directories = new ExistingDirectories((name) => {
    return stack.ref(name) !== undefined && !isRemoved(name);
  });
  using finder = new KeyFinder(new MergedTable(stack.tables).refCursor());
  names.forEach((name, index) => {
    const other = directories.first(name) ?? firstBelow(finder, name, isRemoved);
    if (other !== undefined) conflicts.push({ index, other });
  });
  return conflicts;
}

/** The first ref that has a name as its directory. */
function firstBelow(
  finder: KeyFinder,
  name: string,
  isRemoved: (refname: string) => boolean,
): string | undefined {
  for (let found = finder.seek(name, SLASH); found && finder.isFound(); found = finder.next()) {
    const { key, keyLength, valueType } = finder.records;
    if (valueType === RefValueType.deletion) continue;
    const refname = decodeText(key, 0, keyLength);
    if (!isRemoved(refname)) return refname;
  }
  return undefined;
}
