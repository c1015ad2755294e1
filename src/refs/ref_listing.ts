import { encodeText } from "../bytes/text.ts";
import type { RefBackend, RefLinesOptions } from "./backend.ts";
import { listedRef } from "./listed_ref.ts";
import type { StoredBrokenRef, StoredRef } from "./stored_ref.ts";

/** How many characters of lines to gather before they are written. */
const LINES_SIZE = 0x10000;

/**
 * Lists refs as lines `<object id> <name>` in the order of the bytes of their names, those that lead nowhere and
 * those that make no sense left out.
 *
 * @param onBroken Told of each ref that makes no sense.
 */
export function writeRefListing(
  backend: RefBackend,
  options: RefLinesOptions,
  onBroken: ((ref: StoredBrokenRef) => void) | undefined,
): void {
  const oidOf = (stored: StoredRef) => {
    const ref = listedRef(backend, stored);
    if (ref.kind === "symref") return ref.resolved.oid;
    if (ref.kind !== "broken") return ref.oid;
    onBroken?.(ref);
    return undefined;
  };
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
