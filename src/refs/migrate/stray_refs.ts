import { compareText, decodeText } from "../../bytes/text.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { runSync } from "../../io/io.ts";
import { readIfPresent } from "../../io/requests.ts";
import { FileWalk, listDirectory } from "../files/loose_refs.ts";
import { isRootRef } from "../names.ts";
import type { FilePlace } from "./file_place.ts";

/** What `HEAD` holds where refs are stored in reftables, so that others take the directory for a repository. */
export const STUB_HEAD = "ref: refs/heads/.invalid\n";

/** What the file `refs/heads` holds where refs are stored in reftables, so that nobody stores refs there. */
export const STUB_HEADS = "this repository uses the reftable format\n";

/** A file that looks as if refs were stored in files, where they are not. */
export interface StrayRefFile {
  /** The file's path. */
  readonly file: string;
  /** The file's path in the directory of its working tree. */
  readonly path: string;
  /** What it would be, if refs were stored in files. */
  readonly kind: "head" | "ref" | "log" | "packed-refs";
  /** The full name of the ref, as its working tree sees it; `undefined` for `packed-refs`. */
  readonly refname: string | undefined;
}

/** Finds files of one working tree that look as if refs were stored in files, where they are in reftables. */
export function findStrayFiles({ fileSystem, paths: { own } }: FilePlace): StrayRefFile[] {
  const found: StrayRefFile[] = [];
  const add = (kind: StrayRefFile["kind"], path: string, refname?: string) => {
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
