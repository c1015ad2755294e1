import { decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { HashName } from "../../format/hash.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { FileInfo, FileSystem } from "../../io/file_system.ts";
import { runSync } from "../../io/io.ts";
import { readIfPresent } from "../../io/requests.ts";
import { REFS_PREFIX } from "../names.ts";
import { parseRefFile } from "../pseudo_files.ts";
import type { StoredRef } from "../stored_ref.ts";
import { listDirectory } from "./list_directory.ts";

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
