import { decodeText, trimEnd } from "../bytes/text.ts";
import { type HashName, hashSize } from "../format/hash.ts";
import type { FileSystem } from "../io/file_system.ts";
import type { Io } from "../io/io.ts";
import { readIfPresent } from "../io/requests.ts";
import type { StoredRef } from "./stored_ref.ts";

/**
 * Reads `FETCH_HEAD` or `MERGE_HEAD` as a ref: what its first line begins with. However refs are stored, these are
 * files of Git's directory, which only Git's own commands write.
 *
 * @param directory The directory of the refs of the working tree.
 * @returns `undefined` when there is no such file.
 */
export function* readPseudoFile(
  fileSystem: FileSystem,
  directory: string,
  refname: string,
  hash: HashName,
): Io<StoredRef | undefined> {
  const bytes = yield* readIfPresent(fileSystem, `${directory}/${refname}`);
  return bytes && parseRefFile(decodeText(bytes), refname, hash);
}

/**
 * Parses a file that holds one ref: `ref:` and the name of another, or an object id. What stands behind an object
 * id and white space is not looked at.
 */
export function parseRefFile(text: string, refname: string, hash: HashName): StoredRef {
  const line = trimEnd(text, " \t\n\v\f\r");
  const target = /^ref:[ \t\n\v\f\r]*(.*)$/s.exec(line)?.[1];
  if (target !== undefined) return { kind: "symref", refname, target };
  const digits = 2 * hashSize(hash);
  const oid = line.slice(0, digits);
  const isOid = oid.length === digits && /^[0-9a-f]*$/i.test(oid);
  if (isOid && /^(?:[ \t\n\v\f\r]|$)/.test(line.slice(digits))) {
    return { kind: "direct", refname, oid: oid.toLowerCase() };
  }
  const finding = line === "" ? "an empty file" : JSON.stringify(line.slice(0, 80));
  return { kind: "broken", refname, finding };
}
