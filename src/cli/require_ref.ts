import type { RefStore } from "../refs/ref_store.ts";
import { failed } from "./failure.ts";

/** The exit code for a ref that does not exist. */
const MISSING = 2;

/**
 * Sees to it that there is a ref, whatever it holds.
 *
 * @throws {Failure} When there is none.
 */
export function requireRef(refs: RefStore, refname: string): void {
  if (refs.read(refname) === undefined) throw failed("reference does not exist", MISSING);
}
