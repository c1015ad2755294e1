import { compareText } from "../../../bytes/text.ts";
import { BRANCH_PREFIX, isCurrentWorktreeRef, REFS_PREFIX } from "../../names.ts";
import type { NewRefValue, StoredRef } from "../../stored_ref.ts";
import type { PackedChange, PackedValue } from "./packed_store.ts";

/** Tells whether a ref can be packed: no symbolic one, and none that belongs to one working tree alone. */
export function isPackable(refname: string, value: NewRefValue | StoredRef): boolean {
  return (value.kind === "direct" || value.kind === "peeled") && !isCurrentWorktreeRef(refname) &&
    refname.startsWith(REFS_PREFIX);
}

/**
 * Gives what a ref holds as it is packed.
 *
 * @param isPeeled Whether what annotated tags lead to would be told.
 */
export function packedValue(
  refname: string,
  value: NewRefValue | StoredRef,
  isPeeled = false,
): PackedValue | undefined {
  if (value.kind === "peeled") return { oid: value.oid, peeled: value.peeled, isPeelKnown: true };
  if (value.kind !== "direct") return undefined;
  // Branches lead to commits.
  const isPeelKnown = isPeeled || refname.startsWith(BRANCH_PREFIX);
  return { oid: value.oid, peeled: undefined, isPeelKnown };
}

/** Puts changes in the order of the bytes of their names. */
export function sortPacked(changes: PackedChange[]): PackedChange[] {
  return changes.sort((a, b) => compareText(a.refname, b.refname));
}
