import { compareText, decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { HashName } from "../../format/hash.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { DirectoryEntry, FileInfo, FileSystem } from "../../io/file_system.ts";
import { runSync } from "../../io/io.ts";
import { readIfPresent } from "../../io/requests.ts";
import type { ListRefsOptions } from "../backend.ts";
import { within } from "../git_directory.ts";
import { isRootRef, REFS_PREFIX } from "../names.ts";
import { parseRefFile } from "../pseudo_files.ts";
import type { StoredRef } from "../stored_ref.ts";
import type { RefPaths } from "./ref_paths.ts";

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

/** Lists a directory; nothing when there is none. */
export function listDirectory(fileSystem: FileSystem, path: string): DirectoryEntry[] {
  if (fileSystem.statSync(path)?.kind !== "directory") return [];
  try {
    return fileSystem.listSync(path);
  } catch (error) {
    if (error instanceof ReftableError && error.code === "not-exist") return [];
    throw error;
  }
}

/** A file in which a ref or a log is. */
interface FoundFile {
  readonly refname: string;
  readonly path: string;
}

/** Which files to look for. */
interface FileFilter {
  /** What their names begin with. */
  readonly prefix: string;
  /** The name after which they come. */
  readonly after: string | undefined;
}

/** What stands for bytes that are no UTF-8 in names that a directory is listed with. */
const REPLACEMENT = "\ufffd";

/** Finds the files in a directory and the directories below it. */
export class FileWalk {
  readonly #fileSystem: FileSystem;
  readonly #filter: FileFilter;
  /** What was found. */
  readonly files: FoundFile[] = [];

  constructor(fileSystem: FileSystem, filter: FileFilter) {
    this.#fileSystem = fileSystem;
    this.#filter = filter;
  }

  /**
   * Looks into a directory.
   *
   * @param name What the names of its files begin with: empty, or the directory's own name and a slash.
   * @param isWanted Tells of which entries to take notice.
   */
  enter(
    path: string,
    name: string,
    isWanted: (entry: string, kind: FileInfo["kind"] | undefined) => boolean = () => true,
  ): void {
    if (name !== "" && !this.#mayHold(name)) return;
    const entries = listDirectory(this.#fileSystem, path);
    for (const { name: entry, kind } of entries) {
      if (entry.startsWith(".") || entry.endsWith(".lock")) continue;
      const below = within(path, entry);
      const found = kind === "symlink" ? this.#fileSystem.statSync(below)?.kind : kind;
      if (!isWanted(entry, found)) continue;
      if (entry.includes(REPLACEMENT)) this.#requireReadable(entries, entry, below);
      const refname = name + entry;
      if (found === "directory") this.enter(below, `${refname}/`);
      else if (found === "file" && this.#isWanted(refname)) {
        this.files.push({ refname, path: below });
      }
    }
  }

  #mayHold(directory: string): boolean {
    const { prefix, after } = this.#filter;
    if (!directory.startsWith(prefix) && !prefix.startsWith(directory)) return false;
    return after === undefined || after.startsWith(directory) || compareText(directory, after) > 0;
  }

  #isWanted(refname: string): boolean {
    const { prefix, after } = this.#filter;
    return refname.startsWith(prefix) && (after === undefined || compareText(refname, after) > 0);
  }

  /** A directory may tell a name that is not that of the file. */
  #requireReadable(entries: readonly DirectoryEntry[], entry: string, path: string): void {
    const isAlone = entries.filter(({ name }) => name === entry).length === 1;
    if (isAlone && this.#fileSystem.lstatSync(path)) return;
    const reason = "its name is not UTF-8, and files can only be asked for by names that are";
    throw new ReftableError("unsupported", `Cannot read "${path}": ${reason}`, { file: path });
  }

  /** The files in the order of the bytes of their names. */
  sorted(): readonly FoundFile[] {
    return this.files.sort((a, b) => compareText(a.refname, b.refname));
  }
}

/** The directories below `refs` that each working tree has for itself. */
const PER_WORKTREE = ["bisect", "rewritten", "worktree"];

/**
 * Lists the refs that are in files of their own, in the order of the bytes of their names. All are read before this
 * returns: what is packed is to be looked at afterwards, so that nothing is missed that moves there meanwhile.
 */
export function listLooseRefs(
  fileSystem: FileSystem,
  { shared, own, isLinked }: RefPaths,
  { prefix = "", after, includeRoot = false }: ListRefsOptions,
  hash: HashName,
): StoredRef[] {
  const walk = new FileWalk(fileSystem, { prefix, after });
  if (includeRoot && !prefix.startsWith(REFS_PREFIX)) {
    walk.enter(own, "", (entry, kind) => kind === "file" && isRootRef(entry));
  }
  walk.enter(within(shared, "refs"), REFS_PREFIX, (entry, kind) => {
    return !isLinked || kind === "file" || !PER_WORKTREE.includes(entry);
  });
  if (isLinked) {
    for (const name of PER_WORKTREE) walk.enter(within(own, `refs/${name}`), `refs/${name}/`);
  }
  const refs: StoredRef[] = [];
  for (const { refname, path } of walk.sorted()) {
    const ref = readLooseRef(fileSystem, path, refname, hash);
    if (typeof ref === "object") refs.push(ref);
  }
  return refs;
}
