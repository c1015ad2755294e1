import { decodeHexInto } from "../bytes/hex.ts";
import { ReftableError } from "../errors.ts";

/** The name of a hash function, as Git's configuration spells it (`extensions.objectFormat`). */
export type HashName = "sha1" | "sha256";

/** Tells how many bytes an object id has: 20 or 32. */
export function hashSize(hash: HashName): number {
  return hash === "sha1" ? 20 : 32;
}

/** The number that names the hash in a version 2 header: four ASCII letters. */
export function hashId(hash: HashName): number {
  return hash === "sha1" ? 0x73686131 : 0x73323536;
}

/** The inverse of {@linkcode hashId}; `undefined` for a number that names no known hash. */
export function hashFromId(id: number): HashName | undefined {
  return id === 0x73686131 ? "sha1" : id === 0x73323536 ? "sha256" : undefined;
}

/**
 * Turns an object id's digits into bytes.
 *
 * @param target Receives the bytes; as long as the hash makes them.
 * @throws {ReftableError} With code `"api"` when they are not as many as the hash makes, or no digits.
 */
export function oidBytes(
  oid: string,
  hash: HashName,
  target: Uint8Array = new Uint8Array(hashSize(hash)),
): Uint8Array {
  if (decodeHexInto(oid, target, 0, target.length)) return target;
  throw new ReftableError(
    "api",
    `Cannot use object id "${oid}": expected ${2 * hashSize(hash)} hexadecimal digits for ${hash}`,
  );
}

/** Tells whether an object id is all zeros, which stands for no object. */
export function isZero(oid: string): boolean {
  // The first digit tells nearly always that it is none.
  return (oid === "" || oid.startsWith("0")) && /^0*$/.test(oid);
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
