import { compareText, encodeText } from "../bytes/text.ts";
import { isZero } from "../format/hash.ts";
import type { ListRefsOptions, RefBackend, RefLinesOptions, RefReader } from "./backend.ts";
import { isGoodRefname, isRootRef, REFS_PREFIX } from "./names.ts";
import { type ResolvedRef, resolveStored } from "./resolve.ts";
import type {
  StoredBrokenRef,
  StoredDirectRef,
  StoredPeeledRef,
  StoredRef,
  StoredRefBase,
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

/** How many characters of lines to gather before they are written. */
const LINES_SIZE = 0x10000;

/** Is told of each ref that makes no sense. */
export type OnBroken = ((ref: StoredBrokenRef) => void) | undefined;

/** Tells which object id a ref is listed with; `undefined` when it is left out. */
export function listedOid(
  reader: Pick<RefReader, "read">,
  onBroken: OnBroken,
): (stored: StoredRef) => string | undefined {
  return (stored) => {
    const ref = listedRef(reader, stored);
    if (ref.kind === "symref") return ref.resolved.oid;
    if (ref.kind !== "broken") return ref.oid;
    onBroken?.(ref);
    return undefined;
  };
}

/**
 * Lists refs as lines `<object id> <name>` in the order of the bytes of their names, those that lead nowhere and
 * those that make no sense left out.
 */
export function writeRefListing(
  backend: RefBackend,
  options: RefLinesOptions,
  onBroken: OnBroken,
): void {
  const oidOf = listedOid(backend, onBroken);
  if (backend.writeLines?.(options, oidOf)) return;
  const { prefix, write } = options;
  let lines = "";
  for (const ref of backend.list({ prefix })) {
    const oid = oidOf(ref);
    if (oid !== undefined) lines += `${oid} ${ref.refname}\n`;
    if (lines.length < LINES_SIZE) continue;
    write(encodeText(lines));
    lines = "";
  }
  if (lines !== "") write(encodeText(lines));
}

/** Gives what all refs begin with that are to be listed; `undefined` when there are none. */
export function listedPrefix(
  { prefix = "", includeRoot = false }: ListRefsOptions,
): string | undefined {
  if (includeRoot || prefix.startsWith(REFS_PREFIX)) return prefix;
  return REFS_PREFIX.startsWith(prefix) ? REFS_PREFIX : undefined;
}

/** Tells whether a ref that begins as it should is listed: outside of `refs/` there is more than refs. */
export function isListed({ refname }: StoredRefBase): boolean {
  return refname.startsWith(REFS_PREFIX) || isRootRef(refname);
}

/** Two lists of refs as one. Where both have a ref, that of the first counts. */
export class MergedRefs<T extends StoredRefBase> extends Iterator<T, void> {
  readonly #first: IteratorObject<T, void>;
  readonly #second: IteratorObject<T, void>;
  #a: IteratorResult<T, void> | undefined;
  #b: IteratorResult<T, void> | undefined;

  /** Takes lists in the order of the bytes of their names. */
  constructor(first: IteratorObject<T, void>, second: IteratorObject<T, void>) {
    super();
    this.#first = first;
    this.#second = second;
  }

  override next(): IteratorResult<T, void> {
    const a = this.#a ??= this.#first.next();
    const b = this.#b ??= this.#second.next();
    const order = a.done ? 1 : b.done ? -1 : compareText(a.value.refname, b.value.refname);
    if (order <= 0 && !a.done) this.#a = undefined;
    if (order >= 0 && !b.done) this.#b = undefined;
    return order <= 0 ? a : b;
  }

  override return(): IteratorReturnResult<void> {
    this.#first.return?.();
    this.#second.return?.();
    this.#a = this.#b = { done: true, value: undefined };
    return this.#a;
  }
}
