import { ReftableError } from "../errors.ts";
import { type HashName, hashSize } from "../format/hash.ts";

/** Tells whether an object id is all zeros, which stands for no object. */
export function isZero(oid: string): boolean {
  return /^0*$/.test(oid);
}

/** The object id of zeros. */
export function zeroOid(hash: HashName): string {
  return "0".repeat(2 * hashSize(hash));
}

/** The object id of zeros that is as long as another one. */
export function zerosLike(oid: string): string {
  return "0".repeat(oid.length);
}

/**
 * Checks that a string is an object id.
 *
 * @returns The id.
 * @throws {ReftableError} With code `"api"` when it is none.
 */
export function checkOid(oid: string, hash: HashName): string {
  const length = 2 * hashSize(hash);
  if (oid.length === length && /^[0-9a-f]*$/.test(oid)) return oid;
  const expected = `${length} hexadecimal digits in lower case for ${hash}`;
  throw new ReftableError("api", `Cannot use object id "${oid}": expected ${expected}`);
}
