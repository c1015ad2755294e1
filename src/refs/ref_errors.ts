/**
 * What goes wrong when refs are changed, in Git's words.
 *
 * @module
 */

import { ReftableError, type ReftableErrorCode } from "../errors.ts";

/** Makes the error for a ref whose change was not possible. */
export function refError(
  code: ReftableErrorCode,
  refname: string,
  message: string,
  values: { readonly expected?: string | undefined; readonly found?: string | undefined } = {},
  cause?: unknown,
): ReftableError {
  return new ReftableError(code, message, { ref: { refname, ...values }, cause });
}

/** Makes the error for a name that no ref can have. */
export function badName(refname: string): ReftableError {
  return refError("refname", refname, `refusing to update ref with bad name '${refname}'`);
}

/**
 * Makes the error for a ref that could not be locked.
 *
 * @param originalName The ref that was asked for, which may be a symbolic one that leads there.
 */
export function lockRefused(
  refname: string,
  originalName: string,
  failure: ReftableError,
): ReftableError {
  return new ReftableError(
    failure.code,
    `cannot lock ref '${originalName}': ${failure.message}`,
    { ref: failure.ref ?? { refname }, file: failure.file, cause: failure },
  );
}

/** Makes the error for a ref that two parts of a transaction would change. */
export function changedTwice(refname: string, by?: string): ReftableError {
  const message = by === undefined
    ? `multiple updates for ref '${refname}' not allowed`
    : `multiple updates for '${refname}' (including one via ${by}) are not allowed`;
  return refError("name-conflict", refname, message);
}

/** Makes the error for a ref whose name is, or has, the directory of another one that exists. */
export function nameTaken(refname: string, other: string): ReftableError {
  const message = `'${other}' exists; cannot create '${refname}'`;
  return refError("name-conflict", refname, message, { found: other });
}

/** Makes the error for two refs of a transaction that cannot exist together. */
export function namesCollide(refname: string, other: string): ReftableError {
  const message = `cannot process '${refname}' and '${other}' at the same time`;
  return refError("name-conflict", refname, message, { found: other });
}
