import { isGoodRefname } from "./names.ts";
import type { RefReader } from "./backend.ts";
import { isZero } from "./object_id.ts";
import { type ResolvedRef, resolveStored } from "./resolve.ts";
import type {
  StoredBrokenRef,
  StoredDirectRef,
  StoredPeeledRef,
  StoredRef,
  StoredSymbolicRef,
} from "./stored_ref.ts";

/** A symbolic ref in a listing. */
export interface ListedSymbolicRef extends StoredSymbolicRef {
  /** Where it leads in the end, found out when it is asked for. */
  readonly resolved: ResolvedRef;
}

/** A ref in a listing. */
export type ListedRef = StoredDirectRef | StoredPeeledRef | ListedSymbolicRef | StoredBrokenRef;

/** Flags a ref that makes no sense, and lets a symbolic one tell where it leads. */
export function listedRef(reader: Pick<RefReader, "read">, ref: StoredRef): ListedRef {
  const { kind, refname } = ref;
  if (!isGoodRefname(refname)) {
    return { kind: "broken", refname, finding: "a bad name" };
  }
  if (kind === "symref") {
    return {
      kind,
      refname,
      target: ref.target,
      get resolved() {
        return resolveStored(reader, ref);
      },
    };
  }
  if (kind === "broken" || !isZero(ref.oid)) return ref;
  return { kind: "broken", refname, finding: "an object id of zeros" };
}
