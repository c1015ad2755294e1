import type { RefStore } from "../refs/ref_store.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";

/** Tells whether an object id is all zeros, which stands for no object. */
export function isZeroOid(oid: string): boolean {
  return /^0+$/.test(oid);
}

/**
 * Finds the object that a revision means: an object id, the name of a ref, `name@{<n>}`.
 *
 * @returns `undefined` when it means none.
 * @throws {Failure} When a log does not go back so far, in Git's words.
 */
export async function resolveOid(context: Context, text: string): Promise<string | undefined> {
  const refs = await context.refs();
  const length = refs.hash === "sha1" ? 40 : 64;
  if (text.length === length && /^[0-9a-f]*$/i.test(text)) return text.toLowerCase();
  const [, name = "", entry] = /^(.*?)(?:@\{([0-9]+)\})?$/s.exec(text) ?? [];
  if (entry !== undefined) return atEntry(refs, name, Number(entry));
  return refs.expand(text === "@" ? "HEAD" : text)?.resolved.oid;
}

function atEntry(refs: RefStore, name: string, number: number): string | undefined {
  const refname = name === "" ? refs.resolve("HEAD")?.refname : refs.expand(name)?.refname;
  if (refname === undefined) return undefined;
  let count = 0;
  let oldest: string | undefined;
  for (const { newOid, oldOid } of refs.reflog(refname)) {
    if (count++ === number) return newOid;
    oldest = oldOid;
  }
  if (count === number && oldest !== undefined && !isZeroOid(oldest)) return oldest;
  if (count === 0) throw fatal(`log for '${name}' is empty`);
  throw fatal(`log for '${name}' only has ${count} entries`);
}
