import { compareBytes } from "../../bytes/compare.ts";
import { encodeText } from "../../bytes/text.ts";
import type { HashName } from "../../format/hash.ts";
import { refnameProblem } from "../../format/refname.ts";
import { PackedRefsFile } from "../files/packed/packed_refs_file.ts";
import { listLooseRefs } from "../files/loose_refs.ts";
import { isPerWorktreeRef, REFS_PREFIX } from "../names.ts";
import type { StoredRef } from "../stored_ref.ts";
import type { FilePlace } from "./file_place.ts";
import { PackedRefsCursor } from "./packed_refs_cursor.ts";

/** The refs of one working tree that are files. */
export interface FileRefs {
  /** Those in files of their own, in the order of the bytes of their names. */
  readonly loose: readonly StoredRef[];
  /** Those in `packed-refs`. */
  readonly packed: PackedRefs;
}

/** The lines of a `packed-refs` file. */
interface PackedRefs {
  /** The bytes of the lines, in the order of the bytes of the names. */
  readonly bytes: Uint8Array;
  /** The file's path, for errors. */
  readonly file: string;
}

/** Reads the refs of one working tree. */
export function readFileRefs(place: FilePlace): FileRefs {
  const { fileSystem, paths, hash, isLinked } = place;
  const all = listLooseRefs(fileSystem, paths, { includeRoot: true }, hash);
  const loose = all.filter(({ refname }) => {
    return !isLinked || !refname.startsWith(REFS_PREFIX) || isPerWorktreeRef(refname);
  });
  return { loose: loose.map(withGoodName), packed: readPackedRefs(place) };
}

/** A name that no ref can have makes a ref broken. */
function withGoodName(ref: StoredRef): StoredRef {
  const problem = refnameProblem(ref.refname);
  if (problem === undefined) return ref;
  return { kind: "broken", refname: ref.refname, finding: `something, but ${problem}` };
}

function readPackedRefs({ fileSystem, paths, hash, isLinked }: FilePlace): PackedRefs {
  const file = `${paths.own}/packed-refs`;
  const packed = isLinked ? undefined : PackedRefsFile.open(fileSystem, file, hash);
  if (!packed) return { bytes: new Uint8Array(), file };
  try {
    return { bytes: packed.lines(), file };
  } finally {
    packed.release();
  }
}

/** Walks the refs of a working tree in the order of the bytes of their names. A file of its own goes before a line. */
export class FileRefsWalk {
  /** The line of `packed-refs`, when the ref is there. */
  readonly packed: PackedRefsCursor;
  /** The ref, when it has a file of its own. */
  loose: StoredRef | undefined;
  readonly #loose: readonly StoredRef[];
  #nextLoose = 0;
  /** The name of the next ref that has a file of its own. */
  #looseName: Uint8Array | undefined;
  /** Whether the line of `packed-refs` is still to come. */
  #isPending = false;

  constructor({ loose, packed }: FileRefs, hash: HashName) {
    this.packed = new PackedRefsCursor(packed.bytes, hash, packed.file);
    this.#loose = loose;
    this.#looseName = nameOf(loose[0]);
  }

  /** Goes to the next ref. */
  next(): boolean {
    const { packed } = this;
    const isPacked = this.#isPending || packed.next();
    const order = this.#looseName === undefined
      ? 1
      : isPacked
      ? compareBytes(this.#looseName, packed.bytes.subarray(packed.nameStart, packed.nameEnd))
      : -1;
    this.#isPending = isPacked && order < 0;
    if (order > 0) {
      this.loose = undefined;
      return isPacked;
    }
    this.loose = this.#loose[this.#nextLoose++];
    this.#looseName = nameOf(this.#loose[this.#nextLoose]);
    return true;
  }
}

function nameOf(ref: StoredRef | undefined): Uint8Array | undefined {
  return ref && encodeText(ref.refname);
}
