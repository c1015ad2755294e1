import { compareText, decodeText } from "../../bytes/text.ts";
import { type HashName, hashSize } from "../../format/hash.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { listDirectory, readIfPresent, runSync } from "../../io/io.ts";
import { dirname } from "../../io/path.ts";
import { beside, within } from "../git_directory.ts";
import { isRootRef } from "../names.ts";
import { checkOid, checkTarget, isRefname, type RefProblem } from "./ref_problems.ts";

/** The files of refs that a working tree has for itself; those that all share, too, in the main one. */
export interface LooseRefPlace {
  readonly fileSystem: FileSystem;
  /** The directory that the names of the refs begin at. */
  readonly directory: string;
  /** The directory that all working trees share. */
  readonly commonDir: string;
  /** What leads to these refs from the main working tree: empty there, else `worktrees/<id>/`. */
  readonly prefix: string;
  readonly hash: HashName;
}

/**
 * Checks the files of refs: their names and what is in them.
 *
 * @param onFile Told the name of each ref that is checked.
 */
export function* verifyLooseRefs(
  place: LooseRefPlace,
  onFile: (refname: string) => void,
): Generator<RefProblem, void> {
  const { fileSystem, directory } = place;
  const checker = new LooseRefChecker(place, onFile);
  yield* checker.checkDirectory(within(directory, "refs"), "refs/");
  for (const { name } of sorted(listDirectory(fileSystem, directory))) {
    if (isRootRef(name)) yield* checker.checkFile(within(directory, name), name);
  }
}

function sorted<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  return entries.toSorted((a, b) => compareText(a.name, b.name));
}

class LooseRefChecker {
  readonly #place: LooseRefPlace;
  readonly #onFile: (refname: string) => void;

  constructor(place: LooseRefPlace, onFile: (refname: string) => void) {
    this.#place = place;
    this.#onFile = onFile;
  }

  *checkDirectory(path: string, prefix: string): Generator<RefProblem, void> {
    for (const { name, kind } of sorted(listDirectory(this.#place.fileSystem, path))) {
      const below = within(path, name);
      if (kind === "directory") yield* this.checkDirectory(below, `${prefix}${name}/`);
      // These may be locks; no lock begins with a dot.
      else if (name.startsWith(".") || !name.endsWith(".lock")) {
        yield* this.checkFile(below, prefix + name);
      }
    }
  }

  *checkFile(path: string, name: string): Generator<RefProblem, void> {
    const refname = this.#place.prefix + name;
    const kind = this.#place.fileSystem.lstatSync(path)?.kind;
    if (kind === undefined) return;
    this.#onFile(refname);
    if (kind !== "file" && kind !== "symlink") {
      yield { code: "badRefFiletype", place: refname, message: "unexpected file type" };
      return;
    }
    if (!isRefname(refname)) {
      yield { code: "badRefName", place: refname, message: "invalid refname format" };
    }
    if (kind === "symlink" && !isRootRef(name)) yield* this.#checkLink(path, refname);
    else yield* this.#checkContent(path, refname);
  }

  *#checkLink(path: string, place: string): Generator<RefProblem, void> {
    yield { code: "symlinkRef", place, message: "use deprecated symbolic link for symref" };
    const { fileSystem, commonDir } = this.#place;
    const link = fileSystem.readLinkSync(path) ?? "";
    const target = resolveLink(fileSystem, beside(dirname(path), link));
    const root = `${fileSystem.realPathSync(commonDir)}/`;
    yield* checkTarget(place, target.startsWith(root) ? target.slice(root.length) : target);
  }

  *#checkContent(path: string, place: string): Generator<RefProblem, void> {
    const { fileSystem, hash } = this.#place;
    const bytes = runSync(readIfPresent(fileSystem, path));
    // Others may delete refs meanwhile.
    if (!bytes) return;
    const text = decodeText(bytes);
    const [, target] = /^ref:\s*(.*)$/s.exec(text) ?? [];
    if (target !== undefined) {
      yield* checkSymref(place, target);
      return;
    }
    const oid = text.slice(0, 2 * hashSize(hash));
    const rest = text.slice(oid.length);
    if (!/^[0-9a-f]*$/i.test(oid) || oid.length < 2 * hashSize(hash) || /^\S/.test(rest)) {
      yield { code: "badRefContent", place, message: text.trimEnd() };
    } else if (rest === "") {
      yield { code: "refMissingNewline", place, message: "misses LF at the end" };
    } else if (rest !== "\n") {
      yield { code: "trailingRefContent", place, message: `has trailing garbage: '${rest}'` };
    } else yield* checkOid(place, oid);
  }
}

function* checkSymref(place: string, text: string): Generator<RefProblem, void> {
  const target = text.trimEnd();
  if (!text.endsWith("\n")) {
    yield { code: "refMissingNewline", place, message: "misses LF at the end" };
  }
  if (target.length < text.length - 1) {
    const message = "has trailing whitespaces or newlines";
    yield { code: "trailingRefContent", place, message };
  }
  yield* checkTarget(place, target);
}

/** The real path of what a link leads to, which need not exist. */
function resolveLink(fileSystem: FileSystem, path: string): string {
  const directory = dirname(path);
  if (fileSystem.statSync(directory)?.kind !== "directory") return path;
  return within(fileSystem.realPathSync(directory), path.slice(path.lastIndexOf("/") + 1));
}
