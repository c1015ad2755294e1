import { compareText, decodeText } from "../../bytes/text.ts";
import { denoFileSystem } from "../../io/deno.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { listDirectory, readIfPresent, runSync } from "../../io/io.ts";
import { FileWalk } from "../files/loose_refs.ts";
import { isRootRef } from "../names.ts";
import type { OpenRepositoryOptions } from "../repository.ts";
import { STUB_HEAD, STUB_HEADS } from "../stub_files.ts";
import { type FilePlace, filePlace } from "./file_refs.ts";
import { findWorkingTrees } from "./working_trees.ts";

/**
 * A file that looks as if refs were stored in files, where they are in reftables. A program that does not know of these
 * may have written it, or a migration that was interrupted has left it.
 */
export interface StrayRefFile {
  /** The file's path. */
  readonly file: string;
  /**
   * What it would be, if refs were stored in files: `HEAD` where a stub should be, another ref, a log or `packed-refs`; or
   * the directory of a migration.
   */
  readonly kind: "head" | "ref" | "log" | "packed-refs" | "migration";
  /** The full name of the ref, if it is about one, as the main working tree sees it. */
  readonly refname: string | undefined;
}

/**
 * Finds files that look as if refs were stored in files, in a repository whose refs are stored in reftables: nobody reads
 * what is in them. Where refs are stored in another way, there are none.
 *
 * @param path A working tree or a directory or file in it, a `.git` directory or file, or a bare repository.
 * @returns The files of the main working tree, then those of linked ones; those of each in the order of their paths.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findStrayRefs, initRepository } from "@reftable/reftable";
 *
 * const path = await Deno.makeTempDir();
 * await initRepository(path);
 * assertEquals(await findStrayRefs(path), []);
 * await Deno.writeTextFile(`${path}/.git/ORIG_HEAD`, "83baae61804e65cc73a7201a7252750c76066a30\n");
 * const [stray] = await findStrayRefs(path);
 * assertEquals([stray?.kind, stray?.refname], ["ref", "ORIG_HEAD"]);
 * ```
 */
export async function findStrayRefs(
  path: string,
  options: OpenRepositoryOptions = {},
): Promise<StrayRefFile[]> {
  const { fileSystem = denoFileSystem } = options;
  const trees = await findWorkingTrees(fileSystem, path, options);
  const [{ repository }] = trees;
  if (repository.refFormat !== "reftable") return [];
  const found: StrayRefFile[] = trees.flatMap((tree) => {
    return findStrayFiles(filePlace(tree.repository, tree.directory)).map(
      ({ file, kind, refname }) => {
        return { file, kind, refname: refname === undefined ? undefined : tree.prefix + refname };
      },
    );
  });
  for (const { name } of listDirectory(fileSystem, repository.commonDir)) {
    if (!/^ref_migration\./.test(name)) continue;
    found.push({ file: `${repository.commonDir}/${name}`, kind: "migration", refname: undefined });
  }
  return found;
}

/** A file in the directory of one working tree. */
interface StrayFile extends StrayRefFile {
  /** The file's path from that directory. */
  readonly path: string;
}

/** Finds files of one working tree that look as if refs were stored in files, where they are in reftables. */
export function findStrayFiles({ fileSystem, paths: { own } }: FilePlace): StrayFile[] {
  const found: StrayFile[] = [];
  const add = (kind: StrayFile["kind"], path: string, refname?: string) => {
    found.push({ file: `${own}/${path}`, path, kind, refname });
  };
  for (const { name, kind } of listDirectory(fileSystem, own)) {
    if (kind === "directory") continue;
    if (name === "packed-refs") add("packed-refs", name);
    else if (name !== "HEAD" && isRootRef(name)) add("ref", name, name);
  }
  if (!isStub(fileSystem, `${own}/HEAD`, STUB_HEAD)) add("head", "HEAD", "HEAD");
  for (const refname of filesBelow(fileSystem, own, "refs")) {
    const isHeads = refname === "refs/heads";
    if (!isHeads || !isStub(fileSystem, `${own}/${refname}`, STUB_HEADS)) {
      add("ref", refname, refname);
    }
  }
  for (const path of filesBelow(fileSystem, own, "logs")) {
    add("log", path, path.slice("logs/".length));
  }
  return found.sort((a, b) => compareText(a.file, b.file));
}

/** Lists the files below a directory by their paths, locks left out. */
export function filesBelow(fileSystem: FileSystem, root: string, name: string): string[] {
  const walk = new FileWalk(fileSystem, { prefix: "", after: undefined });
  walk.enter(`${root}/${name}`, `${name}/`);
  return walk.files.map(({ refname }) => refname);
}

function isStub(fileSystem: FileSystem, path: string, text: string): boolean {
  const bytes = runSync(readIfPresent(fileSystem, path));
  return bytes !== undefined && decodeText(bytes).trim() === text.trim();
}
