import { compareText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { HashName } from "../../format/hash.ts";
import type { DirectoryEntry, FileInfo, FileSystem } from "../../io/file_system.ts";
import { listDirectory } from "../../io/io.ts";
import type { ListRefsOptions } from "../backend.ts";
import { within } from "../git_directory.ts";
import { isRootRef, REFS_PREFIX } from "../names.ts";
import { readLooseRef } from "../ref_file.ts";
import type { StoredRef } from "../stored_ref.ts";
import type { RefPaths } from "./ref_paths.ts";

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
