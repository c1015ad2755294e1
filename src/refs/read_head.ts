import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { refnameProblem } from "../format/refname.ts";
import { denoFileSystem } from "../io/deno.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, runSync } from "../io/io.ts";
import { RefLookup } from "../stack/ref_lookup.ts";
import { PackedRefsFile } from "./files/packed/packed_refs_file.ts";
import { type FindOptions, locateGitDirectory, within } from "./git_directory.ts";
import { parseWorktreeName } from "./names.ts";
import { readLooseRef } from "./ref_file.ts";
import {
  locateRefs,
  readConfigFile,
  type RefLocation,
  repositoryFormat,
} from "./repository_format.ts";
import type { StoredRef } from "./stored_ref.ts";

/** What is checked out. */
export interface Head {
  /**
   * The full name of the ref that is checked out, nearly always a branch: `refs/heads/main`; `undefined` when a
   * commit is checked out by itself.
   */
  readonly refname: string | undefined;
  /** The object id of the commit; `undefined` when the branch has none yet. */
  readonly oid: string | undefined;
}

/**
 * Reads what is checked out, however the repository stores its refs: as files or in reftables, in the main working
 * tree, a linked one or a bare repository. It is for programs that want to know nothing else, and at once.
 *
 * @param path A working tree or a directory or file in it, a `.git` directory or file, or a bare repository.
 * @throws {ReftableError} With code `"not-exist"` when the path is in no repository, `"unsupported"` when that is of a
 * make that is not known, `"format"` when it is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readHead } from "@reftable/reftable";
 *
 * const { refname, oid } = readHead("tests/fixtures/repository/git");
 * assertEquals(refname, "refs/heads/main");
 * assertEquals(oid?.length, 40);
 * ```
 */
export function readHead(path: string, options: FindOptions = {}): Head {
  return runSync(locateHead(options.fileSystem ?? denoFileSystem, path, options));
}

function* locateHead(fileSystem: FileSystem, path: string, options: FindOptions): Io<Head> {
  const found = yield* locateGitDirectory(fileSystem, path, options);
  const variables = yield* readConfigFile(fileSystem, within(found.commonDir, "config"));
  const format = repositoryFormat(variables);
  const location = yield* locateRefs(fileSystem, found, format.refStorage);
  return yield* resolveHead(fileSystem, location, format.hash);
}

/** How many refs are read to find an object id, as in Git. */
const MAX_DEPTH = 5;

/** Reads what is checked out in a repository that was found already. */
export function* resolveHead(
  fileSystem: FileSystem,
  location: RefLocation,
  hash: HashName,
): Io<Head> {
  using reader = new HeadReader(fileSystem, location, hash);
  let refname: string | undefined;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const ref = yield* reader.read(refname ?? "HEAD");
    if (!ref && refname === undefined) throw broken(location, "HEAD is missing");
    if (ref?.kind === "broken") throw broken(location, `${ref.refname} is ${ref.finding}`);
    if (ref?.kind !== "symref") return { refname, oid: ref?.oid };
    refname = ref.target;
    if (refnameProblem(refname) !== undefined) {
      throw broken(location, `it leads to the bad name ${JSON.stringify(refname)}`);
    }
  }
  throw broken(location, `more than ${MAX_DEPTH - 1} symbolic refs follow each other`);
}

function broken({ worktreeStorage }: RefLocation, finding: string): ReftableError {
  const message = `Cannot tell what is checked out in "${worktreeStorage}": ${finding}`;
  return new ReftableError("format", message, { file: worktreeStorage });
}

/** Reads refs as they are stored, whatever stores them, with little code. */
export class HeadReader implements Disposable {
  readonly #fileSystem: FileSystem;
  readonly #location: RefLocation;
  readonly #hash: HashName;
  readonly #stacks = new Map<string, RefLookup>();

  /** Opens nothing yet. */
  constructor(fileSystem: FileSystem, location: RefLocation, hash: HashName) {
    this.#fileSystem = fileSystem;
    this.#location = location;
    this.#hash = hash;
  }

  /** Reads a ref; neither `FETCH_HEAD` nor `MERGE_HEAD`, which are no refs. */
  *read(refname: string): Io<StoredRef | undefined> {
    const { refFormat, storage } = this.#location;
    const [directory, name] = this.#locate(refname);
    if (refFormat === "reftable") return yield* this.#stack(directory).find(name);
    const loose = readLooseRef(this.#fileSystem, within(directory, name), refname, this.#hash);
    // A directory is what is left of refs that were below it.
    if (loose && loose !== "directory") return loose;
    if (refFormat === "hybrid") return yield* this.#stack(storage).find(name);
    const path = within(storage, "packed-refs");
    const packed = PackedRefsFile.open(this.#fileSystem, path, this.#hash);
    try {
      return packed?.find(refname);
    } finally {
      packed?.release();
    }
  }

  /** Tells in which directory a ref is stored, and under which name. */
  #locate(refname: string): [directory: string, name: string] {
    const { storage, worktreeStorage } = this.#location;
    const place = parseWorktreeName(refname);
    if (place.kind === "current") return [worktreeStorage, place.refname];
    const isOther = place.kind === "other";
    return [isOther ? within(storage, `worktrees/${place.worktree}`) : storage, place.refname];
  }

  /** Gives the stack below a directory. */
  #stack(directory: string): RefLookup {
    let stack = this.#stacks.get(directory);
    if (!stack) {
      stack = new RefLookup(this.#fileSystem, within(directory, "reftable"), this.#hash);
      this.#stacks.set(directory, stack);
    }
    return stack;
  }

  /** Closes what was opened. */
  [Symbol.dispose](): void {
    for (const stack of this.#stacks.values()) stack[Symbol.dispose]();
  }
}
