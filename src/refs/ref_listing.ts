import { encodeText } from "../bytes/text.ts";
import type { RefBackend, RefLinesOptions, RefReader } from "./backend.ts";
import { listedRef } from "./listed_ref.ts";
import type { StoredBrokenRef, StoredRef } from "./stored_ref.ts";

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
