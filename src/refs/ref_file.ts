import { decodeText, encodeText, trimEnd } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { type HashName, hashSize } from "../format/hash.ts";
import { refnameProblem } from "../format/refname.ts";
import type { FileInfo, FileSystem } from "../io/file_system.ts";
import { type Io, listDirectory, readIfPresent, runSync } from "../io/io.ts";
import { REFS_PREFIX } from "./names.ts";
import type { StoredRef } from "./stored_ref.ts";

/** How often to look again when a file becomes something else between two looks. */
const TRIES = 3;

/**
 * Reads the file of a ref.
 *
 * @returns `"directory"` when there is a directory in its place, `undefined` when there is nothing.
 */
export function readLooseRef(
  fileSystem: FileSystem,
  path: string,
  refname: string,
  hash: HashName,
): StoredRef | "directory" | undefined {
  for (let tries = 0; tries < TRIES; tries++) {
    const info = lookAt(fileSystem, path);
    if (!info) return undefined;
    if (info.kind === "directory") return "directory";
    if (info.kind === "symlink") {
      const target = fileSystem.readLinkSync(path);
      if (target === undefined) continue;
      // Long ago, symbolic refs were symbolic links.
      if (target.startsWith(REFS_PREFIX) && refnameProblem(target) === undefined) {
        return { kind: "symref", refname, target };
      }
      const kind = fileSystem.statSync(path)?.kind;
      if (kind !== "file") return kind === "directory" ? kind : undefined;
    }
    const bytes = runSync(readIfPresent(fileSystem, path));
    if (bytes) return parseRefFile(decodeText(bytes), refname, hash);
  }
  return undefined;
}

/**
 * Describes a file. One whose name is not UTF-8 cannot be asked for, but that there is none can be told.
 *
 * @throws {ReftableError} With code `"unsupported"` when there may be such a file.
 */
function lookAt(fileSystem: FileSystem, path: string): FileInfo | undefined {
  try {
    return fileSystem.lstatSync(path);
  } catch (error) {
    const isRefused = error instanceof ReftableError && error.code === "unsupported";
    if (!isRefused || hasLikeness(fileSystem, path)) throw error;
    return undefined;
  }
}

/** Tells whether what cannot be read in a path looks like something that there is. */
function hasLikeness(fileSystem: FileSystem, path: string): boolean {
  const names = path.split("/");
  const place = names.findIndex((name) => !name.isWellFormed());
  const likeness = new TextDecoder().decode(encodeText(names[place]!));
  const directory = names.slice(0, place).join("/");
  return listDirectory(fileSystem, directory).some(({ name }) => name === likeness);
}

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
