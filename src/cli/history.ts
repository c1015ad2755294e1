import type { Context } from "./context.ts";

/** Finds the parent of a commit with this number, 1 for the first; 0 means the commit itself. */
export function nthParent(
  _context: Context,
  _oid: string | undefined,
  _number: number,
): Promise<string | undefined> {
  return Promise.resolve(undefined);
}

/** Goes from a commit to its first parent, so many times. */
export function nthAncestor(
  _context: Context,
  _oid: string | undefined,
  _count: number,
): Promise<string | undefined> {
  return Promise.resolve(undefined);
}

/** Goes from an object to one of a type: from a tag to what it names, from a commit to its tree. */
export function peelTo(
  _context: Context,
  _oid: string | undefined,
  _type: string,
): Promise<string | undefined> {
  return Promise.resolve(undefined);
}
