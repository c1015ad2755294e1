import { isZero } from "../format/hash.ts";
import { refnameProblem } from "../format/refname.ts";
import type { RefReader } from "./backend.ts";
import { isGoodRefname } from "./names.ts";
import type { StoredRef } from "./stored_ref.ts";

/** Where a ref leads in the end. */
export interface ResolvedRef {
  /** The full name of the ref at the end of all symbolic ones, which need not exist. */
  readonly refname: string;
  /** The object id found there; `undefined` when that ref does not exist or makes no sense. */
  readonly oid: string | undefined;
  /** The id of the object that an annotated tag leads to, where it is stored beside the tag's. */
  readonly peeled: string | undefined;
  /** The names of the symbolic refs on the way, beginning with the one that was asked for. */
  readonly via: readonly string[];
  /** Whether the ref that was asked for is a symbolic one. */
  readonly isSymref: boolean;
  /** Whether what was found makes no sense: contents that are no ref, a bad name, symbolic refs without an end. */
  readonly isBroken: boolean;
  /** What makes no sense, for people. */
  readonly finding: string | undefined;
}

/** How many refs are read to find an object id, as in Git. */
export const MAX_DEPTH = 5;

/**
 * Follows symbolic refs to their end.
 *
 * @returns `undefined` when there is no ref of this name.
 */
export function resolveRef(
  reader: Pick<RefReader, "read">,
  refname: string,
): ResolvedRef | undefined {
  if (!isGoodRefname(refname)) return undefined;
  const stored = reader.read(refname);
  return stored && resolveStored(reader, stored);
}

/** Follows a ref that was read already. */
export function resolveStored(reader: Pick<RefReader, "read">, stored: StoredRef): ResolvedRef {
  const via: string[] = [];
  let ref = stored;
  while (ref.kind === "symref") {
    via.push(ref.refname);
    const { target } = ref;
    const problem = refnameProblem(target);
    if (problem !== undefined) {
      return broken(target, via, `a symbolic ref to the bad name ${JSON.stringify(target)}`);
    }
    if (via.includes(target) || via.length === MAX_DEPTH) {
      return broken(target, via, endless(target, via));
    }
    const next = reader.read(target);
    if (!next) return ending(target, via);
    ref = next;
  }
  if (ref.kind === "broken") return broken(ref.refname, via, ref.finding);
  if (isZero(ref.oid)) return broken(ref.refname, via, "an object id of zeros");
  return ending(ref.refname, via, ref.oid, ref.kind === "peeled" ? ref.peeled : undefined);
}

function endless(target: string, via: readonly string[]): string {
  const start = via.indexOf(target);
  if (start === -1) return `more than ${MAX_DEPTH - 1} symbolic refs on the way to an object`;
  return `symbolic refs that lead in a circle: ${[...via.slice(start), target].join(", ")}`;
}

function ending(
  refname: string,
  via: readonly string[],
  oid?: string,
  peeled?: string,
): ResolvedRef {
  const isSymref = via.length > 0;
  return { refname, oid, peeled, via, isSymref, isBroken: false, finding: undefined };
}

function broken(refname: string, via: readonly string[], finding: string): ResolvedRef {
  return { ...ending(refname, via), isBroken: true, finding };
}
